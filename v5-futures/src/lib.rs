//! A worker pool that gives results back.
//!
//! **New here:** [`Pool::spawn`] returns a [`JoinHandle`]: to join, to await, to cancel (`handle.rs`). A task
//! and its handle share a cell (`cell.rs`), in which one step decides who runs the task or cancels it. A
//! worker that joins a task which has not begun runs it (`claim.rs`), so tasks that wait for their own
//! tasks cannot deadlock. A panic comes back as a [`JoinError`]. Tasks may borrow, in a [`Pool::scope`]
//! (`scope.rs`). [`Pool::map`], [`Pool::try_map`] and [`JoinSet`] are for many results.
//!
//! **What it costs:** a second allocation for each task that is spawned, and a lock for each, which is
//! seldom contended. [`Pool::execute`] costs what it did. There is `unsafe` in `scope.rs`, and nowhere else.
//!
//! **What it does not do:** it stops no task that runs. Awaiting does not claim: a worker that blocks on a
//! future of its own pool can wait for ever. What is joined runs on the stack of whoever joins it, and a
//! stack has an end.
//!
//! Read the files in this order, with the README beside them: `cell.rs`, `spawn.rs`, `outcome.rs`,
//! `result.rs`, `handle.rs`, `claim.rs`, and then `scope.rs`.

#![deny(unsafe_code)]

/// The examples of the README are compiled with those of the crate.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

mod builder;
mod call;
mod cancel;
mod cell;
mod census;
mod claim;
mod count;
mod dispatch;
mod door;
mod error;
mod execute_batch;
mod family;
mod group;
mod handle;
mod hire;
mod homing;
mod join_error;
mod join_set;
mod map;
mod outcome;
mod panic;
mod park;
mod places;
mod pool;
mod presence;
mod queue;
mod resize;
mod resize_policy;
mod result;
mod scale_down;
mod scale_up;
mod scaling;
mod scope;
mod shutdown;
mod spawn;
mod stats;
mod steal;
mod tally;
mod task;
mod threads;
mod tick;
mod token;
mod try_map;
mod worker;

pub use builder::Builder;
pub use dispatch::Placement;
pub use error::{BuildError, Reason, Rejected};
pub use execute_batch::RejectedBatch;
pub use group::Group;
pub use handle::JoinHandle;
pub use join_error::JoinError;
pub use join_set::JoinSet;
pub use map::Map;
pub use pool::Pool;
pub use resize_policy::{Eager, Lazy};
pub use scale_down::{IdleTimeout, Reaper};
pub use scale_up::{OnDemand, OnDemand as Balanced, Proactive, Threshold, WarmUp};
pub use scaling::{Load, Moment, Scaling};
pub use scope::{RejectedSpawn, Scope, ScopedJoinHandle};
pub use shutdown::Unfinished;
pub use stats::{Report, Stats};
pub use steal::Stealing;
pub use task::Task;
pub use threads::Threads;
pub use token::{CancelToken, DropGuard};
pub use try_map::{TryMap, TryMapError};
