//! `cargo compare`: our pools, the baselines and other people's pools on the same work, in one
//! interleaved run.

#![deny(unsafe_op_in_unsafe_fn)]

mod allocations;
mod claims;
mod files;
mod heat;
mod plots;
mod table;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, anyhow, bail};
use benchmark::contenders::{everybody, racers};
use benchmark::race::Racer;
use benchmark::workload::{Scale, Workload, all};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};

use claims::{CLAIMS, Claim, Finding, LEAST_ROUNDS, MOST_ROUNDS};
use files::Run;
use heat::{A_AGAINST_A, Entry, Heat};

/// Compares the versions with each other, with the baselines and with other people's pools.
///
/// In every round, each contender does the same work once, in an order of its own for each round; so
/// whatever disturbs the machine disturbs all of them alike. What is compared are the ratios
/// within a round. One contender takes part twice: two equals show what this run cannot tell
/// apart. Where results come back, only those take part who can give one. Where a thousand submitters wait
/// for places, a round takes so long that all contenders take part in one round of ten, and only those of a
/// claim in all of them; with `--claims` or `--workload` all rounds are run. Times are per task.
/// `thread per task` does a twentieth of the tasks and `unbuffered channel` a tenth, but for those that sleep.
#[derive(Parser)]
#[command(name = "cargo compare", bin_name = "cargo compare")]
struct Arguments {
    /// Less work and fewer rounds: under a minute.
    #[arg(long, conflicts_with_all = ["smoke", "full"])]
    quick: bool,
    /// Next to no work: whether it all runs.
    #[arg(long, conflicts_with = "full")]
    smoke: bool,
    /// All the work that the names state: an hour, perhaps.
    #[arg(long)]
    full: bool,
    /// Checks what is claimed, and runs no more than that takes.
    #[arg(long)]
    claims: bool,
    /// Fails if a claim is missed.
    #[arg(long)]
    strict: bool,
    /// How many rounds.
    #[arg(long)]
    rounds: Option<usize>,
    /// Only contenders of that name or family. May be given several times.
    #[arg(long)]
    contender: Vec<String>,
    /// Only workloads with that in their name, such as `empty` or `sha256_4us w=4`. May be given several times.
    #[arg(long)]
    workload: Vec<String>,
    /// Shows the contenders, the workloads and the claims.
    #[arg(long)]
    list: bool,
    /// Where to write to; else `compare` in cargo's target folder.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Repeats the order of another run.
    #[arg(long)]
    seed: Option<u64>,
}

impl Arguments {
    fn scale(&self) -> Scale {
        match self {
            Arguments { quick: true, .. } => Scale::Quick,
            Arguments { smoke: true, .. } => Scale::Smoke,
            Arguments { full: true, .. } => Scale::Full,
            _ => Scale::Default,
        }
    }

    fn rounds(&self) -> usize {
        let usual = match self.scale() {
            Scale::Smoke => 2,
            Scale::Quick => 10,
            Scale::Default | Scale::Full => LEAST_ROUNDS,
        };
        self.rounds.unwrap_or(usual).max(1)
    }

    fn wants_racer(&self, racer: &Racer) -> bool {
        let named = |wanted: &String| wanted == racer.name || wanted == racer.family;
        (self.contender.is_empty() || self.contender.iter().any(named))
            && (!self.claims
                || CLAIMS
                    .iter()
                    .any(|claim| claim.is_about(racer.name, racer.family)))
    }

    fn wants_workload(&self, workload: &Workload) -> bool {
        let name = workload.to_string();
        let named = |wanted: &String| name.contains(wanted.as_str());
        (self.workload.is_empty() || self.workload.iter().any(named))
            && (!self.claims || CLAIMS.iter().any(|claim| claim.concerns(workload)))
    }

    /// The heats to run.
    fn heats(&self) -> Result<Vec<Heat>> {
        let known = |wanted: &&String| {
            let named = |(name, family): &(&str, &str)| *wanted == name || *wanted == family;
            !everybody().iter().any(named)
        };
        if let Some(unknown) = self.contender.iter().find(known) {
            bail!("no contender and no family is called `{unknown}`: see `cargo compare --list`");
        }
        let workloads = all(self.scale()).into_iter();
        let heats = workloads.filter(|workload| self.wants_workload(workload));
        let heats: Vec<_> = heats
            .map(|workload| {
                let claims = || CLAIMS.iter().filter(|claim| claim.concerns(&workload));
                let needed = |racer: &&Racer| {
                    self.wants_racer(racer)
                        && (!self.claims
                            || claims().any(|claim| claim.is_about(racer.name, racer.family)))
                };
                let racers = racers(workload.arrival).iter().filter(needed);
                let racers: Vec<Racer> = racers.copied().collect();
                let mut claimed = claims().rev().map(|claim| claim.subject);
                let twice = claimed.find(|name| racers.iter().any(|racer| racer.name == *name));
                Heat::new(workload, &racers, twice)
            })
            .filter(|heat| !heat.entries.is_empty())
            .collect();
        if heats.is_empty() {
            bail!("nothing is left to compare: see `cargo compare --list`");
        }
        Ok(heats)
    }

