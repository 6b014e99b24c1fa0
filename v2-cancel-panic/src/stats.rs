//! How tasks ended, counted to the last one.

use std::sync::atomic::{
    AtomicUsize,
    Ordering::{Relaxed, SeqCst},
};

use crate::Pool;
use crate::tally::Tally;

/// How an accepted task left the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Completed,
    Panicked,
    Cancelled,
    Returned,
}

/// How many tasks of a pool or a group ended in one of the rare ways. Those that are over and
/// ended in none of them have completed.
#[derive(Debug, Default)]
pub(crate) struct Endings {
    panicked: AtomicUsize,
    cancelled: AtomicUsize,
    returned: AtomicUsize,
}

impl Endings {
    /// To be called before the tally counts the task as over, so that whoever has waited for the
    /// task finds its ending counted.
    pub(crate) fn record(&self, ending: Ending) {
        let count = match ending {
            Ending::Completed => return,
            Ending::Panicked => &self.panicked,
            Ending::Cancelled => &self.cancelled,
            Ending::Returned => &self.returned,
        };
        count.fetch_add(1, Relaxed);
    }

    pub(crate) fn report(&self, tally: &Tally) -> Report {
        let workers = &tally.over[Tally::DOOR + 1..];
        let over: usize = workers.iter().map(|count| count.0.load(SeqCst)).sum();
        let panicked = self.panicked.load(Relaxed);
        let cancelled = self.cancelled.load(Relaxed);
        let returned = self.returned.load(Relaxed);
        Report {
            // While tasks run, an ending may be counted already and its task not yet.
            completed: over.saturating_sub(panicked + cancelled + returned),
            panicked,
            cancelled,
            returned,
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
    /// Tasks dropped without having run, because their token was cancelled.
    pub cancelled: usize,
    /// Tasks handed back by [`Pool::shutdown_now`] without having run.
    pub returned: usize,
}

/// What a pool has done and is doing.
///
/// Once the pool is idle, `accepted == completed + panicked + cancelled + returned`. While tasks
/// run, the numbers are read one after another and may be a moment apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Stats {
    /// Tasks that have been accepted since the start. A refused task is not among them.
    pub accepted: usize,
    /// Tasks that ran and returned.
    pub completed: usize,
    /// Tasks that ran and panicked.
    pub panicked: usize,
    /// Tasks dropped without having run, because their token was cancelled.
    pub cancelled: usize,
    /// Tasks handed back by [`Pool::shutdown_now`] without having run.
    pub returned: usize,
    /// Tasks that wait in the queue, now.
    pub queued: usize,
    /// Tasks that a worker has taken and not yet finished, now.
    pub running: usize,
}

impl Pool {
    /// The pool's counts. Takes the lock that submitters take, for a moment.
    ///
    /// ```
    /// let pool = v2_cancel_panic::Pool::new(2, 8).unwrap();
    /// pool.execute(|| ()).unwrap();
    /// pool.execute(|| panic!("caught")).unwrap();
    /// pool.wait_idle();
    /// let stats = pool.stats();
    /// assert_eq!((stats.accepted, stats.completed, stats.panicked), (2, 1, 1));
    /// ```
    #[must_use]
    pub fn stats(&self) -> Stats {
        let shared = &self.shared;
        let report = shared.endings.report(&shared.tally);
        let over = report.completed + report.panicked + report.cancelled + report.returned;
        let (accepted, queued) = shared.door.while_shut(|| {
            // With the door shut, nobody is between asking and being refused.
            let refused = shared.tally.over[Tally::DOOR].0.load(SeqCst);
            let accepted = shared.tally.begun.0.load(SeqCst) - refused;
            (accepted, shared.queue.len())
        });
        // What has ended since `report` was read would seem to run: no more can than there are
        // threads.
        let running = accepted.saturating_sub(queued + over).min(self.threads());
        Stats {
            accepted,
            completed: report.completed,
            panicked: report.panicked,
            cancelled: report.cancelled,
            returned: report.returned,
            queued,
            running,
        }
    }
}
