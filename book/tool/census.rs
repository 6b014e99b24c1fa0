//! How many workers a pool had over time, and how many tasks waited: the file format.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::repository::Repository;
use crate::trace::Unit;

/// A run as it is recorded in `book/censuses/NAME.json`. All times count from its beginning.
#[derive(Clone, Debug, Deserialize)]
pub struct Census {
    /// What the run shows, for the heading.
    pub title: String,
    /// The number of places in the queue; 0 if it has no bound.
    pub capacity: u64,
    /// The unit of all times.
    pub unit: Unit,
    /// How long the pool was watched.
    pub end: u64,
    /// When tasks were submitted.
    pub arrivals: Vec<u64>,
    /// When tasks were refused.
    pub refused: Vec<u64>,
    /// Workers: from each of these times on, so many.
    pub live: Vec<(u64, u64)>,
    /// Workers with a task.
    pub busy: Vec<(u64, u64)>,
    /// Tasks in the queue.
    pub queued: Vec<(u64, u64)>,
}

impl Census {
    /// The run in `book/censuses/NAME.json`.
    ///
    /// # Errors
    ///
    /// If there is no such file, or if it is not a possible run.
    pub fn recorded(repository: &Repository, name: &str) -> Result<Census> {
        let (text, file) = repository.recorded("censuses", name)?;
        Census::read(&text).with_context(|| format!("{file} is not a recorded census"))
    }

    /// The run in this JSON text.
    ///
    /// # Errors
    ///
    /// If the text is not a [`Census`], or if its times are not in order and within the run.
    pub fn read(json: &str) -> Result<Census> {
        let census: Census = serde_json::from_str(json)?;
        ensure!(census.end > 0, "nothing was watched");
        for (name, steps) in [
            ("live", &census.live),
            ("busy", &census.busy),
            ("queued", &census.queued),
        ] {
            let ordered = steps.is_sorted_by(|(one, _), (next, _)| one < next);
            ensure!(ordered, "the times of `{name}` are not in order");
            let within = steps.last().is_none_or(|&(at, _)| at <= census.end);
            ensure!(within, "`{name}` changes after the end");
        }
        for (name, times) in [("arrivals", &census.arrivals), ("refused", &census.refused)] {
            let within = times.iter().all(|&at| at <= census.end);
            ensure!(within, "`{name}` has a time after the end");
        }
        Ok(census)
    }

    /// Workers, workers with a task and tasks in the queue at a time.
    pub(crate) fn at(&self, time: u64) -> [u64; 3] {
        [&self.live, &self.busy, &self.queued].map(|steps| {
            let after = steps.partition_point(|&(at, _)| at <= time);
            after.checked_sub(1).map_or(0, |last| steps[last].1)
        })
    }

    pub(crate) fn peak(&self) -> u64 {
        most(&self.live)
    }

    pub(crate) fn longest_queue(&self) -> u64 {
        most(&self.queued)
    }

    /// Workers at the end.
    pub(crate) fn left(&self) -> u64 {
        self.live.last().map_or(0, |&(_, count)| count)
    }

    /// How long workers lived, all together, and how long they had no task; in microseconds.
    pub(crate) fn thread_time(&self) -> (u64, u64) {
        let lived = area(&self.live, self.end);
        (lived, lived.saturating_sub(area(&self.busy, self.end)))
    }
}

fn most(steps: &[(u64, u64)]) -> u64 {
    steps.iter().map(|&(_, count)| count).max().unwrap_or(0)
}

fn area(steps: &[(u64, u64)], end: u64) -> u64 {
    let until = steps.iter().skip(1).map(|&(at, _)| at).chain([end]);
    let spans = steps.iter().zip(until);
    spans
        .map(|(&(at, count), until)| count * (until - at))
        .sum()
}
