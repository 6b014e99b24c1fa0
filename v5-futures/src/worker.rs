//! What a worker thread does.

use core::sync::atomic::AtomicUsize;
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use parking_lot::Condvar;

use crate::pool::Shared;
use crate::queues::worker_queue::WorkerQueue;
use crate::recycle::Empties;
use crate::results::queued::Ticket;
use crate::stats::Ending;
use crate::task::Job;
use crate::wait_group::Pending;

std::thread_local! {
    /// The number of the pool whose worker this thread is, and its own; 0 elsewhere. (Threads come
    /// and go now: a list of all their ids would only grow.)
    static WORKER: Cell<(usize, usize)> = const { Cell::new((0, 0)) };

    /// What a live worker has at hand; `None` elsewhere, and in the hooks of a worker.
    static OWN: RefCell<Option<Own>> = const { RefCell::new(None) };
}

/// What a worker needs to submit a task, or to join one, without the lock of the state.
pub(crate) struct Own {
    pub(crate) shared: Arc<Shared>,
    pub(crate) queue: Arc<WorkerQueue>,
}

/// A number for a pool, from 1 on.
pub(crate) fn next_pool_number() -> usize {
    // Nobody waits for another here, so it is `core`'s atomic: a model of the pool, which has a
    // `std` of its own, need not try all orders.
    static LAST: AtomicUsize = AtomicUsize::new(0);
    LAST.fetch_add(1, Relaxed) + 1
}

impl Shared {
    /// From now on the calling thread counts as a worker of this pool, to the end of its
    /// thread-local values.
    pub(crate) fn enter(&self, number: usize) {
        WORKER.with(|worker| worker.set((self.number, number)));
    }

    /// The number of the calling thread, if it is a worker of this pool.
    pub(crate) fn this_worker(&self) -> Option<usize> {
        let (pool, number) = WORKER.with(Cell::get);
        (pool == self.number).then_some(number)
    }

    /// The queue of the calling thread, if it is a live worker of this pool.
    pub(crate) fn own_queue(&self) -> Option<Arc<WorkerQueue>> {
        with_own(|own| {
            let queue = &own?.queue;
            (queue.pool.number == self.number).then(|| Arc::clone(queue))
        })
    }

    /// Whether the calling thread is a worker of this pool.
    pub(crate) fn on_worker(&self) -> bool {
        self.this_worker().is_some()
    }
}

/// The number of the pool whose worker the calling thread is; 0 elsewhere.
pub(crate) fn pool_of_this_thread() -> usize {
    WORKER.with(Cell::get).0
}

/// Does something with what a live worker has at hand.
pub(crate) fn with_own<T>(work: impl FnOnce(Option<&Own>) -> T) -> T {
    match WORKER.with(Cell::get) {
        // So this is not touched at the end of a thread, when it may be gone.
        (_, 0) => work(None),
        _ => OWN.with(|own| work(own.borrow().as_ref())),
    }
}

/// A worker thread's share of the pool.
pub(crate) struct Worker {
    pub(crate) number: usize,
    pub(crate) shared: Arc<Shared>,
    /// Where it sleeps.
    pub(crate) wake: Arc<Condvar>,
    pub(crate) queue: Arc<WorkerQueue>,
    /// The queues of all workers that it knows of, to steal from.
    pub(crate) victims: Arc<[Arc<WorkerQueue>]>,
    /// Where among them it has stolen last.
    pub(crate) last_victim: usize,
    /// Whether it is the one that searches.
    pub(crate) searching: bool,
    pub(crate) empties: Empties,
    /// What a shutdown with a deadline waits for.
    pub(crate) pending: Pending,
}

impl Worker {
    /// Runs tasks until the worker may leave, or the pool is closed and the queue is empty.
    pub(crate) fn work(mut self) {
        let shared = Arc::clone(&self.shared);
        let hooks = &shared.hooks;
        shared.enter(self.number);
        hooks.panic.shield(&hooks.start);
        let own = Own {
            shared: Arc::clone(&shared),
            queue: Arc::clone(&self.queue),
        };
        OWN.with(|place| *place.borrow_mut() = Some(own));
        let mut next = self.first();
        while let Some(job) = next {
            self.finish(job);
            next = self.next();
        }
        OWN.with(|place| *place.borrow_mut() = None);
        shared.enter(0);
        hooks.panic.shield(&hooks.stop);
        drop(self.pending);
        // A worker that has left is joined by the next one that leaves: neither a task nor a
        // submitter waits for it.
        let finished = shared.lock().workers.take_finished();
        finished.into_iter().for_each(|thread| drop(thread.join()));
    }

    /// Runs the task, or drops it if it is cancelled. Either way the closure and all that it
    /// captured are dropped before the task counts as ended: for the pool, in the slot of the
    /// worker, and then for its group.
    fn finish(&mut self, job: Job) {
        let shared = &self.shared;
        let panic = &shared.hooks.panic;
        let Job { task, ticket } = job;
        // Cancelled or started: this is where it is decided. A token that is cancelled later can
        // only be seen by the task itself.
        let ending = match ticket.cancelled_by(&shared.token) {
            Some(by) => task.cancel(panic, by),
            None => {
                let (ending, empty) = task.run_in_place(panic);
                if let Some(empty) = empty {
                    self.empties.add(empty, &shared.queues.depot);
                }
                ending
            }
        };
        shared.end(&self.queue, ticket, ending);
    }
}

impl Shared {
    /// A task has ended that a worker has taken out of this queue, or has claimed.
    pub(crate) fn end(&self, queue: &WorkerQueue, ticket: Ticket, ending: Ending) {
        let in_group = ticket.record(ending);
        self.count_ended(queue, ending);
        drop(in_group);
    }

    /// A task has ended that a thread has claimed which is no worker.
    pub(crate) fn end_outside(&self, ticket: Ticket, ending: Ending) {
        let in_group = ticket.record(ending);
        self.count_ended_outside(ending);
        drop(in_group);
    }
}
