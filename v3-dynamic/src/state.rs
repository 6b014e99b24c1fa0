//! All that changes in a pool, under one lock.

use std::collections::VecDeque;
use std::hint;

use crossbeam_channel::Sender;
use parking_lot::MutexGuard;

use crate::Threads;
use crate::pool::Shared;
use crate::stats::Ending;
use crate::task::Job;
use crate::workers::Workers;

/// What the pool's lock guards. A thread that holds the lock sees the queue, the submitters that
/// wait for a place in it and the workers as they are at one instant. So it decides on what is
/// true, and not on what was true a moment ago.
///
/// No code of a user runs under this lock, and nobody sleeps under it.
#[derive(Debug)]
pub(crate) struct State {
    /// The only sender of the pool's channel `closed`. `None` once the pool is closed.
    pub(crate) open: Option<Sender<()>>,
    /// Tasks that no worker has taken yet, the oldest in front. In a pool without workers there are
    /// none.
    pub(crate) queue: VecDeque<Job>,
    /// Submitters that wait for a place in the queue.
    pub(crate) waiting: usize,
    pub(crate) workers: Workers,
    /// Tasks that workers have taken and that have not ended.
    pub(crate) running: usize,
    /// Tasks accepted since the start.
    pub(crate) accepted: usize,
    /// How many tasks have left the pool, for each [`Ending`].
    pub(crate) ended: [usize; 4],
    /// How often the last unfinished task has ended.
    pub(crate) generation: u64,
}

impl State {
    pub(crate) fn new(open: Sender<()>, capacity: usize, threads: Threads) -> State {
        State {
            open: Some(open),
            queue: VecDeque::with_capacity(capacity),
            waiting: 0,
            workers: Workers::new(threads),
            running: 0,
            accepted: 0,
            ended: [0; 4],
            generation: 0,
        }
    }

    /// Tasks that are queued or run.
    pub(crate) fn unfinished(&self) -> usize {
        self.queue.len() + self.running
    }

    /// Accepts a job, and sees to it that a worker comes to it, as far as there are workers.
    pub(crate) fn push(&mut self, job: Job) {
        self.queue.push_back(job);
        self.accepted += 1;
        let unfinished = self.unfinished();
        self.workers.wake_one(unfinished);
    }

    /// Takes the oldest job out of the queue, to run it.
    pub(crate) fn take(&mut self) -> Option<Job> {
        let job = self.queue.pop_front()?;
        self.running += 1;
        Some(job)
    }

    /// Counts jobs that are not in the queue any more and do not run. Returns whether they were the
    /// last unfinished ones: then those who wait for that are to be woken.
    pub(crate) fn end(&mut self, ending: Ending, jobs: usize) -> bool {
        self.ended[ending as usize] += jobs;
        let last = self.unfinished() == 0;
        self.generation += u64::from(last);
        last
    }
}

/// How often a thread looks whether the lock is free before it sleeps: for some microseconds. It
/// is held for less than one, except while a thread is started, and to sleep and be woken takes
/// longer.
const SPINS: usize = 100;

impl Shared {
    /// Locks the state.
    ///
    /// The mutex has a short spin of its own, after which it yields. Beside threads that compute, a
    /// thread that yields may have to wait for milliseconds. So this one looks for a while first.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        for _ in 0..SPINS {
            if let Some(state) = self.state.try_lock() {
                return state;
            }
            hint::spin_loop();
        }
        self.state.lock()
    }
}
