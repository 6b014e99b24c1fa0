//! What a task and its handle share: the closure until it is claimed, the result once the task is over.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::{
    AtomicBool,
    Ordering::{Acquire, Release},
};
use std::task::Waker;
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

use crate::cancel::Batch;
use crate::family::Family;
use crate::pool::Shared;
use crate::{CancelToken, JoinError, park};

/// One allocation for each task that is spawned: the task holds it, and so does the handle.
pub(crate) struct Cell<F, T> {
    inside: Mutex<Inside<F, T>>,
    /// Signalled when the task is over.
    ended: Condvar,
    /// Whether the task is over, to be read without the lock.
    over: AtomicBool,
    /// The scope that waits for the task, if there is one.
    pub(crate) family: Option<Arc<Family>>,
}

struct Inside<F, T> {
    stage: Stage<F, T>,
    /// The number of the pool that has accepted the task, or 0. It stays when the task is handed back.
    pool: usize,
    /// Whom to wake when the task is over.
    waker: Option<Waker>,
    /// The handle is gone: nobody will ask for the result.
    detached: bool,
}

/// The way of a task. It goes from top to bottom, and never back, but for the ticket.
enum Stage<F, T> {
    /// The task has not begun. While a pool has it in a queue, the pool's ticket lies here.
    Waiting(F, Option<Ticket>),
    /// Somebody has taken the closure out. Whoever it is runs it or drops it, and says how it ended.
    Claimed,
    /// The result waits for the handle.
    Over(Result<T, JoinError>),
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

/// A result that nobody will ask for, and who has to be woken: both are code of a user, to be run with no
/// lock held.
pub(crate) struct Ended<T> {
    pub(crate) unseen: Option<Result<T, JoinError>>,
    pub(crate) waker: Option<Waker>,
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

    /// Publishes the result.
    pub(crate) fn end(&self, result: Result<T, JoinError>) -> Ended<T> {
        let mut inside = self.inside.lock();
        let waker = inside.waker.take();
        let unseen = if inside.detached {
            inside.stage = Stage::Taken;
            Some(result)
        } else {
            inside.stage = Stage::Over(result);
            None
        };
        self.over.store(true, Release);
        drop(inside);
        self.ended.notify_one();
        Ended { unseen, waker }
    }

    /// Waits until the task is over or it is too late, and takes the result.
    pub(crate) fn wait(&self, deadline: Option<Instant>) -> Option<Result<T, JoinError>> {
        // Many tasks are over within microseconds, and to sleep and be woken takes longer.
        for look in 0..park::LOOKS {
            let late = || deadline.is_some_and(|at| Instant::now() >= at);
            if self.is_over() || late() {
                break;
            }
            park::pause(look);
        }
        let mut inside = self.inside.lock();
        let mut late = false;
        loop {
            let result = inside.take();
            if result.is_some() || late {
                return result;
            }
            match deadline {
                Some(at) => late = self.ended.wait_until(&mut inside, at).timed_out(),
                None => self.ended.wait(&mut inside),
            }
        }
    }

    /// Takes the result, if the task is over.
    pub(crate) fn take(&self) -> Option<Result<T, JoinError>> {
        self.inside.lock().take()
    }

    /// Has the waker called when the task is over, and no other one. `false`: it is over by now.
    pub(crate) fn call(&self, waker: Waker) -> bool {
        let mut inside = self.inside.lock();
        let waiting = matches!(inside.stage, Stage::Waiting(..) | Stage::Claimed);
        let mut waker = Some(waker);
        if waiting {
            mem::swap(&mut inside.waker, &mut waker);
        }
        // To drop a waker, the old one or the new one, is code of a user.
        drop(inside);
        drop(waker);
        waiting
    }

    /// The handle is gone. Returns the result, if nobody has taken it.
    pub(crate) fn detach(&self) -> Option<Result<T, JoinError>> {
        let mut inside = self.inside.lock();
        inside.detached = true;
        let waker = inside.waker.take();
        let unseen = match &inside.stage {
            Stage::Over(_) => inside.take(),
            _ => None,
        };
        drop(inside);
        drop(waker);
        unseen
    }
}

impl<F, T> Inside<F, T> {
    fn claim(&mut self) -> Option<Claim<F>> {
        match mem::replace(&mut self.stage, Stage::Claimed) {
            Stage::Waiting(closure, ticket) => Some(Claim { closure, ticket }),
            begun => {
                self.stage = begun;
                None
            }
        }
    }

    /// The result, if there is one.
    fn take(&mut self) -> Option<Result<T, JoinError>> {
        match mem::replace(&mut self.stage, Stage::Taken) {
            Stage::Over(result) => Some(result),
            Stage::Taken => panic!("the result has been taken: the handle was ready before"),
            stage => {
                self.stage = stage;
                None
            }
        }
    }
}
