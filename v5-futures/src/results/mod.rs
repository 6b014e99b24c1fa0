//! Results: what a task and its handle share, and all that can be done with it.

mod block;
mod blocks;
mod cell;
mod claim;
mod ending;
mod handle;
mod join_error;
mod join_set;
mod join_set_ended;
mod map;
mod nested_drop;
pub(crate) mod queued;
mod refused;
mod scope;
mod scope_state;
mod scoped_handle;
mod settings;
mod shield;
mod spawn;
pub(crate) mod tombstones;
mod try_map;
mod views;
mod wait;

pub use handle::JoinHandle;
pub use join_error::JoinError;
pub use join_set::JoinSet;
pub use map::Map;
pub use refused::Refused;
pub use scope::Scope;
pub use scoped_handle::{RejectedSpawn, ScopedJoinHandle};
pub use try_map::{TryMap, TryMapError};
