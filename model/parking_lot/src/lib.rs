//! The part of `parking_lot` that the pools use.
//!
//! Its promises are kept to the letter and no further. There are no spurious wake-ups, since
//! `parking_lot` has none. `notify_one` wakes any of those who wait: that it is the first is not
//! promised. A time-out may fire at any moment, whatever the clock says, and in the end it does.

mod condvar;
mod mutex;

pub use condvar::{Condvar, WaitTimeoutResult};
pub use mutex::{Mutex, MutexGuard};
