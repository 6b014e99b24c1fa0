//! A cell of a race: some contenders on one workload with one number of workers.

use serde::{Deserialize, Serialize};

use crate::race::Latency;
use crate::statistics::{Summary, geometric_mean, paired};
use crate::workload::{Arrival, Workload};

/// A workload with a number of workers, and how everybody did.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Cell {
    /// The workload, the scale included.
    pub name: String,
    /// Worker threads.
    pub workers: usize,
    /// Places in the queue.
    pub capacity: usize,
    /// How many tasks a round has; nothing if its time was set, or if it is not known.
    pub tasks: Option<usize>,
    /// Whether the workload keeps all cores busy by itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub busy: bool,
    /// What nobody can be faster than, in nanoseconds for each task, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ideal: Option<f64>,
    /// How busy the processes of others kept the machine meanwhile, in cores; nothing where the
    /// system does not tell.
    pub others: Option<f64>,
    /// What the machine's host took away meanwhile, in cores.
    pub stolen: Option<f64>,
    /// It was spoiled, and measured again. This is the second time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
    /// The contenders. The samples of a round have the same index in all of them.
    pub entries: Vec<Entry>,
}

/// How a contender did.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Entry {
    /// Its name.
    pub contender: String,
    /// One of ours, a baseline, a peer, or the second half of the A/A pair.
    pub family: String,
    /// Allocations for each task, counted in a run of its own.
    pub allocations: Option<f64>,
    /// Bytes that the pool held for each task when most of them were queued, where tasks gather.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<f64>,
    /// Nanoseconds for each task, by round.
    pub samples: Vec<f64>,
    /// What most pings or bursts took, over all rounds, where these are timed one by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
    /// How long each of them took, in nanoseconds. Too many to be kept.
    #[serde(skip)]
    pub times: Vec<f64>,
}

/// The second entry of the contender that races against itself.
pub const AGAIN: &str = " again";

/// The family of that entry.
pub const A_AGAINST_A: &str = "A/A";

/// A machine on which others take more than this, in cores, is not at rest.
pub const LOAD_OF_OTHERS: f64 = 0.2;

/// A cell in which two equals are further apart than this is not to be believed.
pub const NOISE: f64 = 0.03;

/// Fewer rounds say little of two equals. The noise floor says how little.
const FEW_ROUNDS: usize = 30;

/// Why a cell was not measured at rest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spoiled {
    /// Others kept so many cores busy.
    Load(f64),
    /// One half of the A/A pair took so many times as long as the other.
    Noise(f64),
}

impl std::fmt::Display for Spoiled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Spoiled::Load(cores) => write!(f, "others kept {cores:.2} cores busy"),
            Spoiled::Noise(ratio) => write!(f, "two equals were {ratio:.3} apart"),
        }
    }
}

impl Cell {
    /// A cell in which nobody has run yet.
    #[must_use]
    pub fn of(workload: &Workload) -> Cell {
        Cell {
            name: workload.name.clone(),
            workers: workload.workers,
            capacity: workload.capacity,
            tasks: workload.tasks(),
            busy: matches!(workload.arrival, Arrival::Busy { .. }),
            ideal: workload.ideal_per_task(),
            ..Cell::default()
        }
    }

    /// The name without the scale.
    #[must_use]
    pub fn base(&self) -> &str {
        self.name.split('/').next().unwrap_or(&self.name)
    }

    /// The rounds so far, of whoever has taken part in most.
    #[must_use]
    pub fn rounds(&self) -> usize {
        let rounds = self.entries.iter().map(|entry| entry.samples.len());
        rounds.max().unwrap_or(0)
    }

    /// The rounds in which everybody has taken part. A table is made of these: who is wanted for a
    /// claim goes on when the others have stopped, and the machine may have changed by then.
    fn common_rounds(&self) -> usize {
        let rounds = self.entries.iter().map(|entry| entry.samples.len());
        rounds.min().unwrap_or(0)
    }

    /// Nanoseconds for each task, over the rounds in which everybody has taken part.
    #[must_use]
    pub fn summary(&self, entry: &Entry) -> Summary {
        Summary::of(&entry.samples[..self.common_rounds()])
    }

    /// How many times as long as the other, over the same rounds.
    #[must_use]
    pub fn ratio(&self, entry: &Entry, other: &Entry) -> Summary {
        let rounds = self.common_rounds();
        Summary::of(&paired(&entry.samples[..rounds], &other.samples[..rounds]))
    }

    /// The contender of that name.
    #[must_use]
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.contender == name)
    }

    /// The entry with the lowest median among those.
    pub fn best(&self, among: impl Fn(&Entry) -> bool) -> Option<&Entry> {
        let entries = self.entries.iter().filter(|entry| among(entry));
        entries.min_by(|a, b| a.summary().median.total_cmp(&b.summary().median))
    }

    /// The A/A pair: the first half, and the second.
    fn pair(&self) -> Option<(&Entry, &Entry)> {
        let again = self
            .entries
            .iter()
            .find(|entry| entry.family == A_AGAINST_A)?;
        Some((self.entry(again.contender.strip_suffix(AGAIN)?)?, again))
    }

    /// How far apart two equals seem, as a ratio of at least one: the end of the A/A pair's
    /// interval that is further from 1. A difference within is none.
    #[must_use]
    pub fn noise_floor(&self) -> Option<f64> {
        let (first, again) = self.pair()?;
        let ratio = again.ratio_to(first);
        (ratio.samples > 0).then(|| ratio.high.max(1.0 / ratio.low))
    }

    /// Whether two contenders whose ratio this is cannot be told apart.
    #[must_use]
    pub fn is_none(&self, ratio: f64) -> bool {
        let floor = self.noise_floor().unwrap_or(1.0);
        (1.0 / floor..=floor).contains(&ratio)
    }

    /// Whether something came between. The threads that a workload itself has spinning are none of
    /// that, and what they do to two equals is told by the noise floor alone.
    #[must_use]
    pub fn spoiled(&self) -> Option<Spoiled> {
        if let Some(others) = self.others.filter(|others| *others > LOAD_OF_OTHERS) {
            return Some(Spoiled::Load(others));
        }
        if self.busy {
            return None;
        }
        let (first, again) = self.pair()?;
        let ratio = again.ratio_to(first);
        let off = ratio.median > 1.0 + NOISE || ratio.median < 1.0 / (1.0 + NOISE);
        (off && ratio.samples >= FEW_ROUNDS).then_some(Spoiled::Noise(ratio.median))
    }
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} w={}", self.name, self.workers)
    }
}

