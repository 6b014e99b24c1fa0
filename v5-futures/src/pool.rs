//! The pool as its owner sees it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use parking_lot::{Condvar, Mutex};

use crate::builder::Hooks;
use crate::group::TaskGroup;
use crate::queues::Queues;
use crate::results::queued::Ticket;
use crate::state::State;
use crate::task::Task;
use crate::wait_group::WaitGroup;
use crate::{BuildError, CancelToken, Group, Rejected};

/// Threads that run tasks, each from a queue of its own and, if that is empty, from the others: as
/// many as there is work for, within limits.
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
/// let pool = v5_futures::Pool::new(4, 16)?;
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
    /// Threads that a shutdown joins besides the workers. Locked while one joins.
    pub(crate) threads: Mutex<Vec<JoinHandle<()>>>,
    /// Set once a shutdown has timed out: then dropping the pool does not wait.
    pub(crate) gave_up: AtomicBool,
}

/// What workers and groups share with the pool. They hold it and not the [`Pool`], so that the
/// pool is dropped when its owner lets go of it.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) hooks: Hooks,
    /// The pool's own token, above those of its groups.
    pub(crate) token: CancelToken,
    /// How long a worker sleeps before it asks whether it may leave.
    pub(crate) idle_timeout: Duration,
    /// How large the stack of a worker is, in bytes, if not as large as the standard library makes
    /// it.
    pub(crate) stack_size: Option<usize>,
    /// The age that policies see counts from here.
    pub(crate) built: Instant,
    /// Tells this pool from all others.
    pub(crate) number: usize,
    pub(crate) state: Mutex<State>,
    /// Notified when the last unfinished task has ended.
    pub(crate) all_ended: Condvar,
    pub(crate) queues: Queues,
    /// Disconnected when the pool is closed; nothing is ever sent.
    pub(crate) closed: Receiver<()>,
    /// The threads that may still run code of a user: those of workers up to the end of their stop
    /// hooks, and the one that ticks.
    pub(crate) user_threads: Arc<WaitGroup>,
}

impl Pool {
    /// The largest number of threads of a pool.
    pub const MAX_THREADS: usize = 1 << 12;

    /// The largest number of places. A place takes 48 bytes on a machine with 64 bits, once it has
    /// been used.
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
    /// then. One that waits is woken when half of the places are free. If that takes longer than a
    /// millisecond for each submitter that waits, it is woken for a single place. Tasks start in no
    /// particular order.
    ///
    /// On a worker of the same pool it never waits and needs no place: the task goes to the
    /// worker's own queue, from which others may steal it. So the capacity bounds those outside.
    ///
    /// # Errors
    ///
    /// [`ShutDown`](crate::Reason::ShutDown) if the pool is shut down and
    /// [`Cancelled`](crate::Reason::Cancelled) if it is cancelled, also when that happens during
    /// the wait; [`NoWorker`](crate::Reason::NoWorker) if there is no worker and none can be
    /// started. The task comes back in the error.
    pub fn execute(&self, task: impl Into<Task>) -> Result<(), Rejected> {
        self.shared
            .submit(task.into(), Ticket::default(), Some(Duration::MAX))
    }

    /// Submits a task if there is a place for it at once.
    ///
    /// ```
    /// # use std::sync::mpsc;
    /// # let pool = v5_futures::Pool::new(1, 1).unwrap();
    /// # let (open, gate) = mpsc::channel::<()>();
    /// # let (begin, begun) = mpsc::channel();
    /// # pool.execute(move || { begin.send(()).unwrap(); gate.recv().unwrap_err(); }).unwrap();
    /// # begun.recv().unwrap();
    /// // The only worker is busy.
    /// pool.try_execute(|| println!("takes the one place in the queue")).unwrap();
    /// let rejected = pool.try_execute(|| println!("is one too many")).unwrap_err();
    /// assert_eq!(rejected.reason(), v5_futures::Reason::Full);
    /// # drop(open);
    /// ```
    ///
    /// # Errors
    ///
    /// [`Full`](crate::Reason::Full), [`ShutDown`](crate::Reason::ShutDown),
    /// [`Cancelled`](crate::Reason::Cancelled) or [`NoWorker`](crate::Reason::NoWorker), with the
    /// task.
    pub fn try_execute(&self, task: impl Into<Task>) -> Result<(), Rejected> {
        self.shared.submit(task.into(), Ticket::default(), None)
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
        self.shared
            .submit(task.into(), Ticket::default(), Some(timeout))
    }

