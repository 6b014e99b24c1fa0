//! How a task with a handle ends: what happens to its closure, and who is told.
//!
//! Always in this order: the closure runs, or does not; what it captured is dropped; the result is
//! there for the handle; whoever waits is woken. After that the scope counts the task as ended, and
//! then the pool does.
//!
//! The closure stays in a variable, to be taken out. When a function is given a value as an
//! argument, the compiler relies, until that function returns, on all that the value borrows. A
//! scope that has heard of the end of its last task returns, and then it may be gone. So whatever
//! was given the closure or the result has to return first (rust-lang/rust#101983).

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::Ordering::Release;
use std::task::Waker;

use super::cell::{Stage, TaskCell};
use super::queued::CancelledBy;
use super::shield::{self, shield};
use crate::JoinError;
use crate::stats::Ending;

impl<F: FnOnce() -> T, T> TaskCell<F, T> {
    /// Runs the closure of a task that has been claimed, or drops it if the task is cancelled.
    ///
    /// A panic goes to whoever asks the handle. If nobody does, the scope is told, or the handler
    /// of the pool.
    pub(super) fn end(&self, closure: &mut Option<F>, cancelled: Option<CancelledBy>) -> Ending {
        let (ending, result) = self.call(closure, cancelled);
        self.settle(result);
        self.leave_scope();
        ending
    }

    /// As [`end`](TaskCell::end), for the one who has the handle and waits: the result need not go
    /// into the cell and out of it.
    pub(super) fn end_joined(
        &self,
        closure: &mut Option<F>,
        cancelled: Option<CancelledBy>,
        is_awaited: bool,
    ) -> (Ending, Result<T, JoinError>) {
        let ended = self.call(closure, cancelled);
        self.has_ended.store(true, Release);
        if is_awaited {
            let waker = self.state.lock().waker.take();
            shield::wake(self.pool(), waker);
        }
        self.leave_scope();
        ended
    }

    /// Runs the closure for an owner of the task who is no pool: if nobody has the handle, a panic
    /// goes on to the caller.
    pub(super) fn run_for_owner(&self, closure: &mut Option<F>) {
        let (_, result) = self.call(closure, None);
        let (unasked, waker) = self.publish(result);
        waker.into_iter().for_each(Waker::wake);
        if let Some(Err(error)) = unasked {
            resume_unwind(error.into_panic());
        }
    }

    /// Drops the closure for an owner of the task who is no pool.
    pub(super) fn abandon_claimed(&self, closure: &mut Option<F>) {
        // Whoever waits has to hear of it, also if the drop panics.
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(closure.take())));
        self.settle(Err(JoinError::ABANDONED));
        dropped.unwrap_or_else(|payload| resume_unwind(payload));
    }

    /// Calls the closure, or drops it. Afterwards it is gone, and all that it captured.
    fn call(
        &self,
        closure: &mut Option<F>,
        cancelled: Option<CancelledBy>,
    ) -> (Ending, Result<T, JoinError>) {
        if let Some(by) = cancelled {
            shield(self.pool(), &mut || drop(closure.take()));
            return (Ending::Cancelled, Err(JoinError::cancelled(by)));
        }
        let call = || {
            closure
                .take()
                .expect("whoever claims a task has its closure")()
        };
        match catch_unwind(AssertUnwindSafe(call)) {
            Ok(value) => (Ending::Completed, Ok(value)),
            Err(payload) => (Ending::Panicked, Err(JoinError::panicked(payload))),
        }
    }

    /// The task has ended, and all that it captured has been dropped.
    fn settle(&self, result: Result<T, JoinError>) {
        let (unasked, waker) = self.publish(result);
        if let Some(result) = unasked {
            self.tell(result);
        }
        if waker.is_some() {
            shield::wake(self.pool(), waker);
        }
    }

    /// Puts the result into the cell. Returns it if nobody will ask for it, and whom to wake: to
    /// drop the one and to wake the other is code of a user, to be run with no lock held.
    fn publish(
        &self,
        result: Result<T, JoinError>,
    ) -> (Option<Result<T, JoinError>>, Option<Waker>) {
        let mut state = self.state.lock();
        let waker = state.waker.take();
        let unasked = match state.detached {
            true => Some(result),
            false => {
                state.result = Some(result);
                None
            }
        };
        state.stage = match unasked {
            Some(_) => Stage::Taken,
            None => Stage::Ended,
        };
        self.has_ended.store(true, Release);
        drop(state);
        self.ended.notify_one(); // to join takes the handle, so one waits at most
        (unasked, waker)
    }

    /// The scope does not wait for the task any more.
    pub(super) fn leave_scope(&self) {
        if let Some(scope) = &self.scope {
            scope.task_ended();
        }
    }

    /// Nobody asks for this result. The scope hears of it if it is missed, or else the handler of
    /// the pool does if it is a panic. Whatever it is, it is dropped here, and if that panics, the
    /// handler hears of it.
    pub(super) fn tell(&self, result: Result<T, JoinError>) {
        let error = match result {
            Ok(value) => {
                let mut value = Some(value);
                return shield(self.pool(), &mut || drop(value.take()));
            }
            Err(error) => error,
        };
        match &self.scope {
            Some(scope) => scope.miss(error),
            None => {
                if let Ok(payload) = error.try_into_panic() {
                    shield::tell(self.pool(), payload);
                }
            }
        }
    }
}
