//! What is claimed of our pools, and what a run or a record says about it.
//!
//! A ratio is the median of at least 30 paired rounds. It holds when the median is within the bar;
//! while its 95 % interval straddles the bar, more rounds are run, up to 100. Allocations are
//! counted once, and nothing disturbs them. A claim stands for every machine of which there is a
//! record; where it fails on one, it says so.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::records::{Cell, Entry, Record, Shelf, mean_by_round};
use crate::statistics::{Summary, geometric_mean, paired};

/// Fewer rounds decide nothing.
pub const LEAST_ROUNDS: usize = 30;

/// After so many rounds, the median decides.
pub const MOST_ROUNDS: usize = 100;

/// A bound on how much longer one contender takes than another, or on what it allocates.
#[derive(Debug)]
pub struct Claim {
    /// The claim, in a sentence.
    pub name: &'static str,
    /// The workload, without its scale.
    pub workload: &'static str,
    /// With how many workers; with any number of them if none is named.
    pub workers: &'static [usize],
    /// Of whom it is claimed.
    pub subject: &'static str,
    /// Who the subject is held against.
    pub reference: Reference,
    /// The bar for the geometric mean over the numbers of workers, if there is one.
    pub mean: Option<f64>,
    /// The bar for each number of workers.
    pub cell: f64,
    /// The machines, by the names of their folders, on which it is known to fail.
    pub fails_on: &'static [&'static str],
}

/// Against whom.
#[derive(Debug)]
pub enum Reference {
    /// The contender of that name.
    Contender(&'static str),
    /// The peer with the lowest median, for each number of workers.
    BestPeer,
    /// The one of these with the lowest median, for each number of workers.
    BestOf(&'static [&'static str]),
    /// The subject itself, with so many workers: in the same run and paired by round.
    ItselfWith(usize),
    /// The time that the tasks sleep, divided by the number of workers.
    Ideal,
    /// Nobody, and not the time: one allocation for each task.
    Allocation,
}

/// What most claims have in common.
const ANY: Claim = Claim {
    name: "",
    workload: "",
    workers: &[],
    subject: "",
    reference: Reference::BestPeer,
    mean: None,
    cell: 1.0,
    fails_on: &[],
};

