//! `std`, except for what a scheduler has to decide: threads, thread-local values, atomics.
//!
//! What a model could not decide is left out of [`thread`] and [`sync`], so that using it does not
//! compile: a lock of the real `std`, say, would block all threads of a model at once.
//! [`Instant`](time::Instant) is the real one, and time-outs do not depend on it.

pub use ::std::*;

/// Each thread of a model has values of its own. To be used by its full name, `std::thread_local!`:
/// the bare one is the real `std`'s. [`LocalKey`](thread::LocalKey) has `with` and `try_with`.
pub use ::shuttle::thread_local;

pub mod hint;
pub mod sync;
pub mod thread;
