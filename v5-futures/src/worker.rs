//! What a worker thread does.

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::cell::Cell;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crate::BuildError;
use crate::hire::First;
use crate::park::{self, Parker};
use crate::pool::Shared;
use crate::presence::Presence;
use crate::steal::Hands;
use crate::task::Job;

std::thread_local! {
    /// The number of the pool whose worker this thread is, and the lane of its queue; 0 elsewhere. The first
    /// stays set while the destructors of other thread-locals run: they are on the worker, too.
    static HOME: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

/// A worker thread's share of the pool.
struct Worker {
    presence: Presence,
    shared: Arc<Shared>,
    /// The number of the worker's own queue, and of its lane in the pool's tally.
    lane: usize,
    /// The task that the worker was started for, if it was.
    first: First,
    /// Where it sleeps.
    parker: Arc<Parker>,
    hands: Hands,
}

/// Starts a worker. Returns its thread, and the way to give it a first task.
pub(crate) fn start(
    shared: &Arc<Shared>,
    number: usize,
    lane: usize,
    name: String,
) -> Result<(JoinHandle<()>, First), BuildError> {
    if name.contains('\0') {
        return Err(BuildError::ThreadName(name));
    }
    let first = First::default();
    let worker = Worker {
        presence: Presence::new(shared),
        shared: Arc::clone(shared),
        lane,
        first: Arc::clone(&first),
        parker: Parker::new(number, lane),
        hands: Hands::default(),
    };
    let thread = thread::Builder::new()
        .name(name)
        .spawn(move || worker.work());
    Ok((thread.map_err(BuildError::Spawn)?, first))
}

/// A number for a pool, from 1 on.
pub(crate) fn next_number() -> usize {
    // No thread waits for another here. So it is `core`'s atomic: a model of the pool, which has a
    // `std` of its own, need not try all orders.
    static GIVEN: AtomicUsize = AtomicUsize::new(0);
    GIVEN.fetch_add(1, Relaxed) + 1
}

/// From now on the calling thread counts as a worker of this pool. `lane`: of its own queue, or 0.
pub(crate) fn enter(shared: &Shared, lane: usize) {
    HOME.with(|home| home.set((shared.number, lane)));
}

/// The pool whose worker the calling thread is, and the lane of its queue, or 0 if it has none.
pub(crate) fn home() -> Option<(usize, usize)> {
    let (number, lane) = HOME.with(Cell::get);
    (number > 0).then_some((number, lane))
}

/// Whether the calling thread is a worker of this pool.
pub(crate) fn on_worker_of(shared: &Shared) -> bool {
    lane_in(shared).is_some()
}

/// The lane of the calling thread, if it is a worker of this pool; 0 if it is one without a queue.
pub(crate) fn lane_in(shared: &Shared) -> Option<usize> {
    let (number, lane) = home()?;
    (number == shared.number).then_some(lane)
}

impl Worker {
    /// Runs tasks until the worker may leave, or the door is closed and nothing is queued.
    fn work(mut self) {
        enter(&self.shared, self.lane);
        let shared = Arc::clone(&self.shared);
        let hooks = &shared.hooks;
        hooks.panic.shield(&hooks.start);
        self.shared.door.inside.lock().census.awake.push(self.lane);
        let first = self.first.lock().take();
        let mut next = first.or_else(|| self.look());
        while let Some(job) = next {
            self.shared.announce_place();
            self.finish(job);
            next = self.look();
        }
        // Its queue may be another worker's by now.
        enter(&self.shared, 0);
        hooks.panic.shield(&hooks.stop);
        drop(self.presence);
        // Who left before is joined by who leaves next: neither a task nor a submitter waits for it.
        let gone = self.shared.door.inside.lock().census.take_finished();
        gone.into_iter().for_each(|thread| drop(thread.join()));
    }

    /// The next task, or `None` if the worker has to go.
    fn look(&mut self) -> Option<Job> {
        loop {
            // To look again for some microseconds costs less than to sleep and be woken.
            for look in 0..park::LOOKS {
                if self.shared.overstaffed.load(Relaxed) {
                    break;
                }
                while let Some(mut job) = self.shared.next(self.lane, look, &mut self.hands) {
                    // Otherwise it is a tombstone: whoever has claimed the task has counted it.
                    if job.task.0.claim() {
                        self.shared.places.leave(self.lane);
                        return Some(job);
                    }
                }
            }
            self.hands.tidy();
            self.shared.lanes[self.lane].tidy();
            if !self.shared.park(&self.parker) {
                return None;
            }
            self.hands.called = true;
        }
    }

    /// Runs the task, or drops it if it is cancelled, and counts it as over. Either way the
    /// closure and all that it captured are dropped before the count.
    fn finish(&mut self, job: Job) {
        let shared = &self.shared;
        // Cancelled or started: this is where it is decided. A token that is cancelled later can
        // only be seen by the task itself.
        let cancelled = job.is_cancelled(&shared.token);
        let Job {
            mut task, group, ..
        } = job;
        let ending = if cancelled {
            task.0.cancel(shared)
        } else {
            task.0.perform(shared)
        };
        self.hands.homing.add(task.into_empty_box(), &shared.depot);
        shared.end(group.as_deref(), self.lane, ending);
    }
}
