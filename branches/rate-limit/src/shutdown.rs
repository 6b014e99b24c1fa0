//! Ways to stop that do not wait for everything: with a deadline, and handing tasks back.

use std::iter;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use crate::Pool;
use crate::stats::Ending;
use crate::task::Task;

/// What is left of a pool that would not stop in time. Both numbers may be zero: then the last
/// task has ended, and the threads are on their way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the pool did not stop in time: {running} tasks run, {queued} are queued")]
#[non_exhaustive]
pub struct Unfinished {
    /// Tasks that still run.
    pub running: usize,
    /// Tasks that still wait in the queue.
    pub queued: usize,
}

impl Pool {
    /// Like [`shutdown`](Pool::shutdown), but waits no longer than `timeout`.
    ///
    /// After a time-out the pool stays closed and the workers go on until the queue is empty, or
    /// until the process ends: nobody waits for them then. A later call may wait again. Dropping a
    /// pool whose shutdown has timed out does not wait. [`Duration::MAX`] waits for ever.
    ///
    /// The time is for the tasks and the stop hooks. What a thread does after them, the destructors
    /// of its thread-local values, is waited for without a limit.
    ///
    /// ```
    /// use std::time::Duration;
    /// use rate_limit::{CancelToken, Pool};
    ///
    /// let pool = Pool::new(1, 4).unwrap();
    /// let token = CancelToken::new();
    /// let inside = token.clone();
    /// let (begin, begun) = std::sync::mpsc::channel();
    /// pool.execute(move || { begin.send(()).unwrap(); inside.wait() }).unwrap();
    /// begun.recv().unwrap();
    ///
    /// let unfinished = pool.shutdown_timeout(Duration::from_millis(10)).unwrap_err();
    /// assert_eq!((unfinished.running, unfinished.queued), (1, 0));
    /// token.cancel();
    /// pool.shutdown_timeout(Duration::from_secs(60)).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Unfinished`] if not all workers have left when the time is over, and always on a worker of
    /// the same pool, which cannot wait for its own end.
    pub fn shutdown_timeout(&self, timeout: Duration) -> Result<(), Unfinished> {
        self.shared.queue.close();
        if self.shared.on_worker() {
            return Err(self.unfinished());
        }
        // The wait is for the workers to leave. The join inside `shutdown` has no time-out, but
        // what is left of the threads by then are the destructors of their thread-local values.
        let deadline = Instant::now().checked_add(timeout);
        if self.shared.workers.wait_deadline(deadline) {
            self.shutdown();
            Ok(())
        } else {
            self.gave_up.store(true, Relaxed);
            Err(self.unfinished())
        }
    }

    fn unfinished(&self) -> Unfinished {
        // In this order: a task that leaves the queue meanwhile counts as running.
        let pending = self.shared.unfinished.pending();
        let queued = self.queue_len();
        Unfinished {
            // A submitter may be on its way out with a task that is refused.
            running: pending.saturating_sub(queued).min(self.threads()),
            queued,
        }
    }

    /// Refuses new tasks and hands back those that are queued, in the order in which they were
    /// accepted, also those whose token is cancelled. Does not wait for the tasks that run:
    /// [`shutdown`](Pool::shutdown) or [`shutdown_timeout`](Pool::shutdown_timeout) does, and so
    /// does dropping the pool.
    ///
    /// Workers take tasks until the queue is empty, so every accepted task is in one of the
    /// returned vectors or has been taken by a worker, which runs it (or drops it, if it is
    /// cancelled). The pool and the groups count those handed back as returned. To end the running
    /// tasks early as well, cancel the token that they look at.
    ///
    /// ```
    /// let pool = rate_limit::Pool::new(2, 8).unwrap();
    /// for _ in 0..8 {
    ///     pool.execute(|| ()).unwrap();
    /// }
    /// for task in pool.shutdown_now() {
    ///     task.run(); // or keep it, or drop it
    /// }
    /// ```
    #[must_use = "the tasks that have not run are in it"]
    pub fn shutdown_now(&self) -> Vec<Task> {
        self.shared.queue.close();
        // Now no job is queued any more, also not for a submitter that has just got a signal. None
        // waits here for its limit, and none is charged. Workers may take some, too.
        let jobs = iter::from_fn(|| self.shared.queue.take_back());
        jobs.map(|job| {
            job.membership.end(&self.shared.counters, Ending::Returned);
            job.task
        })
        .collect()
    }
}
