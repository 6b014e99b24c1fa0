//! How many workers a pool had over time, how many of them were busy and how many tasks waited.
//!
//! A [`Trace`] knows each task and each worker. A census has forgotten them and knows how many,
//! which is what one wants to see of a pool that grows and shrinks.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::trace::{Event, Kind, Trace};

/// A number that changes: from each of these times on, so many.
pub type Steps = Vec<(u64, u64)>;

/// A recorded run, as the book draws it beside others. All times are microseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Census {
    /// What the run shows.
    pub title: String,
    /// The number of places in the queue; 0 for a queue without a bound.
    pub capacity: u64,
    /// The unit of all times: always `us`.
    pub unit: String,
    /// How long the pool was watched.
    pub end: u64,
    /// When tasks were submitted.
    pub arrivals: Vec<u64>,
    /// When tasks were refused.
    pub refused: Vec<u64>,
    /// Workers.
    pub live: Steps,
    /// Workers with a task.
    pub busy: Steps,
    /// Tasks in the queue.
    pub queued: Steps,
}

impl Census {
    /// Counts what happened in a run in the first so much time of it.
    ///
    /// The run must have noted when each worker came and went
    /// ([`Recorder::born`](crate::trace::Recorder::born) and
    /// [`Recorder::gone`](crate::trace::Recorder::gone)).
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use benchmark::census::Census;
    /// use benchmark::trace::Recorder;
    ///
    /// let recorder = Recorder::new();
    /// let (born, gone) = (recorder.clone(), recorder.clone());
    /// let pool = v3_dynamic::Pool::builder()
    ///     .threads(0..=2)
    ///     .on_thread_start(move || born.born())
    ///     .on_thread_stop(move || gone.gone())
    ///     .build()
    ///     .unwrap();
    /// recorder.submit(0, |task| pool.execute(task), || ()).unwrap();
    /// pool.wait_idle();
    /// let census = Census::of(&recorder.finish("one task", 2, 1024), Duration::from_secs(1));
    /// assert_eq!(census.peak(), 1);
    /// ```
    #[must_use]
    pub fn of(trace: &Trace, time: Duration) -> Census {
        let end = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let events: Vec<&Event> = trace.events.iter().filter(|e| e.at <= end).collect();
        let times = |kind| -> Vec<u64> {
            let of_kind = events.iter().filter(|event| event.kind == kind);
            of_kind.map(|event| event.at).collect()
        };
        let lives = events.iter().filter_map(|event| match event.kind {
            Kind::Born => Some((event.at, 1)),
            Kind::Gone => Some((event.at, -1)),
            _ => None,
        });
        let runs = events.iter().filter_map(|event| match event.kind {
            Kind::Started => Some((event.at, 1)),
            Kind::Finished | Kind::Panicked => Some((event.at, -1)),
            _ => None,
        });
        let mut queued = steps(waits(&events).into_iter());
        if trace.capacity > 0 {
            // What is more has been taken out of the queue, by a worker that has not begun with it.
            for (_, count) in &mut queued {
                *count = trace.capacity.min(*count);
            }
            queued.dedup_by_key(|&mut (_, count)| count);
        }
        Census {
            title: trace.title.clone(),
            capacity: trace.capacity,
            unit: trace.unit.clone(),
            end,
            arrivals: times(Kind::Submitted),
            refused: times(Kind::Refused),
            live: steps(lives),
            busy: steps(runs),
            queued,
        }
    }

    /// The most workers at a time.
    #[must_use]
    pub fn peak(&self) -> u64 {
        most(&self.live)
    }

    /// The most tasks that were in the queue at a time.
    #[must_use]
    pub fn longest_queue(&self) -> u64 {
        most(&self.queued)
    }

    /// Workers at a time.
    #[must_use]
    pub fn live_at(&self, time: Duration) -> u64 {
        let before = |&&(at, _): &&(u64, u64)| u128::from(at) <= time.as_micros();
        let steps = self.live.iter().take_while(before);
        steps.last().map_or(0, |&(_, count)| count)
    }

    /// Workers at the end.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.live.last().map_or(0, |&(_, count)| count)
    }

    /// How long workers lived, all together, in seconds.
    #[must_use]
    pub fn thread_seconds(&self) -> f64 {
        area(&self.live, self.end)
    }

    /// How long workers had no task, all together, in seconds.
    #[must_use]
    pub fn idle_seconds(&self) -> f64 {
        self.thread_seconds() - area(&self.busy, self.end)
    }
}