impl Entry {
    /// Nanoseconds for each task.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary::of(&self.samples)
    }

    /// How many times as long as the other, round by round.
    #[must_use]
    pub fn ratio_to(&self, other: &Entry) -> Summary {
        Summary::of(&paired(&self.samples, &other.samples))
    }
}

/// A contender against itself: how far two equals seem apart.
#[derive(Clone, Debug, Serialize)]
pub struct Equals {
    /// Which contender, and where.
    pub what: String,
    /// The second half to the first.
    pub ratio: Summary,
}

/// The A/A pair in each of these cells, and as a geometric mean of them.
#[must_use]
pub fn equals(cells: &[&Cell]) -> Vec<Equals> {
    let mut all = Vec::new();
    let mut ratios = Vec::new();
    for cell in cells {
        if let Some((first, again)) = cell.pair() {
            all.push(Equals {
                what: format!("{} / {}, {cell}", again.contender, first.contender),
                ratio: again.ratio_to(first),
            });
            ratios.push(paired(&again.samples, &first.samples));
        }
    }
    if ratios.len() > 1 {
        all.push(Equals {
            what: "geometric mean, by round".to_owned(),
            ratio: mean_by_round(&ratios),
        });
    }
    all
}

/// The geometric mean of the ratios of each round.
pub(crate) fn mean_by_round(ratios: &[Vec<f64>]) -> Summary {
    let rounds = ratios.iter().map(Vec::len).min().unwrap_or(0);
    let mean = |round: usize| geometric_mean(ratios.iter().map(|ratios| ratios[round]));
    Summary::of(&(0..rounds).map(mean).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::{A_AGAINST_A, Cell, Entry, Spoiled};

    fn cell(others: f64, first: &[f64], again: &[f64]) -> Cell {
        let entry = |contender: &str, family: &str, samples: &[f64]| Entry {
            contender: contender.to_owned(),
            family: family.to_owned(),
            samples: samples.to_vec(),
            ..Entry::default()
        };
        Cell {
            others: Some(others),
            entries: vec![
                entry("v1", "ours", first),
                entry("v1 again", A_AGAINST_A, again),
            ],
            ..Cell::default()
        }
    }

    #[test]
    fn a_cell_is_spoiled_by_others_or_by_equals_that_differ() {
        let even = [100.0; 30];
        assert_eq!(cell(0.1, &even, &even).spoiled(), None);
        assert_eq!(
            cell(0.21, &even, &even).spoiled(),
            Some(Spoiled::Load(0.21))
        );
        assert_eq!(cell(0.0, &even, &[102.9; 30]).spoiled(), None);
        assert_eq!(
            cell(0.0, &even, &[104.0; 30]).spoiled(),
            Some(Spoiled::Noise(1.04))
        );
        assert_eq!(
            cell(0.0, &even, &[96.0; 30]).spoiled(),
            Some(Spoiled::Noise(0.96))
        );
    }

    #[test]
    fn a_table_has_the_rounds_in_which_everybody_took_part() {
        let mut dropped_out = cell(0.0, &[100.0, 100.0, 10.0], &[50.0, 50.0]);
        let [first, again] = &dropped_out.entries[..] else {
            panic!("there are two");
        };
        assert_eq!(dropped_out.summary(first).median, 100.0);
        assert_eq!(dropped_out.ratio(first, again).samples, 2);
        dropped_out.entries.pop();
        assert_eq!(dropped_out.summary(&dropped_out.entries[0]).samples, 3);
    }

    #[test]
    fn few_rounds_say_nothing_of_equals() {
        assert_eq!(cell(0.0, &[100.0; 29], &[150.0; 29]).spoiled(), None);
    }

    #[test]
    fn on_a_busy_machine_only_others_spoil_a_cell() {
        let busy = |others| Cell {
            busy: true,
            ..cell(others, &[100.0; 30], &[150.0; 30])
        };
        assert_eq!(busy(0.1).spoiled(), None);
        assert_eq!(busy(0.3).spoiled(), Some(Spoiled::Load(0.3)));
        assert_eq!(busy(0.1).noise_floor(), Some(1.5));
    }

    #[test]
    fn a_difference_within_the_noise_is_none() {
        let noisy = cell(0.0, &[100.0; 6], &[97.0, 99.0, 100.0, 100.0, 101.0, 104.0]);
        let floor = noisy.noise_floor().unwrap();
        assert!((floor - 1.04).abs() < 1e-9, "{floor}");
        assert!(noisy.is_none(1.03) && noisy.is_none(0.97));
        assert!(!noisy.is_none(1.05) && !noisy.is_none(0.95));
    }
}
