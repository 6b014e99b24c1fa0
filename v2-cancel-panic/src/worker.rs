//! What a worker thread does.

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::cell::Cell;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crate::BuildError;
use crate::pool::Shared;
use crate::stats::Ending;
use crate::task::Job;

std::thread_local! {
    /// The number of the pool whose worker this thread is; 0 elsewhere. It stays set while the
    /// destructors of other thread-locals run: they are on the worker, too.
    static HOME: Cell<usize> = const { Cell::new(0) };
}

/// A worker thread's share of the pool.
struct Worker {
    shared: Arc<Shared>,
    /// The worker's own lane in the pool's tally.
    lane: usize,
}

/// Starts a worker.
pub(crate) fn start(shared: &Arc<Shared>, lane: usize) -> Result<JoinHandle<()>, BuildError> {
    let name = (shared.hooks.name)(lane);
    if name.contains('\0') {
        return Err(BuildError::ThreadName(name));
    }
    *shared.living.lock() += 1;
    let worker = Worker {
        shared: Arc::clone(shared),
        lane,
    };
    thread::Builder::new()
        .name(name)
        .spawn(move || worker.work())
        .map_err(BuildError::Spawn)
}

/// A number for a pool, from 1 on.
pub(crate) fn next_number() -> usize {
    // No thread waits for another here. So it is `core`'s atomic: a model of the pool, which has a
    // `std` of its own, need not try all orders.
    static GIVEN: AtomicUsize = AtomicUsize::new(0);
    GIVEN.fetch_add(1, Relaxed) + 1
}

/// Whether the calling thread is a worker of this pool.
pub(crate) fn on_worker_of(shared: &Shared) -> bool {
    HOME.with(|home| home.get() == shared.number)
}

impl Worker {
    /// Runs tasks until the door is closed and the queue is empty.
    fn work(self) {
        HOME.with(|home| home.set(self.shared.number));
        let hooks = &self.shared.hooks;
        hooks.panic.shield(&hooks.start);
        // No lock is held here: crossbeam's receivers can wait side by side, and this one is done
        // with the channel before the task runs.
        while let Ok(job) = self.shared.queue.recv() {
            self.shared.door.place_freed();
            self.finish(job);
        }
        hooks.panic.shield(&hooks.stop);
    }

    /// Runs the task, or drops it if it is cancelled, and counts it as over. Either way the
    /// closure and all that it captured are dropped before the count.
    fn finish(&self, job: Job) {
        let shared = &self.shared;
        let panic = &shared.hooks.panic;
        // Cancelled or started: this is where it is decided. A token that is cancelled later can
        // only be seen by the task itself.
        let cancelled = job.is_cancelled(&shared.token);
        let Job { task, group, .. } = job;
        let ending = if cancelled {
            panic.shield(|| drop(task));
            Ending::Cancelled
        } else if panic.shield(|| task.run()) {
            Ending::Completed
        } else {
            Ending::Panicked
        };
        shared.end(group.as_deref(), self.lane, ending);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let mut living = self.shared.living.lock();
        *living -= 1;
        if *living == 0 {
            self.shared.left.notify_all();
        }
    }
}
