//! A worker pool that gives results back.
//!
//! ```
//! let pool = v5_futures::Pool::new(2, 8)?;
//! let answer = pool.spawn(|| 6 * 7)?;
//! assert_eq!(answer.join()?, 42);
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```
//!
//! **New here:** [`Pool::spawn`] returns a [`JoinHandle`]: to join, to await, to cancel. A task and
//! its handle share a cell (`results/cell.rs`), in which one step decides who runs the task or
//! cancels it. A worker that joins a task which has not begun runs it (`results/claim.rs`), so
//! tasks that wait for their own tasks cannot deadlock. A panic comes back as a [`JoinError`].
//! Tasks may borrow, in a [`Pool::scope`]. [`Pool::map`], [`Pool::try_map`] and [`JoinSet`] are for
//! many results. And what a worker submits goes into its own queue without the lock of the state
//! (`submit.rs`).
//!
//! **What it costs:** a lock for each task that is spawned, which is seldom contended, and some
//! atomics with an order of their own (`queues/search.rs`). There is `unsafe` in
//! `results/scope.rs`, and nowhere else.
//!
//! **What it does not do:** it stops no task that runs. Awaiting does not claim: a worker that
//! blocks on a future of its own pool can wait for ever. What is joined runs on the stack of the
//! thread that joins it, and a stack has an end ([`Builder::stack_size`]).
//!
//! The pool is that of v4, and its results are in a folder of their own. Read there `cell.rs`,
//! `spawn.rs`, `ending.rs`, `wait.rs`, `handle.rs` and `claim.rs`, and then `scope.rs`. After that
//! `submit.rs`, `queues/counts.rs` and `queues/search.rs`: what has changed so that a worker
//! submits and joins without a lock for all.

#![deny(unsafe_code)]

/// The examples of the README are compiled with those of the crate.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

mod builder;
mod cancel;
mod error;
mod group;
mod lock;
mod panic;
mod pool;
mod queues;
mod recycle;
mod results;
mod scaling;
mod shutdown;
mod state;
mod stats;
mod submit;
mod task;
mod wait_group;
mod worker;
mod workers;

pub use builder::Builder;
pub use cancel::{CancelToken, DropGuard};
pub use error::{BuildError, Reason, Rejected};
pub use group::Group;
pub use pool::Pool;
pub use queues::{Placement, RejectedBatch, Stealing};
pub use results::{
    JoinError, JoinHandle, JoinSet, Map, Refused, RejectedSpawn, Scope, ScopedJoinHandle, TryMap,
    TryMapError,
};
pub use scaling::{
    Balanced, Eager, IdleTimeout, Lazy, Load, Moment, OnDemand, Proactive, Reaper, Scaling,
    Threads, Threshold, WarmUp,
};
pub use shutdown::Unfinished;
pub use stats::{Report, Stats};
pub use task::Task;
