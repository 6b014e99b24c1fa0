//! A heat: some contenders on the same work, round by round, each round in an order of its own.

use benchmark::race::{Latency, Racer, no_gauge};
use benchmark::records::{A_AGAINST_A, AGAIN, Cell, Entry};
use benchmark::workload::Workload;

use crate::allocations;
use crate::load::Meter;

/// Some contenders on one workload.
pub(crate) struct Heat {
    pub(crate) workload: Workload,
    /// What has been measured.
    pub(crate) cell: Cell,
    /// Those who run, in the order of the cell's entries.
    racers: Vec<Racer>,
    /// What others did while this ran.
    meter: Meter,
}

impl Heat {
    /// One contender takes part twice, the A/A pair: the one of that name if it is there, else the
    /// first.
    pub(crate) fn new(workload: Workload, mut racers: Vec<Racer>, twice: Option<&str>) -> Heat {
        let entry = |contender: String, family: &str| Entry {
            contender,
            family: family.to_owned(),
            ..Entry::default()
        };
        let mut cell = Cell::of(&workload);
        let entries = racers
            .iter()
            .map(|racer| entry(racer.name.to_owned(), racer.family));
        cell.entries = entries.collect();
        let named = racers.iter().find(|racer| Some(racer.name) == twice);
        if let Some(racer) = named.or(racers.first()).copied() {
            let again = format!("{}{AGAIN}", racer.name);
            cell.entries.push(entry(again, A_AGAINST_A));
            racers.push(racer);
        }
        Heat {
            workload,
            cell,
            racers,
            meter: Meter::default(),
        }
    }

    /// Once more, for everybody who is wanted. Who drops out stays out, so that rounds keep their
    /// index.
    pub(crate) fn round(&mut self, random: &mut fastrand::Rng, wanted: impl Fn(&Entry) -> bool) {
        let all = self.racers.iter().zip(&mut self.cell.entries);
        let mut order: Vec<_> = all.filter(|(_, entry)| wanted(entry)).collect();
        random.shuffle(&mut order);
        self.meter.watch(|| {
            for (racer, entry) in order {
                let measured = (racer.run)(&self.workload, no_gauge);
                entry.samples.push(measured.per_task());
                entry.times.extend(measured.times());
                entry.latency = Latency::of(&entry.times);
            }
        });
        let load = self.meter.load();
        self.cell.others = load.map(|load| load.others);
        self.cell.stolen = load.map(|load| load.stolen);
    }

    /// Forgets all rounds. The next ones are those of a second attempt.
    pub(crate) fn start_again(&mut self) {
        for entry in &mut self.cell.entries {
            entry.samples.clear();
            entry.times.clear();
        }
        self.meter = Meter::default();
        self.cell.again = true;
    }

    /// Everybody once, for the allocations alone; warms up as well.
    pub(crate) fn count_allocations(&mut self) {
        for (racer, entry) in self.racers.iter().zip(&mut self.cell.entries) {
            let run = || (racer.run)(&self.workload, allocations::so_far);
            let measured = allocations::counted(run);
            let for_each = |count: f64| count / measured.tasks as f64;
            // Where a time is set, a pool without a bound accepts any number of tasks beyond those
            // that are done.
            let is_counted = self.workload.tasks().is_some();
            entry.allocations = is_counted.then(|| for_each(measured.allocations as f64));
            entry.held = (measured.held > 0).then(|| for_each(measured.held as f64));
        }
    }
}
