//! The place to wait for a change of what a lock protects.

use ::std::fmt;
use ::std::sync::LockResult;
use ::std::time::Duration;

use ::shuttle::rand::{Rng, thread_rng};

use super::MutexGuard;

/// A condition variable. A wait may end although nobody has called, as `std` says: one of eight
/// does here. (If all of them did, a call that is lost would never be missed.)
#[derive(Default)]
pub struct Condvar(parking_lot::Condvar);

/// Whether a wait has ended because its time was over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    /// Whether the time was over.
    #[must_use]
    pub fn timed_out(&self) -> bool {
        self.0
    }
}

/// What is left of a lock when a wait has ended.
type Waited<'a, T> = LockResult<MutexGuard<'a, T>>;

/// The same, and whether the time was over.
type TimedOut<'a, T> = LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)>;

impl Condvar {
    /// A condition variable at which nobody waits.
    #[must_use]
    pub const fn new() -> Condvar {
        Condvar(parking_lot::Condvar::new())
    }

    /// Wakes one of those who wait, any one.
    #[track_caller]
    pub fn notify_one(&self) {
        self.0.notify_one();
    }

    /// Wakes all who wait.
    #[track_caller]
    pub fn notify_all(&self) {
        self.0.notify_all();
    }

    /// Opens the lock and waits to be notified, both at once, then takes the lock again.
    ///
    /// # Errors
    ///
    /// With the guard: the lock is poisoned.
    #[track_caller]
    pub fn wait<'a, T: ?Sized>(&self, mut guard: MutexGuard<'a, T>) -> Waited<'a, T> {
        if wakes_by_itself() {
            self.0.wait_or_wake(&mut guard.inner);
        } else {
            self.0.wait(&mut guard.inner);
        }
        guard.check()
    }

    /// Waits as long as the condition is true.
    ///
    /// # Errors
    ///
    /// With the guard: the lock is poisoned.
    #[track_caller]
    pub fn wait_while<'a, T: ?Sized>(
        &self,
        mut guard: MutexGuard<'a, T>,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> Waited<'a, T> {
        while condition(&mut *guard) {
            guard = self.wait(guard)?;
        }
        Ok(guard)
    }

    /// Waits to be notified, or for some time. A time too long for the clock has no end.
    ///
    /// # Errors
    ///
    /// With the guard: the lock is poisoned.
    #[track_caller]
    pub fn wait_timeout<'a, T: ?Sized>(
        &self,
        mut guard: MutexGuard<'a, T>,
        time: Duration,
    ) -> TimedOut<'a, T> {
        let timed_out = if wakes_by_itself() {
            self.0.wait_or_wake(&mut guard.inner);
            false
        } else {
            self.0.wait_for(&mut guard.inner, time).timed_out()
        };
        with_result(guard.check(), timed_out)
    }

    /// Waits as long as the condition is true, or for some time. It has timed out only if the
    /// condition is still true then.
    ///
    /// # Errors
    ///
    /// With the guard: the lock is poisoned.
    #[track_caller]
    pub fn wait_timeout_while<'a, T: ?Sized>(
        &self,
        mut guard: MutexGuard<'a, T>,
        time: Duration,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> TimedOut<'a, T> {
        let mut late = false;
        while condition(&mut *guard) {
            if late {
                return Ok((guard, WaitTimeoutResult(true)));
            }
            let result;
            (guard, result) = self.wait_timeout(guard, time)?;
            late = result.timed_out();
        }
        Ok((guard, WaitTimeoutResult(false)))
    }
}

fn wakes_by_itself() -> bool {
    thread_rng().gen_ratio(1, 8)
}

fn with_result<T: ?Sized>(waited: Waited<'_, T>, timed_out: bool) -> TimedOut<'_, T> {
    let result = WaitTimeoutResult(timed_out);
    match waited {
        Ok(guard) => Ok((guard, result)),
        Err(poisoned) => Err(::std::sync::PoisonError::new((
            poisoned.into_inner(),
            result,
        ))),
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("Condvar { .. }")
    }
}
