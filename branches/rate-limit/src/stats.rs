//! How tasks ended, counted to the last one.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::Pool;

/// How an accepted task left the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Completed,
    Panicked,
    Cancelled,
    Returned,
}

/// What has become of the tasks of a pool or a group. Nobody waits for these numbers, so each is
/// an atomic of its own; `Relaxed` is all that counting needs.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) accepted: AtomicUsize,
    pub(crate) running: AtomicUsize,
    /// One for each [`Ending`].
    ended: [AtomicUsize; 4],
}

impl Counters {
    pub(crate) fn record(&self, ending: Ending) {
        self.ended[ending as usize].fetch_add(1, Relaxed);
    }

    pub(crate) fn report(&self) -> Report {
        let [completed, panicked, cancelled, returned] =
            [0, 1, 2, 3].map(|n: usize| self.ended[n].load(Relaxed));
        Report {
            completed,
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
/// run, the numbers are read one after another and may be a moment apart: a task that runs need not
/// be among the accepted yet. Those of the past never go down. They order nothing: to read what a
/// task has written, wait for it.
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
    /// The pool's counts.
    ///
    /// ```
    /// let pool = rate_limit::Pool::new(2, 8).unwrap();
    /// pool.execute(|| ()).unwrap();
    /// pool.execute(|| panic!("caught")).unwrap();
    /// pool.wait_idle();
    /// let stats = pool.stats();
    /// assert_eq!((stats.accepted, stats.completed, stats.panicked), (2, 1, 1));
    /// ```
    #[must_use]
    pub fn stats(&self) -> Stats {
        let Counters {
            accepted, running, ..
        } = &self.shared.counters;
        let report = self.shared.counters.report();
        let ended = report.completed + report.panicked + report.cancelled + report.returned;
        Stats {
            // A short task may be over before its submitter has counted it.
            accepted: accepted.load(Relaxed).max(ended),
            completed: report.completed,
            panicked: report.panicked,
            cancelled: report.cancelled,
            returned: report.returned,
            queued: self.queue_len(),
            running: running.load(Relaxed),
        }
    }
}
