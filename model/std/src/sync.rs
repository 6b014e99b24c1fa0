//! `std::sync`, as far as the pools and their readers use it.
//!
//! Locks, condition variables and channels are those of the other facades, with what is different
//! in `std`: poison, waits that end by themselves, channels with one receiver.

/// Nobody waits for a count of references, so this is the real one.
pub use ::std::sync::{Arc, Weak};

pub use ::std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};

pub use condvar::{Condvar, WaitTimeoutResult};
pub use mutex::{Mutex, MutexGuard};
pub use once::OnceLock;
pub use rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard};

#[path = "atomic.rs"]
pub mod atomic;
#[path = "condvar.rs"]
mod condvar;
#[path = "mpsc.rs"]
pub mod mpsc;
#[path = "mutex.rs"]
mod mutex;
#[path = "once.rs"]
mod once;
#[path = "poison.rs"]
mod poison;
#[path = "rwlock.rs"]
mod rwlock;
