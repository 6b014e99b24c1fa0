//! The queue of one worker.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use parking_lot::{Mutex, MutexGuard};

use super::counts::Slot;
use super::outside::Outside;
use crate::lock::lock;
use crate::state::State;
use crate::task::Job;

/// The longest buffer that a worker without a task keeps for later, in tasks.
const KEPT: usize = 1 << 10;

/// Where the tasks of one worker wait, and where it counts those that it has taken.
///
/// Locks are taken in this order: the state, a queue. A thief holds its own queue, and only *tries*
/// to lock a second one: so no two of them wait for each other.
#[derive(Debug)]
pub(crate) struct WorkerQueue {
    /// The number of the worker.
    pub(crate) number: usize,
    pub(crate) slot: Slot,
    /// The pool, for those who have a task from here.
    pub(crate) pool: Arc<Outside>,
    tasks: Tasks,
}

/// The tasks, on cache lines that hold nothing else.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Tasks {
    /// How many there are. Written under the lock; without it, how many there were a moment ago.
    len: AtomicUsize,
    /// The oldest in front. Whoever adds one holds the lock of the state as well, except the owner,
    /// which counts it before, and thieves, which only move some.
    jobs: Mutex<VecDeque<Job>>,
}

impl WorkerQueue {
    pub(crate) fn new(number: usize, pool: Arc<Outside>) -> WorkerQueue {
        WorkerQueue {
            number,
            slot: Slot::default(),
            pool,
            tasks: Tasks::default(),
        }
    }

    /// The number of tasks, or what it was a moment ago.
    pub(crate) fn len(&self) -> usize {
        self.tasks.len.load(Relaxed)
    }

    pub(crate) fn seems_empty(&self) -> bool {
        self.tasks.len.load(Relaxed) == 0
    }

    /// Whether no task is queued here, apart from those that somebody has claimed. Unlike
    /// [`len`](WorkerQueue::len) this is certain, as long as nobody adds anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.with(|jobs| {
            while let Some(tombstone) = jobs.pop_front_if(|job| job.is_tombstone()) {
                tombstone.forget();
            }
            jobs.is_empty()
        })
    }

    pub(crate) fn push(&self, job: Job) {
        self.with(|jobs| jobs.push_back(job));
    }

    /// Takes the oldest job, and counts it in the slot of the worker that will run it.
    ///
    /// It is counted under the lock: so whoever has locked all queues has counted all jobs.
    pub(crate) fn pop(&self, taker: &Slot) -> Option<Job> {
        // A job that is just being added may be overlooked. Before a worker sleeps, it looks at a
        // count that overlooks nothing.
        if self.seems_empty() {
            return None;
        }
        self.with(|jobs| pop_oldest(jobs, taker))
    }

    /// Takes the oldest job, for the owner of another queue, and moves half of the others there.
    /// `None` also if somebody else is at this queue.
    pub(crate) fn steal(&self, thief: &WorkerQueue, half: bool) -> Option<Job> {
        if self.seems_empty() {
            return None;
        }
        // Both are locked, so at any time each job is in a queue.
        thief.with(|own| {
            let jobs = self.tasks.jobs.try_lock()?;
            self.change(jobs, |jobs| {
                let oldest = pop_oldest(jobs, &thief.slot)?;
                let moved = if half { jobs.len() / 2 } else { 0 };
                own.extend(jobs.drain(..moved));
                thief.slot.stole(1 + moved);
                Some(oldest)
            })
        })
    }

    /// Takes all that is queued here, the oldest first.
    pub(crate) fn take_all(&self) -> VecDeque<Job> {
        self.with(mem::take)
    }

    /// Gives back the memory that many tasks have left behind.
    pub(crate) fn shrink(&self) {
        self.with(|jobs| jobs.shrink_to(KEPT));
    }

    pub(super) fn with<T>(&self, work: impl FnOnce(&mut VecDeque<Job>) -> T) -> T {
        self.change(lock(&self.tasks.jobs), work)
    }

    fn change<T>(
        &self,
        mut jobs: MutexGuard<'_, VecDeque<Job>>,
        work: impl FnOnce(&mut VecDeque<Job>) -> T,
    ) -> T {
        let result = work(&mut jobs);
        self.tasks.len.store(jobs.len(), Relaxed);
        result
    }
}

/// Takes the oldest job that nobody has claimed, and counts it. To drop the tombstones in front of
/// it frees memory, and runs no code of a user: the closures are gone, and the results are not here
/// yet or belong to handles.
fn pop_oldest(jobs: &mut VecDeque<Job>, taker: &Slot) -> Option<Job> {
    loop {
        let mut job = jobs.pop_front()?;
        if job.claim() {
            taker.took();
            return Some(job);
        }
        job.forget();
    }
}

impl State {
    /// Takes all jobs out of all queues. These are locked together: otherwise a thief might move
    /// some from a queue that is still full to one that has just been emptied.
    pub(crate) fn take_queued(&mut self) -> Vec<Job> {
        let queues = self.workers.queues();
        let locked: Vec<_> = queues.iter().map(|queue| lock(&queue.tasks.jobs)).collect();
        let mut taken = Vec::new();
        for (queue, jobs) in queues.iter().zip(locked) {
            queue.change(jobs, |jobs| taken.extend(jobs.drain(..)));
        }
        taken
    }
}
