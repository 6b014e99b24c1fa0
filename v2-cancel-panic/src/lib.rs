//! A worker pool whose workers survive panics, and whose tasks can be cancelled.
//!
//! **New here:** a panic of a task is caught on the worker (`panic.rs`), reported to a handler
//! (`builder.rs`) and counted (`stats.rs`). A [`CancelToken`] (`cancel/token.rs`) cancels a task, a
//! group or the whole pool (`cancel/mod.rs`). A shutdown can have a deadline, or hand the queued
//! tasks back (`shutdown.rs`).
//!
//! **What it costs:** a `catch_unwind`, two looks at the pool's token and four counts for each
//! task. A look takes longer the deeper the token is in its tree.
//!
//! **What it does not do:** it cannot stop a task that runs, since no thread can be stopped from
//! outside without harm; a task has to look at its token. A second panic while the first unwinds
//! aborts the process, as everywhere in Rust. The number of threads is what it was at the start.
//!
//! Read `panic.rs` and `worker.rs` first, then `cancel/token.rs` and `queue.rs`: a submitter that
//! waits for a place now waits for its tokens as well. The rest is nearly that of the version
//! before.

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
pub use shutdown::Unfinished;
pub use stats::{Report, Stats};
pub use task::Task;
