//! The place to wait for a change of what a lock protects.

use std::fmt;
use std::panic::Location;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use model_schedule::{Deadline, Line, Patience, Woken, note, step};

use crate::MutexGuard;

/// A condition variable.
#[derive(Default)]
pub struct Condvar {
    line: Line,
    /// The address of the lock with which those in the line have come. Another one must not be
    /// used with the same condition variable meanwhile.
    mutex: AtomicUsize,
}

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

impl Condvar {
    /// A condition variable at which nobody waits.
    #[must_use]
    pub const fn new() -> Condvar {
        Condvar {
            line: Line::new(),
            mutex: AtomicUsize::new(0),
        }
    }

    /// Wakes one of those who wait, any one. Returns whether there was one.
    #[track_caller]
    pub fn notify_one(&self) -> bool {
        step();
        let called = self.line.call_one();
        note(if called {
            "wakes one"
        } else {
            "finds nobody to wake"
        });
        called
    }

    /// Wakes all who wait. Returns how many they were.
    #[track_caller]
    pub fn notify_all(&self) -> usize {
        step();
        let called = self.line.call_all();
        note(format_args!("wakes {called}"));
        called
    }

    /// Opens the lock and waits to be notified, both at once, then takes the lock again.
    #[track_caller]
    pub fn wait<T: ?Sized>(&self, guard: &mut MutexGuard<'_, T>) {
        self.sleep(guard, Patience::Forever);
    }

    /// Waits as long as the condition is true.
    #[track_caller]
    pub fn wait_while<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        mut condition: impl FnMut(&mut T) -> bool,
    ) {
        while condition(&mut *guard) {
            self.wait(guard);
        }
    }

    /// Waits to be notified, or for some time. A time too long for the clock has no end.
    #[track_caller]
    pub fn wait_for<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        time: Duration,
    ) -> WaitTimeoutResult {
        self.sleep(guard, Patience::during(time))
    }

    /// Waits to be notified, or for some time.
    #[track_caller]
    pub fn wait_until<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        deadline: impl Deadline,
    ) -> WaitTimeoutResult {
        self.sleep(guard, Patience::until(&deadline))
    }

    /// Waits as long as the condition is true, or for some time. It has timed out only if the
    /// condition is still true then.
    #[track_caller]
    pub fn wait_while_until<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        mut condition: impl FnMut(&mut T) -> bool,
        deadline: impl Deadline,
    ) -> WaitTimeoutResult {
        let mut result = WaitTimeoutResult(false);
        while condition(&mut *guard) {
            if result.timed_out() {
                return result;
            }
            result = self.sleep(guard, Patience::until(&deadline));
        }
        WaitTimeoutResult(false)
    }

    /// For the facade of `std`, whose waits may end by themselves: waits to be notified, or not so
    /// long.
    #[doc(hidden)]
    #[track_caller]
    pub fn wait_or_wake<T: ?Sized>(&self, guard: &mut MutexGuard<'_, T>) {
        let patience = Patience::ForSomeTime(Duration::ZERO);
        self.sleep_or(guard, patience, "wakes although nobody has called it");
    }

    #[track_caller]
    fn sleep<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        patience: Patience,
    ) -> WaitTimeoutResult {
        self.sleep_or(guard, patience, "has slept enough")
    }

    /// Says in other words that nobody has called.
    #[track_caller]
    fn sleep_or<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        patience: Patience,
        uncalled: &str,
    ) -> WaitTimeoutResult {
        let mutex = guard.mutex().address();
        let _open = guard.open(Location::caller(), "opens the lock for");
        // No step from here until this thread is in the line.
        if self.line.is_empty() {
            self.mutex.store(mutex, Relaxed);
        }
        assert_eq!(
            self.mutex.load(Relaxed),
            mutex,
            "attempted to use a condition variable with more than one mutex"
        );
        note("sleeps");
        let late = self.line.sleep(patience) == Woken::Late;
        note(if late { uncalled } else { "is woken" });
        WaitTimeoutResult(late)
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("Condvar { .. }")
    }
}
