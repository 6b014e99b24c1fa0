//! What a worker thread does.

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::thread::{self, JoinHandle};

use crate::BuildError;
use crate::pool::Shared;
use crate::tally::Tally;

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
    shared.living.fetch_add(1, SeqCst);
    let worker = Worker {
        shared: Arc::clone(shared),
        lane,
    };
    thread::Builder::new()
        .name(format!("worker-{lane}"))
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
    /// Runs tasks until the door is closed and the queue is empty, or until a task panics.
    fn work(self) {
        HOME.with(|home| home.set(self.shared.number));
        // No lock is held here: crossbeam's receivers can wait side by side, and this one is done
        // with the channel before the task runs.
        while let Ok(job) = self.shared.queue.recv() {
            self.shared.door.place_freed();
            let _over = Over {
                worker: &self,
                group: job.group,
            };
            job.task.run();
        }
    }
}

/// Counts a task as over when it goes out of scope: after the task has returned, or while its
/// panic unwinds the thread. Either way the closure and all that it captured are dropped by then.
struct Over<'worker> {
    worker: &'worker Worker,
    group: Option<Arc<Tally>>,
}

impl Drop for Over<'_> {
    fn drop(&mut self) {
        if let Some(group) = &self.group {
            group.end(Tally::ANY);
        }
        self.worker.shared.tally.end(self.worker.lane);
    }
}

/// The last worker to leave closes the door and drops what is queued. So a pool whose workers have
/// all died refuses tasks, and nobody waits for those that it had accepted.
///
/// This may run while the panic of a task unwinds the thread. If a queued value panics when it is
/// dropped, that is a panic during a panic, and aborts the process.
impl Drop for Worker {
    fn drop(&mut self) {
        if self.shared.living.fetch_sub(1, SeqCst) == 1 {
            self.shared.door.close();
            while let Ok(job) = self.shared.queue.recv() {
                let _over = Over {
                    worker: self,
                    group: job.group,
                };
                drop(job.task);
            }
        }
    }
}
