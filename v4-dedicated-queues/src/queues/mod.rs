//! A queue for each worker: whose queue a task goes to, who else may take it, and who is woken.

mod batch;
pub(crate) mod counts;
mod placement;
pub(crate) mod places;
pub(crate) mod search;
mod settings;
mod stealing;
pub(crate) mod worker_queue;

pub use batch::RejectedBatch;
pub use placement::Placement;
pub use stealing::Stealing;

/// How tasks get to workers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Dispatch {
    pub(crate) placement: Placement,
    pub(crate) stealing: Stealing,
}
