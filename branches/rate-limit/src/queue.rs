//! The bounded queues: one lock, under which a job is accepted, taken and charged.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Instant;
use std::{hint, iter};

use crossbeam_channel::{Receiver, bounded};
use parking_lot::{Mutex, MutexGuard};

use crate::limits::{LimitQueues, Place, Sleepers, Wakeups};
use crate::task::Job;
use crate::{CancelToken, Reason};

/// How often a thread looks whether the lock is free before it sleeps. The lock is held for less
/// than a microsecond, and to sleep and be woken takes longer.
const LOCK_SPINS: usize = 100;

/// The way from those who submit to those who work.
///
/// A channel gives out what came first. Here a job may have to wait for its limit while others go
/// ahead, so there is a lock instead. The jobs are behind it, and so is who sleeps.
pub(crate) struct Queue {
    state: Mutex<State>,
    wakeups: Wakeups,
    /// Nothing is ever sent here. When its only sender is dropped, which closes the queue, each
    /// `recv` returns at once with an error: that wakes all submitters that wait.
    closed: Receiver<()>,
    /// The pool's token.
    token: CancelToken,
}

/// What the lock guards. No code of a user runs under it, and nobody sleeps under it.
pub(crate) struct State {
    pub(crate) queues: LimitQueues,
    pub(crate) sleepers: Sleepers,
}

impl Queue {
    pub(crate) fn new(capacity: usize, token: CancelToken) -> Arc<Queue> {
        let (open, closed) = bounded(0);
        Arc::new_cyclic(|me| Queue {
            state: Mutex::new(State {
                queues: LimitQueues::new(capacity, open, token.clone(), Weak::clone(me)),
                sleepers: Sleepers::default(),
            }),
            wakeups: Wakeups::default(),
            closed,
            token,
        })
    }

    /// Queues the job if its queue has a place for it now.
    pub(crate) fn try_send(&self, job: Job) -> Result<(), (Job, Reason)> {
        let mut state = self.lock();
        let sent = state.queues.push(job);
        self.unlock(state, None);
        sent
    }

    /// Queues the job, and waits for a place if its queue has none. Without a deadline, for ever.
    ///
    /// The wait is for several things at once: for a signal that there is a place, for the queue to
    /// be closed, and for each token that can cancel the job. The lock is open meanwhile. Whatever
    /// it was, `push` finds out what is to be done.
    pub(crate) fn send_deadline(
        &self,
        mut job: Job,
        deadline: Option<Instant>,
    ) -> Result<(), (Job, Reason)> {
        let limit = job.task.limit.clone();
        let tokens: Vec<_> = iter::once(&self.token).chain(&job.token).cloned().collect();
        let deadlines = tokens.iter().filter_map(CancelToken::deadline);
        let deadline = deadlines.chain(deadline).min();
        let of_tokens = tokens.iter().flat_map(CancelToken::ends);
        let ends: Vec<_> = iter::once(&self.closed).chain(of_tokens).collect();
        let mut timed_out = false;
        let mut state = self.lock();
        let place = state.queues.wait(limit.as_ref());
        let sent = loop {
            job = match state.queues.push(job) {
                Err((job, Reason::Full)) if timed_out => break Err((job, Reason::Timeout)),
                Err((job, Reason::Full)) => job,
                sent => break sent,
            };
            drop(state);
            timed_out = place.wait(&ends, deadline);
            state = self.lock();
        };
        // The signal may have stood for more than one place, or this submitter needs none.
        let signal = state.queues.leave(limit.as_ref());
        self.unlock(state, signal);
        sent
    }

    /// Takes the job that is next, and waits if none may start. Says whether it is cancelled: what
    /// is not, is started. `None` once the queue is closed and empty.
    pub(crate) fn recv(&self) -> Option<(Job, bool)> {
        let mut state = self.lock();
        let taken = loop {
            match state.queues.next() {
                Ok(taken) => break taken,
                Err(_) if state.queues.is_over() => return None,
                Err(alarm) => self.wakeups.sleep(&mut state, alarm),
            }
        };
        self.unlock(state, taken.place);
        // Cancelled or started: without a limit it is decided here, as nothing is charged for it.
        let look = || taken.job.is_cancelled(&self.token);
        let cancelled = taken.cancelled.unwrap_or_else(look);
        Some((taken.job, cancelled))
    }

    /// Takes a job that will not start here, if there is one.
    pub(crate) fn take_back(&self) -> Option<Job> {
        let mut state = self.lock();
        let taken = state.queues.take_back()?;
        self.unlock(state, taken.place);
        Some(taken.job)
    }

    /// Opens the lock, and wakes those who can go on after what has changed.
    fn unlock(&self, mut state: MutexGuard<'_, State>, place: Option<Arc<Place>>) {
        if state.queues.is_over() {
            // Workers that have slept behind a limit wait for nothing any more.
            state.wake_all(&self.wakeups);
        }
        let wake = state.wake(&self.wakeups);
        drop(state); // whoever wakes up wants the lock
        if wake {
            self.wakeups.job.notify_one();
        }
        if let Some(place) = place {
            place.signal();
        }
    }

    /// Refuses every job from now on, and those that wait for a place. Workers that sleep wake up
    /// to see it.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        let open = state.queues.open.take();
        state.wake_all(&self.wakeups);
        drop(state);
        drop(open);
    }

    /// Something has changed that the queue does not see.
    pub(crate) fn tell(&self, change: impl FnOnce(&mut State, &Wakeups)) {
        let mut state = self.lock();
        change(&mut state, &self.wakeups);
        self.unlock(state, None);
    }

    /// The number of jobs that wait.
    pub(crate) fn len(&self) -> usize {
        self.lock().queues.len()
    }

    /// The number of places for jobs without a limit.
    pub(crate) fn capacity(&self) -> usize {
        self.lock().queues.capacity()
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

/// Without any numbers: to read them takes the lock, and whoever prints may be slow.
impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").finish_non_exhaustive()
    }
}
