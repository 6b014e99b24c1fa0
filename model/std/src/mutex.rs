//! The lock: that of `parking_lot`, with poison.

use ::std::fmt;
use ::std::ops::{Deref, DerefMut};
use ::std::sync::{LockResult, TryLockError, TryLockResult};

use super::poison::{Poison, Watch};

/// A lock that is poisoned by a panic of the thread that holds it.
#[derive(Default)]
pub struct Mutex<T: ?Sized> {
    poison: Poison,
    inner: parking_lot::Mutex<T>,
}

impl<T> Mutex<T> {
    /// An open lock.
    pub const fn new(value: T) -> Mutex<T> {
        Mutex {
            poison: Poison::new(),
            inner: parking_lot::Mutex::new(value),
        }
    }

    /// The value.
    ///
    /// # Errors
    ///
    /// With the value: the lock is poisoned.
    pub fn into_inner(self) -> LockResult<T> {
        self.poison.check(self.inner.into_inner())
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Waits until the lock is this thread's. For a thread that has it already that is for ever.
    ///
    /// # Errors
    ///
    /// With the guard: the lock is poisoned.
    #[track_caller]
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        let inner = self.inner.lock();
        self.poison.check(MutexGuard::new(self, inner))
    }

    /// Takes the lock if it is free.
    ///
    /// # Errors
    ///
    /// It is not free, or it is poisoned, with the guard.
    #[track_caller]
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        match self.inner.try_lock() {
            Some(inner) => Ok(self.poison.check(MutexGuard::new(self, inner))?),
            None => Err(TryLockError::WouldBlock),
        }
    }

    /// The value, which nobody else can see.
    ///
    /// # Errors
    ///
    /// With the value: the lock is poisoned.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        self.poison.check(self.inner.get_mut())
    }

    /// Whether a thread has panicked with the lock in its hand.
    #[must_use]
    pub fn is_poisoned(&self) -> bool {
        model_schedule::step();
        self.poison.is_there()
    }

    /// Forgets that a thread has panicked.
    pub fn clear_poison(&self) {
        model_schedule::step();
        self.poison.clear();
    }
}

impl<T> From<T> for Mutex<T> {
    fn from(value: T) -> Mutex<T> {
        Mutex::new(value)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut mutex = f.debug_struct("Mutex");
        match self.inner.try_lock() {
            Some(value) => mutex.field("data", &&*value),
            None => mutex.field("data", &format_args!("<locked>")),
        };
        let mutex = mutex.field("poisoned", &self.poison.is_there());
        mutex.finish_non_exhaustive()
    }
}

/// Opens the lock when it is dropped.
#[must_use = "the lock opens when this is dropped"]
pub struct MutexGuard<'mutex, T: ?Sized> {
    pub(super) mutex: &'mutex Mutex<T>,
    // Dropped in this order: whoever takes the lock next sees the poison.
    _watch: Watch<'mutex>,
    pub(super) inner: parking_lot::MutexGuard<'mutex, T>,
}

impl<'mutex, T: ?Sized> MutexGuard<'mutex, T> {
    fn new(
        mutex: &'mutex Mutex<T>,
        inner: parking_lot::MutexGuard<'mutex, T>,
    ) -> MutexGuard<'mutex, T> {
        MutexGuard {
            mutex,
            _watch: mutex.poison.watch(),
            inner,
        }
    }

    pub(super) fn check(self) -> LockResult<MutexGuard<'mutex, T>> {
        self.mutex.poison.check(self)
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.inner
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
