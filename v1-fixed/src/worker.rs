//! What a worker thread does.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crate::BuildError;
use crate::pool::Shared;
use crate::wait_group::Pending;

/// A worker thread's share of the pool.
pub(crate) struct Worker {
    shared: Arc<Shared>,
    /// `None` only during the drop.
    live: Option<Pending>,
}

impl Worker {
    /// Starts a worker on a thread of its own.
    pub(crate) fn start(shared: &Arc<Shared>, name: String) -> Result<JoinHandle<()>, BuildError> {
        let worker = Worker {
            shared: Arc::clone(shared),
            live: Some(shared.workers.add()),
        };
        let thread = thread::Builder::new()
            .name(name)
            .spawn(move || worker.work())
            .map_err(BuildError::Spawn)?;
        // No task can need this id earlier: nobody can submit before `Pool::new` returns.
        shared.thread_ids.lock().push(thread.thread().id());
        Ok(thread)
    }

    /// Runs tasks until the queue is closed and empty, or until a task panics.
    fn work(self) {
        // Unlike that of `std::sync::mpsc`, this receiver may be used by many threads at once, and
        // each job goes to one of them. So there is no mutex around it, and no lock is held while
        // a task runs.
        for job in &self.shared.queue.jobs {
            job.task.run();
            // The rest of the job is dropped here, or when a panic unwinds past this line. Only now
            // has the task ended for those who wait for it.
        }
    }
}

/// The last worker that leaves closes the queue and drops what is in it. So a pool whose workers
/// have all panicked refuses tasks, and nobody waits for those that it had accepted.
///
/// There is something in it only if a panic unwinds this thread. If a value that a queued closure
/// has captured panics when it is dropped, that is a panic during a panic, and aborts the process.
impl Drop for Worker {
    fn drop(&mut self) {
        // First it is one less, then the look: of two workers that leave at once, at least the
        // second sees that there is none.
        self.live = None;
        if self.shared.workers.pending() == 0 {
            self.shared.queue.close();
            // Until the last sender is gone: the submitters that waited have been woken.
            self.shared.queue.jobs.iter().for_each(drop);
        }
    }
}
