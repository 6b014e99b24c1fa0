//! What a worker thread does.

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::cell::Cell;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};

use crate::BuildError;
use crate::park::{self, Parker};
use crate::pool::Shared;
use crate::presence::Presence;
use crate::stats::Ending;
use crate::task::Job;

std::thread_local! {
    /// The number of the pool whose worker this thread is; 0 elsewhere. It stays set while the
    /// destructors of other thread-locals run: they are on the worker, too.
    static HOME: Cell<usize> = const { Cell::new(0) };
}

/// A worker thread's share of the pool.
struct Worker {
    presence: Presence,
    shared: Arc<Shared>,
    /// The worker's own lane in the pool's tally.
    lane: usize,
    /// The task that the worker was started for, if it was.
    first: Receiver<Job>,
    /// Where it sleeps.
    parker: Arc<Parker>,
}

/// Starts a worker. Returns its thread, and the way to give it a first task.
pub(crate) fn start(
    shared: &Arc<Shared>,
    number: usize,
    lane: usize,
    name: String,
) -> Result<(JoinHandle<()>, Sender<Job>), BuildError> {
    if name.contains('\0') {
        return Err(BuildError::ThreadName(name));
    }
    let (give, first) = bounded(1);
    let worker = Worker {
        presence: Presence::new(shared),
        shared: Arc::clone(shared),
        lane,
        first,
        parker: Parker::new(number),
    };
    let thread = thread::Builder::new()
        .name(name)
        .spawn(move || worker.work());
    Ok((thread.map_err(BuildError::Spawn)?, give))
}

/// A number for a pool, from 1 on.
pub(crate) fn next_number() -> usize {
    // No thread waits for another here. So it is `core`'s atomic: a model of the pool, which has a
    // `std` of its own, need not try all orders.
    static GIVEN: AtomicUsize = AtomicUsize::new(0);
    GIVEN.fetch_add(1, Relaxed) + 1
}

/// From now on the calling thread counts as a worker of this pool.
pub(crate) fn enter(shared: &Shared) {
    HOME.with(|home| home.set(shared.number));
}

/// Whether the calling thread is a worker of this pool.
pub(crate) fn on_worker_of(shared: &Shared) -> bool {
    HOME.with(|home| home.get() == shared.number)
}

impl Worker {
    /// Runs tasks until the worker may leave, or the door is closed and the queue is empty.
    fn work(self) {
        enter(&self.shared);
        let hooks = &self.shared.hooks;
        hooks.panic.shield(&hooks.start);
        self.shared.door.inside.lock().census.away -= 1;
        let mut next = self.first.recv().ok().or_else(|| self.look());
        while let Some(job) = next {
            self.shared.door.place_freed();
            self.finish(job);
            next = self.look();
        }
        hooks.panic.shield(&hooks.stop);
        drop(self.presence);
        // Who left before is joined by who leaves next: neither a task nor a submitter waits for it.
        let gone = self.shared.door.inside.lock().census.take_finished();
        gone.into_iter().for_each(|thread| drop(thread.join()));
    }

    /// The next task, or `None` if the worker has to go.
    fn look(&self) -> Option<Job> {
        // To look again for a microsecond or two costs less than to sleep and be woken.
        for look in 0..park::LOOKS {
            if self.shared.overstaffed.load(Relaxed) {
                break;
            }
            match self.shared.queue.try_recv() {
                Ok(job) => return Some(job),
                Err(TryRecvError::Empty) => park::pause(look),
                Err(TryRecvError::Disconnected) => break,
            }
        }
        self.shared.park(&self.parker)
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
