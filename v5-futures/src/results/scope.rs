//! Tasks that borrow: a scope does not return before they have ended.
//!
//! This is the only file with `unsafe` in it. A pool takes tasks that live for ever (`'static`),
//! and what borrows does not. The scope promises the compiler something that it cannot see: that
//! the task has ended, and what it captured is dropped, before what it borrows goes away.

#![allow(unsafe_code)]

use std::fmt;
use std::marker::PhantomData;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::cell::TaskCell;
use super::handle::{Child, Handle};
use super::queued::{Queued, Ticket};
use super::refused::Refused;
use super::scope_state::ScopeState;
use super::scoped_handle::{RejectedSpawn, ScopedJoinHandle};
use crate::panic::discard;
use crate::pool::Shared;
use crate::recycle::LARGEST;
use crate::task::{Job, Task};
use crate::{CancelToken, Pool};

/// Where tasks are spawned that borrow. Made by [`Pool::scope`].
pub struct Scope<'scope, 'env: 'scope> {
    pub(super) shared: Arc<Shared>,
    state: Arc<ScopeState>,
    /// Invariant, as in the standard library: a scope that could pass for a shorter one would let a
    /// task borrow what lives for a shorter time.
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

/// A task of a scope, or why there is none, and its closure.
type Spawned<'scope, F, T> = Result<ScopedJoinHandle<'scope, T>, Refused<F>>;

impl Pool {
    /// Runs `body`, in which tasks can be spawned that borrow from outside of it, and returns once
    /// they have ended, also if the body panics.
    ///
    /// On a worker of the same pool, the scope runs those of its tasks that have not begun, rather
    /// than wait for somebody to do it.
    ///
    /// The tasks never leave the pool: [`shutdown_now`](Pool::shutdown_now) cancels them, and does
    /// not hand them back.
    ///
    /// ```
    /// let pool = v5_futures::Pool::new(4, 16)?;
    /// let mut picture = vec![7_u8; 1000];
    /// pool.scope(|scope| {
    ///     for row in picture.chunks_mut(100) {
    ///         scope.execute(move || row.fill(8)).unwrap();
    ///     }
    /// });
    /// assert_eq!(picture, [8; 1000]);
    /// # Ok::<(), v5_futures::BuildError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If the body panics. And, once all tasks have ended, if there is one that nobody has asked
    /// about, and that has not done its work: with the panic of the first one that panicked, or
    /// because the pool was cancelled, or was shut down by [`shutdown_now`](Pool::shutdown_now),
    /// before they began. (Nobody has asked about a task whose handle was dropped. One that was
    /// cancelled by its own handle or token is not missed.)
    pub fn scope<'env, R>(
        &self,
        body: impl for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R,
    ) -> R {
        let scope = Scope {
            shared: Arc::clone(&self.shared),
            state: Arc::new(ScopeState::new(self.shared.on_worker())),
            scope: PhantomData,
            env: PhantomData,
        };
        let result = catch_unwind(AssertUnwindSafe(|| body(&scope)));
        // What the tasks borrow lives at least until here, whether the body has returned or
        // panicked.
        scope.state.wait();
        match (result, scope.state.take_missed()) {
            (Err(own), (panic, _)) => {
                discard(panic);
                resume_unwind(own)
            }
            (Ok(_), (Some(panic), _)) => resume_unwind(panic),
            (Ok(result), (None, 0)) => result,
            (Ok(_), (None, tasks)) => panic!(
                "{tasks} tasks of a scope never ran: they were cancelled with their pool, and \
                 nobody has asked about them",
            ),
        }
    }
}

