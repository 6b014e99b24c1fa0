//! How a task is accepted, and how a submitter waits for a place.

use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{hint, iter};

use crossbeam_channel::{Receiver, Select};
use parking_lot::MutexGuard;

use crate::group::TaskGroup;
use crate::pool::Shared;
use crate::queues::Stealing;
use crate::queues::worker_queue::WorkerQueue;
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
        let pushed = self.push_timeout(Job { task, token, group }, timeout);
        pushed.map_err(|(job, reason)| Rejected::new(job.task, reason))
    }

    pub(crate) fn push_timeout(
        self: &Arc<Shared>,
        job: Job,
        timeout: Option<Duration>,
    ) -> Result<(), (Job, Reason)> {
        let mut state = self.lock();
        match (self.try_push(&mut state, job), timeout) {
            (Err((job, Reason::Full)), Some(timeout)) => {
                let deadline = Instant::now().checked_add(timeout);
                self.push_deadline(state, job, deadline)
            }
            (pushed, _) => pushed,
        }
    }

    /// Queues the job if there is a place for it now, or if a new worker makes one.
    fn try_push(self: &Arc<Shared>, state: &mut Guard<'_>, job: Job) -> Result<(), (Job, Reason)> {
        if state.open.is_some() && job.is_cancelled(&self.token) {
            return Err((job, Reason::Cancelled));
        }
        // What opens the lock comes first, and what has to be true when the job is queued is looked
        // at after it. That there is a worker comes last: a job in a pool without one is stranded.
        let on_worker = self.this_worker();
        let full = on_worker.is_none() && self.room(state) == 0;
        let mut started = full && state.workers.may_grow() && self.make_place(state);
        match self.ensure_worker(state) {
            Ok(first) => started |= first,
            Err(_) => return Err((job, Reason::NoWorker)),
        }
        if state.open.is_none() {
            return Err((job, Reason::ShutDown));
        }
        if on_worker.is_none() && self.room(state) == 0 {
            return Err((job, Reason::Full));
        }
        self.push(state, job, on_worker);
        if !started && state.workers.may_grow() {
            // If no thread can be started, the workers that there are will come to the job.
            let _ = self.grow(state, Moment::Submitted);
        }
        Ok(())
    }

    /// Accepts a job.
    pub(crate) fn push<'state>(
        &self,
        state: &'state mut State,
        job: Job,
        on_worker: Option<usize>,
    ) -> &'state Arc<WorkerQueue> {
        self.note_idle(state);
        state.accepted += 1;
        if on_worker.is_none() {
            self.places.occupy();
        }
        state.empties.free_some(&self.depot);
        let own = on_worker.filter(|number| state.workers.queue_of(*number).is_some());
        // Without stealing nobody else could run what stays on a worker.
        let stays = own.is_some() && self.dispatch.stealing == Stealing::Off;
        let woken = if stays {
            None
        } else {
            self.wake_for_task(state)
        };
        let queue = match own.or(woken) {
            Some(number) => state.workers.queue_of(number).expect("a live one"),
            None => state.workers.place(self.dispatch.placement),
        };
        queue.push(job);
        queue
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
        self.give_first(state, newest);
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
        let patience = Instant::now().checked_add(self.places.begin_wait());
        let mut impatient = false;
        // Only now: a worker that has taken a job before did not know that somebody waits.
        let mut full = self.room(&mut state) == 0;
        drop(state);
        let tokens: Vec<_> = iter::once(&self.token).chain(&job.token).cloned().collect();
        let deadlines = tokens.iter().filter_map(CancelToken::deadline);
        let deadline = deadlines.chain(deadline).min();
        let ends = tokens.iter().flat_map(CancelToken::ends);
        let events = [&self.places.signalled, &self.closed]
            .into_iter()
            .chain(ends);
        let events: Vec<_> = events.collect();
        loop {
            let patient = !impatient && deadline.is_none_or(|at| patience.is_some_and(|p| p < at));
            let until = if patient { patience } else { deadline };
            let timed_out = full && self.wait_for_one(&events, until);
            let mut state = self.lock();
            if timed_out && patient {
                impatient = true;
                self.places.lose_patience(&mut state);
            }
            // The signal may have stood for two places, and `try_push` may run code of a user.
            let others = state.impatient > 0 && self.places.waiting() > 1;
            if others && self.room(&mut state) > 1 {
                self.places.signal();
            }
            let pushed = match self.try_push(&mut state, job) {
                Err((same, Reason::Full)) if !timed_out || patient => {
                    job = same;
                    full = true;
                    continue;
                }
                Err((job, Reason::Full)) => Err((job, Reason::Timeout)),
                pushed => pushed,
            };
            self.places.end_wait(&mut state, impatient);
            // Once more: perhaps this one leaves without the place that the signal was for.
            if pushed.is_err() || state.impatient > 0 {
                self.signal_place(state);
            }
            return pushed;
        }
    }

    /// Waits, without the lock, until one of these has something to say. Returns whether it was the
    /// deadline instead.
    fn wait_for_one(&self, events: &[&Receiver<()>], deadline: Option<Instant>) -> bool {
        (0..SPINS)
            .take_while(|_| self.places.signalled.is_empty())
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
    pub(crate) fn signal_place(&self, mut state: Guard<'_>) {
        let signal =
            self.places.waiting() > 0 && (self.room(&mut state) > 0 || state.workers.may_grow());
        drop(state); // a submitter that wakes up wants the lock
        if signal {
            self.places.signal();
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
