//! The bounded queues: one lock, under which a job is accepted and taken.

use std::time::Instant;
use std::{hint, iter, mem};

use crossbeam_channel::{Receiver, Sender, bounded};
use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::priority::{Order, Place};
use crate::task::Job;
use crate::{CancelToken, Priority, Reason};

/// How often a thread looks whether the lock is free before it sleeps. The lock is held for less
/// than a microsecond, and to sleep and be woken takes longer.
const LOCK_SPINS: usize = 100;

/// The way from those who submit to those who work.
///
/// A channel gives out what came first. Here it is decided when a worker comes which job is next,
/// so there is a lock instead, and those who wait are counted under it: workers that wait for a job
/// and, for each level, submitters that wait for a place.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    /// Where workers sleep until there is a job. They wait for nothing else.
    job: Condvar,
    /// Where submitters sleep until there is a place for their level. One for all levels would not
    /// do: a signal could go to a submitter of a level that is full, and the right one would not
    /// wake up.
    places: [Place; Priority::ALL.len()],
    /// Nothing is ever sent here. When its only sender is dropped, which closes the queue, each
    /// `recv` returns at once with an error: that wakes all submitters that wait.
    closed: Receiver<()>,
    /// The pool's token: no job is accepted once it is cancelled.
    token: CancelToken,
}

/// What the lock guards. No code of a user runs under it, and nobody sleeps under it.
#[derive(Debug)]
struct State {
    /// The only sender of `closed`. `None` once the queue is closed.
    open: Option<Sender<()>>,
    jobs: Order,
    /// Submitters that wait for a place, for each level.
    waiting: [usize; Priority::ALL.len()],
    /// Workers that sleep, apart from those that are being woken.
    idle: usize,
    /// Workers that are being woken and have not had the lock since. While jobs wait and workers
    /// sleep, there is at least one of these.
    woken: usize,
}

impl Queue {
    pub(crate) fn new(capacity: usize, ageing: u64, token: CancelToken) -> Queue {
        let (open, closed) = bounded(0);
        Queue {
            state: Mutex::new(State {
                open: Some(open),
                jobs: Order::new(capacity, ageing),
                waiting: [0; Priority::ALL.len()],
                idle: 0,
                woken: 0,
            }),
            job: Condvar::new(),
            places: Priority::ALL.map(|_| Place::new()),
            closed,
            token,
        }
    }

    /// Queues the job if its level has a place for it now.
    pub(crate) fn try_send(&self, job: Job) -> Result<(), (Job, Reason)> {
        let level = job.task.priority();
        let mut state = self.lock();
        let sent = self.push(&mut state, job);
        self.unlock(state, level);
        sent
    }

    fn push(&self, state: &mut State, job: Job) -> Result<(), (Job, Reason)> {
        if state.open.is_none() {
            return Err((job, Reason::ShutDown));
        }
        if job.is_cancelled(&self.token) {
            return Err((job, Reason::Cancelled));
        }
        if state.jobs.is_full(job.task.priority()) {
            return Err((job, Reason::Full));
        }
        state.jobs.push(job);
        Ok(())
    }

    /// Queues the job, and waits for a place if its level has none. Without a deadline, for ever.
    ///
    /// The wait is for several things at once: for a signal that there is a place, for the queue to
    /// be closed, and for each token that can cancel the job. The lock is open meanwhile. Whatever
    /// it was, `push` finds out what is to be done.
    pub(crate) fn send_deadline(
        &self,
        mut job: Job,
        deadline: Option<Instant>,
    ) -> Result<(), (Job, Reason)> {
        let level = job.task.priority();
        let tokens: Vec<_> = iter::once(&self.token).chain(&job.token).cloned().collect();
        let deadlines = tokens.iter().filter_map(CancelToken::deadline);
        let deadline = deadlines.chain(deadline).min();
        let of_tokens = tokens.iter().flat_map(CancelToken::ends);
        let ends: Vec<_> = iter::once(&self.closed).chain(of_tokens).collect();
        let mut timed_out = false;
        let mut state = self.lock();
        state.waiting[level.index()] += 1;
        let sent = loop {
            job = match self.push(&mut state, job) {
                Err((job, Reason::Full)) if timed_out => break Err((job, Reason::Timeout)),
                Err((job, Reason::Full)) => job,
                sent => break sent,
            };
            drop(state);
            timed_out = self.places[level.index()].wait(&ends, deadline);
            state = self.lock();
        };
        state.waiting[level.index()] -= 1;
        // The signal may have stood for more than one place, or this submitter needs none.
        self.unlock(state, level);
        sent
    }

    /// Takes the job that is next, and waits if there is none. `None` once the queue is closed and
    /// empty.
    pub(crate) fn recv(&self) -> Option<Job> {
        let mut state = self.lock();
        while state.jobs.len() == 0 && state.open.is_some() {
            state.idle += 1;
            self.job.wait(&mut state);
            state.woken -= 1;
        }
        let job = state.jobs.pop()?;
        self.unlock(state, job.task.priority());
        Some(job)
    }

    /// Opens the lock, and wakes those who can go on after what has changed at this level.
    ///
    /// To wake a worker costs more than a short task, so one is woken at a time. When it has the
    /// lock it takes a job and comes here, before it runs the job, and wakes the next one if there
    /// is more to do.
    fn unlock(&self, mut state: MutexGuard<'_, State>, level: Priority) {
        let wake = state.idle > 0 && state.woken == 0 && state.jobs.len() > 0;
        if wake {
            // Counted by the thread that wakes, so that the next one sees it.
            state.idle -= 1;
            state.woken += 1;
        }
        let signal = state.waiting[level.index()] > 0 && !state.jobs.is_full(level);
        drop(state); // whoever wakes up wants the lock
        if wake {
            self.job.notify_one();
        }
        if signal {
            self.places[level.index()].signal();
        }
    }

    /// Refuses every job from now on, and those that wait for a place. Workers that sleep wake up
    /// to see it.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        let open = state.open.take();
        state.woken += mem::take(&mut state.idle);
        drop(state);
        drop(open);
        self.job.notify_all();
    }

    /// The number of jobs that wait, of all levels.
    pub(crate) fn len(&self) -> usize {
        self.lock().jobs.len()
    }

    /// The number of places for each level.
    pub(crate) fn capacity(&self) -> usize {
        self.lock().jobs.capacity()
    }

    /// Locks the state.
    ///
    /// The mutex has a short spin of its own, after which it yields. Beside threads that compute, a
    /// thread that yields may have to wait for milliseconds. So this one looks for a while first.
    fn lock(&self) -> MutexGuard<'_, State> {
        for _ in 0..LOCK_SPINS {
            if let Some(state) = self.state.try_lock() {
                return state;
            }
            hint::spin_loop();
        }
        self.state.lock()
    }
}
