//! A worker pool with a fixed number of threads and one bounded queue.
//!
//! **New here:** everything. Threads are started once and used again for every task. A queue
//! stands between those who submit and those who work. It is bounded: when it is full, submitters
//! wait, so a pool that is too slow slows its callers down instead of filling the memory.
//!
//! **What it costs:** a box, three short locks and a trip through a channel for each task; two
//! locks more for a task of a group, and two more if the queue is full.
//!
//! **What it does not do:** a task that panics takes its worker with it, and when the last worker
//! is gone, the queue is closed and what is in it is dropped. Nothing stops a task early, and no
//! thread is ever added. Each of the next versions removes one of these limits.
//!
//! Three files are the pool. Read them in this order, with `task.rs` in between: `wait_group.rs`
//! (how one waits for tasks), `task.rs`, `queue.rs` (how a task is accepted), `worker.rs` (what a
//! thread does). Then `pool.rs`, which puts them together, `group.rs` and `error.rs`.

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
