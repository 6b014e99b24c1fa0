//! A worker pool whose tasks may have to wait for a limit, and hold no worker while they do.
//!
//! **New here, after v2:** a task carries a limit, `Task::from(f).limited(&limit)`: so many starts
//! in so much time, and so many at once after a rest (`limits/limit.rs`). The whole state of a
//! limit is one instant (`limits/bucket.rs`). Of the tasks that may start, the one that was
//! accepted first is next (`limits/queues.rs`); if none may, one idle worker keeps the time for all
//! (`limits/idle.rs`). The queue is built anew, of one lock (`queue.rs`).
//!
//! **What it costs:** where no limit is in use, a lock in place of the channel. With a limit, two
//! looks at its clock and its lock for each task, and a worker that wakes for each start.
//!
//! **What it does not do:** it limits starts, and not how many tasks run at a time. It knows one
//! limit for a task, and no queue outside of this process.
//!
//! Read `limits/bucket.rs` and `limits/queues.rs` first, then `queue.rs` and `limits/idle.rs`.

#![forbid(unsafe_code)]

/// The examples of the README are compiled with those of the crate.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

mod builder;
mod cancel;
mod error;
mod group;
mod limits;
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
pub use limits::{Limit, LimitBuilder, LimitError, ManualClock};
pub use pool::Pool;
pub use shutdown::Unfinished;
pub use stats::{Report, Stats};
pub use task::Task;
