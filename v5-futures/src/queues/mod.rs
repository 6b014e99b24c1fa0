//! A queue for each worker: whose queue a task goes to, who else may take it, and who is woken.

mod all_ended;
mod batch;
pub(crate) mod counts;
pub(crate) mod outside;
mod own;
mod placement;
mod places;
mod rejected_batch;
mod search;
mod settings;
mod stealing;
mod waiting;
pub(crate) mod worker_queue;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};

pub use placement::Placement;
pub use rejected_batch::RejectedBatch;
pub use stealing::Stealing;

use crate::recycle::Depot;
use crate::results::tombstones::Tombstones;
use crate::workers::staffing::Staffing;
use outside::Outside;
use places::Places;
use search::Search;

/// What submitters and workers share without the lock of the state.
#[derive(Debug)]
pub(crate) struct Queues {
    pub(crate) dispatch: Dispatch,
    pub(crate) places: Places,
    pub(crate) search: Search,
    pub(crate) depot: Depot,
    /// Threads that wait for the last unfinished task to end.
    pub(crate) idle_waiters: AtomicUsize,
    pub(crate) staffing: Arc<Staffing>,
    pub(crate) outside: Arc<Outside>,
    pub(crate) tombstones: Tombstones,
    /// Whether the pool is closed. Written under the lock.
    pub(crate) closed: AtomicBool,
}

/// How tasks get to workers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Dispatch {
    pub(crate) placement: Placement,
    pub(crate) stealing: Stealing,
}

impl Queues {
    pub(crate) fn new(dispatch: Dispatch, capacity: usize, outside: Arc<Outside>) -> Queues {
        Queues {
            dispatch,
            places: Places::new(capacity),
            search: Search::default(),
            depot: Depot::default(),
            idle_waiters: AtomicUsize::new(0),
            staffing: Arc::default(),
            outside,
            tombstones: Tombstones::new(capacity),
            closed: AtomicBool::new(false),
        }
    }
}
