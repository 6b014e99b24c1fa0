//! The result: how it gets into the cell, and from there to the handle.

use std::mem;
use std::sync::atomic::Ordering::Release;
use std::task::Waker;
use std::thread;
use std::time::Instant;

use crate::JoinError;
use crate::cell::{Cell, Inside, Stage};
use crate::outcome::Outcome;

/// How often whoever joins looks again before it falls asleep.
const LOOKS: usize = 10;

/// A result that nobody will ask for, and who has to be woken. To drop the one and to call the other is code
/// of a user, to be run with no lock held.
pub(crate) struct Ended<T> {
    pub(crate) unseen: Option<Outcome<T>>,
    pub(crate) waker: Option<Waker>,
}

impl<F: FnOnce() -> T, T> Cell<F, T> {
    /// Publishes the result.
    pub(crate) fn end(&self, outcome: Outcome<T>) -> Ended<T> {
        let mut inside = self.inside.lock();
        let waker = inside.waker.take();
        let unseen = if inside.detached {
            inside.stage = Stage::Taken;
            Some(outcome)
        } else {
            inside.stage = Stage::Over(outcome);
            None
        };
        self.over.store(true, Release);
        drop(inside);
        self.ended.notify_one(); // to join takes the handle, so one waits at most
        Ended { unseen, waker }
    }

    /// Waits until the task is over or it is too late, and takes the result.
    pub(crate) fn wait(&self, deadline: Option<Instant>) -> Option<Result<T, JoinError>> {
        // Many tasks are over within microseconds, and to sleep and be woken takes longer. To yield is better
        // than to spin: the worker may be waiting for this very core.
        for _ in 0..LOOKS {
            if self.is_over() || deadline.is_some_and(|at| Instant::now() >= at) {
                break;
            }
            thread::yield_now();
        }
        let mut inside = self.inside.lock();
        let mut late = false;
        loop {
            let outcome = inside.take();
            if outcome.is_some() || late {
                drop(inside);
                return outcome.map(|outcome| outcome.result);
            }
            match deadline {
                Some(at) => late = self.ended.wait_until(&mut inside, at).timed_out(),
                None => self.ended.wait(&mut inside),
            }
        }
    }

    /// Takes the result, if the task is over.
    pub(crate) fn take(&self) -> Option<Result<T, JoinError>> {
        let outcome = self.inside.lock().take();
        outcome.map(|outcome| outcome.result)
    }

    /// Leaves a waker, instead of one left before, to be called when the task is over. `false`: it is over.
    pub(crate) fn call(&self, waker: Waker) -> bool {
        let mut inside = self.inside.lock();
        let waiting = matches!(inside.stage, Stage::Waiting(..) | Stage::Claimed);
        let mut waker = Some(waker);
        if waiting {
            mem::swap(&mut inside.waker, &mut waker);
        }
        // To drop a waker, the old one or the new one, is code of a user.
        drop(inside);
        drop(waker);
        waiting
    }

    /// The handle is gone. Returns the result, if nobody has taken it.
    pub(crate) fn detach(&self) -> Option<Outcome<T>> {
        let mut inside = self.inside.lock();
        inside.detached = true;
        let waker = inside.waker.take();
        let unseen = match &inside.stage {
            Stage::Over(_) => inside.take(),
            _ => None,
        };
        drop(inside);
        drop(waker);
        unseen
    }
}

impl<F, T> Inside<F, T> {
    /// The result, if there is one.
    fn take(&mut self) -> Option<Outcome<T>> {
        match mem::replace(&mut self.stage, Stage::Taken) {
            Stage::Over(outcome) => Some(outcome),
            Stage::Taken => panic!("the result has been taken: the handle was ready before"),
            stage => {
                self.stage = stage;
                None
            }
        }
    }
}
