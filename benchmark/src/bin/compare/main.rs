//! `cargo compare`: our pools, the baselines and other people's pools on the same work, in one
//! interleaved run.

#![deny(unsafe_op_in_unsafe_fn)]

mod allocations;
mod files;
mod heat;
mod load;
mod machine;
mod plots;
mod race;
mod record;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};
use benchmark::claims::{CLAIMS, Claim, Finding, LEAST_ROUNDS, MOST_ROUNDS};
use benchmark::contenders::{everybody, racers};
use benchmark::race::Racer;
use benchmark::records::equals;
use benchmark::workload::{Scale, Workload, all, of_a_minute};
use clap::Parser;
use command::{Names, println};

use files::Run;
use heat::Heat;
use load::{Load, Meter};
use race::{Progress, cells, decide, forget_spoiled};

/// Compares the versions with each other, with the baselines and with other people's pools.
///
/// In every round, each contender does the same work once, in an order of its own for each round;
/// so whatever disturbs the machine disturbs all of them alike. What is compared are the ratios
/// within a round. One contender takes part twice, the A/A pair: two equals show what this run
/// cannot tell apart. A cell in which these are more than 3 % apart, or in which other processes
/// kept more than a fifth of a core busy, is measured again (not with `--quick`), and marked if it
/// is no better then; the spinning threads of a `busy` workload are its own, and not others. Where
/// results come back, only those take part who can give one. What takes seconds is run in one round
/// of ten, unless it is what is asked for. Times are per task. `thread per task` does a twentieth
/// of the tasks and `unbuffered channel` a tenth, except for those that sleep.
#[derive(Parser)]
#[command(name = "cargo compare", bin_name = "cargo compare")]
struct Arguments {
    /// Less work, fewer rounds, and one number of workers for most workloads: a minute.
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
    /// Fails if a claim is missed at rest, and is not known to fail here.
    #[arg(long)]
    strict: bool,
    /// How many rounds.
    #[arg(long)]
    rounds: Option<usize>,
    /// Only contenders of that name or family. May be given several times.
    #[arg(long, value_name = "NAME", value_parser = Names::new(contenders, "cargo compare --list"))]
    contender: Vec<String>,
    /// Only workloads with that in their name, such as `empty` or `sha256_4us w=4`. May be given
    /// several times.
    #[arg(long)]
    workload: Vec<String>,
    /// Shows the contenders, the workloads and the claims.
    #[arg(long)]
    list: bool,
    /// Keeps what was measured among the records of this machine, in `benchmark/records`.
    #[arg(long, conflicts_with_all = ["quick", "smoke", "contender", "claims"])]
    record: bool,
    /// Measures nothing, and says what the records of all machines say about the claims.
    #[arg(long, conflicts_with_all = ["record", "quick", "smoke", "full", "workload", "contender"])]
    check: bool,
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

    fn workloads(&self) -> Vec<Workload> {
        match self.scale() {
            Scale::Quick => of_a_minute(),
            scale => all(scale),
        }
    }

    fn rounds(&self) -> usize {
        let usual = match self.scale() {
            Scale::Smoke => 2,
            Scale::Quick => 6,
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
            && (!self.claims
                || CLAIMS
                    .iter()
                    .any(|claim| claim.concerns(workload.base(), workload.workers)))
    }

    /// The heats to run.
    fn heats(&self) -> Result<Vec<Heat>> {
        let named = |part: &String| {
            let mut names = self
                .workloads()
                .into_iter()
                .map(|workload| workload.to_string());
            names.any(|name| name.contains(part.as_str()))
        };
        if let Some(unknown) = self.workload.iter().find(|part| !named(part)) {
            bail!("no workload has `{unknown}` in its name: see `cargo compare --list`");
        }
        let workloads = self.workloads().into_iter();
        let heats = workloads.filter(|workload| self.wants_workload(workload));
        let heats: Vec<_> = heats
            .map(|workload| {
                let concerns = |claim: &&_| concerns(claim, &workload);
                let claims = || CLAIMS.iter().filter(concerns);
                let needed = |racer: &Racer| {
                    self.wants_racer(racer)
                        && (!self.claims
                            || claims().any(|claim| claim.is_about(racer.name, racer.family)))
                };
                let racers = racers(workload.arrival).into_iter().filter(needed);
                let racers: Vec<Racer> = racers.collect();
                let mut claimed = claims().rev().map(|claim| claim.subject);
                let twice = claimed.find(|name| racers.iter().any(|racer| racer.name == *name));
                Heat::new(workload.clone(), racers, twice)
            })
            .filter(|heat| !heat.cell.entries.is_empty())
            .collect();
        if heats.is_empty() {
            bail!("nothing is left to compare: see `cargo compare --list`");
        }
        Ok(heats)
    }

    fn folder(&self) -> PathBuf {
        let default = || command::target_folder().join("compare");
        self.out.clone().unwrap_or_else(default)
    }
}

/// The names and the families.
fn contenders() -> Result<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for (name, family) in everybody() {
        names.push(name.to_owned());
        if !names.iter().any(|name| name == family) {
            names.push(family.to_owned());
        }
    }
    Ok(names)
}

