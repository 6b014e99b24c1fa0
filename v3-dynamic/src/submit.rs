//! How a task is accepted, and how a submitter waits for a place.

use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{hint, iter};

use crossbeam_channel::{Receiver, Select};
use parking_lot::MutexGuard;

use crate::group::TaskGroup;
use crate::pool::Shared;
use crate::scaling::Moment;
use crate::state::State;
use crate::task::{Job, Task};
use crate::wait_group::Pending;
use crate::{CancelToken, Reason, Rejected};

type Guard<'shared> = MutexGuard<'shared, State>;

/// How often a submitter looks for a place before it sleeps: for about a microsecond. To sleep and
/// be woken takes longer.
const SPINS: usize = 32;

impl Shared {
    /// Every way to submit comes here. The timeout: `None` never waits, [`Duration::MAX`] waits for
    /// ever.
    pub(crate) fn submit(
        self: &Arc<Shared>,
        task: Task,
        group: Option<(Arc<TaskGroup>, Pending)>,
        token: Option<CancelToken>,
        timeout: Option<Duration>,
    ) -> Result<(), Rejected> {
        let job = Job { task, token, group };
        let mut state = self.lock();
        let refused = match (self.try_push(&mut state, job), timeout) {
            (Ok(()), _) => return Ok(()),
            (Err((job, Reason::Full)), Some(timeout)) if !self.on_worker() => {
                let deadline = Instant::now().checked_add(timeout);
                self.push_deadline(state, job, deadline)
            }
            (refused, _) => {
                drop(state);
                refused
            }
        };
        refused.map_err(|(job, reason)| Rejected::new(job.task, reason))
    }

    /// Queues the job if there is a place for it now, or if a new worker makes one.
    fn try_push(self: &Arc<Shared>, state: &mut Guard<'_>, job: Job) -> Result<(), (Job, Reason)> {
        if state.open.is_some() && job.is_cancelled(&self.token) {
            return Err((job, Reason::Cancelled));
        }
        // What opens the lock comes first, and what has to be true when the job is queued is looked
        // at after it. That there is a worker comes last: a job in a pool without one is stranded.
        let full = state.queue.len() >= self.capacity;
        let mut started = full && state.workers.may_grow() && self.make_place(state);
        match self.ensure_worker(state) {
            Ok(first) => started |= first,
            Err(_) => return Err((job, Reason::NoWorker)),
        }
        if state.open.is_none() {
            return Err((job, Reason::ShutDown));
        }
        if state.queue.len() >= self.capacity {
            return Err((job, Reason::Full));
        }
        state.push(job);
        if !started && state.workers.may_grow() {
            // If no thread can be started, the workers that there are will come to the job.
            let _ = self.grow(state, Moment::Submitted);
        }
        Ok(())
    }

    /// The queue is full. If the policy wants one more worker now, it is started with the oldest
    /// job, whose place is free at once: so jobs are taken in the order in which they came. Returns
    /// whether one was started.
    fn make_place(self: &Arc<Shared>, state: &mut Guard<'_>) -> bool {
        if state.open.is_none() {
            return false;
        }
        let Ok(Some(newest)) = self.grow(state, Moment::Full) else {
            return false;
        };
        if let Some(oldest) = state.take() {
            state.workers.give_first(newest, oldest);
        }
        true
    }

    /// Queues the job, and waits until there is a place. Without a deadline, for ever.
    ///
    /// The wait is for several things at once: for a signal that there is a place, for the pool to
    /// be closed, and for each token that can cancel the job. The lock is open meanwhile. Whatever
    /// it was, `try_push` finds out what is to be done.
    fn push_deadline(
        self: &Arc<Shared>,
        mut state: Guard<'_>,
        mut job: Job,
        deadline: Option<Instant>,
    ) -> Result<(), (Job, Reason)> {
        state.waiting += 1;
        drop(state);
        let tokens: Vec<_> = iter::once(&self.token).chain(&job.token).cloned().collect();
        let deadlines = tokens.iter().filter_map(CancelToken::deadline);
        let deadline = deadlines.chain(deadline).min();
        let ends = tokens.iter().flat_map(CancelToken::ends);
        let events = [&self.place, &self.closed].into_iter().chain(ends);
        let events: Vec<_> = events.collect();
        loop {
            let timed_out = self.wait_for_one(&events, deadline);
            let mut state = self.lock();
            // The signal may have stood for two places, and `try_push` may run code of a user.
            if state.waiting > 1 && state.queue.len() + 1 < self.capacity {
                let _ = self.signal.try_send(());
            }
            let pushed = match self.try_push(&mut state, job) {
                Err((full, Reason::Full)) if !timed_out => {
                    job = full;
                    continue;
                }
                Err((job, Reason::Full)) => Err((job, Reason::Timeout)),
                pushed => pushed,
            };
            state.waiting -= 1;
            // Once more: perhaps this one leaves without the place that the signal was for.
            self.signal_place(state);
            return pushed;
        }
    }

    /// Waits, without the lock, until one of these has something to say. Returns whether it was the
    /// deadline instead.
    fn wait_for_one(&self, events: &[&Receiver<()>], deadline: Option<Instant>) -> bool {
        (0..SPINS)
            .take_while(|_| self.place.is_empty())
            .for_each(|_| hint::spin_loop());
        let mut select = Select::new();
        for event in events {
            select.recv(event);
        }
        let selected = match deadline {
            Some(at) => select.select_deadline(at),
            None => Ok(select.select()),
        };
        // What is selected has to be done: it takes the signal, if it is one.
        let received = selected.map(|selected| {
            let event = selected.index();
            selected.recv(events[event])
        });
        received.is_err()
    }

    /// Tells one of the submitters that wait, if there is a place or may be one.
    ///
    /// The channel holds one signal: a second one would say the same.
    pub(crate) fn signal_place(&self, state: Guard<'_>) {
        let place = state.queue.len() < self.capacity || state.workers.may_grow();
        let signal = state.waiting > 0 && place;
        drop(state); // a submitter that wakes up wants the lock
        if signal {
            let _ = self.signal.try_send(());
        }
    }

    /// Refuses every job from now on, and those that wait for a place. Workers that sleep wake up
    /// to see it.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.open = None;
        state.workers.wake_all();
    }
}
