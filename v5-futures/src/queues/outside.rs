//! What threads outside of a pool know of it, by way of a queue in which their task is.

use std::sync::{Arc, Weak};

use super::counts::Slot;
use crate::pool::Shared;

/// How to get from a task to its pool.
#[derive(Debug)]
pub(crate) struct Outside {
    /// The number of the pool.
    pub(crate) number: usize,
    /// Weak: a handle does not keep a pool.
    shared: Weak<Shared>,
    /// Where threads that are no workers count the tasks that they have claimed, and how these have
    /// ended.
    pub(crate) claimed: Slot,
}

impl Outside {
    pub(crate) fn new(number: usize, shared: Weak<Shared>) -> Arc<Outside> {
        Arc::new(Outside {
            number,
            shared,
            claimed: Slot::default(),
        })
    }

    /// The pool, if it is still there.
    pub(crate) fn shared(&self) -> Option<Arc<Shared>> {
        self.shared.upgrade()
    }
}
