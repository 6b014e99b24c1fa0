//! A worker pool that grows when tasks wait, and shrinks when workers have nothing to do.
//!
//! **New here:** a pool has at least so many threads and at most so many (`scaling/threads.rs`). A
//! channel hides who waits in it, so this version has a queue of its own: the queue, the submitters
//! that wait and the workers are one state under one lock (`state.rs`). There it is decided who is
//! woken (`submit.rs`), who is started (`workers/start.rs`) and who may leave (`workers/idle.rs`).
//! How many workers there should be is a question for a policy (`scaling/`).
//!
//! **What it costs:** one lock for everything. Each task takes it twice, and whoever starts a
//! thread waits for the operating system while it is locked.
//!
//! **What it does not do:** it does not know what a task is waiting for: a worker that sleeps in a
//! task is a busy one. And it does not get faster with more threads than the one lock can serve.
//!
//! A [`Pool`] is its owner's; the workers share a `Shared` with it, and a `State` is in there,
//! behind the lock (`pool.rs`). Read that first, and then `state.rs` and `submit.rs`: the way of a
//! task into the queue. Then `worker.rs`, `workers/mod.rs` and `workers/idle.rs` with the last
//! look: the way out of it. At the end `workers/start.rs`, `scaling/ask.rs` and `scaling/mod.rs`.

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