    /// `target/compare`, whatever the target folder is: this program lies in it.
    fn folder(&self) -> PathBuf {
        let program = std::env::current_exe();
        let target = program
            .ok()
            .and_then(|program| Some(program.parent()?.parent()?.to_owned()));
        let target = target.unwrap_or_else(|| PathBuf::from("target"));
        self.out.clone().unwrap_or_else(|| target.join("compare"))
    }
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if arguments.list {
        list(arguments.scale());
        return Ok(());
    }
    let start = Instant::now();
    let mut heats = arguments.heats()?;
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..));
    let mut random = fastrand::Rng::with_seed(seed);

    let progress = progress("counting allocations", heats.len());
    for heat in &mut heats {
        heat.count_allocations();
        progress.inc(1);
    }
    progress.finish_and_clear();

    let rounds = arguments.rounds();
    // What takes long is run in some of the rounds, and more often only for the claims.
    let one_in = |workload: &Workload| match arguments.claims || !arguments.workload.is_empty() {
        true => 1,
        false => workload.one_round_in(),
    };
    run(
        &mut heats,
        rounds,
        &mut random,
        "racing",
        |heat, round| round % one_in(&heat.workload) == 0,
        |_, _| true,
    );
    // Nothing is claimed by fewer rounds, unless it is asked for.
    let claims = if arguments.claims || (rounds >= LEAST_ROUNDS && !arguments.quick) {
        CLAIMS
    } else {
        &[]
    };
    let most = |workload: &Workload| match one_in(workload) {
        1 => MOST_ROUNDS,
        _ => rounds,
    };
    let findings = decide(claims, &mut heats, rounds, most, &mut random);

    for heat in &heats {
        table::show_heat(heat);
    }
    let mut names: Vec<&str> = heats
        .iter()
        .map(|heat| heat.workload.name.as_str())
        .collect();
    names.dedup();
    let equals: Vec<_> = names
        .into_iter()
        .flat_map(|name| claims::equals(&heats, name))
        .collect();
    table::show_equals(&equals);
    for finding in &findings {
        table::show_finding(finding);
    }

    let folder = arguments.folder();
    let run = Run {
        scale: format!("{:?}", arguments.scale()).to_lowercase(),
        seed,
        heats: &heats,
        equals: &equals,
        findings: &findings,
    };
    run.write(&folder)?;
    plots::draw(&folder, &heats).map_err(|error| anyhow!("drawing the plots: {error}"))?;
    println!(
        "\n{:.0} s, seed {seed}. Written to {}",
        start.elapsed().as_secs_f64(),
        folder.display()
    );
    let missed = findings.iter().filter(|finding| !finding.holds()).count();
    if arguments.strict && missed > 0 {
        bail!("{missed} of {} claims were missed", findings.len());
    }
    Ok(())
}

/// Runs that many more rounds of some heats. Rounds are outermost: what a heat needs minutes for, a
/// disturbance of seconds cannot spoil.
fn run(
    heats: &mut [Heat],
    rounds: usize,
    random: &mut fastrand::Rng,
    what: &'static str,
    wanted: impl Fn(&Heat, usize) -> bool,
    runs: impl Fn(&Workload, &Entry) -> bool,
) {
    let in_round = |round| heats.iter().filter(|heat| wanted(heat, round)).count();
    let progress = progress(what, (0..rounds).map(in_round).sum());
    for round in 0..rounds {
        for heat in heats.iter_mut().filter(|heat| wanted(heat, round)) {
            progress.set_message(heat.workload.to_string());
            let workload = heat.workload.clone();
            heat.round(random, |entry| runs(&workload, entry));
            progress.inc(1);
        }
    }
    progress.finish_and_clear();
}

/// Checks the claims, and runs more rounds while there are fewer than `least` or an interval straddles its bar.
fn decide(
    claims: &[Claim],
    heats: &mut [Heat],
    least: usize,
    most: impl Fn(&Workload) -> usize,
    random: &mut fastrand::Rng,
) -> Vec<Finding> {
    const AT_A_TIME: usize = 10;
    loop {
        let checked = claims
            .iter()
            .filter_map(|claim| Some((claim, claim.check(heats)?)));
        let checked: Vec<_> = checked.collect();
        // All heats of a workload go on together: a claim may be about two of them.
        let open = |heat: &Heat| {
            let undecided = |(claim, finding): &(&Claim, Finding)| {
                claim.workload == heat.workload.base()
                    && (finding.is_undecided() || finding.wants(least))
            };
            heat.rounds() < most(&heat.workload) && checked.iter().any(undecided)
        };
        let opened = heats.iter().filter(|heat| open(heat));
        let Some(more) = opened
            .map(|heat| AT_A_TIME.min(most(&heat.workload) - heat.rounds()))
            .min()
        else {
            return checked.into_iter().map(|(_, finding)| finding).collect();
        };
        eprintln!("some claims are not decided yet: {more} more rounds of theirs");
        // Only those that a claim on this workload is about, and the A/A pair.
        let needed = |workload: &Workload, entry: &Entry| {
            let about = |claim: &Claim| {
                claim.concerns(workload) && claim.is_about(&entry.name, entry.family)
            };
            entry.family == A_AGAINST_A || claims.iter().any(about)
        };
        run(
            heats,
            more,
            random,
            "racing on",
            |heat, _| open(heat),
            needed,
        );
    }
}

fn progress(what: &'static str, steps: usize) -> ProgressBar {
    let bar = ProgressBar::new(steps as u64).with_prefix(what);
    let style = ProgressStyle::with_template("{prefix} {wide_bar} {pos}/{len}, {eta} left  {msg}");
    bar.with_style(style.expect("the template is well-formed"))
}

fn list(scale: Scale) {
    println!("contenders");
    for (name, family) in everybody() {
        println!("  {name:20} {family}");
    }
    println!("\nworkloads");
    for workload in all(scale) {
        let tasks = workload.tasks();
        println!(
            "  {:36} {tasks} tasks, {} places",
            workload.to_string(),
            workload.capacity
        );
    }
    println!("\nclaims");
    for claim in CLAIMS {
        println!("  {}", claim.name);
    }
}
