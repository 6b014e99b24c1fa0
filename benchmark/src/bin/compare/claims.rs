//! What is claimed of our pools, and what the run says about it.
//!
//! A ratio is the median of at least 30 paired rounds. It holds when the median is within the bar;
//! while its 95 % interval straddles the bar, more rounds are run, up to 100. Allocations are counted once, and
//! nothing disturbs them.

use benchmark::statistics::{Summary, geometric_mean, paired};
use benchmark::workload::Workload;
use serde::Serialize;

use crate::heat::{AGAIN, Entry, Heat};

pub(crate) const LEAST_ROUNDS: usize = 30;
pub(crate) const MOST_ROUNDS: usize = 100;

/// A bound on how much longer one contender takes than another, or on what it allocates.
pub(crate) struct Claim {
    pub(crate) name: &'static str,
    /// The workload, without its scale.
    pub(crate) workload: &'static str,
    /// With how many workers; with any number of them if none is named.
    pub(crate) workers: &'static [usize],
    pub(crate) subject: &'static str,
    pub(crate) reference: Reference,
    /// The bar for the geometric mean over the numbers of workers, if there is one.
    pub(crate) mean: Option<f64>,
    /// The bar for each number of workers.
    pub(crate) cell: f64,
}

/// Against whom.
pub(crate) enum Reference {
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
};

