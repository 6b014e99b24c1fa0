//! What can be cancelled: a task, a group, a pool.

mod drop_guard;
mod token;

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crate::{Group, Pool, Rejected, Task};

pub use drop_guard::DropGuard;
pub use token::CancelToken;

impl Pool {
    /// Submits a task with a token of its own: if the token is cancelled before the task starts,
    /// the task is dropped and does not run. Waits as [`execute`](Pool::execute) does.
    ///
    /// Cancelling does not reach into a task that runs; it has to look at the token. What should
    /// happen however the task ends belongs into the `Drop` of a value that it captures.
    ///
    /// ```
    /// # let pool = rate_limit::Pool::new(1, 8).unwrap();
    /// let search = rate_limit::CancelToken::new();
    /// for shelf in 0..4 {
    ///     let found = search.clone();
    ///     let submitted = pool.execute_with(&search, move || {
    ///         if shelf == 1 {
    ///             found.cancel(); // the other shelves need not be looked at
    ///         }
    ///     });
    ///     // Refused if the book was found before this shelf was even submitted.
    ///     assert!(submitted.is_ok() || search.is_cancelled());
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Cancelled`](crate::Reason::Cancelled) if the token or the pool's is cancelled, also when
    /// that happens during the wait; otherwise as [`execute`](Pool::execute).
    pub fn execute_with(&self, token: &CancelToken, task: impl Into<Task>) -> Result<(), Rejected> {
        let token = Some(token.clone());
        self.shared
            .submit(task.into(), None, token, Some(Duration::MAX))
    }

    /// Cancels the pool: tasks that have not started are dropped by the workers, new ones and
    /// those that wait for a place are refused, and running ones can see it in the pool's token.
    ///
    /// The threads stay until a [`shutdown`](Pool::shutdown). A token that the pool was built with
    /// is not cancelled, since the pool's own is a child of it.
    pub fn cancel(&self) {
        self.shared.token.cancel();
    }

    /// The pool's token. Tasks take a clone or a child along to see when to stop.
    #[must_use]
    pub fn cancel_token(&self) -> CancelToken {
        self.shared.token.clone()
    }
}

impl Group {
    /// From now on, the first panic of a task cancels the group: the tasks that have not started
    /// are dropped, and those that run can see it in the group's token. [`wait`](Group::wait) still
    /// waits for what runs.
    ///
    /// ```
    /// let pool = rate_limit::Pool::new(1, 8).unwrap();
    /// let group = pool.group().fail_fast();
    /// group.execute(|| panic!("the disk is full")).unwrap();
    /// for _ in 0..3 {
    ///     let _ = group.execute(|| println!("not needed any more"));
    /// }
    /// let report = group.wait();
    /// assert_eq!((report.panicked, report.completed), (1, 0));
    /// assert!(group.cancel_token().is_cancelled());
    /// ```
    #[must_use = "the group is returned"]
    pub fn fail_fast(self) -> Group {
        self.tasks.fail_fast.store(true, Relaxed);
        self
    }

    /// Cancels the group: its tasks that have not started are dropped, and new ones are refused.
    pub fn cancel(&self) {
        self.tasks.token.cancel();
    }

    /// The group's token, a child of the pool's. Tasks take a clone along to see when to stop.
    #[must_use]
    pub fn cancel_token(&self) -> CancelToken {
        self.tasks.token.clone()
    }
}
