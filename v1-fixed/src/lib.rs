//! A worker pool with a fixed number of threads and one bounded queue.
//!
//! **New here:** everything. Threads are started once and used again for every task. A queue
//! stands between those who submit and those who work. It is bounded: when it is full, submitters
//! wait, so a pool that is too slow slows its callers down instead of filling the memory.
//!
//! **What it costs:** a box, three locks and a trip through a channel for each task.
//!
//! **What it does not do:** a task that panics takes its worker with it, and when the last worker
//! is gone, the pool is closed and what was queued is dropped. Nothing stops a task early, and the
//! number of threads is what it was at the start. The next versions mend one of these each.
//!
//! Three files are the pool: `worker.rs` (what a thread does), `queue.rs` (how a task is accepted)
//! and `wait_group.rs` (how one waits for tasks). Read them first, then `pool.rs`, which puts them
//! together, and `group.rs`, `task.rs`, `error.rs`.

#![forbid(unsafe_code)]

/// The examples of the README are compiled with those of the crate.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

mod error;
mod group;
mod pool;
mod queue;
mod task;
mod wait_group;
mod worker;

pub use error::{BuildError, Reason, Rejected};
pub use group::Group;
pub use pool::Pool;
pub use task::Task;
