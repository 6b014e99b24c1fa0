//! Some of a pool's tasks, to be waited for together.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use crate::pool::Shared;
use crate::stats::{Counters, Ending};
use crate::wait_group::WaitGroup;
use crate::{CancelToken, Rejected, Report, Task};

/// Some of a pool's tasks, which can be waited for without waiting for the others.
///
/// Made by [`Pool::group`](crate::Pool::group). A group can be used again after a wait. It does
/// not keep the pool alive: once the pool is shut down, the group's tasks are refused.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// let pool = rate_limit::Pool::new(2, 16).unwrap();
/// let words = Arc::new(AtomicUsize::new(0));
///
/// let pages = pool.group();
/// for page in ["one two", "three", "four five six"] {
///     let words = words.clone();
///     let count = move || { words.fetch_add(page.split(' ').count(), Ordering::Relaxed); };
///     pages.execute(count).unwrap();
/// }
/// pages.wait();
/// assert_eq!(words.load(Ordering::Relaxed), 6);
/// ```
pub struct Group {
    pub(crate) shared: Arc<Shared>,
    pub(crate) tasks: Arc<TaskGroup>,
}

/// What the tasks of a group share with it.
#[derive(Debug)]
pub(crate) struct TaskGroup {
    /// The tasks of the group that have not ended yet. They count in the pool as well.
    unfinished: Arc<WaitGroup>,
    counters: Counters,
    /// A child of the pool's token.
    pub(crate) token: CancelToken,
    /// Whether the first panic cancels the token.
    pub(crate) fail_fast: AtomicBool,
}

impl TaskGroup {
    pub(crate) fn new(token: CancelToken) -> TaskGroup {
        TaskGroup {
            unfinished: Arc::default(),
            counters: Counters::default(),
            token,
            fail_fast: AtomicBool::new(false),
        }
    }

    /// A task of the group has left the pool.
    pub(crate) fn record(&self, ending: Ending) {
        if ending == Ending::Panicked && self.fail_fast.load(Relaxed) {
            self.token.cancel();
        }
        self.counters.record(ending);
    }
}

impl Group {
    /// Submits a task that belongs to the group. Waits as [`Pool::execute`](crate::Pool::execute)
    /// does.
    ///
    /// # Errors
    ///
    /// As [`Pool::execute`](crate::Pool::execute), and [`Cancelled`](crate::Reason::Cancelled)
    /// also if the group is.
    pub fn execute(&self, task: impl Into<Task>) -> Result<(), Rejected> {
        // Code of the caller, so before the count: it might wait for the group.
        let task = task.into();
        let in_group = Some((Arc::clone(&self.tasks), self.tasks.unfinished.add()));
        let token = Some(self.cancel_token());
        self.shared
            .submit(task, in_group, token, Some(Duration::MAX))
    }

    /// Waits until the group's tasks submitted so far have ended and their closures are dropped.
    ///
    /// Precisely: returns once there was an instant, after the call, at which no task of the group
    /// was unfinished. A task is unfinished from the moment at which it is submitted, also while
    /// its submitter waits for a place, until it has ended or comes back. A stream of tasks without
    /// a gap keeps the caller waiting.
    ///
    /// A task that submits to its own group is unfinished while it does so: what it submits is
    /// waited for as well. Any number of threads may wait. In a group without unfinished tasks the
    /// wait returns at once. Returns how the tasks have ended, since the group was made.
    ///
    /// # Panics
    ///
    /// On a worker of the same pool: the tasks of the group may need it.
    pub fn wait(&self) -> Report {
        self.shared.assert_not_on_worker("Group::wait");
        self.tasks.unfinished.wait();
        self.tasks.counters.report()
    }
}

/// Without any numbers: to read them takes locks, and whoever prints a group may be slow.
impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group").finish_non_exhaustive()
    }
}
