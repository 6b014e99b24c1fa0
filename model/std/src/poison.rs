//! Whether a thread has panicked with a lock in its hand.

use ::std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use ::std::sync::{LockResult, PoisonError};

use model_schedule::{is_over, unwinding};

/// A lock's mark. No step: it changes only while the lock is held.
#[derive(Default)]
pub(crate) struct Poison(AtomicBool);

impl Poison {
    pub(crate) const fn new() -> Poison {
        Poison(AtomicBool::new(false))
    }

    pub(crate) fn is_there(&self) -> bool {
        self.0.load(Relaxed)
    }

    pub(crate) fn clear(&self) {
        self.0.store(false, Relaxed);
    }

    /// An error if the lock is poisoned.
    pub(crate) fn check<T>(&self, value: T) -> LockResult<T> {
        if self.is_there() {
            Err(PoisonError::new(value))
        } else {
            Ok(value)
        }
    }

    /// The lock has been taken, to change what it protects.
    pub(crate) fn watch(&self) -> Watch<'_> {
        Watch {
            poison: self,
            unwinding: unwinding(),
        }
    }
}

/// Poisons the lock if a panic has begun meanwhile.
pub(crate) struct Watch<'lock> {
    poison: &'lock Poison,
    /// Whether one was there before.
    unwinding: bool,
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if !self.unwinding && unwinding() && !is_over() {
            self.poison.0.store(true, Relaxed);
        }
    }
}
