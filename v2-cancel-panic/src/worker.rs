//! What a worker thread does.

use std::cell::Cell;
use std::ptr;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crate::BuildError;
use crate::pool::Shared;
use crate::stats::Ending;
use crate::task::Job;

std::thread_local! {
    /// The pool whose worker this thread is, by the address of its `Shared`; null elsewhere. It
    /// stays set while the destructors of other thread-locals run: they are on the worker, too.
    static HOME: Cell<*const Shared> = const { Cell::new(ptr::null()) };
}

/// A worker thread's share of the pool.
struct Worker {
    shared: Arc<Shared>,
    /// The worker's own place in the pool's tally.
    place: usize,
}

/// Starts a worker.
pub(crate) fn start(shared: &Arc<Shared>, place: usize) -> Result<JoinHandle<()>, BuildError> {
    let name = (shared.hooks.name)(place);
    if name.contains('\0') {
        return Err(BuildError::ThreadName(name));
    }
    *shared.living.lock() += 1;
    let worker = Worker {
        shared: Arc::clone(shared),
        place,
    };
    thread::Builder::new()
        .name(name)
        .spawn(move || worker.work())
        .map_err(BuildError::Spawn)
}

/// Whether the calling thread is a worker of this pool.
pub(crate) fn on_worker_of(shared: &Shared) -> bool {
    HOME.with(|home| ptr::eq(home.get(), shared))
}

impl Worker {
    /// Runs tasks until the door is closed and the queue is empty.
    fn work(self) {
        HOME.with(|home| home.set(Arc::as_ptr(&self.shared)));
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
    fn finish(&self, Job { task, group, token }: Job) {
        let shared = &self.shared;
        let panic = &shared.hooks.panic;
        // Cancelled or started: this is where it is decided. A token that is cancelled later can
        // only be seen by the task itself.
        let ending = if shared.door.is_cancelled(token.as_ref()) {
            panic.shield(|| drop(task));
            Ending::Cancelled
        } else if panic.shield(|| task.run()) {
            Ending::Completed
        } else {
            Ending::Panicked
        };
        shared.end(group.as_deref(), self.place, ending);
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
