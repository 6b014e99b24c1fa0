//! The pool as its owner sees it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{self, JoinHandle, ThreadId};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::builder::Hooks;
use crate::group::TaskGroup;
use crate::queue::Queue;
use crate::stats::Counters;
use crate::task::{Job, Membership, Task};
use crate::wait_group::{Pending, WaitGroup};
use crate::{BuildError, CancelToken, Group, Reason, Rejected};

/// A fixed number of threads that run the tasks of one bounded queue.
///
/// A pool is shared by reference or in an [`Arc`]. Dropping it is a [`shutdown`](Pool::shutdown):
/// the tasks already accepted still run. (If a task drops it, nobody waits for that, not even the
/// end of the program.)
///
/// A pool is not [`UnwindSafe`](std::panic::UnwindSafe): a caller that catches its own panics
/// around one wraps it in [`AssertUnwindSafe`](std::panic::AssertUnwindSafe), which is right, since
/// a panic of the caller leaves nothing in the pool half done.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// let sum = Arc::new(AtomicUsize::new(0));
/// let pool = rate_limit::Pool::new(4, 16)?;
/// for n in 1..=100 {
///     let sum = sum.clone();
///     pool.execute(move || { sum.fetch_add(n, Ordering::Relaxed); })?;
/// }
/// pool.wait_idle();
/// assert_eq!(sum.load(Ordering::Relaxed), 5050);
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
pub struct Pool {
    pub(crate) shared: Arc<Shared>,
    /// The threads not yet joined.
    pub(crate) threads: Mutex<Vec<JoinHandle<()>>>,
    /// Set once a shutdown has timed out: then dropping the pool does not wait.
    pub(crate) gave_up: AtomicBool,
}

/// What workers and groups share with the pool. They hold it and not the [`Pool`], so that the
/// pool is dropped when its owner lets go of it.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) hooks: Hooks,
    pub(crate) queue: Arc<Queue>,
    pub(crate) token: CancelToken,
    pub(crate) counters: Counters,
    /// The tasks that have not ended yet. A task is counted when the call that submits it begins.
    pub(crate) unfinished: Arc<WaitGroup>,
    /// The workers that have not left yet.
    pub(crate) workers: Arc<WaitGroup>,
    /// The threads of all workers, also of those that have left: no two threads of a process ever
    /// have the same id.
    pub(crate) thread_ids: Mutex<Vec<ThreadId>>,
}

impl Pool {
    /// The largest number of threads of a pool.
    pub const MAX_THREADS: usize = 1 << 12;

    /// The largest number of places in a queue. A place takes 64 bytes, used or not, on a
    /// machine with 64 bits.
    pub const MAX_CAPACITY: usize = 1 << 20;

    /// Starts a pool of `threads` threads, with a queue of `capacity` tasks in front of them.
    ///
    /// At most `threads` tasks run at a time, and `capacity` more wait. The threads are named
    /// `worker-1`, `worker-2` and so on.
    ///
    /// # Errors
    ///
    /// A [`BuildError`] if a number is zero or above its limit, or if a thread cannot be started.
    /// Nothing is left behind.
    pub fn new(threads: usize, capacity: usize) -> Result<Pool, BuildError> {
        Pool::builder()
            .threads(threads)
            .queue_capacity(capacity)
            .build()
    }

    /// Submits a task, and waits for a place if the queue is full: this is back-pressure, the
    /// submitter is slowed down to the pace of the workers.
    ///
    /// A place that comes free goes to any of the submitters that wait, or to one that comes just
    /// then. The tasks of one submitter are taken by the workers in the order in which it submitted
    /// them.
    ///
    /// On a worker of the same pool it never waits, since the place might be one that only this
    /// worker can free.
    ///
    /// # Errors
    ///
    /// [`ShutDown`](crate::Reason::ShutDown) if the pool is shut down and
    /// [`Cancelled`](crate::Reason::Cancelled) if it is cancelled, also when that happens during
    /// the wait; on a worker of the same pool, [`Full`](crate::Reason::Full) if the queue is full.
    /// The task comes back in the error.
    pub fn execute(&self, task: impl Into<Task>) -> Result<(), Rejected> {
        self.shared
            .submit(task.into(), None, None, Some(Duration::MAX))
    }

    /// Submits a task if there is a place for it at once.
    ///
    /// ```
    /// # use std::sync::mpsc;
    /// # let pool = rate_limit::Pool::new(1, 1).unwrap();
    /// # let (open, gate) = mpsc::channel::<()>();
    /// # let (begin, begun) = mpsc::channel();
    /// # pool.execute(move || { begin.send(()).unwrap(); gate.recv().unwrap_err(); }).unwrap();
    /// # begun.recv().unwrap();
    /// // The only worker is busy.
    /// pool.try_execute(|| println!("takes the one place in the queue")).unwrap();
    /// let rejected = pool.try_execute(|| println!("is one too many")).unwrap_err();
    /// assert_eq!(rejected.reason(), rate_limit::Reason::Full);
    /// # drop(open);
    /// ```
    ///
    /// # Errors
    ///
    /// [`Full`](crate::Reason::Full), [`ShutDown`](crate::Reason::ShutDown) or
    /// [`Cancelled`](crate::Reason::Cancelled), with the task.
    pub fn try_execute(&self, task: impl Into<Task>) -> Result<(), Rejected> {
        self.shared.submit(task.into(), None, None, None)
    }

