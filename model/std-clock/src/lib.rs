//! `model-std`, with a clock that goes on when a time-out has fired.
//!
//! The versions hand a deadline on to whatever waits until then. A reader's pool may as well
//! compare it with the clock after each wait, and the real clock stands still in a model, where an
//! hour's time-out fires within microseconds: such a pool would wait again and again.

pub use model_std::*;

pub mod time;
