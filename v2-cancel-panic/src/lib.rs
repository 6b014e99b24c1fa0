//! A worker pool whose workers survive panics, and whose work can be called off.
//!
//! **New here:** a panic is caught on the worker (`panic.rs`), counted (`stats.rs`) and told to a
//! handler (`builder.rs`). A [`CancelToken`] (`token.rs`) calls off a task, a group or the whole
//! pool (`cancel.rs`). A shutdown can have a deadline, or hand the queued tasks back (`shutdown.rs`).
//!
//! **What it costs:** a `catch_unwind`, two looks at the pool's token and one more count for each
//! task. A task with a token of its own takes the lock of the token's tree when it is submitted,
//! and the time of each look grows with the depth of the tree.
//!
//! **What it does not do:** it cannot stop a task that runs, since no thread can be stopped from
//! outside without harm; a task has to look at its token. A second panic while the first unwinds
//! aborts the process, as everywhere in Rust. The number of threads is what it was at the start.
//!
//! Read `panic.rs` and `worker.rs` first, then `token.rs` and `cancel.rs`; `door.rs` and `tally.rs` are
//! nearly those of the version before.

#![forbid(unsafe_code)]

/// The examples of the README are compiled with those of the crate.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

mod builder;
mod cancel;
mod count;
mod door;
mod error;
mod group;
mod panic;
mod pool;
mod shutdown;
mod stats;
mod tally;
mod task;
mod token;
mod worker;

pub use builder::{Builder, Threads};
pub use error::{BuildError, Reason, Rejected};
pub use group::Group;
pub use pool::Pool;
pub use shutdown::Unfinished;
pub use stats::{Report, Stats};
pub use task::Task;
pub use token::{CancelToken, DropGuard};
