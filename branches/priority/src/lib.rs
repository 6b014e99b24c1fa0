//! A worker pool whose tasks say how urgent they are, and in which no task starves.
//!
//! **New here, after v2:** a task has a level, `Task::from(f).at(Priority::High)`
//! (`priority/mod.rs`). Each level has a queue of its own, and each task a deadline that is counted
//! in tasks and not in time: the earliest is next (`priority/order.rs`). The channel of v2 gives
//! out what came first, so the queue is built anew, of one lock (`queue.rs`).
//!
//! **What it costs:** a comparison of three deadlines for each task, and places for each level.
//! Submitters and workers meet at one lock.
//!
//! **What it does not do:** it takes no worker away from a task that runs, however urgent the next
//! one is. An urgent task that waits for a lower one lends it no urgency, and waits as long as that
//! does.
//!
//! Read `priority/order.rs` first, then `queue.rs`. The rest is that of v2, or nearly so.

#![forbid(unsafe_code)]

/// The examples of the README are compiled with those of the crate.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

mod builder;
mod cancel;
mod error;
mod group;
mod panic;
mod pool;
mod priority;
mod queue;
mod shutdown;
mod stats;
mod task;
mod wait_group;
mod worker;

pub use builder::Builder;
pub use cancel::{CancelToken, DropGuard};
pub use error::{BuildError, Reason, Rejected};
pub use group::Group;
pub use pool::Pool;
pub use priority::Priority;
pub use shutdown::Unfinished;
pub use stats::{Report, Stats};
pub use task::Task;
