//! The handle of a task: where its result comes back.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use crate::JoinError;
use crate::cell::Cell;

/// The way to a task's result. Made by [`Pool::spawn`](crate::Pool::spawn).
///
/// A thread [`join`](JoinHandle::join)s it. Code that runs under an executor, whichever it is, awaits it.
/// Whoever drops it lets the task run and does not hear of it, unless it was told to
/// [cancel](JoinHandle::cancel_on_drop). A panic that nobody has asked for is told to the pool's panic
/// handler, by the thread that drops the handle if the task has ended by then (and if the pool is still
/// there). The handle does not keep the pool's threads: a pool can be shut
/// down or dropped, and the handle still gives the result.
///
/// It resolves once, however the task left the pool.
///
/// ```
/// # fn block_on<F: std::future::IntoFuture>(future: F) -> F::Output {
/// #     struct Unpark(std::thread::Thread);
/// #     impl std::task::Wake for Unpark { fn wake(self: std::sync::Arc<Self>) { self.0.unpark() } }
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
    cell: Arc<dyn Joinable<T>>,
    cancel_on_drop: bool,
}

/// A task's cell, to those who know neither its closure nor its result. (As a `dyn`, the cell needs no
/// second box for that.)
pub(crate) trait Child: Send + Sync {
    /// Runs the task if it has not begun, and if the calling thread is a worker of its pool. On a worker,
    /// returns whether it has begun by now; elsewhere `false`.
    fn run_on_worker(&self) -> bool;

    /// Whether the task is over.
    fn is_over(&self) -> bool;
}

/// A task's cell, to those who want its result.
pub(crate) trait Joinable<T>: Child {
    /// Waits until the task is over or it is too late, and takes the result.
    fn wait(&self, deadline: Option<Instant>) -> Option<Result<T, JoinError>>;

    /// Waits until the task is over, or runs it here, and takes the result.
    fn join(&self) -> Result<T, JoinError> {
        self.run_on_worker();
        let result = self.wait(None);
        result.expect("without a deadline it is never too late")
    }

    /// Takes the result, if the task is over.
    fn take(&self) -> Option<Result<T, JoinError>>;

    /// Has the waker called when the task is over. `false`: it is over by now.
    fn call(&self, waker: Waker) -> bool;

    /// Keeps the task from starting. `false`: it has started, or is over.
    fn cancel(&self) -> bool;

    /// The handle is gone. Nobody will ask for the result.
    fn detach(&self);
}

impl<T> JoinHandle<T> {
    pub(crate) fn new<F>(cell: Arc<Cell<F, T>>) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        JoinHandle {
            cell,
            cancel_on_drop: false,
        }
    }

    /// Waits until the task is over, and returns what it returned.
    ///
    /// On a worker of the same pool, a task that has not begun is run here and now: this one and
    /// no other. If it has begun, the worker sleeps until it is over. So tasks that wait only for tasks that
    /// they have spawned never wait in a circle, however small the pool is. The stack of the worker has to be
    /// deep enough for what is run on top of it.
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
    pub fn join(self) -> Result<T, JoinError> {
        self.cell.join()
    }

    /// Waits until the task is over, but no longer than `patience`.
    ///
    /// It runs nothing in place, which might take longer: on a worker of the same pool, a task that has not
    /// begun has to be taken by another worker. A time too long to have an end, such as [`Duration::MAX`], is
    /// for ever: that is a [`join`](JoinHandle::join). [`Duration::ZERO`] does not wait.
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
    /// The handle, if the task is not over by then.
    ///
    /// # Panics
    ///
    /// If the handle has been awaited, or polled to its end.
    pub fn join_timeout(self, patience: Duration) -> Result<Result<T, JoinError>, JoinHandle<T>> {
        match Instant::now().checked_add(patience) {
            Some(deadline) => self.cell.wait(Some(deadline)).ok_or(self),
            None => Ok(self.join()),
        }
    }

    /// Whether the task is over. If it is, [`join`](JoinHandle::join) does not wait.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.cell.is_over()
    }

    /// Keeps the task from starting: its closure is dropped here, and the handle resolves as
    /// [cancelled](JoinError::is_cancelled). Returns whether that came in time. A task that has started, or
    /// is over, is not touched; `false` also for one that is cancelled already.
    ///
    /// What it captured is dropped before the task counts as over, so a destructor that waits for the pool
    /// waits for ever. The task's place in the queue is free at once. To stop a task that runs, give it a
    /// [`CancelToken`](crate::CancelToken) to look at.
    ///
    /// ```
    /// # let pool = v5_futures::Pool::new(1, 4)?;
    /// let task = pool.spawn(|| println!("perhaps"))?;
    /// let in_time = task.cancel();
    /// assert_eq!(task.join().is_err_and(|error| error.is_cancelled()), in_time);
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    pub fn cancel(&self) -> bool {
        self.cell.cancel()
    }

    /// From now on, whoever drops the handle [cancels](JoinHandle::cancel) the task: if it has not started by
    /// then, it never does.
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

    /// The task, to those who may run it or want to be called when it is over.
    pub(crate) fn cell(&self) -> &dyn Joinable<T> {
        &*self.cell
    }
}

/// Awaits the task. Nothing runs in place: who polls gets an answer at once. So a worker that blocks on a
/// future which needs the same pool may wait for ever; [`join`](JoinHandle::join) does not.
///
/// # Panics
///
/// `poll` panics if the result has been returned before.
impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // The waker is cloned before the cell is locked, since that is code of a user.
        if !self.cell.is_over() && self.cell.call(context.waker().clone()) {
            return Poll::Pending;
        }
        let result = self.cell.take();
        Poll::Ready(result.expect("a task that is over has a result"))
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        if self.cancel_on_drop {
            self.cell.cancel();
        }
        self.cell.detach();
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle")
            .field("is_finished", &self.is_finished())
            .finish_non_exhaustive()
    }
}
