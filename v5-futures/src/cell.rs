//! What a task and its handle share: the closure, until somebody claims the task by taking it out, and the
//! result, once the task is over.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Acquire};
use std::task::Waker;

use parking_lot::{Condvar, Mutex};

use crate::CancelToken;
use crate::cancel::Batch;
use crate::family::Family;
use crate::outcome::Outcome;
use crate::pool::Shared;

/// One allocation for each task that is spawned: the task holds it, and so does the handle.
pub(crate) struct Cell<F, T> {
    pub(crate) inside: Mutex<Inside<F, T>>,
    /// Signalled when the task is over.
    pub(crate) ended: Condvar,
    /// Whether the task is over, to be read without the lock.
    pub(crate) over: AtomicBool,
    /// The scope that waits for the task, if there is one.
    pub(crate) family: Option<Arc<Family>>,
}

pub(crate) struct Inside<F, T> {
    pub(crate) stage: Stage<F, T>,
    /// The number of the pool that has accepted the task last, or 0. It stays when the task is handed back:
    /// a worker of that pool may still claim it (`claim.rs`).
    pool: usize,
    /// Whom to wake when the task is over.
    pub(crate) waker: Option<Waker>,
    /// The handle is gone: nobody will ask for the result.
    pub(crate) detached: bool,
}

/// The way of a task. It goes from top to bottom, and never back.
pub(crate) enum Stage<F, T> {
    /// The task has not begun. While a pool has it in a queue, the pool's ticket lies here.
    Waiting(F, Option<Ticket>),
    /// Somebody has taken the closure out. Whoever it is runs it or drops it, and says how it ended.
    Claimed,
    /// The result waits for the handle.
    Over(Outcome<T>),
    /// The handle has the result, or there is no handle any more.
    Taken,
}

/// What is needed to count a task as over, for whoever claims it.
pub(crate) struct Ticket {
    pub(crate) shared: Arc<Shared>,
    pub(crate) group: Option<Arc<Batch>>,
    pub(crate) token: Option<CancelToken>,
}

/// A closure for the one who has claimed it.
pub(crate) struct Claim<F> {
    pub(crate) closure: F,
    /// `None`: no pool counts the task.
    pub(crate) ticket: Option<Ticket>,
}

impl<F: FnOnce() -> T, T> Cell<F, T> {
    pub(crate) fn new(closure: F, family: Option<Arc<Family>>) -> Arc<Cell<F, T>> {
        Arc::new(Cell {
            inside: Mutex::new(Inside {
                stage: Stage::Waiting(closure, None),
                pool: 0,
                waker: None,
                detached: false,
            }),
            ended: Condvar::new(),
            over: AtomicBool::new(false),
            family,
        })
    }

    /// A pool accepts the task. `false`: it will not begin any more, somebody has cancelled it.
    pub(crate) fn accept(&self, ticket: Ticket) -> bool {
        let mut inside = self.inside.lock();
        let pool = ticket.shared.number;
        if let Stage::Waiting(_, none) = &mut inside.stage {
            *none = Some(ticket);
            inside.pool = pool;
            return true;
        }
        false
    }

    /// Takes the closure, if the task has not begun. This is the one step in which it is decided who runs
    /// a task, or cancels it: under the lock, and nobody finds the closure twice.
    pub(crate) fn claim(&self) -> Option<Claim<F>> {
        self.inside.lock().claim()
    }

    /// Takes the closure, if the task has not begun and that pool has accepted it.
    pub(crate) fn claim_on(&self, pool: usize) -> Option<Claim<F>> {
        let mut inside = self.inside.lock();
        if inside.pool == pool {
            inside.claim()
        } else {
            None
        }
    }

    /// The task leaves its pool, with its closure. `false`: it has begun.
    pub(crate) fn hand_back(&self) -> bool {
        let mut inside = self.inside.lock();
        let ticket = match &mut inside.stage {
            Stage::Waiting(_, ticket) => ticket.take(),
            _ => return false,
        };
        drop((inside, ticket));
        true
    }

    /// Whether the task has not begun.
    pub(crate) fn is_waiting(&self) -> bool {
        matches!(self.inside.lock().stage, Stage::Waiting(..))
    }

    /// Whether the task is over.
    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Acquire)
    }
}

impl<F, T> Inside<F, T> {
    fn claim(&mut self) -> Option<Claim<F>> {
        // A result stays where it is. If the handle of a task of a scope was leaked, then what the result borrows
        // may be gone, and it must not even be moved away and back.
        let Stage::Waiting(..) = self.stage else {
            return None;
        };
        match mem::replace(&mut self.stage, Stage::Claimed) {
            Stage::Waiting(closure, ticket) => Some(Claim { closure, ticket }),
            _ => unreachable!("it was waiting a line above, under the lock"),
        }
    }
}
