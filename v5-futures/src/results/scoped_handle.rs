//! The handle of a task that borrows.

use std::fmt;

use super::handle::Handle;
use crate::{JoinError, Reason};

/// The way to the result of a task that borrows. Made by [`Scope::spawn`](crate::Scope::spawn).
///
/// If it is dropped, the scope still waits for the task, and panics at its end if the task has
/// panicked. ([`Scope::execute`](crate::Scope::execute) is for tasks without a result.)
#[must_use = "to drop a handle is to leave the task to its scope: `Scope::execute` says so"]
pub struct ScopedJoinHandle<'scope, T>(pub(super) Handle<'scope, T>);

/// A scope's pool has refused a task. It has not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the task was refused: {reason}")]
pub struct RejectedSpawn {
    reason: Reason,
}

impl RejectedSpawn {
    pub(super) fn new(reason: Reason) -> RejectedSpawn {
        RejectedSpawn { reason }
    }

    /// Why the task was refused.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }
}

impl<'scope, T> ScopedJoinHandle<'scope, T> {
    pub(super) fn new(handle: Handle<'scope, T>) -> ScopedJoinHandle<'scope, T> {
        ScopedJoinHandle(handle)
    }

    /// Waits until the task has ended, and returns what it returned. As
    /// [`JoinHandle::join`](crate::JoinHandle::join): on a worker of the same pool, a task that has
    /// not begun is run here and now.
    ///
    /// # Errors
    ///
    /// A [`JoinError`] if the task panicked or was cancelled.
    pub fn join(mut self) -> Result<T, JoinError> {
        self.0.take_cell().join()
    }

    /// Whether the task has ended. If it has, [`join`](ScopedJoinHandle::join) does not wait.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.0.cell().has_ended()
    }

    /// Keeps the task from starting. As [`JoinHandle::cancel`](crate::JoinHandle::cancel).
    pub fn cancel(&self) -> bool {
        self.0.cancel()
    }
}

impl<T> fmt::Debug for ScopedJoinHandle<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedJoinHandle")
            .field("is_finished", &self.is_finished())
            .finish_non_exhaustive()
    }
}
