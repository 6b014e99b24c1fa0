//! How tasks ended, counted to the last one.

use std::sync::atomic::{
    AtomicUsize,
    Ordering::{Relaxed, SeqCst},
};

use crate::Pool;
use crate::count::Count;
use crate::tally::Tally;

/// How an accepted task left the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Completed,
    Panicked,
    Cancelled,
    Returned,
}

/// How many tasks of a pool or a group ended in which way.
#[derive(Debug)]
pub(crate) struct Endings {
    /// The common ending has a count for each lane of the tally, so that workers do not meet.
    completed: Box<[Count]>,
    panicked: AtomicUsize,
    cancelled: AtomicUsize,
    returned: AtomicUsize,
}

impl Endings {
    pub(crate) fn new(workers: usize) -> Endings {
        Endings {
            completed: (0..=workers).map(|_| Count::default()).collect(),
            panicked: AtomicUsize::new(0),
            cancelled: AtomicUsize::new(0),
            returned: AtomicUsize::new(0),
        }
    }

    /// To be called before the tally counts the task as over, so that whoever has waited for the
    /// task finds its ending counted.
    pub(crate) fn record(&self, lane: usize, ending: Ending) {
        let count = match ending {
            Ending::Completed => &self.completed[lane].0,
            Ending::Panicked => &self.panicked,
            Ending::Cancelled => &self.cancelled,
            Ending::Returned => &self.returned,
        };
        count.fetch_add(1, Relaxed);
    }

    pub(crate) fn report(&self) -> Report {
        let completed = self.completed.iter().map(|count| count.0.load(Relaxed));
        Report {
            completed: completed.sum(),
            panicked: self.panicked.load(Relaxed),
            cancelled: self.cancelled.load(Relaxed),
            returned: self.returned.load(Relaxed),
        }
    }
}

/// How the tasks of a group have ended so far: each that is over is counted in exactly one way.
///
/// Returned by [`Group::wait`](crate::Group::wait).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Report {
    /// Tasks that ran and returned.
    pub completed: usize,
    /// Tasks that ran and panicked.
    pub panicked: usize,
    /// Tasks dropped without having run, because their token or they themselves were cancelled.
    pub cancelled: usize,
    /// Tasks handed back by [`Pool::shutdown_now`] without having run.
    pub returned: usize,
}

/// What a pool has done and is doing.
///
/// Once the pool is idle, `accepted == completed + panicked + cancelled + returned`. While tasks
/// run, the numbers are read one after another and may be a moment apart; those of the past never
/// go down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Stats {
    /// Tasks that have been accepted since the start. A refused task is not among them.
    pub accepted: usize,
    /// Tasks that ran and returned.
    pub completed: usize,
    /// Tasks that ran and panicked.
    pub panicked: usize,
    /// Tasks dropped without having run, because their token or they themselves were cancelled.
    pub cancelled: usize,
    /// Tasks handed back by [`Pool::shutdown_now`] without having run.
    pub returned: usize,
    /// Tasks that wait in the queue, now.
    pub queued: usize,
    /// Tasks that a worker has taken and not yet finished, now. One that waits for another that its worker
    /// runs in the meantime is not among them.
    pub running: usize,
    /// Workers, now: `live == idle + running` and `live == spawned - retired`.
    pub live: usize,
    /// Workers without a task, now.
    pub idle: usize,
    /// Workers that have been started since the start.
    pub spawned: usize,
    /// Workers that have left: idle for too long, too many after a resize, or because of a shutdown.
    pub retired: usize,
    /// The most workers that there were at a time.
    pub peak: usize,
    /// Threads that could not be started since the start.
    pub spawn_failures: usize,
    /// Tasks taken out of another worker's queue since the start. One that was stolen twice counts twice, and
    /// one that was claimed meanwhile counts as well.
    pub stolen: usize,
}

impl Pool {
    /// The pool's counts. Takes the lock that submitters take, for a moment.
    ///
    /// ```
    /// let pool = v5_futures::Pool::new(2, 8).unwrap();
    /// pool.execute(|| ()).unwrap();
    /// pool.execute(|| panic!("caught")).unwrap();
    /// pool.wait_idle();
    /// let stats = pool.stats();
    /// assert_eq!((stats.accepted, stats.completed, stats.panicked), (2, 1, 1));
    /// ```
    #[must_use]
    pub fn stats(&self) -> Stats {
        let shared = &self.shared;
        let tally = &shared.tally;
        let (mut stats, mut nested) = (Stats::default(), 0);
        let (accepted, over, queued, report) = shared.door.while_shut(|inside| {
            stats = inside.census.stats();
            let sum =
                |lanes: &[Count]| -> usize { lanes.iter().map(|lane| lane.0.load(SeqCst)).sum() };
            let (refused, workers) = tally.over.split_at(Tally::REFUSED + 1);
            let over = sum(workers);
            let accepted = tally.begun.0.load(SeqCst) - sum(refused);
            // The endings last: they are recorded before a task is over, so if all are over here,
            // then all endings are in the report.
            let stolen = shared.lanes.iter().map(|lane| lane.stolen.0.load(Relaxed));
            stats.stolen = stolen.sum();
            nested = shared.nested();
            (
                accepted,
                over,
                shared.queued(inside),
                shared.endings.report(),
            )
        });
        // What has ended since `over` was read would seem to run: no more can than there are threads.
        let running = accepted
            .saturating_sub(queued + over + nested)
            .min(stats.live);
        Stats {
            accepted,
            completed: report.completed,
            panicked: report.panicked,
            cancelled: report.cancelled,
            returned: report.returned,
            queued,
            running,
            idle: stats.live - running,
            ..stats
        }
    }
}
