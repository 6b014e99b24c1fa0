//! The pool as its owner sees it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::builder::Hooks;
use crate::cancel::Batch;
use crate::cell::Ticket;
use crate::claim::Tombstones;
use crate::dispatch::Dispatch;
use crate::door::{Door, Patience};
use crate::homing::Depot;
use crate::places::Places;
use crate::queue::Lane;
use crate::stats::{Ending, Endings};
use crate::tally::Tally;
use crate::task::{Job, Task};
use crate::worker;
use crate::{BuildError, CancelToken, Group, Rejected};

/// Threads that run tasks, each from a queue of its own and, if that is empty, from the others: as many as
/// there is work for, within limits.
///
/// A pool is shared by reference or in an [`Arc`]. Dropping it is a [`shutdown`](Pool::shutdown):
/// the tasks already accepted still run.
///
/// A pool is not [`UnwindSafe`](std::panic::UnwindSafe): a caller that catches its own panics
/// around one wraps it in [`AssertUnwindSafe`](std::panic::AssertUnwindSafe), which is sound, since
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
    /// Threads that a shutdown joins besides the workers; locked while it does.
    pub(crate) threads: Mutex<Vec<JoinHandle<()>>>,
    /// Set once a shutdown has timed out: then dropping the pool does not wait.
    pub(crate) gave_up: AtomicBool,
}

/// What the workers and groups share with the pool. They hold it and not the [`Pool`], so that
/// the pool is dropped when its owner lets go of it.
pub(crate) struct Shared {
    // Configuration.
    /// Tells this pool from all others, gone ones included (an address would be used again).
    pub(crate) number: usize,
    pub(crate) dispatch: Dispatch,
    pub(crate) hooks: Hooks,
    /// How long a worker sleeps before it asks whether it may leave.
    pub(crate) idle_timeout: Duration,
    pub(crate) born: Instant,
    /// The pool's token. The door has a clone of its own: workers look at this one for each task,
    /// and the door is on a cache line that submitters write to.
    pub(crate) token: CancelToken,
    // State.
    pub(crate) door: Arc<Door>,
    /// The queues: for each lane of the tally one, and one more, in which nothing is queued, for the lane of
    /// those who were refused.
    pub(crate) lanes: Box<[Lane]>,
    pub(crate) depot: Depot,
    pub(crate) places: Places,
    pub(crate) tombstones: Tombstones,
    pub(crate) tally: Tally,
    pub(crate) endings: Endings,
    /// Whether there are more workers than there may be: what the census says, to be read without
    /// its lock.
    pub(crate) overstaffed: AtomicBool,
    /// Threads started and not yet gone, each with its `Presence`.
    pub(crate) living: Mutex<usize>,
    /// Signalled when no thread lives any more.
    pub(crate) left: Condvar,
}

impl Pool {
    /// The largest number of workers of a pool.
    pub const MAX_THREADS: usize = 1 << 12;

