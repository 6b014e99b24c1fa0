//! A worker pool with a fixed number of threads and one bounded queue.
//!
//! **New here:** everything. Threads are started once and used again for every task. A queue
//! stands between those who submit and those who work. It is bounded: when it is full, submitters
//! wait, so a pool that is too slow slows its callers down instead of filling the memory.
//!
//! **What it costs:** a box, a lock that submitters share, and a trip through a channel for each
//! task.
//!
//! **What it does not do:** a task that panics takes its worker with it, and when the last worker
//! is gone, the pool closes and drops what was queued. Nothing stops a task early, and the number
//! of threads is what it was at the start. The next versions mend one of these each.
//!
//! Read in this order: [`Pool`] and its file `pool.rs`, then `door.rs` (how a task is accepted),
//! `worker.rs` (how it runs), `tally.rs` (how one waits for it), `group.rs`, `task.rs`, `error.rs`.

#![forbid(unsafe_code)]

/// The examples of the README are compiled with those of the crate.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

mod count;
mod door;
mod error;
mod group;
mod pool;
mod tally;
mod task;
mod worker;

pub use error::{BuildError, Reason, Rejected};
pub use group::Group;
pub use pool::Pool;
pub use task::Task;
