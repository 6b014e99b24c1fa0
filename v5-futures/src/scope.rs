//! Tasks that borrow: a scope does not return before they are over.
//!
//! This is the only file with `unsafe` in it. A pool takes tasks that live for ever (`'static`), and what
//! borrows does not. The scope promises the compiler something that it cannot see: that the task is over,
//! and what it captured dropped, before what it borrows goes away.

#![allow(unsafe_code)]

use std::fmt;
use std::marker::PhantomData;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::cell::Cell;
use crate::door::Patience;
use crate::family::Family;
use crate::handle::{Child, Joinable};
use crate::homing::LARGEST;
use crate::panic::discard;
use crate::pool::Shared;
use crate::spawn::Spawned;
use crate::task::{Job, Run};
use crate::{JoinError, Pool, Reason, Task, worker};

/// Where tasks are spawned that borrow. Made by [`Pool::scope`].
pub struct Scope<'scope, 'env: 'scope> {
    shared: Arc<Shared>,
    family: Arc<Family>,
    /// Invariant, as in the standard library: a scope that could pass for a shorter one would let a task
    /// borrow what lives for a shorter time.
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

/// A closure that a scope's pool has refused. It has not run.
#[derive(thiserror::Error)]
#[error("the task was refused: {reason}")]
pub struct RejectedSpawn<'scope, T> {
    reason: Reason,
    /// Never locked, as in [`Rejected`](crate::Rejected).
    closure: Mutex<Box<dyn FnOnce() -> T + Send + 'scope>>,
}

/// The way to the result of a task that borrows. Made by [`Scope::spawn`].
///
/// If it is dropped, the scope still waits for the task. If that has panicked, the scope panics at its end.
pub struct ScopedJoinHandle<'scope, T> {
    cell: Arc<dyn Joinable<T> + 'scope>,
}

impl Pool {
    /// Runs `body`, in which tasks can be spawned that borrow from outside of it, and returns once they are
    /// over, also if the body panics.
    ///
    /// On a worker of the same pool, the scope runs those of its tasks that have not begun, rather
    /// than wait for somebody to do it.
    ///
    /// The tasks never leave the pool: [`shutdown_now`](Pool::shutdown_now) cancels them, and does not hand
    /// them back.
    ///
    /// ```
    /// let pool = v5_futures::Pool::new(4, 16)?;
    /// let mut picture = vec![7_u8; 1000];
    /// pool.scope(|scope| {
    ///     for row in picture.chunks_mut(100) {
    ///         scope.spawn(move || row.fill(8)).unwrap();
    ///     }
    /// });
    /// assert_eq!(picture, [8; 1000]);
    /// # Ok::<(), v5_futures::BuildError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If the body panics; and, once all tasks are over, with the panic of the first task whose handle was
    /// dropped.
    pub fn scope<'env, R>(
        &self,
        body: impl for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R,
    ) -> R {
        let scope = Scope {
            shared: Arc::clone(&self.shared),
            family: Arc::new(Family::new(worker::on_worker_of(&self.shared))),
            scope: PhantomData,
            env: PhantomData,
        };
        let result = catch_unwind(AssertUnwindSafe(|| body(&scope)));
        // What the tasks borrow lives at least until here, whether the body has returned or panicked.
        scope.family.wait();
        let panic = scope.family.take_panic();
        match result {
            Ok(result) => match panic {
                None => result,
                Some(panic) => resume_unwind(panic),
            },
            Err(own) => {
                discard(panic);
                resume_unwind(own)
            }
        }
    }
}

