//! How a task is accepted.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use parking_lot::MutexGuard;

use crate::pool::Shared;
use crate::results::queued::Ticket;
use crate::scaling::Moment;
use crate::state::State;
use crate::stats::Ending;
use crate::task::{Job, Task};
use crate::{Reason, Rejected, worker};

type Guard<'shared> = MutexGuard<'shared, State>;

impl Shared {
    /// Every way to submit comes here. The timeout: `None` never waits, [`Duration::MAX`] waits for
    /// ever.
    pub(crate) fn submit(
        self: &Arc<Shared>,
        task: Task,
        ticket: Ticket,
        timeout: Option<Duration>,
    ) -> Result<(), Rejected> {
        let pushed = self.push_timeout(Job { task, ticket }, timeout);
        pushed.map_err(|(job, reason)| Rejected::new(job.task.refused(), reason))
    }

    /// As [`submit`](Shared::submit), and the job comes back.
    pub(crate) fn push_timeout(
        self: &Arc<Shared>,
        job: Job,
        timeout: Option<Duration>,
    ) -> Result<(), (Job, Reason)> {
        let Err(job) = self.push_unlocked(job) else {
            return Ok(());
        };
        let mut state = self.lock();
        match (self.try_push(&mut state, job), timeout) {
            (Err((job, Reason::Full)), Some(timeout)) => {
                let deadline = Instant::now().checked_add(timeout);
                self.push_deadline(state, job, deadline)
            }
            (pushed, _) => pushed,
        }
    }

    /// Queues a job that a worker submits, in the worker's own queue and without the lock of the
    /// state, if there is nothing else to be done: the pool is open, and cannot grow.
    ///
    /// If the pool is closed meanwhile, the job has been accepted just before. The worker that
    /// submits it is here to run it, and does not leave before.
    fn push_unlocked(self: &Arc<Shared>, job: Job) -> Result<(), Job> {
        let queues = &self.queues;
        worker::with_own(|own| match own {
            Some(own) if own.queue.pool.number == self.number => {
                let refused = queues.closed.load(Relaxed) || job.is_cancelled(&self.token);
                if refused || queues.staffing.may_grow() {
                    return Err(job);
                }
                match own.queue.push_own(job) {
                    Ok(()) => {
                        queues.places.add();
                        self.wake_for_own();
                    }
                    Err(job) => self.end(&own.queue, job.ticket, Ending::Cancelled),
                }
                Ok(())
            }
            _ => Err(job),
        })
    }

    /// Queues the job if there is a place for it now, or if a new worker makes one.
    pub(crate) fn try_push(
        self: &Arc<Shared>,
        state: &mut Guard<'_>,
        job: Job,
    ) -> Result<(), (Job, Reason)> {
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

    /// There is no place. If the policy wants one more worker now, it is started with the oldest
    /// job of some queue, whose place is free at once, also if the worker has a long start hook.
    /// Returns whether one was started.
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

    /// Refuses every job from now on, and those that wait for a place. Workers that sleep wake up
    /// to see it.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.open = None;
        self.queues.closed.store(true, Relaxed);
        state.workers.wake_all();
    }
}
