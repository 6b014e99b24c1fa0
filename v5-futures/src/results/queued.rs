//! What a pool sees of a task that has a handle.

use std::sync::Arc;

use crate::CancelToken;
use crate::group::TaskGroup;
use crate::queues::worker_queue::WorkerQueue;
use crate::stats::Ending;
use crate::wait_group::Pending;

/// The cell of a task with a handle, as a pool sees it.
///
/// Whoever *claims* the task, and nobody else, runs it or cancels it.
pub(crate) trait Queued: Send + Sync {
    /// A pool accepts the task, before a worker can see it. On an error it has been cancelled.
    fn accept(&self, queue: &Arc<WorkerQueue>, ticket: Ticket) -> Result<(), Ticket>;

    /// Claims the task for the one who has taken it out of its queue. `None`: it has been claimed.
    fn claim(&self) -> Option<Ticket>;

    /// Takes the task out of its pool without claiming it. `None`: it has been claimed. A task that
    /// must not leave the pool is claimed now, and to be cancelled.
    fn hand_back(&self) -> Option<(Ticket, HandedBack)>;

    /// Whether the task has not been claimed.
    fn is_waiting(&self) -> bool;

    /// Runs a task that has been claimed.
    fn run(&self) -> Ending;

    /// Drops the closure of a task that has been claimed.
    fn cancel(&self, by: CancelledBy) -> Ending;

    /// Runs the task, if it has not been claimed, for an owner who is no pool.
    fn run_outside(&self);

    /// The task is dropped by an owner who is no pool.
    fn abandon(&self);
}

/// What a pool has to know to end a task, whoever claims it.
#[derive(Default)]
pub(crate) struct Ticket {
    /// What cancels the task, apart from the pool's token.
    pub(crate) token: Option<CancelToken>,
    /// The group of the task, if it has one, which counts it as unfinished.
    pub(crate) group: Option<(Arc<TaskGroup>, Pending)>,
}

/// Whether a task leaves its pool without having run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HandedBack {
    Yes,
    /// It borrows, and must not be kept for longer than its scope waits.
    Never,
}

/// What kept a task from starting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CancelledBy {
    /// The handle of the task, or the token that it was submitted with.
    Owner,
    /// The pool.
    Pool,
}

/// A task that shares a cell with its handle. If it is dropped before the task has begun, the
/// handle hears of it.
pub(crate) struct CellTask {
    /// `None` once somebody else sees to it that the task ends.
    cell: Option<Arc<dyn Queued>>,
    /// Whether the cell was made for the pool that the task is submitted to, which need not accept
    /// it once more.
    is_accepted: bool,
}

impl Drop for CellTask {
    fn drop(&mut self) {
        if let Some(cell) = self.cell.take() {
            cell.abandon();
        }
    }
}

impl CellTask {
    pub(crate) fn new(cell: Arc<dyn Queued>, is_accepted: bool) -> CellTask {
        CellTask {
            cell: Some(cell),
            is_accepted,
        }
    }

    /// As [`Queued::accept`].
    pub(crate) fn accept(&self, queue: &Arc<WorkerQueue>, ticket: Ticket) -> Result<(), Ticket> {
        match self.is_accepted {
            true => Ok(()),
            false => self.cell().accept(queue, ticket),
        }
    }

    /// The pool has refused the task, and another one may get it.
    pub(crate) fn refused(&mut self) {
        self.is_accepted = false;
    }

    pub(crate) fn cell(&self) -> &dyn Queued {
        self.cell.as_deref().expect("it goes with the task")
    }

    /// The cell, which is not told if the task is dropped from now on.
    pub(crate) fn into_cell(mut self) -> Arc<dyn Queued> {
        self.cell.take().expect("it goes with the task")
    }

    /// Whether the cell is the one at this address.
    pub(crate) fn is_at(&self, cell: *const ()) -> bool {
        (&raw const *self.cell()).cast::<()>() == cell
    }
}

impl Ticket {
    /// Of a task that this token cancels as well.
    pub(crate) fn with(token: &CancelToken) -> Ticket {
        Ticket {
            token: Some(token.clone()),
            group: None,
        }
    }

    /// The task has left the pool: its group hears of it. The group counts it as unfinished until
    /// what is returned is dropped.
    pub(crate) fn record(self, ending: Ending) -> Option<Pending> {
        self.group.map(|(group, pending)| {
            group.record(ending);
            pending
        })
    }

    /// Who has cancelled the task, in a pool with this token.
    pub(crate) fn cancelled_by(&self, pool: &CancelToken) -> Option<CancelledBy> {
        let own = || self.token.as_ref().is_some_and(CancelToken::is_cancelled);
        match pool.is_cancelled() {
            true => Some(CancelledBy::Pool),
            false => own().then_some(CancelledBy::Owner),
        }
    }
}
