//! The lock that many may have to read.

use ::std::fmt;
use ::std::ops::{Deref, DerefMut};
use ::std::panic::Location;
use ::std::sync;
use ::std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use ::std::sync::{LockResult, TryLockError, TryLockResult};

use model_schedule::{Line, Patience, note, note_at, step};

use super::poison::{Poison, Watch};

/// How many read, if somebody writes.
const WRITER: usize = usize::MAX;

/// A lock that one thread has to write, or several to read.
#[derive(Default)]
pub struct RwLock<T: ?Sized> {
    /// No step: between two steps it belongs to whoever looks.
    readers: AtomicUsize,
    line: Line,
    poison: Poison,
    /// Locked only by whoever `readers` has counted, so nobody ever waits for it.
    value: sync::RwLock<T>,
}

impl<T> RwLock<T> {
    /// An open lock.
    pub const fn new(value: T) -> RwLock<T> {
        RwLock {
            readers: AtomicUsize::new(0),
            line: Line::for_a_moment(),
            poison: Poison::new(),
            value: sync::RwLock::new(value),
        }
    }

    /// The value.
    ///
    /// # Errors
    ///
    /// With the value: the lock is poisoned.
    pub fn into_inner(self) -> LockResult<T> {
        let value = self.value.into_inner();
        self.poison.check(ignore_poison(value))
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Waits until nobody writes.
    ///
    /// # Errors
    ///
    /// With the guard: the lock is poisoned.
    #[track_caller]
    pub fn read(&self) -> LockResult<RwLockReadGuard<'_, T>> {
        let hold = self.hold(Location::caller(), false);
        self.poison.check(self.reads(hold))
    }

    /// Waits until nobody reads or writes.
    ///
    /// # Errors
    ///
    /// With the guard: the lock is poisoned.
    #[track_caller]
    pub fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        let hold = self.hold(Location::caller(), true);
        self.poison.check(self.writes(hold))
    }

    /// Takes the lock to read, if nobody writes.
    ///
    /// # Errors
    ///
    /// Somebody does, or the lock is poisoned, with the guard.
    #[track_caller]
    pub fn try_read(&self) -> TryLockResult<RwLockReadGuard<'_, T>> {
        step();
        let Some(hold) = self.take(Location::caller(), false) else {
            note("finds it locked");
            return Err(TryLockError::WouldBlock);
        };
        Ok(self.poison.check(self.reads(hold))?)
    }

    /// Takes the lock to write, if it is free.
    ///
    /// # Errors
    ///
    /// It is not, or it is poisoned, with the guard.
    #[track_caller]
    pub fn try_write(&self) -> TryLockResult<RwLockWriteGuard<'_, T>> {
        step();
        let Some(hold) = self.take(Location::caller(), true) else {
            note("finds it locked");
            return Err(TryLockError::WouldBlock);
        };
        Ok(self.poison.check(self.writes(hold))?)
    }

    /// The value, which nobody else can see.
    ///
    /// # Errors
    ///
    /// With the value: the lock is poisoned.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        self.poison.check(ignore_poison(self.value.get_mut()))
    }

    /// Whether a thread has panicked while it could write.
    #[must_use]
    pub fn is_poisoned(&self) -> bool {
        step();
        self.poison.is_there()
    }

    fn reads<'a>(&'a self, hold: Hold<'a>) -> RwLockReadGuard<'a, T> {
        RwLockReadGuard {
            value: ignore_poison(self.value.read()),
            _hold: hold,
        }
    }

    fn writes<'a>(&'a self, hold: Hold<'a>) -> RwLockWriteGuard<'a, T> {
        RwLockWriteGuard {
            _watch: self.poison.watch(),
            value: ignore_poison(self.value.write()),
            _hold: hold,
        }
    }

    fn hold(&self, place: &'static Location<'static>, write: bool) -> Hold<'_> {
        step();
        loop {
            if let Some(hold) = self.take(place, write) {
                return hold;
            }
            note_at(place, "waits for the lock");
            self.line.sleep(Patience::Forever);
        }
    }

    fn take(&self, place: &'static Location<'static>, write: bool) -> Option<Hold<'_>> {
        let readers = self.readers.load(Relaxed);
        let free = readers == 0 || (!write && readers != WRITER);
        if free {
            note_at(
                place,
                if write {
                    "locks to write"
                } else {
                    "locks to read"
                },
            );
        }
        free.then(|| {
            let readers = if write { WRITER } else { readers + 1 };
            self.readers.store(readers, Relaxed);
            Hold {
                readers: &self.readers,
                line: &self.line,
                place,
            }
        })
    }
}

/// As in `parking_lot`'s facade: to the real std, all threads of a model panic together.
fn ignore_poison<T>(result: LockResult<T>) -> T {
    result.unwrap_or_else(sync::PoisonError::into_inner)
}

/// The right to read or to write.
struct Hold<'lock> {
    readers: &'lock AtomicUsize,
    line: &'lock Line,
    place: &'static Location<'static>,
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        step();
        note_at(self.place, "opens the lock of");
        let readers = match self.readers.load(Relaxed) {
            WRITER => 0,
            readers => readers - 1,
        };
        self.readers.store(readers, Relaxed);
        if readers == 0 {
            self.line.call_all();
        }
    }
}

/// Opens the lock when it is dropped.
#[must_use = "the lock opens when this is dropped"]
pub struct RwLockReadGuard<'lock, T: ?Sized> {
    // Dropped in this order: the lock opens last.
    value: sync::RwLockReadGuard<'lock, T>,
    _hold: Hold<'lock>,
}

/// Opens the lock when it is dropped.
#[must_use = "the lock opens when this is dropped"]
pub struct RwLockWriteGuard<'lock, T: ?Sized> {
    // Dropped in this order: the lock opens last.
    _watch: Watch<'lock>,
    value: sync::RwLockWriteGuard<'lock, T>,
    _hold: Hold<'lock>,
}

impl<T: ?Sized> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: ?Sized> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: ?Sized> DerefMut for RwLockWriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lock = f.debug_struct("RwLock");
        match self.try_read() {
            Ok(value) => lock.field("data", &&*value),
            Err(_) => lock.field("data", &format_args!("<locked>")),
        };
        lock.finish_non_exhaustive()
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
