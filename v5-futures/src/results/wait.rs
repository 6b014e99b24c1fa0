//! How the result gets from the cell to whoever waits for it.

use std::hint;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering::Acquire};
use std::task::Waker;
use std::time::Instant;

use super::cell::{Stage, TaskCell, TaskState};
use super::shield::shield;
use crate::JoinError;

/// How often a thread looks for the result before it sleeps: for about a microsecond. To sleep and
/// be woken takes longer. It does not yield: beside threads that compute, a thread that yields may
/// have to wait for milliseconds.
const SPINS: usize = 32;

impl<F, T> TaskCell<F, T> {
    /// Waits until the task has ended or it is too late, and takes the result.
    pub(super) fn wait_deadline(&self, deadline: Option<Instant>) -> Option<Result<T, JoinError>> {
        spin_until(&self.has_ended);
        let mut state = self.state.lock();
        if deadline.is_none() && state.is_unsubmitted() {
            drop(state);
            // If it is submitted later, nobody has its handle. If it has just been, and has ended,
            // here is the result.
            let ended = self.let_go();
            return Some(ended.unwrap_or(Err(JoinError::NOT_SUBMITTED)));
        }
        if state.stage == Stage::Taken {
            drop(state); // a panic hook is code of a user
            already_taken();
        }
        let mut timed_out = false;
        loop {
            let result = state.take_result();
            if result.is_some() || timed_out {
                return result;
            }
            match deadline {
                Some(at) => timed_out = self.ended.wait_until(&mut state, at).timed_out(),
                None => self.ended.wait(&mut state),
            }
        }
    }

    /// Takes the result, if the task has ended.
    ///
    /// # Panics
    ///
    /// If it has been taken.
    pub(super) fn take_result(&self) -> Option<Result<T, JoinError>> {
        let mut state = self.state.lock();
        let stage = state.stage;
        let result = state.take_result();
        drop(state);
        if stage == Stage::Taken {
            already_taken();
        }
        result
    }

    /// Leaves a waker, in place of one left before, to be woken when the task has ended. `false`:
    /// it has.
    pub(super) fn leave_waker(&self, waker: Waker) -> bool {
        let mut state = self.state.lock();
        let waiting = matches!(state.stage, Stage::Waiting | Stage::Claimed);
        let mut waker = Some(waker);
        if waiting {
            mem::swap(&mut state.waker, &mut waker);
        }
        // To drop a waker, the old one or the new one, is code of a user.
        drop(state);
        drop(waker);
        waiting
    }

    /// The handle is gone. Returns the result, if nobody has taken it.
    pub(super) fn let_go(&self) -> Option<Result<T, JoinError>> {
        let mut state = self.state.lock();
        state.detached = true;
        let waker = state.waker.take();
        let unasked = match state.stage {
            Stage::Ended => state.take_result(),
            _ => None,
        };
        drop(state);
        if waker.is_some() {
            let mut waker = waker;
            shield(self.pool(), &mut || drop(waker.take()));
        }
        unasked
    }
}

impl<F, T> TaskState<F, T> {
    /// The result, if it is there.
    fn take_result(&mut self) -> Option<Result<T, JoinError>> {
        let result = self.result.take();
        if result.is_some() {
            self.stage = Stage::Taken;
        }
        result
    }

    /// Whether no pool has ever accepted the task, and its owner does not run it.
    fn is_unsubmitted(&self) -> bool {
        self.stage == Stage::Waiting && self.queue.is_none()
    }
}

/// Looks for the end for a moment.
fn spin_until(has_ended: &AtomicBool) {
    (0..SPINS)
        .take_while(|_| !has_ended.load(Acquire))
        .for_each(|_| hint::spin_loop());
}

fn already_taken() -> ! {
    panic!("the result has been taken: the handle was ready before");
}