    /// The largest number of places. A place takes 32 bytes, once it has been used.
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
    /// Submitters that wait are let in in no particular order, and tasks start in none.
    ///
    /// On a worker of the same pool it never waits and needs no place: the task goes to the worker's own
    /// queue, from which others may steal it. So the capacity bounds those outside.
    ///
    /// # Errors
    ///
    /// [`ShutDown`](crate::Reason::ShutDown) if the pool is shut down and
    /// [`Cancelled`](crate::Reason::Cancelled) if it is cancelled, also when that happens during
    /// the wait.
    /// [`NoWorker`](crate::Reason::NoWorker) if there is no worker and none can be started. The task comes
    /// back in the error.
    pub fn execute(&self, task: impl Into<Task>) -> Result<(), Rejected> {
        self.submit(task.into(), Patience::Forever)
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
    /// [`Cancelled`](crate::Reason::Cancelled) or [`NoWorker`](crate::Reason::NoWorker), with the task.
    pub fn try_execute(&self, task: impl Into<Task>) -> Result<(), Rejected> {
        self.submit(task.into(), Patience::AtOnce)
    }

    /// Submits a task, and waits for a place no longer than `patience`.
    ///
    /// [`Duration::ZERO`] gives up at once, [`Duration::MAX`] never.
    ///
    /// # Errors
    ///
    /// [`Timeout`](crate::Reason::Timeout) if no place came free, not before `patience` is over;
    /// otherwise as [`execute`](Pool::execute). The task comes back in the error.
    pub fn execute_timeout(
        &self,
        task: impl Into<Task>,
        patience: Duration,
    ) -> Result<(), Rejected> {
        self.submit(task.into(), Patience::For(patience))
    }

    fn submit(&self, task: Task, patience: Patience) -> Result<(), Rejected> {
        let (group, token) = (None, None);
        self.shared.submit(Job { task, group, token }, patience)
    }

    /// A new group: a batch of tasks to wait for.
    #[must_use]
    pub fn group(&self) -> Group {
        Group {
            shared: Arc::clone(&self.shared),
            batch: Arc::new(Batch::new(self.shared.token.child())),
        }
    }

    /// Waits until every task accepted before the call is over and its closure dropped.
    ///
    /// Precisely: returns once there was an instant, after the call, at which no task was
    /// unfinished. What tasks submit while they run counts. A stream of tasks without a gap keeps
    /// the caller waiting; a [`group`](Pool::group) waits for its own tasks only.
    ///
    /// # Panics
    ///
    /// On a worker of the same pool, which would wait for its own task. (In a drop while another
    /// panic unwinds, this aborts the process, as any panic does there.)
    pub fn wait_idle(&self) {
        self.shared.refuse_to_wait_on_worker("Pool::wait_idle");
        self.shared.tally.wait();
    }

    /// Refuses new tasks, runs those already accepted, and waits until the threads are gone,
    /// the destructors of their thread-local values included.
    ///
    /// May be called again, and by many threads at once: each of them waits. Submitters that wait
    /// for a place are refused. On a worker of the same pool it only closes the door, since a
    /// thread cannot wait for its own end; the workers leave when the queue is empty.
    pub fn shutdown(&self) {
        self.shared.door.close();
        if !worker::on_worker_of(&self.shared) {
            // Locked while joining, so that no other caller returns before the threads are gone.
            let mut threads = self.threads.lock();
            threads.extend(self.shared.door.inside.lock().census.take_all());
            for thread in threads.drain(..) {
                // No panic leaves a worker, so there is nothing in the result.
                let _ = thread.join();
            }
        }
    }

    /// The number of tasks that wait in all queues; those that run are not among them. Takes the lock that
    /// submitters take, for a moment.
    #[must_use]
    pub fn queue_len(&self) -> usize {
        self.shared
            .door
            .while_shut(|inside| self.shared.queued(inside))
    }

    /// The number of places in all queues together.
    #[must_use]
    pub fn queue_capacity(&self) -> usize {
        self.shared.places.capacity
    }

    /// The number of workers. One that has decided to leave is not counted, though it may still
    /// run its stop hook.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.shared.door.inside.lock().census.live()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        if self.gave_up.load(SeqCst) {
            return; // the door is closed, and the threads end by themselves
        }
        self.shutdown();
    }
}

impl Shared {
    pub(crate) fn submit(self: &Arc<Shared>, job: Job, patience: Patience) -> Result<(), Rejected> {
        let patience = worker::lane_in(self).map_or(patience, Patience::OnWorker);
        self.door.admit(job, patience, self)
    }

    /// Counts a task as accepted: before a worker can see it. To be called under the lock of the door.
    pub(crate) fn begin(self: &Arc<Shared>, job: &mut Job) {
        self.tally.begin();
        if let Some(group) = &job.group {
            group.tally.begin();
        }
        // From here on the task can be claimed, also while it is in no queue yet: it has been counted.
        let Job { task, group, token } = job;
        task.0.accept(&|| Ticket {
            shared: Arc::clone(self),
            group: group.clone(),
            token: token.clone(),
        });
    }

    /// Counts a task as over, first in its group.
    pub(crate) fn end(&self, group: Option<&Batch>, lane: usize, ending: Ending) {
        if let Some(group) = group {
            group.end(ending);
        }
        self.endings.record(lane, ending);
        self.tally.end(lane);
    }

    pub(crate) fn refuse_to_wait_on_worker(&self, function: &str) {
        assert!(
            !worker::on_worker_of(self),
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
