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

/// What has become of the tasks of a group. Nobody waits for these numbers, so each is an atomic of
/// its own; `Relaxed` is all that counting needs.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// One for each [`Ending`].
    ended: [AtomicUsize; 4],
}

impl Counters {
    pub(crate) fn record(&self, ending: Ending) {
        self.ended[ending as usize].fetch_add(1, Relaxed);
    }

    pub(crate) fn report(&self) -> Report {
        Report::from([0, 1, 2, 3].map(|n: usize| self.ended[n].load(Relaxed)))
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

impl From<[usize; 4]> for Report {
    fn from([completed, panicked, cancelled, returned]: [usize; 4]) -> Report {
        Report {
            completed,
            panicked,
            cancelled,
            returned,
        }
    }
}

/// What a pool has done and is doing.
///
/// What workers count is read one after another, while they work. The sums are right all the same:
/// at any time `accepted == completed + panicked + cancelled + returned + queued + running +
/// nested`, and `live == idle + running`, and `live == spawned - retired`.
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
    /// Tasks that a worker has taken and not yet finished, now. One that waits for another one on
    /// the same worker is not among them.
    pub running: usize,
    /// Tasks that have left their queue and neither run nor have ended, now: they wait for one that
    /// runs on top of them on the same worker, or a thread that is no worker is about to cancel
    /// them.
    pub nested: usize,
    /// Workers, now. One that has decided to leave is not among them.
    pub live: usize,
    /// Workers without a task, now.
    pub idle: usize,
    /// Workers that have been started since the start.
    pub spawned: usize,
    /// Workers that have left: idle for too long, too many after a resize, or because of a
    /// shutdown.
    pub retired: usize,
    /// The most workers that there were at a time.
    pub peak: usize,
    /// Threads that could not be started since the start.
    pub spawn_failures: usize,
    /// Tasks taken out of another worker's queue since the start. One that was stolen twice counts
    /// twice.
    pub stolen: usize,
}

impl Pool {
    /// The pool's counts. Takes the lock that submitters take, and reads the count of each worker.
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
        let state = self.shared.lock();
        let (workers, counts) = (&state.workers, state.counts());
        let ended = Report::from(counts.ended);
        let running = counts.running;
        Stats {
            accepted: counts.accepted,
            completed: ended.completed,
            panicked: ended.panicked,
            cancelled: ended.cancelled,
            returned: ended.returned,
            queued: counts.accepted - counts.taken,
            running,
            nested: counts.nested() + counts.elsewhere,
            live: workers.live(),
            idle: workers.live() - running,
            spawned: workers.spawned,
            retired: workers.spawned - workers.live(),
            peak: workers.peak,
            spawn_failures: workers.failures,
            stolen: counts.stolen,
        }
    }
}
