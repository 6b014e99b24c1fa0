//! What a task and its handle share: the closure, until somebody claims the task, and then the
//! result, until somebody takes it.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Acquire};
use std::task::Waker;

use parking_lot::{Condvar, Mutex};

use super::queued::{HandedBack, Ticket};
use super::scope_state::ScopeState;
use crate::JoinError;
use crate::pool::Shared;
use crate::queues::worker_queue::WorkerQueue;

/// One allocation for each task that is spawned: the task holds it, and so does the handle.
pub(crate) struct TaskCell<F, T> {
    pub(super) state: Mutex<TaskState<F, T>>,
    /// Notified when the task has ended.
    pub(super) ended: Condvar,
    /// Whether the task has ended, to be read without the lock.
    pub(super) has_ended: AtomicBool,
    /// The scope that waits for the task, if there is one.
    pub(super) scope: Option<Arc<ScopeState>>,
}

pub(crate) struct TaskState<F, T> {
    pub(super) stage: Stage,
    /// There until whoever has claimed the task takes it.
    pub(super) closure: Option<F>,
    /// There from the end until the handle takes it.
    pub(super) result: Option<Result<T, JoinError>>,
    /// There while a pool counts the task, until it is claimed.
    pub(super) ticket: Option<Ticket>,
    /// A queue of the pool that has accepted the task last. It stays when the task is handed back:
    /// a worker of that pool may still claim it.
    pub(super) queue: Option<Arc<WorkerQueue>>,
    /// Whom to wake when the task has ended.
    pub(super) waker: Option<Waker>,
    /// The handle is gone: nobody will ask for the result.
    pub(super) detached: bool,
}

/// The way of a task. It goes from top to bottom, and never back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The task has not begun. The closure is here.
    Waiting,
    /// Somebody has claimed it, and runs it or drops it.
    Claimed,
    /// The result is here.
    Ended,
    /// The handle has the result, or there is no handle any more.
    Taken,
}

/// What the one who has claimed a task needs to end it.
pub(crate) struct Claim<F> {
    pub(super) closure: Option<F>,
    /// `None`: no pool counts the task.
    pub(super) ticket: Option<Ticket>,
    /// Whether a waker was left.
    pub(super) is_awaited: bool,
}

impl<F, T> TaskCell<F, T> {
    /// With a queue, the task counts as accepted by its pool.
    pub(super) fn new(
        closure: F,
        scope: Option<Arc<ScopeState>>,
        queue: Option<Arc<WorkerQueue>>,
    ) -> Arc<TaskCell<F, T>> {
        Arc::new(TaskCell {
            state: Mutex::new(TaskState {
                stage: Stage::Waiting,
                closure: Some(closure),
                result: None,
                ticket: queue.is_some().then(Ticket::default),
                queue,
                waker: None,
                detached: false,
            }),
            ended: Condvar::new(),
            has_ended: AtomicBool::new(false),
            scope,
        })
    }

    /// Whether the task has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended.load(Acquire)
    }

    /// Takes the closure of a task that has been claimed.
    pub(super) fn take_closure(&self) -> Option<F> {
        self.state.lock().closure.take()
    }

    /// The pool that has accepted the task last, if it is still there.
    pub(super) fn pool(&self) -> Option<Arc<Shared>> {
        let queue = self.state.lock().queue.clone();
        queue?.pool.shared()
    }
}

impl<F, T> TaskState<F, T> {
    /// Claims the task, if it has not begun. This is the one step in which it is decided who runs
    /// a task, or cancels it: under the lock of the cell.
    ///
    /// The result is not looked at. If the handle of a task of a scope was leaked, what the result
    /// borrows may be gone by now, and it must not even be moved.
    pub(super) fn claim(&mut self) -> bool {
        let waiting = self.stage == Stage::Waiting;
        if waiting {
            self.stage = Stage::Claimed;
        }
        waiting
    }

    /// Claims the task, and takes what is needed to end it.
    pub(super) fn take_claim(&mut self) -> Option<Claim<F>> {
        self.claim().then(|| Claim {
            closure: self.closure.take(),
            ticket: self.ticket.take(),
            is_awaited: self.waker.is_some(),
        })
    }

    /// As [`Queued::accept`](super::queued::Queued::accept).
    pub(super) fn accept(
        &mut self,
        queue: &Arc<WorkerQueue>,
        ticket: Ticket,
    ) -> Result<(), Ticket> {
        if self.stage != Stage::Waiting {
            return Err(ticket);
        }
        self.ticket = Some(ticket);
        // The queue before belongs to a pool that may be gone, and nothing is in it.
        self.queue = Some(Arc::clone(queue));
        Ok(())
    }

    /// As [`Queued::hand_back`](super::queued::Queued::hand_back).
    pub(super) fn hand_back(&mut self, borrows: bool) -> Option<(Ticket, HandedBack)> {
        if self.stage != Stage::Waiting {
            return None;
        }
        let ticket = mem::take(&mut self.ticket).unwrap_or_default();
        if borrows {
            self.stage = Stage::Claimed;
            return Some((ticket, HandedBack::Never));
        }
        Some((ticket, HandedBack::Yes))
    }

    /// Claims the task in order to cancel it. Whoever finds that it has been claimed finds it
    /// counted.
    pub(super) fn claim_to_cancel(&mut self) -> bool {
        let claimed = self.claim();
        if let (true, Some(_), Some(queue)) = (claimed, &self.ticket, &self.queue) {
            queue.pool.claimed.took();
        }
        claimed
    }
}
