//! A worker pool that grows when tasks wait, and shrinks when workers have nothing to do.
//!
//! **New here:** a pool has at least so many threads and at most so many (`threads.rs`). Who works, who
//! sleeps, who comes and who goes is decided in one place, under one lock (`census.rs`, `park.rs`). How many
//! workers there should be is a question for a policy (`scaling.rs`), and there are some to choose from
//! (`scale_up.rs`, `scale_down.rs`, `resize_policy.rs`). The limits can change (`resize.rs`).
//!
//! **What it costs:** at its largest size nothing but a look at who sleeps. Below it, each submission
//! reads the count of every worker and asks the policy. Whoever starts a thread waits for the
//! operating system, and others wait with it.
//!
//! **What it does not do:** all workers share one queue, so they still meet there. It does not know
//! what a task is waiting for: a worker that sleeps in a task is a busy one.
//!
//! Read `census.rs` and `park.rs` first, with the README beside them, then `hire.rs` and `scaling.rs`.

#![forbid(unsafe_code)]

/// The examples of the README are compiled with those of the crate.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

mod builder;
mod cancel;
mod census;
mod count;
mod dispatch;
mod door;
mod error;
mod execute_batch;
mod group;
mod hire;
mod homing;
mod panic;
mod park;
mod places;
mod pool;
mod presence;
mod queue;
mod resize;
mod resize_policy;
mod scale_down;
mod scale_up;
mod scaling;
mod shutdown;
mod stats;
mod steal;
mod tally;
mod task;
mod threads;
mod tick;
mod token;
mod worker;

pub use builder::Builder;
pub use dispatch::Placement;
pub use error::{BuildError, Reason, Rejected};
pub use execute_batch::RejectedBatch;
pub use group::Group;
pub use pool::Pool;
pub use resize_policy::{Eager, Lazy};
pub use scale_down::{IdleTimeout, Reaper};
pub use scale_up::{OnDemand, OnDemand as Balanced, Proactive, Threshold, WarmUp};
pub use scaling::{Load, Moment, Scaling};
pub use shutdown::Unfinished;
pub use stats::{Report, Stats};
pub use steal::Stealing;
pub use task::Task;
pub use threads::Threads;
pub use token::{CancelToken, DropGuard};