fn concerns(claim: &Claim, workload: &Workload) -> bool {
    claim.concerns(workload.base(), workload.workers)
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    command::run(|| compare(&arguments))
}

fn compare(arguments: &Arguments) -> Result<()> {
    if arguments.list {
        list(arguments);
        return Ok(());
    }
    if arguments.check {
        return check(arguments.strict);
    }
    let record = arguments.record.then(record::Sources::read).transpose()?;
    let start = Instant::now();
    let mut heats = arguments.heats()?;
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..));
    let mut random = fastrand::Rng::with_seed(seed);
    let machine = machine::here();
    eprintln!("{machine}");
    let load_before = load_before();
    table::show_load("before", load_before);

    let mut progress = Progress::new("counting allocations", heats.len());
    for heat in &mut heats {
        progress.begin(&heat.cell);
        heat.count_allocations();
        progress.end(&heat.cell, 0);
    }
    drop(progress);

    let rounds = arguments.rounds();
    // What takes long is run in some of the rounds, and more often only for the claims.
    let one_in = |workload: &Workload| match arguments.claims || !arguments.workload.is_empty() {
        true => 1,
        false => workload.one_round_in(),
    };
    let in_round = |heat: &Heat, round: usize| round.is_multiple_of(one_in(&heat.workload));
    race::run(
        &mut heats,
        rounds,
        &mut random,
        "racing",
        in_round,
        |_, _| true,
    );
    let has_time = matches!(arguments.scale(), Scale::Default | Scale::Full);
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
    let attempt_again = |heats: &mut Vec<Heat>, random: &mut fastrand::Rng| {
        let is_due = has_time && forget_spoiled(heats);
        if is_due {
            let due = |heat: &Heat, round| {
                heat.cell.again && heat.cell.rounds() <= round && in_round(heat, round)
            };
            // If it was chance that drove two equals apart, more rounds bring them together.
            race::run(heats, rounds * 2, random, "racing again", due, |_, _| true);
        }
        is_due
    };
    attempt_again(&mut heats, &mut random);
    let mut findings = decide(claims, &mut heats, rounds, most, &mut random);
    // Others may have come while the claims were decided.
    if attempt_again(&mut heats, &mut random) {
        findings = decide(claims, &mut heats, rounds, most, &mut random);
    }

    let cells = cells(&heats);
    for cell in &cells {
        table::show_cell(cell);
    }
    let mut names: Vec<&str> = cells.iter().map(|cell| cell.name.as_str()).collect();
    names.dedup();
    let equals: Vec<_> = names
        .into_iter()
        .flat_map(|name| {
            let cells = cells.iter().copied().filter(|cell| cell.name == name);
            equals(&cells.collect::<Vec<_>>())
        })
        .collect();
    table::show_equals(&equals);
    for finding in &findings {
        table::show_finding(finding);
    }
    table::show_spoiled(&cells);

    let folder = arguments.folder();
    let run = Run {
        machine,
        load_before: load_before.map(|load| load.others),
        scale: format!("{:?}", arguments.scale()).to_lowercase(),
        seed,
        cells: &cells,
        equals: &equals,
        findings: &findings,
    };
    run.write(&folder)?;
    plots::draw(&folder, &cells).map_err(|error| anyhow!("drawing the plots: {error}"))?;
    println!(
        "\n{:.0} s, seed {seed}. Written to {}",
        start.elapsed().as_secs_f64(),
        folder.display()
    );
    if let Some(sources) = record {
        println!("Recorded in {}", sources.record(&run)?.display());
    }
    let here = run.machine.folder();
    let is_known = |name: &str| {
        let mut claims = CLAIMS.iter().filter(|claim| claim.name == name);
        claims.any(|claim| claim.is_known_to_fail_on(&here))
    };
    let is_news =
        |finding: &&Finding| finding.at_rest && !finding.holds() && !is_known(finding.claim);
    let missed = findings.iter().filter(is_news).count();
    if arguments.strict && missed > 0 {
        bail!("{missed} of {} claims were missed", findings.len());
    }
    Ok(())
}

/// What others do before the first round, over a second.
fn load_before() -> Option<Load> {
    let mut meter = Meter::default();
    meter.watch(|| thread::sleep(Duration::from_secs(1)));
    meter.load()
}

/// What the records say about the claims.
fn check(strict: bool) -> Result<()> {
    let (shelves, now) = record::read()?;
    let mut surprises = 0;
    for claim in CLAIMS {
        surprises += table::show_verdicts(claim, &shelves, &now);
    }
    if strict && surprises > 0 {
        bail!("{surprises} verdicts are not what is claimed");
    }
    Ok(())
}

fn list(arguments: &Arguments) {
    println!("contenders");
    for (name, family) in everybody() {
        println!("  {name:20} {family}");
    }
    println!("\nworkloads");
    for workload in arguments.workloads() {
        let tasks = match workload.tasks() {
            Some(tasks) => table::counted(tasks, "task"),
            None => "as many tasks as there is time for".to_owned(),
        };
        println!(
            "  {:42} {tasks}, {}",
            workload.to_string(),
            table::counted(workload.capacity, "place")
        );
    }
    println!("\nclaims");
    for claim in CLAIMS {
        println!("  {}", claim.name);
    }
}
