//! What a worker thread does.

use core::sync::atomic::AtomicUsize;
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use parking_lot::Condvar;

use crate::pool::Shared;
use crate::queues::worker_queue::WorkerQueue;
use crate::recycle::Empties;
use crate::stats::Ending;
use crate::task::Job;
use crate::wait_group::Pending;

std::thread_local! {
    /// The number of the pool whose worker this thread is, and its own; 0 elsewhere. (Threads come
    /// and go now: a list of all their ids would only grow.)
    static WORKER: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
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

    /// Whether the calling thread is a worker of this pool.
    pub(crate) fn on_worker(&self) -> bool {
        self.this_worker().is_some()
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
        let mut next = self.first();
        while let Some(job) = next {
            self.finish(job);
            next = self.next();
        }
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
        let (panic, depot) = (&shared.hooks.panic, &shared.queues.depot);
        // Cancelled or started: this is where it is decided. A token that is cancelled later can
        // only be seen by the task itself.
        let ending = if job.is_cancelled(&shared.token) {
            panic.shield(|| drop(job.task));
            Ending::Cancelled
        } else if panic.shield(|| self.empties.add(job.task.run_in_place(), depot)) {
            Ending::Completed
        } else {
            Ending::Panicked
        };
        let in_group = job.group.map(|(group, pending)| {
            group.record(ending);
            pending
        });
        shared.end(&self.queue, ending);
        drop(in_group);
    }
}