/// A contender, and how many times as long as this one the subject may take.
type Bar = (&'static str, f64);

const HALF_A_CHANNEL: Bar = ("crossbeam, 1 thread", 2.0);

const QUARTER_OF_STD: Bar = ("std, 1 thread", 4.0);

/// That a machine on which other threads compute does not stop a pool: it does at least this part
/// of what a channel with a bound does there.
const fn busy(
    name: &'static str,
    workload: &'static str,
    subject: &'static str,
    (reference, times): Bar,
) -> Claim {
    Claim {
        name,
        workload,
        subject,
        reference: Reference::Contender(reference),
        cell: times,
        ..ANY
    }
}

/// Of this one there is no record with samples yet.
const EPYC: &str = "amd-epyc-2-cores";

/// One of the fourth generation.
const EPYC_ZEN_4: &str = "amd-epyc-25-17-1-2-cores";

const XEON: &str = "intel-xeon-processor-6-207-2-2-cores";

/// What is claimed of v4 against other pools holds for v5 within a tenth, where v5 is claimed to
/// cost little more than v4.
pub const CLAIMS: &[Claim] = &[
    Claim {
        name: "on empty tasks, v4 is close to the best pool",
        workload: "empty",
        subject: "v4",
        mean: Some(1.15),
        cell: 1.3,
        ..ANY
    },
    Claim {
        name: "on empty tasks, v4 is nowhere slower than v3",
        workload: "empty",
        subject: "v4",
        reference: Reference::Contender("v3"),
        cell: 1.0,
        ..ANY
    },
    Claim {
        name: "on empty tasks, v4 does not fall off as workers are added",
        workload: "empty",
        workers: &[16],
        subject: "v4",
        reference: Reference::ItselfWith(2),
        cell: 1.3,
        ..ANY
    },
    Claim {
        name: "on tasks of 4 us and with 1024 places, v1 costs little more than its channel",
        workload: "sha256_4us",
        subject: "v1",
        reference: Reference::Contender("buffered channel"),
        mean: Some(1.15),
        cell: 1.3,
        fails_on: &[EPYC_ZEN_4],
        ..ANY
    },
    Claim {
        name: "on tasks of 4 us and with 1024 places, v1 is not far from the best pool",
        workload: "sha256_4us",
        subject: "v1",
        mean: Some(1.35),
        cell: 1.6,
        ..ANY
    },
    Claim {
        name: "on tasks of 4 us and with 64 places, v1 takes less than twice as long as the best pool",
        workload: "sha256_4us_capacity_64",
        subject: "v1",
        mean: Some(1.8),
        cell: 2.4,
        ..ANY
    },
    Claim {
        name: "on tasks of 60 us and with 64 places, v1 is not far from the best pool",
        workload: "cpu_60us_capacity_64",
        subject: "v1",
        mean: Some(1.35),
        cell: 1.6,
        ..ANY
    },
    Claim {
        name: "on tasks of 4 us and with 1024 places, v2 costs little more than its channel",
        workload: "sha256_4us",
        subject: "v2",
        reference: Reference::Contender("buffered channel"),
        mean: Some(1.15),
        cell: 1.3,
        fails_on: &[EPYC_ZEN_4],
        ..ANY
    },
    Claim {
        name: "on tasks of 4 us and with 1024 places, v2 is not far from the best pool",
        workload: "sha256_4us",
        subject: "v2",
        mean: Some(1.35),
        cell: 1.6,
        ..ANY
    },
    Claim {
        name: "on tasks of 4 us and with 64 places, v2 takes less than twice as long as the best pool",
        workload: "sha256_4us_capacity_64",
        subject: "v2",
        mean: Some(1.8),
        cell: 2.4,
        ..ANY
    },
    Claim {
        name: "on tasks of 60 us and with 64 places, v2 is not far from the best pool",
        workload: "cpu_60us_capacity_64",
        subject: "v2",
        mean: Some(1.35),
        cell: 1.6,
        ..ANY
    },
    Claim {
        name: "on empty tasks, priority costs little more than v2",
        workload: "empty",
        subject: "priority",
        reference: Reference::Contender("v2"),
        mean: Some(1.2),
        cell: 1.5,
        fails_on: &[XEON],
        ..ANY
    },
    Claim {
        name: "on empty tasks, rate-limit costs little more than v2 while no limit is in use",
        workload: "empty",
        subject: "rate-limit",
        reference: Reference::Contender("v2"),
        mean: Some(1.2),
        cell: 1.5,
        ..ANY
    },
    Claim {
        name: "on empty tasks, a limit that never binds costs rate-limit no more than v2 costs",
        workload: "empty",
        subject: "rate-limit, limited",
        reference: Reference::Contender("v2"),
        mean: None,
        cell: 2.0,
        fails_on: &[EPYC_ZEN_4],
        ..ANY
    },
    busy(
        "beside as many threads as cores and with one place, v1 is no slower than half a channel",
        "busy_machine_x1_capacity_1",
        "v1",
        HALF_A_CHANNEL,
    ),
    busy(
        "beside as many threads as cores and with 64 places, v1 is no slower than half a channel",
        "busy_machine_x1_capacity_64",
        "v1",
        HALF_A_CHANNEL,
    ),
    busy(
        "beside twice as many threads as cores and with one place, v1 is no slower than half a channel",
        "busy_machine_x2_capacity_1",
        "v1",
        HALF_A_CHANNEL,
    ),
    busy(
        "beside twice as many threads as cores and with 64 places, v1 is no slower than half a channel",
        "busy_machine_x2_capacity_64",
        "v1",
        HALF_A_CHANNEL,
    ),
    busy(
        "beside as many threads as cores and with one place, v2 is no slower than half a channel",
        "busy_machine_x1_capacity_1",
        "v2",
        HALF_A_CHANNEL,
    ),
    busy(
        "beside as many threads as cores and with 64 places, v2 is no slower than half a channel",
        "busy_machine_x1_capacity_64",
        "v2",
        HALF_A_CHANNEL,
    ),
    busy(
        "beside twice as many threads as cores and with one place, v2 is no slower than half a channel",
        "busy_machine_x2_capacity_1",
        "v2",
        HALF_A_CHANNEL,
    ),
    busy(
        "beside twice as many threads as cores and with 64 places, v2 is no slower than half a channel",
        "busy_machine_x2_capacity_64",
        "v2",
        HALF_A_CHANNEL,
    ),
    Claim {
        name: "on tasks of 4 us and with 1024 places, v3 takes at most half as long again as the best pool",
        workload: "sha256_4us",
        subject: "v3",
        mean: Some(1.5),
        cell: 2.0,
        ..ANY
    },
    Claim {
        name: "on tasks of 4 us and with 64 places, v3 takes at most two and a half times as long as the best pool",
        workload: "sha256_4us_capacity_64",
        subject: "v3",
        mean: Some(2.5),
        cell: 3.5,
        ..ANY
    },
    Claim {
        name: "on tasks of 100 us and with 64 places, v3 is close to the best pool",
        workload: "cpu_100us_capacity_64",
        subject: "v3",
        mean: Some(1.2),
        cell: 1.4,
        ..ANY
    },
    busy(
        "beside as many threads as cores and with one place, v3 is no slower than a quarter of the standard channel",
        "busy_machine_x1_capacity_1",
        "v3",
        QUARTER_OF_STD,
    ),
    busy(
        "beside as many threads as cores and with 64 places, v3 is no slower than a quarter of the standard channel",
        "busy_machine_x1_capacity_64",
        "v3",
        QUARTER_OF_STD,
    ),
    busy(
        "beside twice as many threads as cores and with one place, v3 is no slower than a quarter of the standard channel",
        "busy_machine_x2_capacity_1",
        "v3",
        QUARTER_OF_STD,
    ),
    busy(
        "beside twice as many threads as cores and with 64 places, v3 is no slower than a quarter of the standard channel",
        "busy_machine_x2_capacity_64",
        "v3",
        QUARTER_OF_STD,
    ),
    Claim {
        name: "on tasks of 4 us and with 1024 places, v4 is as good as any pool",
        workload: "sha256_4us",
        subject: "v4",
        mean: Some(1.1),
        cell: 1.3,
        ..ANY
    },
    Claim {
        name: "on tasks of 4 us and with 64 places, v4 is as good as any pool",
        workload: "sha256_4us_capacity_64",
        subject: "v4",
        mean: Some(1.1),
        cell: 1.3,
        fails_on: &[EPYC_ZEN_4],
        ..ANY
    },
    Claim {
        name: "with a hundred submitters and room for a tenth of the tasks, v4 is close to the best pool",
        workload: "U100_T10K_IsPrime_2to100",
        subject: "v4",
        cell: 1.15,
        ..ANY
    },
    Claim {
        name: "with a thousand submitters and room for a tenth of the tasks, v4 is close to the best pool",
        workload: "U1K_T1K_IsPrime_2to100",
        subject: "v4",
        cell: 1.15,
        ..ANY
    },
    Claim {
        name: "with a thousand submitters that wait for 1024 places, v4 is as fast as a channel",
        workload: "U1K_T1K_IsPrime_2to100_capacity_1024",
        subject: "v4",
        reference: Reference::Contender("buffered channel"),
        cell: 1.0,
        ..ANY
    },
    Claim {
        name: "when tasks sleep, v4 keeps a hundred workers busy",
        workload: "U1_T10K_Sleep_10ms",
        workers: &[100],
        subject: "v4",
        reference: Reference::Ideal,
        cell: 1.05,
        ..ANY
    },
    busy(
        "beside as many threads as cores and with one place, v4 is no slower than half a channel",
        "busy_machine_x1_capacity_1",
        "v4",
        HALF_A_CHANNEL,
    ),
    busy(
        "beside as many threads as cores and with 64 places, v4 is no slower than half a channel",
        "busy_machine_x1_capacity_64",
        "v4",
        HALF_A_CHANNEL,
    ),
    busy(
        "beside twice as many threads as cores and with one place, v4 is no slower than half a channel",
        "busy_machine_x2_capacity_1",
        "v4",
        HALF_A_CHANNEL,
    ),
    busy(
        "beside twice as many threads as cores and with 64 places, v4 is no slower than half a channel",
        "busy_machine_x2_capacity_64",
        "v4",
        HALF_A_CHANNEL,
    ),
    Claim {
        name: "v4 ends a burst from rest as fast as v3",
        workload: "burst_from_rest",
        subject: "v4",
        reference: Reference::Contender("v3"),
        cell: 1.2,
        fails_on: &[EPYC_ZEN_4],
        ..ANY
    },
    Claim {
        name: "v4 wakes an idle worker as fast as v3",
        workload: "idle_ping_pong",
        subject: "v4",
        reference: Reference::Contender("v3"),
        cell: 1.2,
        fails_on: &[EPYC_ZEN_4],
        ..ANY
    },
    Claim {
        name: "after a pause of 10 ms, v4 starts a task as fast as v3",
        workload: "one_task_after_10ms",
        subject: "v4",
        reference: Reference::Contender("v3"),
        cell: 1.2,
        ..ANY
    },
    Claim {
        name: "on empty tasks, v5 costs little more than v4",
        workload: "empty",
        subject: "v5",
        reference: Reference::Contender("v4"),
        cell: 1.1,
        fails_on: &[EPYC, EPYC_ZEN_4],
        ..ANY
    },
    Claim {
        name: "on tasks of 4 us and with at least two workers, v5 is as good as any pool",
        workload: "sha256_4us",
        workers: &[2, 4, 8, 16],
        subject: "v5",
        cell: 1.1,
        fails_on: &[EPYC_ZEN_4],
        ..ANY
    },
    Claim {
        name: "with a thousand submitters and room for a tenth of the tasks, v5 costs little more than v4",
        workload: "U1K_T1K_IsPrime_2to100",
        subject: "v5",
        reference: Reference::Contender("v4"),
        cell: 1.1,
        ..ANY
    },
    Claim {
        name: "with a thousand submitters that wait for 1024 places, v5 costs little more than v4",
        workload: "U1K_T1K_IsPrime_2to100_capacity_1024",
        subject: "v5",
        reference: Reference::Contender("v4"),
        cell: 1.1,
        ..ANY
    },
    Claim {
        name: "when tasks sleep, v5 keeps a hundred workers busy",
        workload: "U1_T10K_Sleep_10ms",
        workers: &[100],
        subject: "v5",
        reference: Reference::Ideal,
        cell: 1.05,
        ..ANY
    },
    Claim {
        name: "v5 wakes an idle worker as fast as v4",
        workload: "idle_ping_pong",
        subject: "v5",
        reference: Reference::Contender("v4"),
        cell: 1.1,
        ..ANY
    },
    Claim {
        name: "when one task at a time is spawned and joined, v5 takes half as long as tokio",
        workload: "round_trip",
        subject: "v5",
        reference: Reference::Contender("tokio blocking"),
        cell: 0.5,
        ..ANY
    },
    Claim {
        name: "when one task at a time is spawned and joined, v5 is as good as rusty_pool",
        workload: "round_trip",
        subject: "v5",
        reference: Reference::Contender("rusty_pool"),
        cell: 1.1,
        ..ANY
    },
    Claim {
        name: "when one task at a time is spawned and joined, v5 allocates once for it",
        workload: "round_trip",
        subject: "v5",
        reference: Reference::Allocation,
        cell: 1.0,
        ..ANY
    },
    Claim {
        name: "when a thousand tasks are spawned and then joined, v5 allocates once for each",
        workload: "spawn_1000_then_join",
        subject: "v5",
        reference: Reference::Allocation,
        cell: 1.0,
        ..ANY
    },
    Claim {
        name: "a map over cheap items costs v5 at most six times what it costs rayon",
        workload: "map_cheap",
        subject: "v5",
        reference: Reference::Contender("rayon"),
        cell: 6.0,
        ..ANY
    },
    Claim {
        name: "a map over items of 4 us costs v5 little more than rayon",
        workload: "map_4us",
        subject: "v5",
        reference: Reference::Contender("rayon"),
        cell: 1.1,
        ..ANY
    },
    Claim {
        name: "v5 sorts about as fast as rayon",
        workload: "quicksort",
        subject: "v5",
        reference: Reference::Contender("rayon"),
        cell: 1.1,
        ..ANY
    },
];

impl Claim {
    /// Whether the claim needs this contender.
    #[must_use]
    pub fn is_about(&self, name: &str, family: &str) -> bool {
        let referred = match self.reference {
            Reference::Contender(reference) => name == reference,
            Reference::BestPeer => family == "peer",
            Reference::BestOf(names) => names.contains(&name),
            Reference::ItselfWith(_) | Reference::Ideal | Reference::Allocation => false,
        };
        referred || name == self.subject
    }

    /// Whether the claim needs a run of this workload, named without its scale, with so many
    /// workers.
    #[must_use]
    pub fn concerns(&self, workload: &str, workers: usize) -> bool {
        let also = match self.reference {
            Reference::ItselfWith(reference) => workers == reference,
            _ => false,
        };
        self.workload == workload && (also || self.claims_for(workers))
    }

    fn claims_for(&self, workers: usize) -> bool {
        self.workers.is_empty() || self.workers.contains(&workers)
    }

    /// What the subject is held against in a cell: a name, and how the ratios come out round by
    /// round.
    fn held_against(
        &self,
        subject: &Entry,
        cell: &Cell,
        cells: &[&Cell],
    ) -> Option<(String, Vec<f64>)> {
        let entry = match self.reference {
            Reference::Contender(name) => cell.entry(name)?,
            Reference::BestPeer => cell.best(|entry| entry.family == "peer")?,
            // One of them alone is not the best of them.
            Reference::BestOf(names) => {
                names
                    .iter()
                    .try_for_each(|name| cell.entry(name).map(drop))?;
                cell.best(|entry| names.contains(&entry.contender.as_str()))?
            }
            Reference::ItselfWith(workers) => {
                // Rounds of two attempts are no pairs.
                let is_paired = |with: &&&Cell| with.workers == workers && with.again == cell.again;
                let with = cells.iter().find(is_paired)?;
                let itself = with.entry(self.subject)?;
                let ratios = paired(&subject.samples, &itself.samples);
                return Some((format!("w={workers}"), ratios));
            }
            Reference::Ideal => {
                let ideal = cell.ideal?;
                let ratios = subject.samples.iter().map(|sample| sample / ideal);
                return Some(("ideal".to_owned(), ratios.collect()));
            }
            // To the tenth: what a pool allocates once, for its queues and threads, is not for the
            // task.
            Reference::Allocation => {
                let tenths = (subject.allocations? * 10.0).round();
                return Some(("an allocation".to_owned(), vec![tenths / 10.0]));
            }
        };
        let ratios = paired(&subject.samples, &entry.samples);
        Some((entry.contender.clone(), ratios))
    }

    /// What the cells say; nothing if a contender did not take part.
    #[must_use]
    pub fn check(&self, cells: &[&Cell]) -> Option<Finding> {
        let mut found = Finding {
            claim: self.name,
            ..Finding::default()
        };
        let mut all_ratios = Vec::new();
        let cells = cells.iter().copied();
        let cells = cells.filter(|cell| self.concerns(cell.base(), cell.workers));
        let cells: Vec<&Cell> = cells.collect();
        let measured = |workers: &usize| cells.iter().any(|cell| cell.workers == *workers);
        if !self.workers.iter().all(measured) {
            return None;
        }
        for cell in &cells {
            if !self.claims_for(cell.workers) {
                continue;
            }
            let subject = cell.entry(self.subject)?;
            let (against, ratios) = self.held_against(subject, cell, &cells)?;
            let is_counted = matches!(self.reference, Reference::Allocation);
            found.checks.push(Check {
                what: format!("{} / {against}, {cell}", self.subject),
                ratio: Summary::of(&ratios),
                bar: self.cell,
                is_counted,
                noise_floor: cell.noise_floor().filter(|_| !is_counted),
            });
            found.at_rest &= cell.spoiled().is_none();
            all_ratios.push(ratios);
        }
        if let (Some(bar), false) = (self.mean, all_ratios.is_empty()) {
            let medians = found.checks.iter().map(|check| check.ratio.median);
            found.mean_of_medians = Some(geometric_mean(medians));
            found.checks.push(Check {
                what: "geometric mean, by round".to_owned(),
                ratio: mean_by_round(&all_ratios),
                bar,
                is_counted: false,
                noise_floor: None,
            });
        }
        (!found.checks.is_empty()).then_some(found)
    }

    /// What the records of a machine say; nothing if none has its cells. A record of today's
    /// sources counts before any other, then one with more of the numbers of workers, then one with
    /// enough rounds, then one that was measured at rest; and of equals the newest.
    #[must_use]
    pub fn on<'shelf>(
        &self,
        shelf: &'shelf Shelf,
        now: &BTreeMap<String, String>,
    ) -> Option<Verdict<'shelf>> {
        let said = |record: &'shelf Record| {
            let finding = self.check(&record.cells.iter().collect::<Vec<_>>())?;
            // Other people's pools have versions, and the claim is about whatever there was.
            let ours = match self.reference {
                Reference::Contender(name) => [self.subject, name],
                _ => [self.subject; 2],
            };
            // `v4 0..=w` and `rate-limit, limited` are other uses of the same sources.
            let sources = |name: &'static str| name.split([' ', ',']).next().unwrap_or(name);
            let mut ours = ours.map(sources).into_iter();
            let is_current =
                ours.all(|name| !now.contains_key(name) || record.is_current(name, now));
            Some(Verdict {
                record,
                finding,
                is_current,
            })
        };
        let oldest_first = shelf.records.iter().rev();
        oldest_first.filter_map(said).max_by_key(|verdict| {
            let finding = &verdict.finding;
            let has_rounds = !finding.wants(LEAST_ROUNDS);
            let cells = finding.checks.len();
            (verdict.is_current, cells, has_rounds, finding.at_rest)
        })
    }

    /// Whether it is known to fail there.
    #[must_use]
    pub fn is_known_to_fail_on(&self, machine: &str) -> bool {
        self.fails_on.contains(&machine)
    }
}

