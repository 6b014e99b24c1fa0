//! What is claimed of our pools, and what the run says about it.
//!
//! A ratio is the median of at least 30 paired rounds. It holds when the median is within the bar;
//! while its 95 % interval straddles the bar, more rounds are run, up to 100.

use benchmark::statistics::{Summary, geometric_mean, paired};
use serde::Serialize;

use crate::heat::{AGAIN, Entry, Heat};

pub(crate) const LEAST_ROUNDS: usize = 30;
pub(crate) const MOST_ROUNDS: usize = 100;

/// A bound on how much longer one contender takes than another, with any number of workers.
pub(crate) struct Claim {
    pub(crate) name: &'static str,
    pub(crate) workload: &'static str,
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
}

pub(crate) const CLAIMS: &[Claim] = &[
    Claim {
        name: "on empty tasks, v1 costs little more than a channel",
        workload: "empty",
        subject: "v1",
        reference: Reference::Contender("buffered channel"),
        mean: Some(1.15),
        cell: 1.3,
    },
    Claim {
        name: "on empty tasks, v2 costs little more than v1",
        workload: "empty",
        subject: "v2",
        reference: Reference::Contender("v1"),
        mean: Some(1.15),
        cell: 1.3,
    },
    Claim {
        name: "on empty tasks and at its largest size, v3 costs little more than v2",
        workload: "empty",
        subject: "v3",
        reference: Reference::Contender("v2"),
        mean: Some(1.15),
        cell: 1.3,
    },
    Claim {
        name: "on tasks of 4 us, v1 is as good as any pool",
        workload: "sha256_4us",
        subject: "v1",
        reference: Reference::BestPeer,
        mean: None,
        cell: 1.1,
    },
    Claim {
        name: "on tasks of 4 us, v2 is as good as any pool",
        workload: "sha256_4us",
        subject: "v2",
        reference: Reference::BestPeer,
        mean: None,
        cell: 1.1,
    },
    Claim {
        name: "on tasks of 4 us, v3 is as good as any pool",
        workload: "sha256_4us",
        subject: "v3",
        reference: Reference::BestPeer,
        mean: None,
        cell: 1.1,
    },
];

impl Claim {
    /// Whether the claim needs this contender.
    pub(crate) fn is_about(&self, name: &str, family: &str) -> bool {
        let referred = match self.reference {
            Reference::Contender(reference) => name == reference,
            Reference::BestPeer => family == "peer",
        };
        referred || name == self.subject
    }

    fn reference<'heat>(&self, heat: &'heat Heat) -> Option<&'heat Entry> {
        match self.reference {
            Reference::Contender(name) => heat.entry(name),
            Reference::BestPeer => heat.best(|entry| entry.family == "peer"),
        }
    }

    /// What the heats say; nothing if a contender did not take part.
    pub(crate) fn check(&self, heats: &[Heat]) -> Option<Finding> {
        let mut found = Finding {
            claim: self.name,
            ..Finding::default()
        };
        let mut ratios = Vec::new();
        for heat in heats
            .iter()
            .filter(|heat| heat.workload.name == self.workload)
        {
            let subject = heat.entry(self.subject)?;
            let reference = self.reference(heat)?;
            ratios.push(paired(&subject.samples, &reference.samples));
            found.checks.push(Check {
                what: format!("{} / {}, {}", self.subject, reference.name, heat.workload),
                ratio: subject.ratio_to(reference),
                bar: self.cell,
            });
        }
        if let (Some(bar), false) = (self.mean, ratios.is_empty()) {
            let medians = found.checks.iter().map(|check| check.ratio.median);
            found.mean_of_medians = Some(geometric_mean(medians));
            found.checks.push(Check {
                what: "geometric mean, by round".to_owned(),
                ratio: mean_by_round(&ratios),
                bar,
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
}

/// A ratio and its bar.
#[derive(Serialize)]
pub(crate) struct Check {
    pub(crate) what: String,
    pub(crate) ratio: Summary,
    pub(crate) bar: f64,
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
        let Some(first) = heat.entries.first() else {
            continue;
        };
        let Some(again) = heat.entry(&format!("{}{AGAIN}", first.name)) else {
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
