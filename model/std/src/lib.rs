//! `std`, except for what a scheduler has to decide: threads, thread-local values, atomics, locks,
//! channels.
//!
//! What a model could not decide is left out of [`thread`] and [`sync`], so that using it does not
//! compile: a barrier of the real `std`, say, would block all threads of a model at once.
//! [`Instant`](time::Instant) is the real one, and time-outs do not depend on it.

pub use ::std::*;

#[doc(hidden)]
pub use ::shuttle::thread_local as modelled_thread_local;

pub mod hint;
mod local;
pub mod sync;
pub mod thread;
