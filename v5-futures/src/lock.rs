//! How a thread waits for a lock that is held for less than a microsecond.

use std::hint;

use parking_lot::{Mutex, MutexGuard};

/// How often a thread looks whether the lock is free before it sleeps: for some microseconds. To
/// sleep and be woken takes longer.
const SPINS: usize = 100;

/// Locks a mutex.
///
/// The mutex has a short spin of its own, after which it yields. Beside threads that compute, a
/// thread that yields may have to wait for milliseconds. So this one looks for a while first.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    for _ in 0..SPINS {
        if let Some(guard) = mutex.try_lock() {
            return guard;
        }
        hint::spin_loop();
    }
    mutex.lock()
}
