//! The pool as its owner sees it.

use std::fmt;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, bounded};
use parking_lot::Mutex;

use crate::door::{Door, Patience};
use crate::tally::Tally;
use crate::task::{Job, Task};
use crate::worker;
use crate::{BuildError, Group, Rejected};

/// A fixed number of threads that run the tasks of one bounded queue.
///
/// A pool is shared by reference or in an [`Arc`]. Dropping it is a [`shutdown`](Pool::shutdown):
/// the tasks already accepted still run.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// let sum = Arc::new(AtomicUsize::new(0));
/// let pool = v1_fixed::Pool::new(4, 16)?;
/// for n in 1..=100 {
///     let sum = sum.clone();
///     pool.execute(move || { sum.fetch_add(n, Ordering::Relaxed); })?;
/// }
/// pool.wait_idle();
/// assert_eq!(sum.load(Ordering::Relaxed), 5050);
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
pub struct Pool {
    shared: Arc<Shared>,
    /// The threads not yet joined.
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// What the workers and groups share with the pool. They hold it and not the [`Pool`], so that
/// the pool is dropped when its owner lets go of it.
pub(crate) struct Shared {
    // Configuration.
    /// Tells this pool from all others, gone ones included (an address would be used again).
    pub(crate) number: usize,
    capacity: usize,
    // State.
    pub(crate) door: Door,
    /// The end of the queue that the workers take from.
    pub(crate) queue: Receiver<Job>,
    pub(crate) tally: Tally,
    /// Workers started and not yet gone.
    pub(crate) living: AtomicUsize,
}

impl Pool {
    /// The largest number of threads of a pool.
    pub const MAX_THREADS: usize = 1 << 12;

    /// The largest number of places in a queue. A place takes 32 bytes, used or not.
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
        if threads == 0 {
            return Err(BuildError::NoThreads);
        }
        if threads > Pool::MAX_THREADS {
            return Err(BuildError::TooManyThreads(threads));
        }
        if capacity == 0 {
            return Err(BuildError::NoCapacity);
        }
        if capacity > Pool::MAX_CAPACITY {
            return Err(BuildError::TooMuchCapacity(capacity));
        }
        let (sender, queue) = bounded(capacity);
        let shared = Arc::new(Shared {
            number: worker::next_number(),
            capacity,
            door: Door::new(sender),
            queue,
            tally: Tally::new(threads),
            living: AtomicUsize::new(0),
        });
        let mut pool = Pool {
            shared,
            threads: Mutex::default(),
        };
        for lane in 1..=threads {
            // On an error the pool is dropped, which stops and joins the threads started so far.
            let thread = worker::start(&pool.shared, lane)?;
            pool.threads.get_mut().push(thread);
        }
        Ok(pool)
    }

    /// Submits a task, and waits for a place if the queue is full: this is back-pressure, the
    /// submitter is slowed down to the pace of the workers.
    ///
    /// Submitters that wait are let in in no particular order. The tasks of one submitter are taken
    /// by the workers in the order in which it submitted them.
    ///
    /// On a worker of the same pool it never waits, since the place might be one that only this
    /// worker can free.
    ///
    /// # Errors
    ///
    /// [`ShutDown`](crate::Reason::ShutDown) if the pool is shut down, also when that happens
    /// during the wait; on a worker of the same pool, [`Full`](crate::Reason::Full) if the queue
    /// is full. The task comes back in the error.
    pub fn execute(&self, task: impl Into<Task>) -> Result<(), Rejected> {
        self.submit(task.into(), Patience::Forever)
    }

    /// Submits a task if there is a place for it at once.
    ///
    /// ```
    /// # use std::sync::mpsc;
    /// # let pool = v1_fixed::Pool::new(1, 1).unwrap();
    /// # let (open, gate) = mpsc::channel::<()>();
    /// # let (begin, begun) = mpsc::channel();
    /// # pool.execute(move || { begin.send(()).unwrap(); gate.recv().unwrap_err(); }).unwrap();
    /// # begun.recv().unwrap();
    /// // The only worker is busy.
    /// pool.try_execute(|| println!("takes the one place in the queue")).unwrap();
    /// let rejected = pool.try_execute(|| println!("is one too many")).unwrap_err();
    /// assert_eq!(rejected.reason(), v1_fixed::Reason::Full);
    /// # drop(open);
    /// ```
    ///
    /// # Errors
    ///
    /// [`Full`](crate::Reason::Full) or [`ShutDown`](crate::Reason::ShutDown), with the task.
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
        let group = None;
        self.shared.submit(Job { task, group }, patience)
    }

    /// A new group: a batch of tasks to wait for.
    #[must_use]
    pub fn group(&self) -> Group {
        Group {
            shared: Arc::clone(&self.shared),
            tally: Arc::new(Tally::new(Tally::ANY)),
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
            for thread in self.threads.lock().drain(..) {
                if let Err(payload) = thread.join() {
                    // What a task has panicked with may panic again when it is dropped.
                    mem::forget(payload);
                }
            }
        }
    }

    /// The number of tasks that wait in the queue; those that run are not among them.
    #[must_use]
    pub fn queue_len(&self) -> usize {
        self.shared.queue.len()
    }

    /// The number of places in the queue.
    #[must_use]
    pub fn queue_capacity(&self) -> usize {
        self.shared.capacity
    }

    /// The number of worker threads. A task that panics takes one away.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.shared.living.load(SeqCst)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shutdown();
    }
}

impl Shared {
    pub(crate) fn submit(&self, job: Job, patience: Patience) -> Result<(), Rejected> {
        let patience = if worker::on_worker_of(self) {
            Patience::AtOnce
        } else {
            patience
        };
        self.door.admit(job, patience, &self.tally)
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
            .field("queue_len", &self.queue_len())
            .field("queue_capacity", &self.queue_capacity())
            .finish_non_exhaustive()
    }
}
