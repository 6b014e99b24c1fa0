//! The lock.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use model_schedule::{Line, Patience, note, note_at, step};

/// A lock that a panic does not poison.
pub struct Mutex<T: ?Sized> {
    locked: AtomicBool,
    line: Line,
    /// Locked only by whoever has set `locked`, so nobody ever waits for it.
    value: sync::Mutex<T>,
}

impl<T> Mutex<T> {
    /// An open lock.
    pub const fn new(value: T) -> Mutex<T> {
        Mutex {
            locked: AtomicBool::new(false),
            line: Line::for_a_moment(),
            value: sync::Mutex::new(value),
        }
    }

    /// The value.
    pub fn into_inner(self) -> T {
        ignore_poison(self.value.into_inner())
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Waits until the lock is this thread's. For a thread that has it already that is for ever.
    #[track_caller]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        MutexGuard {
            mutex: self,
            value: Some(self.hold(Location::caller())),
            place: Location::caller(),
        }
    }

    /// Takes the lock if it is free.
    #[track_caller]
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        step();
        let place = Location::caller();
        let free = !self.locked.swap(true, Relaxed);
        note(if free { "locks" } else { "finds it locked" });
        free.then(|| MutexGuard {
            mutex: self,
            value: Some(ignore_poison(self.value.lock())),
            place,
        })
    }

    /// The value, which nobody else can see.
    pub fn get_mut(&mut self) -> &mut T {
        ignore_poison(self.value.get_mut())
    }

    fn hold(&self, place: &'static Location<'static>) -> sync::MutexGuard<'_, T> {
        step();
        while self.locked.swap(true, Relaxed) {
            note_at(place, "waits for the lock");
            self.line.sleep(Patience::Forever);
        }
        note_at(place, "locks");
        ignore_poison(self.value.lock())
    }

    /// Tells this lock from others.
    pub(crate) fn address(&self) -> usize {
        (&raw const self.locked).addr()
    }
}

/// `parking_lot` knows no poison. And here a panic is taken for one of all threads, since all the
/// threads of a model are one to the real std.
fn ignore_poison<T>(result: sync::LockResult<T>) -> T {
    result.unwrap_or_else(sync::PoisonError::into_inner)
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Mutex<T> {
        Mutex::new(T::default())
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut mutex = f.debug_struct("Mutex");
        match self.try_lock() {
            Some(value) => mutex.field("data", &&*value).finish(),
            None => mutex.field("data", &format_args!("<locked>")).finish(),
        }
    }
}

/// Opens the lock when it is dropped.
#[must_use = "the lock opens when this is dropped"]
pub struct MutexGuard<'mutex, T: ?Sized> {
    mutex: &'mutex Mutex<T>,
    /// `None` only while the lock is open for a moment.
    value: Option<sync::MutexGuard<'mutex, T>>,
    /// Where the lock was taken.
    place: &'static Location<'static>,
}

impl<'mutex, T: ?Sized> MutexGuard<'mutex, T> {
    /// Opens the lock while `work` runs.
    #[track_caller]
    pub fn unlocked<U>(guard: &mut Self, work: impl FnOnce() -> U) -> U {
        let _open = guard.open(Location::caller(), "opens the lock for");
        work()
    }

    /// Opens the lock until the result is dropped. There is a step before, and none after.
    pub(crate) fn open(
        &mut self,
        place: &'static Location<'static>,
        what: &str,
    ) -> Open<'_, 'mutex, T> {
        step();
        note_at(place, what);
        self.value = None;
        self.mutex.locked.store(false, Relaxed);
        self.mutex.line.call_one();
        Open(self)
    }

    pub(crate) fn mutex(&self) -> &'mutex Mutex<T> {
        self.mutex
    }
}

/// Takes the lock again when it is dropped.
pub(crate) struct Open<'guard, 'mutex, T: ?Sized>(&'guard mut MutexGuard<'mutex, T>);

impl<T: ?Sized> Drop for Open<'_, '_, T> {
    fn drop(&mut self) {
        self.0.value = Some(self.0.mutex.hold(self.0.place));
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        std::mem::forget(self.open(self.place, "opens the lock of"));
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_ref().expect("the lock is held")
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value.as_mut().expect("the lock is held")
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
