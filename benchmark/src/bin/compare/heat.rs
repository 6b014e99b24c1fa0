//! A heat: some contenders on the same work, round by round, each round in an order of its own.

use benchmark::race::{Racer, no_gauge};
use benchmark::statistics::{Summary, paired};
use benchmark::workload::Workload;

use crate::allocations;

/// Some contenders on one workload.
pub(crate) struct Heat {
    pub(crate) workload: Workload,
    pub(crate) entries: Vec<Entry>,
}

/// A contender in a heat, and how it did. The samples of a round have the same index in all entries.
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) family: &'static str,
    pub(crate) allocations_per_task: f64,
    /// Nanoseconds for each task, by round.
    pub(crate) samples: Vec<f64>,
    racer: Racer,
}

/// The second entry of the contender that races against itself.
pub(crate) const AGAIN: &str = " again";

/// The family of that entry.
pub(crate) const A_AGAINST_A: &str = "A/A";

impl Heat {
    /// One contender takes part twice, the A/A pair: the one of that name if it is there, else the first.
    pub(crate) fn new(workload: Workload, racers: &[Racer], twice: Option<&str>) -> Heat {
        let entry = |racer: &Racer, name: String, family| Entry {
            name,
            family,
            allocations_per_task: f64::NAN,
            samples: Vec::new(),
            racer: *racer,
        };
        let mut entries = Vec::new();
        for racer in racers {
            entries.push(entry(racer, racer.name.to_owned(), racer.family));
        }
        let named = racers.iter().find(|racer| Some(racer.name) == twice);
        if let Some(racer) = named.or(racers.first()) {
            entries.push(entry(racer, format!("{}{AGAIN}", racer.name), A_AGAINST_A));
        }
        Heat { workload, entries }
    }

    /// The rounds so far, of whoever has taken part in most.
    pub(crate) fn rounds(&self) -> usize {
        let rounds = self.entries.iter().map(|entry| entry.samples.len());
        rounds.max().unwrap_or(0)
    }

    /// Once more, for everybody who is wanted. Who drops out stays out, so that rounds keep their index.
    pub(crate) fn round(&mut self, random: &mut fastrand::Rng, wanted: impl Fn(&Entry) -> bool) {
        let entries = self.entries.iter_mut();
        let mut order: Vec<&mut Entry> = entries.filter(|entry| wanted(entry)).collect();
        random.shuffle(&mut order);
        for entry in order {
            let measured = (entry.racer.run)(&self.workload, no_gauge);
            entry.samples.push(measured.per_task());
        }
    }

    /// Everybody once, for the allocations alone; warms up as well.
    pub(crate) fn count_allocations(&mut self) {
        for entry in &mut self.entries {
            let run = || (entry.racer.run)(&self.workload, allocations::so_far);
            let measured = allocations::counted(run);
            entry.allocations_per_task = measured.gauged as f64 / measured.tasks as f64;
        }
    }

    pub(crate) fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// The entry with the lowest median among those.
    pub(crate) fn best(&self, among: impl Fn(&Entry) -> bool) -> Option<&Entry> {
        let entries = self.entries.iter().filter(|entry| among(entry));
        entries.min_by(|a, b| a.summary().median.total_cmp(&b.summary().median))
    }
}

impl Entry {
    pub(crate) fn summary(&self) -> Summary {
        Summary::of(&self.samples)
    }

    /// How many times as long as the other, round by round.
    pub(crate) fn ratio_to(&self, other: &Entry) -> Summary {
        Summary::of(&paired(&self.samples, &other.samples))
    }
}
