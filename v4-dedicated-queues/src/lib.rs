//! A worker pool with a queue for each worker, from which the others steal.
//!
//! **New here:** whoever submits a task pushes it into the queue of one worker (`dispatch.rs`, `queue.rs`),
//! and a worker whose queue is empty steals from the others (`steal.rs`). There is one bound for all queues
//! (`places.rs`). A submitter wakes one worker at most, who wakes the next (`call.rs`). The boxes of closures
//! travel back, to be freed where they were made (`homing.rs`). Many tasks can be submitted in one step
//! (`execute_batch.rs`), and what a task submits goes to the queue of its own worker.
//!
//! **What it costs:** the order. Tasks start in none that could be relied on. And memory: a queue in two
//! parts for each worker, with cache lines of their own.
//!
//! **What it does not do:** submitters still meet at the door, for a lock that workers seldom take. A task
//! that waits for another one blocks its worker, and nothing tells its submitter how it ended.
//!
//! Read the files in this order, with the README beside them: `queue.rs`, `dispatch.rs`, `places.rs`,
//! `steal.rs` and `call.rs`.

#![forbid(unsafe_code)]

/// The examples of the README are compiled with those of the crate.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

mod builder;
mod call;
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
