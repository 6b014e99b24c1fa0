//! What a pool runs.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use crate::group::TaskGroup;
use crate::stats::{Counters, Ending};
use crate::wait_group::Pending;
use crate::{CancelToken, Limit};

/// A unit of work: a closure that runs once, on whichever worker takes it.
///
/// Every closure becomes a task by itself. The type is met where a task comes back from a pool
/// that refused it, and it can be submitted again as it is: nothing is wrapped a second time.
///
/// ```
/// use rate_limit::{Pool, Task};
///
/// let (first, second) = (Pool::new(1, 1).unwrap(), Pool::new(1, 1).unwrap());
/// first.shutdown();
/// let refused = first.execute(|| println!("at last")).unwrap_err();
/// let task: Task = refused.into_task();
/// second.execute(task).unwrap();
/// ```
pub struct Task {
    closure: Box<dyn FnOnce() + Send>,
    pub(crate) limit: Option<Limit>,
}

impl Task {
    /// Runs the task on the calling thread.
    ///
    /// # Panics
    ///
    /// If the closure panics: here it is an ordinary call.
    pub fn run(self) {
        (self.closure)();
    }
}

impl<F: FnOnce() + Send + 'static> From<F> for Task {
    fn from(closure: F) -> Task {
        Task {
            closure: Box::new(closure),
            limit: None,
        }
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Task")
    }
}

/// A task in the queue.
pub(crate) struct Job {
    pub(crate) task: Task,
    /// What cancels the task, apart from the pool's token.
    pub(crate) token: Option<CancelToken>,
    pub(crate) membership: Membership,
}

/// Where a task is counted. The fields are dropped in this order: the task has ended for its group
/// and then for its pool.
pub(crate) struct Membership {
    pub(crate) group: Option<(Arc<TaskGroup>, Pending)>,
    pub(crate) _in_pool: Pending,
}

impl Job {
    /// Whether the task is not to run, in a pool with this token.
    pub(crate) fn is_cancelled(&self, pool: &CancelToken) -> bool {
        pool.is_cancelled() || self.token.as_ref().is_some_and(CancelToken::is_cancelled)
    }

    /// When the task counts as cancelled at the latest, in a pool with this token.
    pub(crate) fn deadline(&self, pool: &CancelToken) -> Option<Instant> {
        let tokens = self.token.iter().chain([pool]);
        tokens.filter_map(CancelToken::deadline).min()
    }
}

impl Membership {
    /// The task has left the pool: its closure is dropped, or about to be handed back. The ending
    /// is recorded first, so that all who have waited for the task find it recorded.
    pub(crate) fn end(self, pool: &Counters, ending: Ending) {
        if let Some((group, _)) = &self.group {
            group.record(ending);
        }
        pool.record(ending);
    }
}
