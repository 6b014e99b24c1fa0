//! The tasks that wait for one limit, or for none.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Limit, Place};
use crate::task::Job;

/// A queue with places of its own, so that whoever fills it shuts nobody else out.
#[derive(Default)]
pub(super) struct LimitQueue {
    /// `None` for the tasks that may start at any time.
    pub(super) limit: Option<Limit>,
    pub(super) capacity: usize,
    /// In the order accepted, each with its number.
    pub(super) jobs: VecDeque<(u64, Job)>,
    /// Submitters that wait for a place.
    pub(super) waiting: usize,
    /// Where they wait. Made for the first of them: most queues are never full.
    pub(super) place: Option<Arc<Place>>,
}

/// A job that has left its queue.
pub(crate) struct Taken {
    pub(crate) job: Job,
    /// Whether it is cancelled, or its limit has been charged for it. `None` if it has no limit:
    /// then it is not yet decided.
    pub(crate) cancelled: Option<bool>,
    /// Whom to signal that a place is free.
    pub(crate) place: Option<Arc<Place>>,
}

impl LimitQueue {
    pub(super) fn is_full(&self) -> bool {
        self.jobs.len() >= self.capacity
    }

    /// Whether there is neither a task nor a submitter.
    pub(super) fn is_unused(&self) -> bool {
        self.jobs.is_empty() && self.waiting == 0
    }

    /// A submitter begins to wait: the place to wait at.
    pub(super) fn wait(&mut self) -> Arc<Place> {
        self.waiting += 1;
        Arc::clone(self.place.get_or_insert_default())
    }

    /// Whom to signal, if there is a place and somebody waits for it.
    pub(super) fn signal(&self) -> Option<Arc<Place>> {
        let place = self.place.as_ref();
        place
            .filter(|_| self.waiting > 0 && !self.is_full())
            .cloned()
    }
}
