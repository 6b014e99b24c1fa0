//! A batch of tasks to wait for.

use std::fmt;
use std::sync::Arc;

use crate::cancel::Batch;
use crate::door::Patience;
use crate::pool::Shared;
use crate::task::Job;
use crate::{Rejected, Report, Task};

/// Some of a pool's tasks, which can be waited for without waiting for the others.
///
/// Made by [`Pool::group`](crate::Pool::group). A group can be used again after a wait. It does
/// not keep the pool alive: once the pool is shut down, the group's tasks are refused.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// let pool = v5_futures::Pool::new(2, 16).unwrap();
/// let words = Arc::new(AtomicUsize::new(0));
///
/// let pages = pool.group();
/// for page in ["one two", "three", "four five six"] {
///     let words = words.clone();
///     pages.execute(move || { words.fetch_add(page.split(' ').count(), Ordering::Relaxed); }).unwrap();
/// }
/// pages.wait();
/// assert_eq!(words.load(Ordering::Relaxed), 6);
/// ```
pub struct Group {
    pub(crate) shared: Arc<Shared>,
    pub(crate) batch: Arc<Batch>,
}

impl Group {
    /// Submits a task that belongs to the group. Waits as [`Pool::execute`](crate::Pool::execute)
    /// does.
    ///
    /// # Errors
    ///
    /// As [`Pool::execute`](crate::Pool::execute), and [`Cancelled`](crate::Reason::Cancelled)
    /// also if the group is. A refused task does not count.
    pub fn execute(&self, task: impl Into<Task>) -> Result<(), Rejected> {
        let job = Job {
            task: task.into(),
            group: Some(Arc::clone(&self.batch)),
            token: Some(self.cancel_token()),
        };
        self.shared.submit(job, Patience::Forever)
    }

    /// Waits until the group's tasks accepted so far are over and their closures are dropped.
    ///
    /// Precisely: returns once there was an instant, after the call, at which no task of the group
    /// was unfinished. A stream of tasks without a gap keeps the caller waiting.
    ///
    /// A task that submits to its own group is unfinished while it does so: what it submits is
    /// waited for as well. Any number of threads may wait, and a group without tasks does not
    /// make them. Returns how the tasks have ended, since the group was made.
    ///
    /// # Panics
    ///
    /// On a worker of the same pool, which might wait for its own task.
    pub fn wait(&self) -> Report {
        self.shared.refuse_to_wait_on_worker("Group::wait");
        self.batch.tally.wait();
        self.batch.endings.report()
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group")
            .field("batch", &self.batch)
            .finish_non_exhaustive()
    }
}
