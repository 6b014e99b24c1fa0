//! When a task may start.

mod bell;
mod bucket;
mod clock;
mod idle;
mod limit;
mod limit_queue;
mod next;
mod place;
mod queues;

use crate::Task;

pub(crate) use bell::Bell;
pub(crate) use idle::{Sleepers, Wakeups};
pub(crate) use limit_queue::Taken;
pub(crate) use place::Place;
pub(crate) use queues::LimitQueues;

pub use clock::ManualClock;
pub use limit::{Limit, LimitBuilder, LimitError};

impl Task {
    /// Lets the task start only when the limit allows it. A second call replaces the first. The
    /// task keeps its limit when it comes back from a pool; [`run`](Task::run) does not ask it.
    ///
    /// Until then it waits in a place of the limit and holds no worker: tasks with another limit,
    /// or with none, go ahead.
    ///
    /// ```
    /// use std::time::Duration;
    /// use rate_limit::{Limit, Pool, Task};
    ///
    /// let pool = Pool::new(4, 64)?;
    /// let server = Limit::builder(100, Duration::from_secs(1)).burst(3).build()?;
    /// for page in 0..4 {
    ///     pool.execute(Task::from(move || println!("page {page}")).limited(&server))?;
    /// }
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    #[must_use = "the task is returned"]
    pub fn limited(mut self, limit: &Limit) -> Task {
        self.limit = Some(limit.clone());
        self
    }
}
