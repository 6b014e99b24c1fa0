//! What comes back of a batch.

use std::fmt;

use parking_lot::Mutex;

use crate::{Reason, Task};

/// What is left of a batch: the tasks that were refused, in their order. None of them has run.
///
/// ```
/// let pool = v5_futures::Pool::new(1, 8).unwrap();
/// pool.shutdown();
/// let rejected = pool.execute_batch([|| println!("one"), || println!("two")]).unwrap_err();
/// assert_eq!((rejected.accepted(), rejected.into_tasks().len()), (0, 2));
/// ```
#[derive(thiserror::Error)]
#[error("after {accepted} tasks of a batch the others were refused: {reason}")]
pub struct RejectedBatch {
    pub(super) accepted: usize,
    pub(super) reason: Reason,
    /// Never locked, as in [`Rejected`](crate::Rejected).
    pub(super) tasks: Mutex<Vec<Task>>,
}

impl RejectedBatch {
    /// How many tasks of the batch were accepted: the first ones.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.accepted
    }

    /// Why the others were refused.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The others.
    #[must_use]
    pub fn into_tasks(self) -> Vec<Task> {
        self.tasks.into_inner()
    }
}

impl fmt::Debug for RejectedBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RejectedBatch")
            .field("accepted", &self.accepted)
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}
