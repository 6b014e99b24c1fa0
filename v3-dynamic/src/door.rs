//! The way in: one lock decides which task is accepted, and where submitters wait for a place.

use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::fence;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::TrySendError;
use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::census::Inside;
use crate::count::Count;
use crate::pool::Shared;
use crate::scaling::Moment;
use crate::tally::Tally;
use crate::task::Job;
use crate::token::OnCancel;
use crate::{CancelToken, Reason, Rejected};

/// How long a submitter waits for a place in the queue.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Patience {
    AtOnce,
    For(Duration),
    Forever,
}

/// How often a submitter looks again for a place before it falls asleep.
const LOOKS: usize = 32;

/// Accepting a task and closing are both done under the lock of `inside`, so every task is either
/// accepted before the pool closes, and then a worker will find it, or refused.
///
/// The channel has a blocking `send` of its own, but nobody can call back a submitter that sleeps
/// inside it. So submitters sleep here, where closing the door wakes them.
///
/// The census is under the same lock.
///
/// Submitters write to the door and workers only look at `waiting`: it has a cache line to itself.
#[repr(align(128))]
pub(crate) struct Door {
    pub(crate) inside: Mutex<Inside>,
    /// Signalled when a place comes free and when the door closes.
    pub(crate) changed: Condvar,
    /// Signalled when the door closes.
    pub(crate) closed: Condvar,
    /// Submitters inside [`Door::wait`]: a worker that takes a task need not lock if there are none.
    waiting: Count,
    /// The pool's token: nobody comes in once it is cancelled.
    token: CancelToken,
}

impl Door {
    pub(crate) fn new(inside: Inside, token: CancelToken) -> Door {
        Door {
            token,
            inside: Mutex::new(inside),
            changed: Condvar::new(),
            closed: Condvar::new(),
            waiting: Count::default(),
        }
    }

    /// Accepts the job and counts it, or refuses it and counts nothing.
    pub(crate) fn admit(
        &self,
        job: Job,
        patience: Patience,
        shared: &Arc<Shared>,
    ) -> Result<(), Rejected> {
        let mut inside = self.inside.lock();
        let admitted = match (self.offer_or_grow(&mut inside, job, shared), patience) {
            (Err((job, Reason::Full)), Patience::For(time)) => {
                // A time too long to have an end means no deadline.
                self.wait(&mut inside, job, Instant::now().checked_add(time), shared)
            }
            (Err((job, Reason::Full)), Patience::Forever) => {
                self.wait(&mut inside, job, None, shared)
            }
            (settled, _) => settled,
        };
        if matches!(admitted, Ok(false)) && inside.census.may_grow() {
            // If no thread can be started, the workers that there are will come to the task.
            let _ = shared.grow(&mut inside, Moment::Submitted);
        }
        let refused = |(job, reason): (Job, Reason)| Rejected::new(job.task, reason);
        admitted.map(drop).map_err(refused)
    }

    fn wait(
        &self,
        inside: &mut MutexGuard<'_, Inside>,
        mut job: Job,
        deadline: Option<Instant>,
        shared: &Arc<Shared>,
    ) -> Result<bool, (Job, Reason)> {
        // A place often comes free within microseconds, and to sleep and be woken takes longer.
        for _ in (0..LOOKS).take_while(|_| deadline.is_none_or(|at| Instant::now() < at)) {
            MutexGuard::unlocked(inside, thread::yield_now);
            job = match self.offer(inside, job, shared) {
                Err((job, Reason::Full)) => job,
                settled => return settled,
            };
        }
        self.waiting.0.fetch_add(1, SeqCst);
        // Pairs with the fence in `place_freed`: a worker that has taken a task sees us waiting,
        // or else we see the place that it has freed.
        fence(SeqCst);
        // A token with a deadline cancels nobody by itself: its waiters look at the clock.
        let token = job.token.as_ref().and_then(CancelToken::deadline);
        let deadlines = [deadline, token, self.token.deadline()];
        let deadline = deadlines.into_iter().flatten().min();
        let mut late = false;
        let settled = loop {
            job = match self.offer_or_grow(inside, job, shared) {
                Err((job, Reason::Full)) if late => break Err((job, Reason::Timeout)),
                Err((job, Reason::Full)) => job,
                settled => break settled,
            };
            match deadline {
                Some(deadline) => late = self.changed.wait_until(inside, deadline).timed_out(),
                None => self.changed.wait(inside),
            }
        };
        self.waiting.0.fetch_sub(1, SeqCst);
        if settled.is_err() {
            // Whoever leaves without a place hands on the signal that may have been for it.
            self.changed.notify_one();
        }
        settled
    }

    /// To be called by a worker that has taken a task out of the queue.
    pub(crate) fn place_freed(&self) {
        // Pairs with the fence in `wait`: the place was freed before, `waiting` is read after.
        fence(SeqCst);
        if self.waiting.0.load(Relaxed) > 0 {
            // With the lock in between, a submitter that found the queue full is asleep by now.
            drop(self.inside.lock());
            self.changed.notify_one();
        }
    }

    /// Refuses every task from now on, and those that wait for a place.
    pub(crate) fn close(&self) {
        self.inside.lock().close();
        self.changed.notify_all();
        self.closed.notify_all();
    }

    /// Runs `work` while nobody comes in, and no other work does. It must run no code of a user.
    pub(crate) fn while_shut<T>(&self, work: impl FnOnce(&Inside) -> T) -> T {
        work(&self.inside.lock())
    }

    /// Takes a place if there is one. To be called under the lock. True: with a new worker.
    pub(crate) fn offer(
        &self,
        inside: &mut MutexGuard<'_, Inside>,
        job: Job,
        shared: &Arc<Shared>,
    ) -> Result<bool, (Job, Reason)> {
        if inside.queue.is_some() && job.is_cancelled(&self.token) {
            return Err((job, Reason::Cancelled));
        }
        let Ok(started) = shared.ensure_worker(inside) else {
            return Err((job, Reason::NoWorker));
        };
        let Some(queue) = &inside.queue else {
            return Err((job, Reason::ShutDown));
        };
        let tally = &shared.tally;
        // The task is counted first, since a worker may have finished it before `try_send` returns. To
        // ask the channel for its length instead would fetch the line that the workers write to.
        tally.begin();
        if let Some(group) = &job.group {
            group.tally.begin();
        }
        // The receiver lives as long as the door, so the channel cannot be disconnected.
        let (job, reason) = match queue.try_send(job) {
            Ok(()) => {
                inside.census.call(shared);
                return Ok(started);
            }
            Err(TrySendError::Full(job)) => (job, Reason::Full),
            Err(TrySendError::Disconnected(job)) => (job, Reason::ShutDown),
        };
        if let Some(group) = &job.group {
            group.tally.end(Tally::REFUSED);
        }
        tally.end(Tally::REFUSED);
        Err((job, reason))
    }
}

/// Those who wait for a place look again, and find their task cancelled or not.
impl OnCancel for Door {
    fn on_cancel(&self) {
        drop(self.inside.lock());
        self.changed.notify_all();
    }
}
