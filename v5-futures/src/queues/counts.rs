//! What workers count, each in a slot of its own.
//!
//! One counter for all would be written by every worker for each task, and the cache line that
//! holds it would travel between their cores. So each worker writes to its own, and only threads
//! that want to know the sum read them all.

use std::ops::AddAssign;
use std::sync::atomic::{
    AtomicUsize,
    Ordering::{Relaxed, Release, SeqCst},
};

use crate::state::State;
use crate::stats::Ending;

/// What one worker has counted. It only grows.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Slot {
    /// Tasks that it has submitted without the lock of the state.
    accepted: AtomicUsize,
    /// Tasks taken out of a queue to be run, or claimed.
    taken: AtomicUsize,
    /// How many of these have left the pool, for each [`Ending`].
    ended: [AtomicUsize; 4],
    /// Tasks taken out of the queues of others.
    stolen: AtomicUsize,
}

/// The sum of several slots.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) accepted: usize,
    pub(crate) taken: usize,
    pub(crate) ended: [usize; 4],
    pub(crate) stolen: usize,
    /// Workers that have a task. A task that waits for one on top of it does not count.
    pub(crate) running: usize,
    /// Tasks that threads have claimed which are no workers.
    pub(crate) elsewhere: usize,
}

impl Slot {
    pub(crate) fn accepted(&self) {
        self.accepted.fetch_add(1, SeqCst);
    }

    pub(crate) fn took(&self) {
        self.taken.fetch_add(1, SeqCst);
    }

    pub(crate) fn ended(&self, ending: Ending) {
        self.ended[ending as usize].fetch_add(1, SeqCst);
    }

    /// As [`ended`](Slot::ended), on top of another task: it is not the last one, so this need not
    /// be in order with anything, except that it was taken before. Only the worker itself writes
    /// here.
    pub(crate) fn ended_on_top(&self, ending: Ending) {
        let ended = &self.ended[ending as usize];
        ended.store(ended.load(Relaxed) + 1, Release);
    }

    pub(crate) fn stole(&self, jobs: usize) {
        self.stolen.fetch_add(jobs, Relaxed);
    }

    /// Whether the worker has two tasks that have not ended, one on top of the other.
    pub(crate) fn is_nested(&self) -> bool {
        let ended = self.ended.iter().map(|ended| ended.load(Relaxed));
        self.taken.load(Relaxed) > ended.sum::<usize>() + 1
    }

    /// What has been taken, and how much of that has ended, as it was at one instant or, with tasks
    /// that run on top of others, at a few that lie close together.
    pub(crate) fn read(&self) -> Counts {
        loop {
            let taken = self.taken.load(SeqCst);
            let ended = [0, 1, 2, 3].map(|n: usize| self.ended[n].load(SeqCst));
            // Between two tasks that a worker takes, only those end that it has taken before.
            if self.taken.load(SeqCst) == taken {
                let running = usize::from(taken > ended.iter().sum());
                let stolen = self.stolen.load(Relaxed);
                return Counts {
                    accepted: 0,
                    taken,
                    ended,
                    stolen,
                    running,
                    elsewhere: 0,
                };
            }
        }
    }

    /// All that a worker has counted, which leaves.
    pub(crate) fn read_last(&self) -> Counts {
        Counts {
            accepted: self.read_accepted(),
            running: 0,
            ..self.read()
        }
    }

    /// To be read after all that has been taken: what is taken has been accepted before.
    fn read_accepted(&self) -> usize {
        self.accepted.load(SeqCst)
    }
}

impl Counts {
    pub(crate) fn all_ended(&self) -> usize {
        self.ended.iter().sum()
    }

    /// Tasks that wait for one that runs on top of them.
    pub(crate) fn nested(&self) -> usize {
        self.taken - self.all_ended() - self.running - self.elsewhere
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, slot: Counts) {
        self.accepted += slot.accepted;
        self.taken += slot.taken;
        self.stolen += slot.stolen;
        self.running += slot.running;
        for (sum, ended) in self.ended.iter_mut().zip(slot.ended) {
            *sum += ended;
        }
    }
}

impl State {
    /// What has been counted since the start. The slots are read one after another, each as it was
    /// at some instant under this lock, and then what workers have accepted. So there is an instant
    /// in between at which no less had been taken, and no more had been accepted.
    pub(crate) fn counts(&self) -> Counts {
        let mut sum = self.past;
        let claimed = self.outside.claimed.read();
        sum += claimed;
        // Threads that are no workers do not count as running.
        sum.running = 0;
        sum.elsewhere = claimed.taken - claimed.all_ended();
        self.workers.slots().for_each(|slot| sum += slot.read());
        let by_workers = self.workers.slots().map(Slot::read_accepted);
        sum.accepted += by_workers.sum::<usize>();
        sum
    }

    /// The number of tasks in all queues. Workers take some under this lock, and add some: so it
    /// may be too large. If it is zero, there was an instant at which nothing was queued.
    pub(crate) fn queued(&mut self) -> usize {
        let counts = self.counts();
        self.queued_then = counts.accepted - counts.taken;
        self.accepted_then = self.past.accepted;
        self.queued_then
    }

    /// Tasks that are queued or run. It may be too large as well.
    pub(crate) fn unfinished(&self) -> usize {
        let counts = self.counts();
        counts.accepted - counts.all_ended()
    }

    /// Tasks that need a worker of their own. It may be too large as well.
    pub(crate) fn in_need(&self) -> usize {
        let counts = self.counts();
        counts.accepted - counts.taken + counts.running
    }

    /// Tasks accepted since the start.
    pub(crate) fn accepted(&self) -> usize {
        self.counts().accepted
    }
}
