//! What can go wrong: a pool that cannot be built, a task that is refused.

use std::io;

use parking_lot::Mutex;

use crate::{Pool, Task};

/// Why a pool could not be built.
///
/// ```
/// use rate_limit::{BuildError, Pool};
///
/// let error = Pool::new(0, 16).unwrap_err();
/// assert!(matches!(error, BuildError::NoThreads));
/// assert_eq!(error.to_string(), "a pool needs at least one thread");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Zero threads were asked for: nothing would ever run.
    #[error("a pool needs at least one thread")]
    NoThreads,
    /// More than [`Pool::MAX_THREADS`] threads were asked for.
    #[error("a pool has at most {max} threads, not {0}", max = Pool::MAX_THREADS)]
    TooManyThreads(usize),
    /// A queue without a place was asked for. A pool that hands tasks over without a queue would
    /// be another design (a rendezvous).
    #[error("a queue needs room for at least one task")]
    NoCapacity,
    /// More than [`Pool::MAX_CAPACITY`] places were asked for. The memory for all places is taken
    /// when the pool is built.
    #[error("a queue has at most {max} places, not {0}", max = Pool::MAX_CAPACITY)]
    TooMuchCapacity(usize),
    /// A thread's name contains a zero byte.
    #[error("the thread name {0:?} contains a zero byte")]
    ThreadName(String),
    /// The operating system would not start a worker thread. The threads already started have
    /// been stopped and joined.
    #[error("a worker thread could not be started")]
    Spawn(#[source] io::Error),
}

/// Why a task was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// The queue is full, and the caller would not wait for a place, or may not because it is a
    /// worker of the pool.
    #[error("the queue is full")]
    Full,
    /// The task got no place in the time that its submitter would wait.
    #[error("no place came free in time")]
    Timeout,
    /// The pool was shut down.
    #[error("the pool is shut down")]
    ShutDown,
    /// The token of the task, of its group or of the pool is cancelled.
    #[error("its token is cancelled")]
    Cancelled,
}

/// A refused task on its way back to its owner. It has not run.
///
/// The task can be tried again, run in place, kept for later or dropped:
///
/// ```
/// let pool = rate_limit::Pool::new(1, 1).unwrap();
/// pool.shutdown();
///
/// let rejected = pool.execute(|| println!("nothing is lost")).unwrap_err();
/// assert_eq!(rejected.reason(), rate_limit::Reason::ShutDown);
/// rejected.into_task().run();
/// ```
#[derive(Debug, thiserror::Error)]
#[error("the task was refused: {reason}")]
pub struct Rejected {
    reason: Reason,
    /// Locked by `Debug` only. A closure need not be [`Sync`], but an error should be, so that `?`
    /// can put it into any error box: a mutex is what makes the one into the other.
    task: Mutex<Task>,
}

impl Rejected {
    pub(crate) fn new(task: Task, reason: Reason) -> Rejected {
        Rejected {
            reason,
            task: Mutex::new(task),
        }
    }

    /// Why the task was refused.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The task itself.
    #[must_use]
    pub fn into_task(self) -> Task {
        self.task.into_inner()
    }
}