/// What is claimed of v4 against other pools holds for v5 within a tenth, where v5 is claimed to cost
/// little more than v4.
pub(crate) const CLAIMS: &[Claim] = &[
    Claim {
        name: "on empty tasks, v1 costs little more than a channel",
        workload: "empty",
        subject: "v1",
        reference: Reference::Contender("buffered channel"),
        mean: Some(1.15),
        cell: 1.3,
        ..ANY
    },
    Claim {
        name: "on empty tasks, v2 costs little more than v1",
        workload: "empty",
        subject: "v2",
        reference: Reference::Contender("v1"),
        mean: Some(1.15),
        cell: 1.3,
        ..ANY
    },
    Claim {
        name: "on empty tasks and at its largest size, v3 costs little more than v2",
        workload: "empty",
        subject: "v3",
        reference: Reference::Contender("v2"),
        mean: Some(1.15),
        cell: 1.3,
        ..ANY
    },
    Claim {
        name: "on empty tasks and with at least four workers, v4 is faster than any pool",
        workload: "empty",
        workers: &[4, 8, 16],
        subject: "v4",
        cell: 0.8,
        ..ANY
    },
    Claim {
        name: "on empty tasks and with many workers, v4 is faster than v3 with its one queue",
        workload: "empty",
        workers: &[8, 16],
        subject: "v4",
        reference: Reference::Contender("v3"),
        cell: 0.67,
        ..ANY
    },
    Claim {
        name: "on empty tasks and with one or two workers, v4 costs little more than v3",
        workload: "empty",
        workers: &[1, 2],
        subject: "v4",
        reference: Reference::Contender("v3"),
        cell: 1.25,
        ..ANY
    },
    Claim {
        name: "on empty tasks, v4 does not fall off as workers are added",
        workload: "empty",
        workers: &[16],
        subject: "v4",
        reference: Reference::ItselfWith(2),
        cell: 1.4,
        ..ANY
    },
    Claim {
        name: "on tasks of 4 us, v1 is as good as any pool",
        workload: "sha256_4us",
        subject: "v1",
        cell: 1.1,
        ..ANY
    },
    Claim {
        name: "on tasks of 4 us, v2 is as good as any pool",
        workload: "sha256_4us",
        subject: "v2",
        cell: 1.1,
        ..ANY
    },
    Claim {
        name: "on tasks of 4 us, v3 is as good as any pool",
        workload: "sha256_4us",
        subject: "v3",
        cell: 1.1,
        ..ANY
    },
    Claim {
        name: "on tasks of 4 us and with at least two workers, v4 is as good as any pool",
        workload: "sha256_4us",
        workers: &[2, 4, 8, 16],
        subject: "v4",
        cell: 1.1,
        ..ANY
    },
    Claim {
        name: "with a thousand submitters and room for a tenth of the tasks, v4 is close to pools without a bound",
        workload: "U1K_T1K_IsPrime_2to100",
        subject: "v4",
        cell: 1.3,
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
    Claim {
        name: "v4 wakes an idle worker as fast as v3",
        workload: "idle_ping_pong",
        subject: "v4",
        reference: Reference::Contender("v3"),
        cell: 1.1,
        ..ANY
    },
    Claim {
        name: "on empty tasks, v5 costs little more than v4",
        workload: "empty",
        subject: "v5",
        reference: Reference::Contender("v4"),
        cell: 1.1,
        ..ANY
    },
    Claim {
        name: "on tasks of 4 us and with at least two workers, v5 is as good as any pool",
        workload: "sha256_4us",
        workers: &[2, 4, 8, 16],
        subject: "v5",
        cell: 1.1,
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
        name: "when one task at a time is spawned and joined, v5 is as good as the other pools with handles",
        workload: "round_trip",
        subject: "v5",
        reference: Reference::BestOf(&["rusty_pool", "tokio blocking"]),
        cell: 1.1,
        ..ANY
    },
    Claim {
        name: "when one task at a time is spawned and joined, v5 allocates twice for it",
        workload: "round_trip",
        subject: "v5",
        reference: Reference::Allocation,
        cell: 2.0,
        ..ANY
    },
    Claim {
        name: "when a thousand tasks are spawned and then joined, v5 allocates twice for each",
        workload: "spawn_1000_then_join",
        subject: "v5",
        reference: Reference::Allocation,
        cell: 2.0,
        ..ANY
    },
];

impl Claim {
    /// Whether the claim needs this contender.
    pub(crate) fn is_about(&self, name: &str, family: &str) -> bool {
        let referred = match self.reference {
            Reference::Contender(reference) => name == reference,
            Reference::BestPeer => family == "peer",
            Reference::BestOf(names) => names.contains(&name),
            Reference::ItselfWith(_) | Reference::Ideal | Reference::Allocation => false,
        };
        referred || name == self.subject
    }

    /// Whether the claim needs a run of this workload.
    pub(crate) fn concerns(&self, workload: &Workload) -> bool {
        let also = match self.reference {
            Reference::ItselfWith(workers) => workers == workload.workers,
            _ => false,
        };
        self.workload == workload.base() && (also || self.claims_for(workload.workers))
    }

    fn claims_for(&self, workers: usize) -> bool {
        self.workers.is_empty() || self.workers.contains(&workers)
    }

    /// What the subject is held against in a heat: a name, and how the ratios come out round by round.
    fn held_against(
        &self,
        subject: &Entry,
        heat: &Heat,
        heats: &[&Heat],
    ) -> Option<(String, Vec<f64>)> {
        let entry = match self.reference {
            Reference::Contender(name) => heat.entry(name)?,
            Reference::BestPeer => heat.best(|entry| entry.family == "peer")?,
            // One of them alone is not the best of them.
            Reference::BestOf(names) => {
                names
                    .iter()
                    .try_for_each(|name| heat.entry(name).map(drop))?;
                heat.best(|entry| names.contains(&entry.name.as_str()))?
            }
            Reference::ItselfWith(workers) => {
                let with = heats.iter().find(|heat| heat.workload.workers == workers)?;
                let itself = with.entry(self.subject)?;
                let ratios = paired(&subject.samples, &itself.samples);
                return Some((format!("w={workers}"), ratios));
            }
            Reference::Ideal => {
                let ideal = heat.workload.ideal_per_task()?;
                let ratios = subject.samples.iter().map(|sample| sample / ideal);
                return Some(("ideal".to_owned(), ratios.collect()));
            }
            // To the tenth: what a pool allocates once, for its queues and threads, is not for the task.
            Reference::Allocation => {
                let tenths = (subject.allocations_per_task * 10.0).round();
                return Some(("an allocation".to_owned(), vec![tenths / 10.0]));
            }
        };
        Some((entry.name.clone(), paired(&subject.samples, &entry.samples)))
    }

    /// What the heats say; nothing if a contender did not take part.
    pub(crate) fn check(&self, heats: &[Heat]) -> Option<Finding> {
        let mut found = Finding {
            claim: self.name,
            ..Finding::default()
        };
        let mut all_ratios = Vec::new();
        let heats = heats.iter().filter(|heat| self.concerns(&heat.workload));
        let heats: Vec<_> = heats.collect();
        for heat in &heats {
            if !self.claims_for(heat.workload.workers) {
                continue;
            }
            let subject = heat.entry(self.subject)?;
            let (against, ratios) = self.held_against(subject, heat, &heats)?;
            found.checks.push(Check {
                what: format!("{} / {against}, {}", self.subject, heat.workload),
                ratio: Summary::of(&ratios),
                bar: self.cell,
                is_counted: matches!(self.reference, Reference::Allocation),
            });
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
            });
        }
        (!found.checks.is_empty()).then_some(found)
    }
}

/// What the run says about a claim.
#[derive(Default, Serialize)]
pub(crate) struct Finding {
    pub(crate) claim: &'static str,
    pub(crate) checks: Vec<Check>,
    /// Told beside the mean by round, which decides: a round in which one of the two was disturbed
    /// weighs less here, but there is no interval to it.
    pub(crate) mean_of_medians: Option<f64>,
}

impl Finding {
    pub(crate) fn holds(&self) -> bool {
        self.checks.iter().all(Check::holds)
    }

    pub(crate) fn is_undecided(&self) -> bool {
        self.checks.iter().any(Check::is_undecided)
    }

    /// Whether some ratio has seen fewer rounds than that. What is counted does not change from round to round.
    pub(crate) fn wants(&self, rounds: usize) -> bool {
        let mut timed = self.checks.iter().filter(|check| !check.is_counted);
        timed.any(|check| check.ratio.samples < rounds)
    }
}

