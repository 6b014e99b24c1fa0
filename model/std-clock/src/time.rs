//! `std::time`.

pub use ::std::time::Duration;

pub use model_schedule::Instant;