/// What a record says about a claim.
#[derive(Debug)]
pub struct Verdict<'shelf> {
    /// Which record.
    pub record: &'shelf Record,
    /// What it says.
    pub finding: Finding,
    /// Whether it measured the sources that there are now.
    pub is_current: bool,
}

/// What some cells say about a claim.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// The claim's name.
    pub claim: &'static str,
    /// A ratio for each number of workers, and for all together.
    pub checks: Vec<Check>,
    /// Told beside the mean by round, which decides: a round in which one of the two was disturbed
    /// weighs less here, but there is no interval to it.
    pub mean_of_medians: Option<f64>,
    /// Whether all of its cells were measured at rest.
    pub at_rest: bool,
}

impl Default for Finding {
    fn default() -> Finding {
        Finding {
            claim: "",
            checks: Vec::new(),
            mean_of_medians: None,
            at_rest: true,
        }
    }
}

impl Finding {
    /// Whether every ratio is within its bar.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.checks.iter().all(Check::holds)
    }

    /// Whether some interval straddles its bar.
    #[must_use]
    pub fn is_undecided(&self) -> bool {
        self.checks.iter().any(Check::is_undecided)
    }

    /// Whether some ratio has seen fewer rounds than that. What is counted does not change from
    /// round to round.
    #[must_use]
    pub fn wants(&self, rounds: usize) -> bool {
        let mut timed = self.checks.iter().filter(|check| !check.is_counted);
        timed.any(|check| check.ratio.samples < rounds)
    }

    /// The ratio that is furthest above its bar, or closest below it.
    #[must_use]
    pub fn worst(&self) -> Option<&Check> {
        let excess = |check: &&Check| check.ratio.median / check.bar;
        self.checks
            .iter()
            .max_by(|a, b| excess(a).total_cmp(&excess(b)))
    }
}

