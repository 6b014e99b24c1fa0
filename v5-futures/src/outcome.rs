//! How a task with a handle ends: what happens to its closure, and who is told.
//!
//! Always in this order: the closure runs, or does not; what it captured is dropped; the result is there for
//! the handle; whoever waits is woken. After that the scope counts the task as over, and then the pool.
//!
//! The closure comes by reference, to be taken out. To a function that gets it as an argument, the compiler
//! promises until it returns that what the closure borrows is there. So does a result. Each such function has
//! to return before a scope hears that the task is over, since by then it may be gone (rust-lang/rust#101983).

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Weak};

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
        on_panic(pool, |panic| panic.shield(|| drop(taken(closure))));
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
            Some(Ok(value)) => on_panic(pool, |panic| panic.shield(|| drop(value))),
            Some(Err(())) | None => true,
        };
        if let Some(waker) = waker {
            on_panic(pool, |panic| panic.shield(|| waker.wake()));
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
            (Some(payload), None) => {
                on_panic(pool.upgrade().as_ref(), |panic| {
                    panic.shield(|| resume_unwind(payload))
                });
            }
            (None, _) => (),
        }
        Err(())
    }
}

/// The closure of a task that has been claimed, which is there once.
fn taken<F>(closure: &mut Option<F>) -> F {
    closure.take().expect("who claims a task has its closure")
}

/// The handler of the pool. Without a pool nobody is told.
fn on_panic<R>(pool: Option<&Arc<Shared>>, work: impl FnOnce(&PanicHandler) -> R) -> R {
    match pool {
        Some(shared) => work(&shared.hooks.panic),
        None => work(&PanicHandler::default()),
    }
}
