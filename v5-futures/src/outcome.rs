//! How a task with a handle ends: what happens to its closure, and who is told.
//!
//! Always in this order: the closure runs, or does not; what it captured is dropped; the result is there for
//! the handle; whoever waits is woken. After that the pool counts the task as over.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::JoinError;
use crate::cell::Cell;
use crate::panic::PanicHandler;
use crate::result::Ended;
use crate::stats::Ending;

impl<F: FnOnce() -> T, T> Cell<F, T> {
    /// Runs a closure that has been claimed.
    ///
    /// A panic goes to whoever holds the handle. If nobody does, the handler of the pool is told.
    pub(crate) fn run(&self, closure: F, panic: &PanicHandler) -> Ending {
        let result = catch_unwind(AssertUnwindSafe(closure));
        let ending = match result {
            Ok(_) => Ending::Completed,
            Err(_) => Ending::Panicked,
        };
        self.settle(result.map_err(JoinError::panicked), panic);
        ending
    }

    /// Drops a closure that has been claimed. The task will never run.
    pub(crate) fn cancel(&self, closure: F, panic: &PanicHandler) -> Ending {
        panic.shield(|| drop(closure));
        self.settle(Err(JoinError::CANCELLED), panic);
        Ending::Cancelled
    }

    /// Runs a closure that has been claimed, for an owner of the task who is no pool. If nobody holds the
    /// handle, this is an ordinary call.
    pub(crate) fn run_outside(&self, closure: F) {
        let result = catch_unwind(AssertUnwindSafe(closure));
        let Ended { unseen, waker } = self.end(result.map_err(JoinError::panicked));
        if let Some(waker) = waker {
            waker.wake();
        }
        if let Some(Err(error)) = unseen {
            resume_unwind(error.into_panic());
        }
    }

    /// Drops a closure that has been claimed, for an owner of the task who is no pool.
    pub(crate) fn abandon(&self, closure: F) {
        // Whoever waits has to hear of it, also if the drop panics.
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(closure)));
        let Ended { waker, .. } = self.end(Err(JoinError::ABANDONED));
        if let Some(waker) = waker {
            waker.wake();
        }
        if let Some(family) = &self.family {
            family.child_ended();
        }
        dropped.unwrap_or_else(|payload| resume_unwind(payload));
    }

    /// The task is over, in a pool. All that it captured has been dropped.
    fn settle(&self, result: Result<T, JoinError>, panic: &PanicHandler) {
        let Ended { unseen, waker } = self.end(result);
        if let Some(result) = unseen {
            self.drop_unseen(result, panic);
        }
        if let Some(waker) = waker {
            panic.shield(|| waker.wake());
        }
        if let Some(family) = &self.family {
            family.child_ended();
        }
    }

    /// Nobody asks for this result. A panic must be heard of all the same.
    fn drop_unseen(&self, result: Result<T, JoinError>, panic: &PanicHandler) {
        match (result.map_err(JoinError::try_into_panic), &self.family) {
            (Err(Ok(payload)), Some(family)) => family.blame(payload),
            (Err(Ok(payload)), None) => {
                panic.shield(|| resume_unwind(payload));
            }
            (result, _) => {
                panic.shield(|| drop(result));
            }
        }
    }
}
