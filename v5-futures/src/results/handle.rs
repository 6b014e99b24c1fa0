//! The handle of a task: where its result comes back.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::nested_drop;
use crate::JoinError;

/// The way to a task's result. Made by [`Pool::spawn`](crate::Pool::spawn).
///
/// A thread [`join`](JoinHandle::join)s it. Code that runs under an executor, whichever it is,
/// awaits it. Whoever drops it lets the task run and does not hear of it, unless it was told to
/// [cancel](JoinHandle::cancel_on_drop). A panic that nobody has asked for is told to the pool's
/// panic handler, by the thread that drops the handle if the task has ended by then (and if the
/// pool is still there). The handle does not keep the pool's threads: a pool can be shut down or
/// dropped, and the handle still gives the result.
///
/// It resolves once, however the task left the pool.
///
/// ```
/// # fn block_on<F: std::future::IntoFuture>(future: F) -> F::Output {
/// #     struct Unpark(std::thread::Thread);
/// #     impl std::task::Wake for Unpark {
/// #         fn wake(self: std::sync::Arc<Self>) { self.0.unpark() }
/// #     }
/// #     let waker = std::sync::Arc::new(Unpark(std::thread::current())).into();
/// #     let mut future = std::pin::pin!(future.into_future());
/// #     loop {
/// #         match future.as_mut().poll(&mut std::task::Context::from_waker(&waker)) {
/// #             std::task::Poll::Ready(output) => return output,
/// #             std::task::Poll::Pending => std::thread::park(),
/// #         }
/// #     }
/// # }
/// # use std::future::Future;
/// let pool = v5_futures::Pool::new(2, 8)?;
/// let (a, b) = (pool.spawn(|| 20)?, pool.spawn(|| 22)?);
/// let sum = async { Ok::<_, v5_futures::JoinError>(a.await? + b.await?) };
/// assert_eq!(block_on(sum)?, 42);
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[must_use = "to drop a handle is to never hear of the task"]
pub struct JoinHandle<T> {
    pub(super) handle: Handle<'static, T>,
    cancel_on_drop: bool,
}

/// A task's cell, to those who know neither its closure nor its result. (As a `dyn`, the cell needs
/// no second box for that.)
pub(crate) trait Child: Send + Sync {
    /// Runs the task if it has not begun, and if the calling thread is a worker of its pool.
    fn run_on_worker(&self);

    /// Whether the task has not begun.
    fn is_waiting(&self) -> bool;

    /// Whether the task has ended.
    fn has_ended(&self) -> bool;

    /// Claims the task, in order to cancel it. `false`: it has begun, or has ended.
    fn claim_to_cancel(&self) -> bool;

    /// Cancels the task that has just been claimed.
    fn finish_cancel(&self);
}

/// A task's cell, to those who want its result.
pub(crate) trait Joinable<T>: Child {
    /// Waits until the task has ended, or runs it here, and takes the result.
    fn join(&self) -> Result<T, JoinError>;

    /// Waits until the task has ended or it is too late, and takes the result.
    fn wait(&self, deadline: Instant) -> Option<Result<T, JoinError>>;

    /// Takes the result, if the task has ended.
    fn take(&self) -> Option<Result<T, JoinError>>;

    /// Has the waker woken when the task has ended. `false`: it has by now.
    fn set_waker(&self, waker: Waker) -> bool;

    /// The handle is gone. Nobody will ask for the result.
    fn detach(&self);
}

/// What every handle is, also one of a task that borrows.
pub(super) struct Handle<'task, T> {
    /// `None` once it has been joined.
    cell: Option<Arc<dyn Joinable<T> + 'task>>,
}

impl<'task, T> Handle<'task, T> {
    pub(super) fn new(cell: Arc<dyn Joinable<T> + 'task>) -> Handle<'task, T> {
        Handle { cell: Some(cell) }
    }

    pub(super) fn cell(&self) -> &(dyn Joinable<T> + 'task) {
        &**self.cell.as_ref().expect("to join takes the handle")
    }

    pub(super) fn take_cell(&mut self) -> Arc<dyn Joinable<T> + 'task> {
        self.cell.take().expect("to join takes the handle")
    }

    pub(super) fn cancel(&self) -> bool {
        let claimed = self.cell().claim_to_cancel();
        if claimed {
            self.cell().finish_cancel();
        }
        claimed
    }

    pub(super) fn poll(&self, context: &Context<'_>) -> Poll<Result<T, JoinError>> {
        let cell = self.cell();
        // The waker is cloned before the cell is locked, since that is code of a user.
        if !cell.has_ended() && cell.set_waker(context.waker().clone()) {
            return Poll::Pending;
        }
        Poll::Ready(cell.take().expect("a task that has ended has a result"))
    }
}

impl<T> Drop for Handle<'_, T> {
    fn drop(&mut self) {
        // On a worker, the one who drops the handle is a task or a hook, and in a catch.
        if let Some(cell) = &self.cell {
            cell.detach();
        }
    }
}

