//! What a worker thread does.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::{self, JoinHandle};

use crate::BuildError;
use crate::pool::Shared;
use crate::stats::Ending;
use crate::task::Job;
use crate::wait_group::Pending;

/// A worker thread's share of the pool.
pub(crate) struct Worker {
    shared: Arc<Shared>,
    _live: Pending,
}

impl Worker {
    /// Starts a worker on a thread of its own.
    pub(crate) fn start(shared: &Arc<Shared>, name: String) -> Result<JoinHandle<()>, BuildError> {
        let worker = Worker {
            shared: Arc::clone(shared),
            _live: shared.workers.add(),
        };
        let thread = thread::Builder::new()
            .name(name)
            .spawn(move || worker.work())
            .map_err(BuildError::Spawn)?;
        // No task can need this id earlier: nobody can submit before the pool is built.
        shared.thread_ids.lock().push(thread.thread().id());
        Ok(thread)
    }

    /// Runs tasks until the queue is closed and empty.
    fn work(self) {
        let hooks = &self.shared.hooks;
        hooks.panic.shield(&hooks.start);
        // The lock of the queue is open again when the task runs.
        while let Some((job, cancelled)) = self.shared.queue.recv() {
            self.finish(job, cancelled);
        }
        hooks.panic.shield(&hooks.stop);
    }

    /// Runs the task, or drops it if it is cancelled. Either way the closure and all that it
    /// captured are dropped before the task counts as ended.
    fn finish(&self, job: Job, cancelled: bool) {
        let shared = &self.shared;
        let panic = &shared.hooks.panic;
        shared.counters.running.fetch_add(1, Relaxed);
        // Cancelled or started: it was decided when the job was taken. A token that is cancelled
        // later can only be seen by the task itself.
        let ending = if cancelled {
            panic.shield(|| drop(job.task));
            Ending::Cancelled
        } else if panic.shield(|| job.task.run()) {
            Ending::Completed
        } else {
            Ending::Panicked
        };
        shared.counters.running.fetch_sub(1, Relaxed);
        job.membership.end(&shared.counters, ending);
    }
}
