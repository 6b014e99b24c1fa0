//! Tasks that have a result: made in a pair with a handle.

use std::sync::Arc;

use super::cell::TaskCell;
use super::queued::Queued;
use crate::queues::worker_queue::WorkerQueue;
use crate::recycle::LARGEST;
use crate::{CancelToken, Group, JoinHandle, Pool, Rejected, Task};

impl Task {
    /// A task, and the handle for its result.
    ///
    /// [`Pool::spawn`] is this and [`Pool::execute`]. Apart they go further: the task can be
    /// submitted in each of the ways that a pool has (with a token, with a time-out, in a batch, in
    /// a group), and if it is refused, submitted again, while the handle stays good.
    ///
    /// ```
    /// use std::time::Duration;
    /// use v5_futures::{Pool, Task};
    ///
    /// let pool = Pool::new(2, 8)?;
    /// let (mut task, answer) = Task::with_handle(|| 6 * 7);
    /// while let Err(rejected) = pool.execute_timeout(task, Duration::from_millis(10)) {
    ///     task = rejected.into_task();
    /// }
    /// assert_eq!(answer.join()?, 42);
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    ///
    /// If the task is dropped and has not run, the handle resolves as
    /// [abandoned](crate::JoinError::is_abandoned). If its owner [runs](Task::run) it, the handle
    /// has the result.
    ///
    /// Until a pool has accepted the task, nobody is going to run it. A [`join`](JoinHandle::join)
    /// by then is an [error](crate::JoinError::is_not_submitted); to await the handle, or to join
    /// it with a timeout, waits for whoever may submit it.
    ///
    /// One allocation; a second for a closure of more than a kibibyte.
    pub fn with_handle<T: Send + 'static>(
        closure: impl FnOnce() -> T + Send + 'static,
    ) -> (Task, JoinHandle<T>) {
        pair(closure, None)
    }
}

/// A task and its handle. With the queue of a worker that is about to submit it to its own pool, it
/// counts as accepted.
fn pair<F, T>(closure: F, queue: Option<Arc<WorkerQueue>>) -> (Task, JoinHandle<T>)
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    if size_of::<F>() > LARGEST {
        // It is moved several times, at the end onto a stack. A box costs less to move, and fits
        // there.
        return pair_small(Box::new(closure), queue);
    }
    pair_small(closure, queue)
}

fn pair_small<F, T>(closure: F, queue: Option<Arc<WorkerQueue>>) -> (Task, JoinHandle<T>)
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let is_accepted = queue.is_some();
    let cell = TaskCell::new(closure, None, queue);
    let task = Task::sharing(Arc::clone(&cell) as Arc<dyn Queued>, is_accepted);
    (task, JoinHandle::new(cell))
}

impl Pool {
    /// Submits a task, and returns a handle for its result. Waits for a place as
    /// [`execute`](Pool::execute) does.
    ///
    /// Whoever drops the handle lets the task run and does not hear of it.
    ///
    /// ```
    /// let pool = v5_futures::Pool::new(2, 8)?;
    /// let answer = pool.spawn(|| 6 * 7)?;
    /// assert_eq!(answer.join()?, 42);
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`execute`](Pool::execute). The task comes back; its result would have nowhere to go.
    /// [`Task::with_handle`] is for those who want to try again.
    #[doc(alias = "submit")]
    #[doc(alias = "oneshot")]
    pub fn spawn<T: Send + 'static>(
        &self,
        closure: impl FnOnce() -> T + Send + 'static,
    ) -> Result<JoinHandle<T>, Rejected> {
        let (task, handle) = pair(closure, self.shared.own_queue());
        self.execute(task).map(|()| handle)
    }

    /// As [`spawn`](Pool::spawn), and the token cancels the task as well: if it is cancelled before
    /// the task starts, the task never does. See [`execute_with`](Pool::execute_with).
    ///
    /// ```
    /// let pool = v5_futures::Pool::new(1, 8)?;
    /// let token = v5_futures::CancelToken::new();
    /// let inside = token.clone();
    /// let read = move || (0..1000).take_while(|_| !inside.is_cancelled()).count();
    /// let rows = pool.spawn_with(&token, read)?;
    /// assert_eq!(rows.join()?, 1000);
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`execute_with`](Pool::execute_with).
    pub fn spawn_with<T: Send + 'static>(
        &self,
        token: &CancelToken,
        closure: impl FnOnce() -> T + Send + 'static,
    ) -> Result<JoinHandle<T>, Rejected> {
        let (task, handle) = Task::with_handle(closure);
        self.execute_with(token, task).map(|()| handle)
    }

    /// Submits a task if there is a place for it at once, and returns a handle for its result.
    ///
    /// # Errors
    ///
    /// As [`try_execute`](Pool::try_execute), with the task.
    pub fn try_spawn<T: Send + 'static>(
        &self,
        closure: impl FnOnce() -> T + Send + 'static,
    ) -> Result<JoinHandle<T>, Rejected> {
        let (task, handle) = Task::with_handle(closure);
        self.try_execute(task).map(|()| handle)
    }
}

impl Group {
    /// Submits a task that belongs to the group, and returns a handle for its result. Waits as
    /// [`Pool::execute`] does.
    ///
    /// ```
    /// let pool = v5_futures::Pool::new(2, 8)?;
    /// let group = pool.group();
    /// let half = group.spawn(|| 21)?;
    /// assert_eq!(half.join()? * 2, 42);
    /// assert_eq!(group.wait().completed, 1);
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Group::execute`].
    pub fn spawn<T: Send + 'static>(
        &self,
        closure: impl FnOnce() -> T + Send + 'static,
    ) -> Result<JoinHandle<T>, Rejected> {
        let (task, handle) = Task::with_handle(closure);
        self.execute(task).map(|()| handle)
    }
}
