//! How a task with a handle ends: what happens to its closure, and who is told.
//!
//! Always in this order: the closure runs, or does not; what it captured is dropped; the result is there for
//! the handle; whoever waits is woken. After that the scope counts the task as over, and then the pool.
//!
//! The closure comes by reference, to be taken out. When a function is given a value as an argument, the
//! compiler relies, until that function returns, on all that the value borrows. A scope that has heard of the
//! end of its last task returns, and then it may be gone. So whatever was given the closure or the result has
//! to return first (rust-lang/rust#101983).

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Weak};
use std::task::Waker;

use crate::JoinError;
use crate::cell::Cell;
use crate::panic::PanicHandler;
use crate::pool::Shared;
use crate::result::Ended;
use crate::stats::Ending;

/// What became of a task.
pub(crate) struct Outcome<T> {
    pub(crate) result: Result<T, JoinError>,
    /// Of a panic in a pool: the pool, whose handler is told if nobody asks for the result. A handle must not
    /// keep a pool alive, whose handler may know the handle.
    pool: Weak<Shared>,
}

impl<F: FnOnce() -> T, T> Cell<F, T> {
    /// Runs a closure that has been claimed.
    ///
    /// A panic goes to whoever asks the handle. If nobody does, the handler of the pool is told.
    pub(crate) fn run(&self, closure: &mut Option<F>, pool: Option<&Arc<Shared>>) -> Ending {
        let result = catch_unwind(AssertUnwindSafe(taken(closure)));
        let ending = match result {
            Ok(_) => Ending::Completed,
            Err(_) => Ending::Panicked,
        };
        self.settle(result.map_err(JoinError::panicked), pool);
        self.leave_scope();
        ending
    }

    /// Drops a closure that has been claimed. The task will never run.
    pub(crate) fn cancel(&self, closure: &mut Option<F>, pool: Option<&Arc<Shared>>) -> Ending {
        shield(pool, || drop(taken(closure)));
        self.settle(Err(JoinError::CANCELLED), pool);
        self.leave_scope();
        Ending::Cancelled
    }

    /// Runs a closure that has been claimed, for an owner of the task who is no pool. If nobody holds the
    /// handle, a panic goes on to the caller.
    pub(crate) fn run_outside(&self, closure: &mut Option<F>) {
        let result = catch_unwind(AssertUnwindSafe(taken(closure)));
        let Ended { unseen, waker } = self.end(Outcome {
            result: result.map_err(JoinError::panicked),
            pool: Weak::new(),
        });
        if let Some(waker) = waker {
            waker.wake();
        }
        if let Some(Err(error)) = unseen.map(|outcome| outcome.result) {
            resume_unwind(error.into_panic());
        }
    }

    /// Drops a closure that has been claimed, for an owner of the task who is no pool.
    pub(crate) fn abandon(&self, closure: &mut Option<F>) {
        // Whoever waits has to hear of it, also if the drop panics.
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(taken(closure))));
        self.settle(Err(JoinError::ABANDONED), None);
        self.leave_scope();
        dropped.unwrap_or_else(|payload| resume_unwind(payload));
    }

    /// The task is over, and all that it captured has been dropped.
    fn settle(&self, result: Result<T, JoinError>, pool: Option<&Arc<Shared>>) {
        let panicked = matches!(&result, Err(error) if error.is_panic());
        let told = pool.filter(|_| panicked && self.family.is_none());
        let Ended { unseen, waker } = self.end(Outcome {
            result,
            pool: told.map(Arc::downgrade).unwrap_or_default(),
        });
        match unseen.map(|outcome| self.tell(outcome)) {
            Some(Ok(value)) => shield(pool, || drop(value)),
            Some(Err(())) | None => true,
        };
        if let Some(waker) = waker {
            wake(waker, pool);
        }
    }

    /// The scope does not wait for the task any more.
    fn leave_scope(&self) {
        if let Some(family) = &self.family {
            family.child_ended();
        }
    }

    /// Nobody asks for this result. If it is a panic, the scope hears of it, or the handler of the pool.
    pub(crate) fn tell(&self, outcome: Outcome<T>) -> Result<T, ()> {
        let Outcome { result, pool } = outcome;
        let payload = match result.map_err(JoinError::try_into_panic) {
            Ok(value) => return Ok(value),
            Err(payload) => payload.ok(),
        };
        match (payload, &self.family) {
            (Some(payload), Some(family)) => family.blame(payload),
            (Some(payload), None) => tell_handler(payload, &pool),
            (None, _) => (),
        }
        Err(())
    }
}

/// The closure of a task that has been claimed, which is there once.
fn taken<F>(closure: &mut Option<F>) -> F {
    closure.take().expect("who claims a task has its closure")
}

/// Not generic, as the next one: so it is compiled once, and not for each closure.
fn wake(waker: Waker, pool: Option<&Arc<Shared>>) {
    shield(pool, || waker.wake());
}

fn tell_handler(payload: Box<dyn Any + Send>, pool: &Weak<Shared>) {
    shield(pool.upgrade().as_ref(), || resume_unwind(payload));
}

/// Runs code of a user. The handler of the pool is told of a panic; without a pool, nobody.
fn shield(pool: Option<&Arc<Shared>>, user: impl FnOnce()) -> bool {
    match pool {
        Some(shared) => shared.hooks.panic.shield(user),
        None => PanicHandler::default().shield(user),
    }
}
