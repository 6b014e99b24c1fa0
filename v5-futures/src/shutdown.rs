//! Ways to stop that do not wait for everything: with a deadline, and handing tasks back.

use std::sync::atomic::Ordering::SeqCst;
use std::thread;
use std::time::{Duration, Instant};

use crate::census::Inside;
use crate::queue::Lane;
use crate::stats::Ending;
use crate::tally::Tally;
use crate::task::{HandedBack, Job, Task};
use crate::{Pool, worker};

/// What is left of a pool that would not stop in time. Both numbers may be zero: then the last
/// task is over, and the threads are on their way out.
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
    /// Like [`shutdown`](Pool::shutdown), but waits no longer than `patience`.
    ///
    /// After a time-out the pool stays closed and the workers go on until the queue is empty. A
    /// later call may wait again. Dropping a pool whose shutdown has timed out does not
    /// wait. [`Duration::MAX`] waits for ever.
    ///
    /// The time is for the tasks and the stop hooks. What a thread does after them, the destructors
    /// of its thread-local values, is waited for without a limit.
    ///
    /// ```
    /// use std::time::Duration;
    /// use v5_futures::{CancelToken, Pool};
    ///
    /// let pool = Pool::new(1, 4).unwrap();
    /// let token = CancelToken::new();
    /// let inside = token.clone();
    /// pool.execute(move || inside.wait()).unwrap();
    ///
    /// let unfinished = pool.shutdown_timeout(Duration::from_millis(10)).unwrap_err();
    /// assert_eq!(unfinished.running + unfinished.queued, 1);
    /// token.cancel();
    /// pool.shutdown_timeout(Duration::from_secs(60)).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Unfinished`] if not all workers have left when the time is over, and always on a worker of
    /// the same pool, which cannot wait for its own end.
    pub fn shutdown_timeout(&self, patience: Duration) -> Result<(), Unfinished> {
        self.shared.door.close();
        if worker::on_worker_of(&self.shared) {
            return Err(self.unfinished());
        }
        // The wait is for the workers to leave. The join inside `shutdown` has no time-out, but
        // what is left of the threads by then are the destructors of their thread-local values.
        let all_left = {
            let mut living = self.shared.living.lock();
            let working = |living: &mut usize| *living > 0;
            match Instant::now().checked_add(patience) {
                Some(deadline) => {
                    let left = &self.shared.left;
                    left.wait_while_until(&mut living, working, deadline);
                }
                None => self.shared.left.wait_while(&mut living, working),
            }
            *living == 0
        };
        if all_left {
            self.shutdown();
            Ok(())
        } else {
            self.gave_up.store(true, SeqCst);
            Err(self.unfinished())
        }
    }

    fn unfinished(&self) -> Unfinished {
        let stats = self.stats();
        Unfinished {
            running: stats.running,
            queued: stats.queued,
        }
    }

    /// Refuses new tasks and hands back those that are queued, in no particular order. Does not wait for the
    /// tasks that run: [`shutdown`](Pool::shutdown) or [`shutdown_timeout`](Pool::shutdown_timeout) does, and
    /// so does dropping the pool.
    ///
    /// Workers take tasks until the queue is empty, so every accepted task is in one of the returned
    /// vectors or has been taken by a worker, which runs it (or drops it, if it is cancelled). The
    /// pool and the groups count those handed back as returned. If one has a handle, that resolves when the
    /// task is run, dropped or cancelled, or when a task that still runs in the pool joins it. Tasks of a
    /// [`scope`](Pool::scope) are cancelled instead. To end the running tasks early as
    /// well, cancel the token that they look at.
    ///
    /// ```
    /// let pool = v5_futures::Pool::new(2, 8).unwrap();
    /// for _ in 0..8 {
    ///     pool.execute(|| ()).unwrap();
    /// }
    /// for task in pool.shutdown_now() {
    ///     task.run(); // or keep it, or drop it
    /// }
    /// ```
    #[must_use = "the tasks that have not run are in it"]
    pub fn shutdown_now(&self) -> Vec<Task> {
        let shared = &self.shared;
        shared.door.close();
        let (mut tasks, mut borrowing) = (Vec::new(), Vec::new());
        // Workers take from the queues meanwhile; each task has one taker. With the door shut,
        // nobody counts the tasks while one is neither queued nor over.
        let hand_back = |inside: &mut Inside| {
            for mut job in shared.lanes.iter().flat_map(Lane::drain) {
                let handed_back = job.task.0.hand_back();
                if let HandedBack::Gone = handed_back {
                    continue; // a tombstone: whoever has claimed the task has counted it
                }
                shared.places.leave(Tally::ANY);
                if let HandedBack::Never = handed_back {
                    borrowing.push(job);
                    continue;
                }
                tasks.push(job.task);
                shared.end(job.group.as_deref(), Tally::ANY, Ending::Returned);
            }
            shared.queued(inside)
        };
        let mut hand_back = hand_back;
        // What a thief carries at this moment is in no queue, and will be in one.
        while shared.door.while_shut(&mut hand_back) > 0 {
            thread::yield_now();
        }
        for Job {
            mut task, group, ..
        } in borrowing
        {
            let ending = task.0.cancel(shared);
            shared.end(group.as_deref(), Tally::ANY, ending);
        }
        tasks
    }
}
