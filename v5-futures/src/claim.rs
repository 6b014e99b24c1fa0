//! Claim-on-join: who waits for a task that has not begun runs it, and whoever cancels one takes it away.
//!
//! In both cases a task leaves its pool and stays in its queue, as a *tombstone*: to take it out of the
//! middle would mean to search for it. A worker that comes to it drops it and counts nothing.

use std::sync::Arc;
use std::sync::atomic::{
    AtomicUsize,
    Ordering::{Relaxed, SeqCst},
};
use std::task::Waker;
use std::time::Instant;

use crate::cell::{Cell, Claim, Ticket};
use crate::count::Count;
use crate::handle::{Child, Joinable};
use crate::pool::Shared;
use crate::queue::Lane;
use crate::stats::Ending;
use crate::tally::Tally;
use crate::task::Job;
use crate::{CancelToken, JoinError, worker};

/// How many tombstones there are.
#[derive(Debug)]
pub(crate) struct Tombstones {
    /// Those that have been left since all queues were swept last. Some of them may be gone.
    left: Count,
    /// So many may be left until the queues are swept again.
    allowed: AtomicUsize,
    /// As many as there are places. `allowed` is never less.
    least: usize,
}

impl Tombstones {
    pub(crate) fn new(capacity: usize) -> Tombstones {
        Tombstones {
            left: Count::default(),
            allowed: AtomicUsize::new(capacity),
            least: capacity,
        }
    }
}

impl<F: FnOnce() -> T + Send, T: Send> Child for Cell<F, T> {
    fn run_on_worker(&self) -> bool {
        let Some((pool, home)) = worker::home() else {
            return false;
        };
        let Some(Claim { closure, ticket }) = self.claim_on(pool) else {
            return !self.is_waiting();
        };
        let mut closure = Some(closure);
        match ticket {
            Some(ticket) => ticket.end_on_worker(home, &mut |shared, cancelled| match cancelled {
                true => self.cancel(&mut closure, Some(shared)),
                false => self.run(&mut closure, Some(shared)),
            }),
            // It was handed back by `shutdown_now`, and counted then. Whoever has it may keep it until the
            // pool is gone, and the pool is not gone before this worker has what it waits for.
            None => {
                self.run(&mut closure, None);
            }
        }
        true
    }

    fn is_over(&self) -> bool {
        Cell::is_over(self)
    }
}

impl<F: FnOnce() -> T + Send, T: Send> Joinable<T> for Cell<F, T> {
    fn wait(&self, deadline: Option<Instant>) -> Option<Result<T, JoinError>> {
        Cell::wait(self, deadline)
    }

    fn take(&self) -> Option<Result<T, JoinError>> {
        Cell::take(self)
    }

    fn call(&self, waker: Waker) -> bool {
        Cell::call(self, waker)
    }

    fn cancel(&self) -> bool {
        let Some(Claim { closure, ticket }) = self.claim() else {
            return false;
        };
        match ticket {
            None => {
                Cell::cancel(self, &mut Some(closure), None);
            }
            Some(Ticket { shared, group, .. }) => {
                shared.leave_queue(worker::lane_in(&shared).unwrap_or(0));
                let ending = Cell::cancel(self, &mut Some(closure), Some(&shared));
                shared.end(group.as_deref(), Tally::ANY, ending);
            }
        }
        true
    }

    fn detach(&self) {
        // On a worker, the one who drops the handle is a task or a hook, and in a catch.
        drop(Cell::detach(self).map(|outcome| self.tell(outcome)));
    }
}

impl Ticket {
    /// Ends a task on the worker that has claimed it, on top of the one that waits for it. `end` is told
    /// whether it is to be cancelled.
    fn end_on_worker(self, home: usize, end: &mut dyn FnMut(&Arc<Shared>, bool) -> Ending) {
        let shared = &self.shared;
        shared.leave_queue(home);
        // On a thread that is no worker any more, or never was, no task waits below this one. It has lane 0,
        // where nobody looks. (In a start hook there is none, either: one task too few is said to run.)
        let nested = &shared.lanes[home].nested.0;
        nested.fetch_add(1, SeqCst);
        let token = self.token.as_ref();
        let cancelled = shared.token.is_cancelled() || token.is_some_and(CancelToken::is_cancelled);
        let ending = end(shared, cancelled);
        nested.fetch_sub(1, SeqCst);
        shared.end(self.group.as_deref(), home.max(Tally::ANY), ending);
    }
}

impl Shared {
    /// How many tasks run on top of others, which wait for them.
    pub(crate) fn nested(&self) -> usize {
        let lanes = self.lanes.iter().skip(1);
        lanes.map(|lane| lane.nested.0.load(SeqCst)).sum()
    }

    /// A queued task has been claimed, and not by the one who took it out of its queue. `lane`: of the
    /// worker that has claimed it, or 0.
    fn leave_queue(&self, lane: usize) {
        // Its place is free from now on.
        self.places.leave(lane.max(Tally::ANY));
        self.announce_place();
        // What a worker claims is most often what it has queued last.
        if lane > 0 && self.lanes[lane].bury() {
            return;
        }
        let tombstones = &self.tombstones;
        if tombstones.left.0.fetch_add(1, Relaxed) >= tombstones.allowed.load(Relaxed) {
            self.sweep();
        }
    }

    /// Takes the tombstones out of all queues.
    ///
    /// The time is proportional to the number of entries. So it is done again only after as many claims as
    /// there are tasks left: then each claim has paid for two entries or so.
    fn sweep(&self) {
        self.tombstones.left.0.store(0, Relaxed);
        let tasks: usize = self.lanes.iter().map(Lane::sweep).sum();
        let allowed = tasks.max(self.tombstones.least);
        self.tombstones.allowed.store(allowed, Relaxed);
    }
}

impl Lane {
    /// Takes the tombstones off the end of the queue. Returns whether there were any.
    fn bury(&self) -> bool {
        self.inbox.with(|inbox| {
            let before = inbox.len();
            // To drop one is to free memory: its closure has been taken out, and its result is not there yet
            // or belongs to a handle.
            while inbox.pop_back_if(|job| job.task.0.is_dead()).is_some() {}
            inbox.len() < before
        })
    }

    /// Takes the tombstones out of the queue. Returns how many tasks are left.
    fn sweep(&self) -> usize {
        let alive = |job: &Job| !job.task.0.is_dead();
        self.desk.with(|desk| {
            desk.retain(alive);
            let inbox = self.inbox.with(|inbox| {
                inbox.retain(alive);
                inbox.len()
            });
            desk.len() + inbox
        })
    }
}
