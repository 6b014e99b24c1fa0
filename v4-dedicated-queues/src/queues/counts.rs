//! What workers count, each in a slot of its own, and the threads that wait until all has ended.
//!
//! One counter for all would be written by every worker for each task, and the cache line that
//! holds it would travel between their cores. So each worker writes to its own, and only threads
//! that want to know the sum read them all.

use std::ops::AddAssign;
use std::sync::atomic::{
    AtomicUsize,
    Ordering::{Relaxed, SeqCst},
};

use super::worker_queue::WorkerQueue;
use crate::pool::Shared;
use crate::state::State;
use crate::stats::Ending;

/// What one worker has counted. It only grows.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Slot {
    /// Tasks taken out of a queue to be run.
    taken: AtomicUsize,
    /// How many of these have left the pool, for each [`Ending`].
    ended: [AtomicUsize; 4],
    /// Tasks taken out of the queues of others.
    stolen: AtomicUsize,
}

/// The sum of several slots.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) taken: usize,
    pub(crate) ended: [usize; 4],
    pub(crate) stolen: usize,
}

impl Slot {
    pub(crate) fn took(&self) {
        self.taken.fetch_add(1, SeqCst);
    }

    pub(crate) fn ended(&self, ending: Ending) {
        self.ended[ending as usize].fetch_add(1, SeqCst);
    }

    pub(crate) fn stole(&self, jobs: usize) {
        self.stolen.fetch_add(jobs, Relaxed);
    }

    /// All of it, as it was at one instant.
    pub(crate) fn read(&self) -> Counts {
        loop {
            let taken = self.taken.load(SeqCst);
            let ended = [0, 1, 2, 3].map(|n: usize| self.ended[n].load(SeqCst));
            // A worker ends one task before it takes the next: so at most one has ended meanwhile.
            if self.taken.load(SeqCst) == taken {
                let stolen = self.stolen.load(Relaxed);
                return Counts {
                    taken,
                    ended,
                    stolen,
                };
            }
        }
    }
}

impl Counts {
    pub(crate) fn all_ended(&self) -> usize {
        self.ended.iter().sum()
    }

    pub(crate) fn running(&self) -> usize {
        self.taken - self.all_ended()
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, slot: Counts) {
        self.taken += slot.taken;
        self.stolen += slot.stolen;
        for (sum, ended) in self.ended.iter_mut().zip(slot.ended) {
            *sum += ended;
        }
    }
}

impl State {
    /// What has been counted since the start. The slots are read one after another, each as it was
    /// at some instant under this lock.
    pub(crate) fn counts(&self) -> Counts {
        let mut sum = self.past;
        self.workers.slots().for_each(|slot| sum += slot.read());
        sum
    }

    /// The number of tasks in all queues. Nobody accepts one under this lock, but workers take
    /// some: so it may be too large, and if it is zero, nothing is queued.
    pub(crate) fn queued(&mut self) -> usize {
        self.taken = self.counts().taken;
        self.accepted - self.taken
    }

    /// Tasks that are queued or run. It may be too large as well.
    pub(crate) fn unfinished(&self) -> usize {
        self.accepted - self.counts().all_ended()
    }
}

impl Shared {
    /// Counts a task that a worker has taken and that has ended.
    pub(crate) fn end(&self, queue: &WorkerQueue, ending: Ending) {
        queue.slot.ended(ending);
        // One that waits raises `idle_waiters` before it reads the slots, and here it is the other
        // way round: so either it sees this ending, or this thread sees that it waits. And as long
        // as more is queued here, this was not the last one.
        if self.queues.idle_waiters.load(SeqCst) > 0 && queue.is_empty() {
            self.note_idle(&mut self.lock());
        }
    }

    /// Releases those that wait until all has ended, if it has. Also to be called before a task is
    /// accepted: the worker that ended the last one may not have looked yet.
    pub(crate) fn note_idle(&self, state: &mut State) {
        if self.queues.idle_waiters.load(SeqCst) > 0 && state.unfinished() == 0 {
            state.generation += 1;
            self.all_ended.notify_all();
        }
    }

    /// Returns once no task was unfinished at some instant after the call.
    pub(crate) fn wait_until_idle(&self) {
        let mut state = self.lock();
        self.queues.idle_waiters.fetch_add(1, SeqCst);
        let before = state.generation;
        self.note_idle(&mut state);
        let busy = |state: &mut State| state.generation == before;
        self.all_ended.wait_while(&mut state, busy);
        self.queues.idle_waiters.fetch_sub(1, SeqCst);
    }
}