/// A ratio and its bar.
#[derive(Serialize)]
pub(crate) struct Check {
    pub(crate) what: String,
    pub(crate) ratio: Summary,
    pub(crate) bar: f64,
    /// Counted once, instead of timed in each round.
    pub(crate) is_counted: bool,
}

impl Check {
    pub(crate) fn holds(&self) -> bool {
        self.ratio.median <= self.bar
    }

    /// Whether the interval straddles the bar.
    pub(crate) fn is_undecided(&self) -> bool {
        self.ratio.low <= self.bar && self.bar < self.ratio.high
    }
}

/// A contender against itself: how far two equals seem apart in this run.
#[derive(Serialize)]
pub(crate) struct Equals {
    pub(crate) what: String,
    pub(crate) ratio: Summary,
    pub(crate) contains_one: bool,
}

/// The A/A pair on a workload, for each number of workers and as a geometric mean of these.
pub(crate) fn equals(heats: &[Heat], workload: &str) -> Vec<Equals> {
    let mut all = Vec::new();
    let mut ratios = Vec::new();
    let mut tell = |what: String, ratio: Summary| {
        let contains_one = ratio.contains(1.0);
        all.push(Equals {
            what,
            ratio,
            contains_one,
        });
    };
    for heat in heats.iter().filter(|heat| heat.workload.name == workload) {
        let mut entries = heat.entries.iter();
        let Some((first, again)) =
            entries.find_map(|entry| Some((entry, heat.entry(&format!("{}{AGAIN}", entry.name))?)))
        else {
            continue;
        };
        let what = format!("{} / {}, {}", again.name, first.name, heat.workload);
        tell(what, again.ratio_to(first));
        ratios.push(paired(&again.samples, &first.samples));
    }
    if ratios.len() > 1 {
        tell(
            "geometric mean, by round".to_owned(),
            mean_by_round(&ratios),
        );
    }
    all
}

/// The geometric mean of the ratios of each round.
fn mean_by_round(ratios: &[Vec<f64>]) -> Summary {
    let rounds = ratios.iter().map(Vec::len).min().unwrap_or(0);
    let mean = |round: usize| geometric_mean(ratios.iter().map(|ratios| ratios[round]));
    Summary::of(&(0..rounds).map(mean).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use benchmark::contenders::racers;
    use benchmark::race::Racer;
    use benchmark::workload::{Scale, Workload, all};

    use super::{ANY, CLAIMS, Claim, Reference};
    use crate::heat::Heat;

    fn workloads(name: &str) -> impl Iterator<Item = Workload> {
        let all = all(Scale::Default).into_iter();
        all.filter(move |workload| workload.base() == name)
    }

    /// A heat in which the contenders have taken so long, round by round.
    fn heat(workload: Workload, times: &[(&str, &[f64])]) -> Heat {
        let all = racers(workload.arrival);
        let named = |(name, _): &(&str, _)| all.iter().find(|racer| racer.name == *name);
        let racers: Vec<Racer> = times.iter().filter_map(named).copied().collect();
        let mut heat = Heat::new(workload, &racers, None);
        for (entry, (_, times)) in heat.entries.iter_mut().zip(times) {
            entry.samples = times.to_vec();
        }
        heat
    }

    #[test]
    fn every_claim_is_about_workloads_and_contenders_that_there_are() {
        for claim in CLAIMS {
            let concerned = workloads(claim.workload).filter(|workload| claim.concerns(workload));
            let concerned: Vec<_> = concerned
                .map(|workload| {
                    let named = |name: &&str| {
                        let mut racers = racers(workload.arrival).iter();
                        racers.any(|racer| racer.name == *name)
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
            workload: "empty",
            workers: &[4, 16],
            subject: "v4",
            reference: Reference::Contender("v3"),
            ..ANY
        };
        let times: &[(&str, &[f64])] = &[("v4", &[30.0]), ("v3", &[60.0])];
        let heats: Vec<_> = workloads("empty")
            .map(|workload| heat(workload, times))
            .collect();
        let finding = claim.check(&heats).unwrap();
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
        let heats: Vec<_> = workloads("empty")
            .filter(|workload| claim.concerns(workload))
            .map(|workload| {
                let by = workload.workers as f64;
                heat(workload, &[("v4", &[by, 10.0 * by])])
            })
            .collect();
        assert_eq!(heats.len(), 2);
        let finding = claim.check(&heats).unwrap();
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
        let finding = claim.check(&[heat(workload.clone(), &times)]).unwrap();
        assert_eq!(finding.checks[0].ratio.median, 0.75);
        // Without one of them there is nothing to say.
        times.pop();
        assert!(claim.check(&[heat(workload, &times)]).is_none());
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
        let mut heats = [heat(workload, &[("v5", &[])])];
        for (allocations, holds) in [(2.04, true), (2.06, false)] {
            heats[0].entries[0].allocations_per_task = allocations;
            let finding = claim.check(&heats).unwrap();
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
        let heats = [heat(workload, &[("v4", &[110_000.0])])];
        let finding = claim.check(&heats).unwrap();
        assert!((finding.checks[0].ratio.median - 1.1).abs() < 1e-9);
    }
}