/// A ratio and its bar.
#[derive(Debug, Serialize)]
pub struct Check {
    /// Who is held against whom, and where.
    pub what: String,
    /// How many times as long the subject took.
    pub ratio: Summary,
    /// How many times it may take.
    pub bar: f64,
    /// Counted once, instead of timed in each round.
    pub is_counted: bool,
    /// How far two equals were apart in that cell, as a ratio of at least one.
    pub noise_floor: Option<f64>,
}

impl Check {
    /// Whether the median is within the bar.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.ratio.median <= self.bar
    }

    /// Whether the ratio and its bar are no further apart than two equals were: then the verdict is
    /// one of chance.
    #[must_use]
    pub fn is_within_noise(&self) -> bool {
        let apart = self.ratio.median / self.bar;
        self.noise_floor
            .is_some_and(|floor| (1.0 / floor..=floor).contains(&apart))
    }

    /// Whether the interval straddles the bar.
    #[must_use]
    pub fn is_undecided(&self) -> bool {
        self.ratio.low <= self.bar && self.bar < self.ratio.high
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{ANY, CLAIMS, Check, Claim, Reference};
    use crate::contenders::{PEERS, racers};
    use crate::records::{Cell, Entry, Record, Shelf};
    use crate::statistics::Summary;
    use crate::workload::{Scale, Workload, all};

    const V4_AGAINST_V3: Claim = Claim {
        workload: "empty",
        subject: "v4",
        reference: Reference::Contender("v3"),
        ..ANY
    };

    fn workloads(name: &str) -> impl Iterator<Item = Workload> {
        let all = all(Scale::Default).into_iter();
        all.filter(move |workload| workload.base() == name)
    }

    /// A cell in which the contenders have taken so long, round by round.
    fn cell(workload: &Workload, times: &[(&str, &[f64])]) -> Cell {
        let entry = |(name, samples): &(&str, &[f64])| Entry {
            contender: (*name).to_owned(),
            samples: samples.to_vec(),
            ..Entry::default()
        };
        Cell {
            entries: times.iter().map(entry).collect(),
            ..Cell::of(workload)
        }
    }

    fn concerns(claim: &Claim, workload: &Workload) -> bool {
        claim.concerns(workload.base(), workload.workers)
    }

    #[test]
    fn every_claim_is_about_workloads_and_contenders_that_there_are() {
        for claim in CLAIMS {
            let concerned = workloads(claim.workload).filter(|workload| concerns(claim, workload));
            let concerned: Vec<_> = concerned
                .map(|workload| {
                    // Without other people's pools, their names are not known.
                    let named = |name: &&str| {
                        let mut racers = racers(workload.arrival).into_iter();
                        PEERS.is_empty() || racers.any(|racer| racer.name == *name)
                    };
                    let references = match &claim.reference {
                        Reference::Contender(reference) => std::slice::from_ref(reference),
                        Reference::BestOf(references) => references,
                        _ => &[],
                    };
                    assert!(named(&claim.subject), "{}: {workload}", claim.name);
                    assert!(references.iter().all(named), "{}: {workload}", claim.name);
                    workload.workers
                })
                .collect();
            assert!(!concerned.is_empty(), "{}", claim.name);
            for workers in claim.workers {
                assert!(concerned.contains(workers), "{}: w={workers}", claim.name);
            }
        }
    }

    #[test]
    fn a_claim_for_some_numbers_of_workers_ignores_the_others() {
        let claim = Claim {
            workers: &[4, 16],
            ..V4_AGAINST_V3
        };
        let times: &[(&str, &[f64])] = &[("v4", &[30.0]), ("v3", &[60.0])];
        let cells: Vec<_> = workloads("empty")
            .map(|workload| cell(&workload, times))
            .collect();
        let finding = claim.check(&cells.iter().collect::<Vec<_>>()).unwrap();
        let ratios: Vec<_> = finding
            .checks
            .iter()
            .map(|check| check.ratio.median)
            .collect();
        assert_eq!(ratios, [0.5, 0.5]);
    }

    #[test]
    fn a_contender_is_held_against_itself_round_by_round() {
        let claim = Claim {
            workload: "empty",
            workers: &[16],
            subject: "v4",
            reference: Reference::ItselfWith(2),
            ..ANY
        };
        // The machine was slower in the second round, with both numbers of workers.
        let cells: Vec<_> = workloads("empty")
            .filter(|workload| concerns(&claim, workload))
            .map(|workload| {
                let by = workload.workers as f64;
                cell(&workload, &[("v4", &[by, 10.0 * by])])
            })
            .collect();
        assert_eq!(cells.len(), 2);
        let finding = claim.check(&cells.iter().collect::<Vec<_>>()).unwrap();
        assert_eq!(finding.checks.len(), 1);
        let ratio = finding.checks[0].ratio;
        assert_eq!((ratio.low, ratio.high), (8.0, 8.0));
    }

    #[test]
    fn the_best_of_some_is_the_fastest_of_them_and_not_of_all() {
        let claim = Claim {
            workload: "round_trip",
            workers: &[2],
            subject: "v5",
            reference: Reference::BestOf(&["rusty_pool", "tokio blocking"]),
            ..ANY
        };
        let mut times: Vec<(&str, &[f64])> = vec![
            ("v5", &[30.0]),
            ("rayon", &[10.0]),
            ("rusty_pool", &[60.0]),
            ("tokio blocking", &[40.0]),
        ];
        let workload = workloads(claim.workload).nth(1).unwrap();
        let finding = claim.check(&[&cell(&workload, &times)]).unwrap();
        assert_eq!(finding.checks[0].ratio.median, 0.75);
        // Without one of them there is nothing to say.
        times.pop();
        assert!(claim.check(&[&cell(&workload, &times)]).is_none());
    }

    #[test]
    fn allocations_are_held_against_the_bar_to_the_tenth_and_want_no_rounds() {
        let claim = Claim {
            workload: "round_trip",
            workers: &[1],
            subject: "v5",
            reference: Reference::Allocation,
            cell: 2.0,
            ..ANY
        };
        let workload = workloads(claim.workload).next().unwrap();
        let mut cell = cell(&workload, &[("v5", &[])]);
        for (allocations, holds) in [(2.04, true), (2.06, false)] {
            cell.entries[0].allocations = Some(allocations);
            let finding = claim.check(&[&cell]).unwrap();
            assert_eq!(finding.holds(), holds, "{allocations}");
            assert!(!finding.is_undecided() && !finding.wants(1));
        }
    }

    #[test]
    fn sleeping_is_held_against_the_time_that_it_takes() {
        let claim = Claim {
            workload: "U1_T10K_Sleep_10ms",
            subject: "v4",
            reference: Reference::Ideal,
            ..ANY
        };
        let workload = workloads(claim.workload).next().unwrap();
        // A hundred workers: 10 ms for each hundred tasks.
        let cell = cell(&workload, &[("v4", &[110_000.0])]);
        let finding = claim.check(&[&cell]).unwrap();
        assert!((finding.checks[0].ratio.median - 1.1).abs() < 1e-9);
    }

    #[test]
    fn a_ratio_that_is_as_close_to_its_bar_as_two_equals_are_is_one_of_chance() {
        let check = |median, noise_floor| Check {
            what: String::new(),
            ratio: Summary {
                median,
                ..Summary::default()
            },
            bar: 1.1,
            is_counted: false,
            noise_floor,
        };
        assert!(check(1.2, Some(1.2)).is_within_noise());
        assert!(check(1.0, Some(1.2)).is_within_noise());
        assert!(!check(1.4, Some(1.2)).is_within_noise());
        assert!(!check(0.8, Some(1.2)).is_within_noise());
        assert!(!check(1.1, None).is_within_noise());
    }

    fn record(day: &str, source: &str, workers: &[usize], rounds: usize) -> Record {
        let times = vec![100.0; rounds];
        let times: &[(&str, &[f64])] = &[("v4", &times), ("v3", &times)];
        let cells = workloads("empty").filter(|workload| workers.contains(&workload.workers));
        Record {
            date: day.to_owned(),
            sources: ["v3", "v4"].map(|name| (name.into(), source.into())).into(),
            cells: cells.map(|workload| cell(&workload, times)).collect(),
            ..Record::default()
        }
    }

    #[test]
    fn a_record_of_todays_sources_with_all_cells_and_enough_rounds_counts() {
        let claim = V4_AGAINST_V3;
        let now = BTreeMap::from(["v3", "v4"].map(|name| (name.into(), "new".into())));
        // The newest first.
        let mut shelf = Shelf {
            name: "machine".to_owned(),
            records: vec![
                record("5", "other", &[1, 2, 4], 30),
                record("4", "new", &[1, 2], 1),
                record("3", "new", &[1], 30),
                record("2", "new", &[1, 2], 30),
                record("1", "new", &[1, 2], 30),
            ],
        };
        let mut counts = || {
            let verdict = claim.on(&shelf, &now)?;
            let found = (verdict.record.date.clone(), verdict.is_current);
            shelf.records.retain(|record| record.date != found.0);
            Some(found)
        };
        for day in ["2", "1", "4", "3"] {
            assert_eq!(counts(), Some((day.to_owned(), true)));
        }
        assert_eq!(counts(), Some(("5".to_owned(), false)));
        assert_eq!(counts(), None);
    }

    #[test]
    fn a_claim_needs_all_the_cells_that_it_names() {
        let claim = Claim {
            workers: &[4, 16],
            ..V4_AGAINST_V3
        };
        let four = workloads("empty").find(|workload| workload.workers == 4);
        let cell = cell(&four.unwrap(), &[("v4", &[30.0]), ("v3", &[60.0])]);
        assert!(claim.check(&[&cell]).is_none());
    }
}