impl<'scope> Scope<'scope, '_> {
    /// Submits a task that may borrow what outlives the scope, and returns a handle for its result. Waits for
    /// a place as [`Pool::execute`] does. Tasks of the scope may spawn others in it.
    ///
    /// ```
    /// let pool = v5_futures::Pool::new(2, 8)?;
    /// let words = vec!["one", "two", "three"];
    /// let longest = pool.scope(|scope| {
    ///     let first = scope.spawn(|| words[0].len()).unwrap();
    ///     let last = scope.spawn(|| words[2].len()).unwrap();
    ///     first.join().unwrap().max(last.join().unwrap())
    /// });
    /// assert_eq!(longest, 5);
    /// # Ok::<(), v5_futures::BuildError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Pool::execute`], with the closure.
    pub fn spawn<T: Send + 'scope>(
        &'scope self,
        closure: impl FnOnce() -> T + Send + 'scope,
    ) -> Result<ScopedJoinHandle<'scope, T>, RejectedSpawn<'scope, T>> {
        if size_of_val(&closure) <= LARGEST {
            return self.submit(closure);
        }
        // It is moved several times, at the end onto a stack. A box costs less to move, and fits there.
        let boxed: Box<dyn FnOnce() -> T + Send + 'scope> = Box::new(closure);
        self.submit(boxed)
    }

    fn submit<F, T>(
        &'scope self,
        closure: F,
    ) -> Result<ScopedJoinHandle<'scope, T>, RejectedSpawn<'scope, T>>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let cell = Cell::new(closure, Some(Arc::clone(&self.family)));
        let task: Box<dyn Run + 'scope> = Box::new(Spawned::new(&cell));
        // SAFETY: A longer lifetime in the type of a box changes nothing in memory. What has to be shown is
        // that nobody uses the closure, or what it returns, after `'scope`. `'scope` ends after `Pool::scope`
        // returns or unwinds, and both come after `Family::wait`. That returns when each task counted by
        // `child_begins` has been counted by `child_ended`, and this one is counted before the pool gets it.
        // `child_ended` is called once for a task, in `Cell::leave_scope` or below, and by then:
        // - The closure is gone: it was taken out of the cell (`Cell::claim`) and called, or dropped, or is
        //   given back to the caller, with the lifetime that it had.
        // - Every function to which the closure or the result was passed has returned (`outcome.rs` says why that
        //   matters). This one, for a refused task, returns before the scope can.
        // - The task has not left the pool with the closure: `hand_back` says `Never`, and a refused task
        //   has none.
        // - The result is in the cell, with a handle that cannot outlive `'scope` and that takes it out when
        //   it is dropped; or there is no handle, and the result has been dropped (`Cell::settle`). If the
        //   handle is leaked, so is the cell, with the result. So what others still hold of the cell, such as
        //   a tombstone in a queue or a worker on its way, is memory in which there is neither a closure nor
        //   a result to be dropped, and they do not touch the result (`Inside::claim`).
        let task = Task(unsafe { mem::transmute::<Box<dyn Run + 'scope>, Box<dyn Run>>(task) });
        self.family.child_begins();
        let job = Job {
            task,
            group: None,
            token: None,
        };
        if let Err(rejected) = self.shared.submit(job, Patience::Forever) {
            let reason = rejected.reason();
            let claim = cell.claim();
            self.family.child_ended();
            let closure = claim.expect("nobody else has a refused task").closure;
            return Err(RejectedSpawn {
                reason,
                closure: Mutex::new(Box::new(closure)),
            });
        }
        if self.family.on_worker {
            let child: Arc<dyn Child + 'scope> = Arc::clone(&cell) as Arc<dyn Child + 'scope>;
            // SAFETY: As above: the family uses it to run the task, before it is over, and after that no more
            // than to ask whether it is over.
            let child = unsafe { mem::transmute::<Arc<dyn Child + 'scope>, Arc<dyn Child>>(child) };
            self.family.adopt(child);
        }
        Ok(ScopedJoinHandle { cell })
    }
}

impl<T> RejectedSpawn<'_, T> {
    /// Why the task was refused.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }
}

impl<'scope, T> RejectedSpawn<'scope, T> {
    /// The closure itself.
    #[must_use]
    pub fn into_closure(self) -> Box<dyn FnOnce() -> T + Send + 'scope> {
        self.closure.into_inner()
    }
}

impl<T> ScopedJoinHandle<'_, T> {
    /// Waits until the task is over, and returns what it returned. As
    /// [`JoinHandle::join`](crate::JoinHandle::join): on a worker of the same pool, a task that has not begun
    /// is run here and now.
    ///
    /// # Errors
    ///
    /// A [`JoinError`] if the task panicked or was cancelled.
    pub fn join(self) -> Result<T, JoinError> {
        self.cell.join()
    }

    /// Whether the task is over. If it is, [`join`](ScopedJoinHandle::join) does not wait.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.cell.is_over()
    }

    /// Keeps the task from starting. As [`JoinHandle::cancel`](crate::JoinHandle::cancel).
    pub fn cancel(&self) -> bool {
        self.cell.cancel()
    }
}

impl<T> Drop for ScopedJoinHandle<'_, T> {
    fn drop(&mut self) {
        self.cell.detach();
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for RejectedSpawn<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RejectedSpawn")
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for ScopedJoinHandle<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedJoinHandle")
            .field("is_finished", &self.is_finished())
            .finish_non_exhaustive()
    }
}