impl<T> JoinHandle<T> {
    pub(super) fn new(cell: Arc<dyn Joinable<T>>) -> JoinHandle<T> {
        JoinHandle {
            handle: Handle::new(cell),
            cancel_on_drop: false,
        }
    }

    /// Waits until the task has ended, and returns what it returned.
    ///
    /// On a worker of the same pool, a task that has not begun is run here and now: this one and no
    /// other. If it has begun, the worker sleeps until it has ended. So tasks that wait only for
    /// tasks that they have spawned never wait in a circle, however small the pool is. The stack of
    /// the worker has to be deep enough for what is run on top of it.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use v5_futures::Pool;
    ///
    /// fn fib(pool: &Arc<Pool>, n: u64) -> u64 {
    ///     if n < 2 {
    ///         return n;
    ///     }
    ///     let inside = Arc::clone(pool);
    ///     let other = pool.spawn(move || fib(&inside, n - 2)).unwrap();
    ///     fib(pool, n - 1) + other.join().unwrap()
    /// }
    ///
    /// // One worker and one place are enough.
    /// let pool = Arc::new(Pool::new(1, 1)?);
    /// let inside = Arc::clone(&pool);
    /// assert_eq!(pool.spawn(move || fib(&inside, 10))?.join()?, 55);
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A [`JoinError`] if the task panicked, was cancelled, or was dropped without having run.
    ///
    /// # Panics
    ///
    /// If the handle has been awaited, or polled to its end.
    pub fn join(mut self) -> Result<T, JoinError> {
        self.handle.take_cell().join()
    }

    /// Waits until the task has ended, but no longer than `timeout`.
    ///
    /// It runs nothing in place, which might take longer: on a worker of the same pool, a task that
    /// has not begun has to be taken by another worker. A time too long to have an end, such as
    /// [`Duration::MAX`], is for ever: that is a [`join`](JoinHandle::join). [`Duration::ZERO`]
    /// does not wait.
    ///
    /// ```
    /// # use std::sync::mpsc;
    /// # use std::time::Duration;
    /// # let pool = v5_futures::Pool::new(1, 1)?;
    /// let (open, gate) = mpsc::channel::<()>();
    /// let answer = pool.spawn(move || { let _ = gate.recv(); 42 })?;
    /// let answer = answer.join_timeout(Duration::from_millis(1)).unwrap_err();
    /// drop(open);
    /// assert_eq!(answer.join()?, 42);
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The handle, if the task has not ended by then.
    ///
    /// # Panics
    ///
    /// If the handle has been awaited, or polled to its end.
    pub fn join_timeout(self, timeout: Duration) -> Result<Result<T, JoinError>, JoinHandle<T>> {
        match Instant::now().checked_add(timeout) {
            Some(deadline) => self.handle.cell().wait(deadline).ok_or(self),
            None => Ok(self.join()),
        }
    }

    /// Whether the task has ended. If it has, [`join`](JoinHandle::join) does not wait.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.handle.cell().has_ended()
    }

    /// Keeps the task from starting: its closure is dropped here, and the handle resolves as
    /// [cancelled](JoinError::is_cancelled). Returns whether that came in time. A task that has
    /// started, or has ended, is not touched; `false` also for one that is cancelled already.
    ///
    /// What it captured is dropped before the task counts as ended, so a destructor that waits for
    /// the pool waits for ever. The task's place in the queue is free at once. To stop a task that
    /// runs, give it a [`CancelToken`](crate::CancelToken) to look at.
    ///
    /// ```
    /// # let pool = v5_futures::Pool::new(1, 4)?;
    /// let task = pool.spawn(|| println!("perhaps"))?;
    /// let in_time = task.cancel();
    /// assert_eq!(task.join().is_err_and(|error| error.is_cancelled()), in_time);
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    pub fn cancel(&self) -> bool {
        self.handle.cancel()
    }

    /// From now on, whoever drops the handle [cancels](JoinHandle::cancel) the task: if it has not
    /// started by then, it never does.
    ///
    /// If its closure holds such a handle, which is dropped with it, and so on, then from the
    /// sixteenth level on a closure is dropped a little later on the same thread. So a destructor
    /// down there must not wait for the end of what it cancels.
    ///
    /// ```
    /// # let pool = v5_futures::Pool::new(1, 4)?;
    /// let search = pool.spawn(|| 42)?.cancel_on_drop();
    /// drop(search);
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    pub fn cancel_on_drop(mut self) -> JoinHandle<T> {
        self.cancel_on_drop = true;
        self
    }
}

/// Awaits the task. Nothing runs in place: who polls gets an answer at once. So a worker that
/// blocks on a future which needs the same pool may wait for ever; [`join`](JoinHandle::join) does
/// not.
///
/// # Panics
///
/// `poll` panics if the result has been returned before.
impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.handle.poll(context)
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        if self.cancel_on_drop
            && let Some(cell) = self.handle.cell.take()
        {
            let claimed = cell.claim_to_cancel();
            cell.detach();
            if claimed {
                nested_drop::cancel(cell);
            }
        }
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle")
            .field("is_finished", &self.is_finished())
            .finish_non_exhaustive()
    }
}
