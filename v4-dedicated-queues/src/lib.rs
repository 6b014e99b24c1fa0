//! A worker pool with a queue for each worker, from which the others steal.
//!
//! **New here:** each worker has a queue (`queues/worker_queue.rs`) and takes from it without the
//! pool's lock. If it is empty, it takes from the others (`queues/stealing.rs`). The thread that
//! submits a task decides whose queue it goes to (`queues/placement.rs`). Each worker counts for
//! itself what it takes and ends (`queues/counts.rs`). And it is not the submitter that wakes a
//! worker for each task: one worker searches, and wakes the next one (`queues/search.rs`).
//!
//! **What it costs:** the order. Tasks of one submitter may start in any order, and nobody knows at
//! one instant what all workers have counted. A submitter that waits for a place is woken when many
//! are free, and so it may wait a little longer than it has to (`queues/places.rs`).
//!
//! **What it does not do:** submitters still meet at one lock. A worker that sleeps in a task is a
//! busy one, as before: others take from its queue, but nobody takes its place.
//!
//! The pool is that of v3: read `state.rs` first, which has lost the queue. Then
//! `queues/worker_queue.rs` and `queues/counts.rs`, `submit.rs`, and `workers/idle.rs`: how a
//! worker finds a task, and what it looks at before it sleeps. Then `queues/search.rs`,
//! `queues/places.rs` and `queues/batch.rs`. `recycle.rs` stands by itself.

#![forbid(unsafe_code)]

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
pub use scaling::{
    Balanced, Eager, IdleTimeout, Lazy, Load, Moment, OnDemand, Proactive, Reaper, Scaling,
    Threads, Threshold, WarmUp,
};
pub use shutdown::Unfinished;
pub use stats::{Report, Stats};
pub use task::Task;