    /// A new group: some tasks to be waited for together.
    #[must_use]
    pub fn group(&self) -> Group {
        Group {
            shared: Arc::clone(&self.shared),
            tasks: Arc::new(TaskGroup::new(self.shared.token.child())),
        }
    }

    /// Waits until every task accepted before the call has ended and its closure is dropped.
    ///
    /// Precisely: returns once there was an instant, after the call, at which no task was
    /// unfinished. A task is unfinished from the moment at which it is accepted until it has ended
    /// or comes back. What tasks submit while they run counts. A stream of tasks without a gap
    /// keeps the caller waiting; a [`group`](Pool::group) waits for its own tasks only.
    ///
    /// # Panics
    ///
    /// On a worker of the same pool, which would wait for its own task. (In a drop while another
    /// panic unwinds, this aborts the process, as any panic that leaves a drop does there.)
    pub fn wait_idle(&self) {
        self.shared.assert_not_on_worker("Pool::wait_idle");
        self.shared.wait_until_idle(None);
    }

    /// Waits as [`wait_idle`](Pool::wait_idle) does, and no longer than `timeout`. Returns whether
    /// there was such an instant by then.
    ///
    /// ```
    /// # use std::sync::mpsc;
    /// # use std::time::Duration;
    /// # let pool = v5_futures::Pool::new(1, 1)?;
    /// let (open, gate) = mpsc::channel::<()>();
    /// pool.execute(move || gate.recv().unwrap_err().to_string().clear())?;
    /// assert!(!pool.wait_idle_timeout(Duration::from_millis(1)));
    /// drop(open);
    /// assert!(pool.wait_idle_timeout(Duration::MAX));
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// As [`wait_idle`](Pool::wait_idle).
    pub fn wait_idle_timeout(&self, timeout: Duration) -> bool {
        self.shared.assert_not_on_worker("Pool::wait_idle_timeout");
        self.shared
            .wait_until_idle(Instant::now().checked_add(timeout))
    }

    /// Refuses new tasks, runs those already accepted, and waits until the threads are gone,
    /// the destructors of their thread-local values included.
    ///
    /// May be called again, and by many threads at once: each of them waits. Submitters that wait
    /// for a place are refused, unless they have just got one. On a worker of the same pool it only
    /// closes the queue, since a thread cannot wait for its own end; the workers leave when the
    /// queue is empty.
    pub fn shutdown(&self) {
        self.shared.close();
        if !self.shared.on_worker() {
            // Locked while joining, so that no other caller returns before the threads are gone.
            let mut threads = self.threads.lock();
            threads.extend(self.shared.lock().workers.take_all());
            for thread in threads.drain(..) {
                // No panic leaves a worker, so there is nothing in the result.
                let _ = thread.join();
            }
        }
    }

    /// The number of tasks that wait in all queues; those that run are not among them. Takes the
    /// lock that submitters take, and reads the count of each worker.
    #[must_use]
    pub fn queue_len(&self) -> usize {
        self.shared.lock().queued()
    }

    /// The number of places in all queues together.
    #[must_use]
    pub fn queue_capacity(&self) -> usize {
        self.shared.queues.places.capacity
    }

    /// The number of workers. One that has decided to leave is not counted, though it may still
    /// run its stop hook.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.shared.lock().workers.live()
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
            .field("limits", &self.limits())
            .field("queue_len", &self.queue_len())
            .field("queue_capacity", &self.queue_capacity())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