    /// Submits a task, and waits for a place no longer than `timeout`.
    ///
    /// [`Duration::ZERO`] gives up at once, [`Duration::MAX`] never.
    ///
    /// # Errors
    ///
    /// [`Timeout`](crate::Reason::Timeout) if the task got no place within `timeout`, and never
    /// earlier; otherwise as [`execute`](Pool::execute). The task comes back in the error.
    pub fn execute_timeout(
        &self,
        task: impl Into<Task>,
        timeout: Duration,
    ) -> Result<(), Rejected> {
        self.shared.submit(task.into(), None, None, Some(timeout))
    }

    /// A new group: some tasks to be waited for together.
    #[must_use]
    pub fn group(&self) -> Group {
        Group {
            shared: Arc::clone(&self.shared),
            tasks: Arc::new(TaskGroup::new(self.shared.token.child())),
        }
    }

    /// Waits until every task submitted before the call has ended and its closure is dropped.
    ///
    /// Precisely: returns once there was an instant, after the call, at which no task was
    /// unfinished. A task is unfinished from the moment at which it is submitted, also while its
    /// submitter waits for a place, until it has ended or comes back. What tasks submit while they
    /// run counts. A stream of tasks without a gap keeps the caller waiting; a
    /// [`group`](Pool::group) waits for its own tasks only.
    ///
    /// # Panics
    ///
    /// On a worker of the same pool, which would wait for its own task. (In a drop while another
    /// panic unwinds, this aborts the process, as any panic that leaves a drop does there.)
    pub fn wait_idle(&self) {
        self.shared.assert_not_on_worker("Pool::wait_idle");
        self.shared.unfinished.wait();
    }

    /// Refuses new tasks, runs those already accepted, and waits until the threads are gone,
    /// the destructors of their thread-local values included.
    ///
    /// May be called again, and by many threads at once: each of them waits. Submitters that wait
    /// for a place are refused, unless they have just got one. On a worker of the same pool it only
    /// closes the queue, since a thread cannot wait for its own end; the workers leave when the
    /// queue is empty.
    pub fn shutdown(&self) {
        self.shared.queue.close();
        if !self.shared.on_worker() {
            // Locked while joining, so that no other caller returns before the threads are gone.
            for thread in self.threads.lock().drain(..) {
                // No panic leaves a worker, so there is nothing in the result.
                let _ = thread.join();
            }
        }
    }

    /// The number of tasks that wait, also for a limit; those that run are not among them.
    #[must_use]
    pub fn queue_len(&self) -> usize {
        self.shared.queue.len()
    }

    /// The number of places for tasks without a limit.
    #[must_use]
    pub fn queue_capacity(&self) -> usize {
        self.shared.queue.capacity()
    }

    /// The number of worker threads.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.shared.workers.pending()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        if self.gave_up.load(Relaxed) {
            return; // the queue is closed, and the threads end by themselves
        }
        self.shutdown();
    }
}

impl Shared {
    /// Every way to submit comes here. The timeout: `None` never waits, [`Duration::MAX`] waits for
    /// ever.
    pub(crate) fn submit(
        &self,
        task: Task,
        group: Option<(Arc<TaskGroup>, Pending)>,
        token: Option<CancelToken>,
        timeout: Option<Duration>,
    ) -> Result<(), Rejected> {
        // The count is part of the job, so it goes up before a worker can see the task. Were it
        // raised after the send, `wait_idle` could find zero while the task runs.
        let _in_pool = self.unfinished.add();
        let job = Job {
            task,
            token,
            membership: Membership { group, _in_pool },
        };
        let sent = match (self.queue.try_send(job), timeout) {
            (Err((job, Reason::Full)), Some(timeout)) if !self.on_worker() => {
                let deadline = Instant::now().checked_add(timeout);
                self.queue.send_deadline(job, deadline)
            }
            (sent, _) => sent,
        };
        sent.map_err(|(job, reason)| Rejected::new(job.task, reason))?;
        self.counters.accepted.fetch_add(1, Relaxed);
        Ok(())
    }

    /// Whether the calling thread is a worker of this pool.
    pub(crate) fn on_worker(&self) -> bool {
        self.thread_ids.lock().contains(&thread::current().id())
    }

    pub(crate) fn assert_not_on_worker(&self, function: &str) {
        assert!(
            !self.on_worker(),
            "{function} was called on a worker of the same pool: it would wait for its own task",
        );
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("threads", &self.threads())
            .field("queue_len", &self.queue_len())
            .field("queue_capacity", &self.queue_capacity())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