/// When each task came into the queue and left it. Many a task has started by the time that its
/// submitter hears that it was accepted: that one has not waited.
fn waits(events: &[&Event]) -> Vec<(u64, i64)> {
    let mut tasks: BTreeMap<u64, (Option<u64>, Option<u64>)> = BTreeMap::new();
    for event in events {
        let Some(task) = event.task else { continue };
        let (queued, out) = tasks.entry(task).or_default();
        match event.kind {
            Kind::Queued => *queued = Some(event.at),
            Kind::Started | Kind::Cancelled => *out = Some(event.at),
            _ => {}
        }
    }
    let mut changes = Vec::new();
    for (queued, out) in tasks.into_values() {
        let Some(queued) = queued else { continue };
        if out.is_some_and(|out| out <= queued) {
            continue;
        }
        changes.push((queued, 1));
        changes.extend(out.map(|out| (out, -1)));
    }
    changes
}

fn steps(changes: impl Iterator<Item = (u64, i64)>) -> Steps {
    let mut sums: BTreeMap<u64, i64> = BTreeMap::new();
    for (at, change) in changes {
        *sums.entry(at).or_default() += change;
    }
    let mut count = 0;
    let counts = sums.into_iter().map(|(at, change)| {
        count += change;
        (at, u64::try_from(count).unwrap_or(0))
    });
    let mut steps: Steps = counts.collect();
    steps.dedup_by_key(|&mut (_, count)| count);
    steps
}

fn most(steps: &Steps) -> u64 {
    steps.iter().map(|&(_, count)| count).max().unwrap_or(0)
}

/// The sum over time, in seconds.
fn area(steps: &Steps, end: u64) -> f64 {
    let until = steps.iter().skip(1).map(|&(at, _)| at).chain([end]);
    let micros: u64 = steps
        .iter()
        .zip(until)
        .map(|(&(at, count), until)| count * (until - at))
        .sum();
    micros as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Census;
    use crate::trace::{Event, Kind, Trace};

    fn census(events: &[(u64, Kind, u64)]) -> Census {
        let events = events.iter().map(|&(at, kind, number)| {
            let of_worker = matches!(kind, Kind::Born | Kind::Gone);
            Event {
                at,
                kind,
                task: (!of_worker).then_some(number),
                worker: of_worker.then_some(number),
            }
        });
        let trace = Trace {
            title: "a test".into(),
            workers: 2,
            capacity: 4,
            unit: "us".into(),
            events: events.collect(),
        };
        Census::of(&trace, Duration::from_micros(1000))
    }

    #[test]
    fn workers_are_counted_while_they_live_and_while_they_work() {
        let census = census(&[
            (0, Kind::Born, 0),
            (100, Kind::Submitted, 0),
            (110, Kind::Queued, 0),
            (120, Kind::Started, 0),
            (200, Kind::Born, 1),
            (320, Kind::Finished, 0),
            (700, Kind::Gone, 1),
            (1500, Kind::Gone, 0),
        ]);
        assert_eq!(census.live, [(0, 1), (200, 2), (700, 1)]);
        assert_eq!(census.busy, [(120, 1), (320, 0)]);
        assert_eq!(census.queued, [(110, 1), (120, 0)]);
        assert_eq!((census.peak(), census.left()), (2, 1));
        assert_eq!(census.live_at(Duration::from_micros(699)), 2);
        let micros = |seconds: f64| (seconds * 1e6).round();
        assert_eq!(micros(census.thread_seconds()), 1500.0);
        assert_eq!(micros(census.idle_seconds()), 1300.0);
    }

    #[test]
    fn a_task_that_starts_before_its_submitter_hears_of_it_has_not_waited() {
        let census = census(&[
            (100, Kind::Submitted, 0),
            (110, Kind::Started, 0),
            (120, Kind::Queued, 0),
            (130, Kind::Submitted, 1),
            (140, Kind::Refused, 1),
        ]);
        assert_eq!(census.longest_queue(), 0);
        assert_eq!(
            (census.arrivals, census.refused),
            (vec![100, 130], vec![140])
        );
    }

    #[test]
    fn the_queue_never_has_more_than_its_places() {
        let census = census(&[
            (10, Kind::Queued, 0),
            (20, Kind::Queued, 1),
            (30, Kind::Queued, 2),
            (40, Kind::Queued, 3),
            (50, Kind::Queued, 4),
            (60, Kind::Started, 0),
        ]);
        assert_eq!(census.longest_queue(), 4);
        assert_eq!(census.queued.last(), Some(&(40, 4)));
    }
}
