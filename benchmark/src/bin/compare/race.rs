//! The course of a run: rounds over all heats, more rounds where a claim is open, and a second
//! attempt where others disturbed the first.

use std::io::{IsTerminal, stderr};
use std::time::Instant;

use benchmark::claims::{CLAIMS, Claim, Finding, Reference};
use benchmark::records::{A_AGAINST_A, Cell, Entry};
use benchmark::workload::Workload;
use indicatif::{ProgressBar, ProgressStyle};

use crate::heat::Heat;

/// Runs that many more rounds of some heats. Rounds are outermost: what a heat needs minutes for, a
/// disturbance of seconds cannot spoil.
pub(crate) fn run(
    heats: &mut [Heat],
    rounds: usize,
    random: &mut fastrand::Rng,
    what: &'static str,
    wanted: impl Fn(&Heat, usize) -> bool,
    runs: impl Fn(&Workload, &Entry) -> bool,
) {
    let in_round = |round| heats.iter().filter(|heat| wanted(heat, round)).count();
    let mut progress = Progress::new(what, (0..rounds).map(in_round).sum());
    for round in 0..rounds {
        for heat in heats.iter_mut().filter(|heat| wanted(heat, round)) {
            progress.begin(&heat.cell);
            let workload = heat.workload.clone();
            heat.round(random, |entry| runs(&workload, entry));
            progress.end(&heat.cell, round);
        }
    }
}

/// The cells of heats.
pub(crate) fn cells(heats: &[Heat]) -> Vec<&Cell> {
    heats.iter().map(|heat| &heat.cell).collect()
}

/// Checks the claims, and runs more rounds while there are fewer than `least` or an interval
/// straddles its bar.
pub(crate) fn decide(
    claims: &[Claim],
    heats: &mut [Heat],
    least: usize,
    most: impl Fn(&Workload) -> usize,
    random: &mut fastrand::Rng,
) -> Vec<Finding> {
    const AT_A_TIME: usize = 10;
    loop {
        let cells = cells(heats);
        let checked = claims
            .iter()
            .filter_map(|claim| Some((claim, claim.check(&cells)?)));
        let checked: Vec<_> = checked.collect();
        // All heats of a workload go on together: a claim may be about two of them.
        let open = |heat: &Heat| {
            let undecided = |(claim, finding): &(&Claim, Finding)| {
                claim.workload == heat.workload.base()
                    && (finding.is_undecided() || finding.wants(least))
            };
            heat.cell.rounds() < most(&heat.workload) && checked.iter().any(undecided)
        };
        let opened = heats.iter().filter(|heat| open(heat));
        let Some(more) = opened
            .map(|heat| AT_A_TIME.min(most(&heat.workload) - heat.cell.rounds()))
            .min()
        else {
            return checked.into_iter().map(|(_, finding)| finding).collect();
        };
        eprintln!("some claims are not decided yet: {more} more rounds of theirs");
        // Only those that a claim on this workload is about, and the A/A pair.
        let needed = |workload: &Workload, entry: &Entry| {
            let about = |claim: &Claim| {
                claim.concerns(workload.base(), workload.workers)
                    && claim.is_about(&entry.contender, &entry.family)
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

/// Forgets what others have spoiled, so that it is measured a second time, and no third. If a
/// contender is held against itself with another number of workers, the two belong together.
/// Returns whether there is something.
pub(crate) fn forget_spoiled(heats: &mut [Heat]) -> bool {
    let mut spoiled = Vec::new();
    for heat in heats.iter().filter(|heat| !heat.cell.again) {
        if let Some(why) = heat.cell.spoiled() {
            eprintln!("{}: {why}", heat.cell);
            spoiled.push((heat.workload.base().to_owned(), heat.workload.workers));
        }
    }
    let mut count = 0;
    for heat in heats.iter_mut() {
        let (base, workers) = (heat.workload.base(), heat.workload.workers);
        let is_spoiled = |(name, of): &(String, usize)| {
            name == base && (*of == workers || are_paired(base, *of, workers))
        };
        if !heat.cell.again && spoiled.iter().any(is_spoiled) {
            heat.start_again();
            count += 1;
        }
    }
    if count > 0 {
        eprintln!("{count} of {} cells are measured again", heats.len());
    }
    count > 0
}

/// Whether some claim holds a contender with the one number of workers against itself with the
/// other.
fn are_paired(workload: &str, one: usize, other: usize) -> bool {
    CLAIMS.iter().any(|claim| {
        matches!(claim.reference, Reference::ItselfWith(_))
            && claim.concerns(workload, one)
            && claim.concerns(workload, other)
    })
}

/// A bar on a terminal. Elsewhere, a line for each workload in the first round, and then for each
/// round.
pub(crate) struct Progress {
    what: &'static str,
    steps: usize,
    bar: Option<ProgressBar>,
    start: Instant,
    step: Instant,
    round: usize,
}

impl Progress {
    pub(crate) fn new(what: &'static str, steps: usize) -> Progress {
        let template = "{prefix} {wide_bar} {pos}/{len}, {eta} left  {msg}";
        let style = ProgressStyle::with_template(template).expect("the template is well-formed");
        let bar = || {
            let bar = ProgressBar::new(steps as u64).with_prefix(what);
            bar.with_style(style)
        };
        Progress {
            what,
            steps,
            bar: stderr().is_terminal().then(bar),
            start: Instant::now(),
            step: Instant::now(),
            round: 0,
        }
    }

    pub(crate) fn begin(&mut self, cell: &Cell) {
        self.step = Instant::now();
        if let Some(bar) = &self.bar {
            bar.set_message(cell.to_string());
        }
    }

    pub(crate) fn end(&mut self, cell: &Cell, round: usize) {
        if let Some(bar) = &self.bar {
            return bar.inc(1);
        }
        if round == 0 {
            let took = self.step.elapsed().as_secs_f64();
            eprintln!("{}: {cell}: {took:.2} s", self.what);
        } else if round > self.round {
            let so_far = self.start.elapsed().as_secs_f64();
            eprintln!("{}: round {} after {so_far:.0} s", self.what, round + 1);
        }
        self.round = round;
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        match &self.bar {
            Some(bar) => bar.finish_and_clear(),
            None if self.steps > 0 => {
                let took = self.start.elapsed().as_secs_f64();
                eprintln!("{}: done in {took:.0} s", self.what);
            }
            None => (),
        }
    }
}