impl<'scope> Scope<'scope, '_> {
    /// Submits a task that may borrow what outlives the scope, and returns a handle for its result.
    /// Waits for a place as [`Pool::execute`] does. Tasks of the scope may spawn others in it.
    ///
    /// ```
    /// let pool = v5_futures::Pool::new(2, 8)?;
    /// let words = vec!["one", "two", "three"];
    /// let longest = pool.scope(|scope| {
    ///     let first = scope.spawn(|| words[0].len())?;
    ///     let last = scope.spawn(|| words[2].len())?;
    ///     Ok::<_, Box<dyn std::error::Error>>(first.join()?.max(last.join()?))
    /// });
    /// assert_eq!(longest.unwrap(), 5);
    /// # Ok::<(), v5_futures::BuildError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Pool::execute`]. The closure is dropped, so that the error does not borrow from it:
    /// with [`submit`](Scope::submit) it comes back.
    pub fn spawn<T: Send + 'scope>(
        &'scope self,
        closure: impl FnOnce() -> T + Send + 'scope,
    ) -> Result<ScopedJoinHandle<'scope, T>, RejectedSpawn> {
        self.submit(closure).map_err(RejectedSpawn::from)
    }

    /// As [`spawn`](Scope::spawn), and the token cancels the task as well: if it is cancelled
    /// before the task starts, the task never does.
    ///
    /// # Errors
    ///
    /// As [`Pool::execute_with`]. The closure is dropped.
    pub fn spawn_with<T: Send + 'scope>(
        &'scope self,
        token: &CancelToken,
        closure: impl FnOnce() -> T + Send + 'scope,
    ) -> Result<ScopedJoinHandle<'scope, T>, RejectedSpawn> {
        let spawned = self.accept(closure, Ticket::with(token), Some(Duration::MAX));
        spawned.map_err(RejectedSpawn::from)
    }

    /// Submits a task whose result is of no interest: [`spawn`](Scope::spawn), without a handle. If
    /// it panics, so does the scope at its end.
    ///
    /// # Errors
    ///
    /// As [`spawn`](Scope::spawn).
    pub fn execute(
        &'scope self,
        closure: impl FnOnce() + Send + 'scope,
    ) -> Result<(), RejectedSpawn> {
        self.spawn(closure).map(drop)
    }

    /// As [`spawn`](Scope::spawn), and a refused closure comes back.
    ///
    /// # Errors
    ///
    /// [`Refused`]: why the task was refused, and its closure.
    pub fn submit<F, T>(&'scope self, closure: F) -> Spawned<'scope, F, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        self.accept(closure, Ticket::default(), Some(Duration::MAX))
    }

    /// Submits a task if there is a place for it at once.
    ///
    /// ```
    /// let pool = v5_futures::Pool::new(1, 1)?;
    /// let mut numbers = [1, 2, 3];
    /// pool.scope(|scope| {
    ///     for number in &mut numbers {
    ///         // What finds no place is done here.
    ///         if let Err(refused) = scope.try_spawn(|| *number *= 2) {
    ///             refused.into_closure()();
    ///         }
    ///     }
    /// });
    /// assert_eq!(numbers, [2, 4, 6]);
    /// # Ok::<(), v5_futures::BuildError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Pool::try_execute`]: [`Refused`], with the closure.
    pub fn try_spawn<F, T>(&'scope self, closure: F) -> Spawned<'scope, F, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        self.accept(closure, Ticket::default(), None)
    }

    fn accept<F, T>(
        &'scope self,
        closure: F,
        ticket: Ticket,
        timeout: Option<Duration>,
    ) -> Spawned<'scope, F, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        if size_of::<F>() <= LARGEST {
            return self.accept_small(closure, ticket, timeout);
        }
        // It is moved several times, at the end onto a stack. A box costs less to move, and fits
        // there.
        let accepted = self.accept_small(Box::new(closure), ticket, timeout);
        accepted.map_err(|boxed| Refused::new(boxed.reason(), *boxed.into_closure()))
    }

    fn accept_small<F, T>(
        &'scope self,
        closure: F,
        ticket: Ticket,
        timeout: Option<Duration>,
    ) -> Spawned<'scope, F, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let plain = ticket.token.is_none();
        let own = plain.then(|| self.shared.own_queue()).flatten();
        let is_accepted = own.is_some();
        let cell = TaskCell::new(closure, Some(Arc::clone(&self.state)), own);
        let queued: Arc<dyn Queued + 'scope> = Arc::clone(&cell) as Arc<dyn Queued + 'scope>;
        // SAFETY: A longer lifetime in the type of an `Arc` changes nothing in memory. What has to
        // be shown is that nobody uses the closure, or what it returns, after `'scope`. `'scope`
        // ends after `Pool::scope` returns or unwinds, and both come after `ScopeState::wait`. That
        // returns when each task counted by `task_begins` has been counted by `task_ended`, and
        // this one is counted before the pool gets it. `task_ended` is called once for a task, in
        // `TaskCell::leave_scope` or below, and by then:
        // - The closure is gone: it was taken out of the cell by the one who claimed the task, and
        //   called, or dropped, or is given back to the caller, with the lifetime that it had.
        // - Every function to which the closure or the result was passed has returned (`ending.rs`
        //   says why that matters), except, for a refused task, this one, and, for a task that its
        //   joiner has run, those that pass the result to the joiner. These return before the scope
        //   can: they run in its body, or in another task of it that has not ended.
        // - The task has not left the pool with the closure: `hand_back` claims it, and a refused
        //   task has none.
        // - The result is in the cell, with a handle that cannot outlive `'scope` and that takes it
        //   out when it is dropped; or there is no handle, and the result has been dropped
        //   (`TaskCell::settle`). If the handle is leaked, so is the cell, with the result. So what
        //   others still hold of the cell, such as a tombstone in a queue or a worker on its way,
        //   is memory in which there is neither a closure nor a result to be dropped, and they do
        //   not touch the result (`TaskState::claim`).
        let queued = unsafe { mem::transmute::<Arc<dyn Queued + 'scope>, Arc<dyn Queued>>(queued) };
        self.state.task_begins();
        let task = Task::sharing(queued, is_accepted);
        if let Err((job, reason)) = self.shared.push_timeout(Job { task, ticket }, timeout) {
            let closure = cell
                .state
                .lock()
                .take_claim()
                .and_then(|claim| claim.closure);
            drop(job);
            self.state.task_ended();
            let closure = closure.expect("nobody else has a refused task");
            return Err(Refused::new(reason, closure));
        }
        if self.state.on_worker {
            let child: Arc<dyn Child + 'scope> = Arc::clone(&cell) as Arc<dyn Child + 'scope>;
            // SAFETY: As above: the scope uses it to run the task, before it has ended, and after
            // that no more than to ask whether it has.
            let child = unsafe { mem::transmute::<Arc<dyn Child + 'scope>, Arc<dyn Child>>(child) };
            self.state.adopt(child);
        }
        Ok(ScopedJoinHandle::new(Handle::new(cell)))
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}
