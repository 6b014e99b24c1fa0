//! `std::sync`, as far as the pools use it.

/// Nobody waits for a count of references, so this is the real one.
pub use ::std::sync::{Arc, Weak};

#[path = "atomic.rs"]
pub mod atomic;
