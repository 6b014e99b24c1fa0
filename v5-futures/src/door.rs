//! The way in: one lock decides which task is accepted, and where submitters wait for a place.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::census::Inside;
use crate::count::Count;
use crate::pool::Shared;
use crate::scaling::Moment;
use crate::task::Job;
use crate::token::OnCancel;
use crate::{CancelToken, Reason, Rejected};

/// How long a submitter waits for a place in the queue.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Patience {
    AtOnce,
    For(Duration),
    Forever,
    /// It is a worker of the pool, with this lane or with 0: it needs no place.
    OnWorker(usize),
}

/// How often a submitter looks again for a place before it falls asleep.
const LOOKS: usize = 32;

/// Accepting a task and closing are both done under the lock of `inside`, so every task is either
/// accepted before the pool closes, and then a worker will find it, or refused.
///
/// The census is under the same lock, and so is the decision to which queue a task goes. A worker
/// that has tasks does not come here.
#[repr(align(128))]
pub(crate) struct Door {
    pub(crate) inside: Mutex<Inside>,
    /// Signalled when a place comes free and when the door closes.
    pub(crate) changed: Condvar,
    /// Signalled when the door closes.
    pub(crate) closed: Condvar,
    /// Submitters inside [`Door::wait`]: a worker that takes a task need not lock if there are none.
    pub(crate) waiting: Count,
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
        let admitted = match (
            self.offer_or_grow(&mut inside, job, patience, shared),
            patience,
        ) {
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

    pub(crate) fn wait(
        &self,
        inside: &mut MutexGuard<'_, Inside>,
        mut job: Job,
        deadline: Option<Instant>,
        shared: &Arc<Shared>,
    ) -> Result<bool, (Job, Reason)> {
        let outside = Patience::Forever;
        // A place often comes free within microseconds, and to sleep and be woken takes longer. If others
        // sleep already, it would only be taken away from them.
        for _ in (0..LOOKS).take_while(|_| deadline.is_none_or(|at| Instant::now() < at)) {
            if self.waiting.0.load(SeqCst) > 0 {
                break;
            }
            MutexGuard::unlocked(inside, thread::yield_now);
            job = match self.offer(inside, job, outside, shared) {
                Err((job, Reason::Full)) => job,
                settled => return settled,
            };
        }
        self.waiting.0.fetch_add(1, SeqCst);
        // A token with a deadline cancels nobody by itself: its waiters look at the clock.
        let token = job.token.as_ref().and_then(CancelToken::deadline);
        let deadlines = [deadline, token, self.token.deadline()];
        let deadline = deadlines.into_iter().flatten().min();
        let mut late = false;
        let settled = loop {
            job = match self.offer_or_grow(inside, job, outside, shared) {
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
        // The signal may have been for one place of several, and it may have come to one who leaves without.
        shared.places.called.store(false, SeqCst);
        if shared.room(inside) > 0 {
            shared.call_submitter();
        }
        settled
    }

    /// Refuses every task from now on, and those that wait for a place.
    pub(crate) fn close(&self) {
        self.inside.lock().close();
        self.changed.notify_all();
        self.closed.notify_all();
    }

    /// Runs `work` while nobody comes in, and no other work does. It must run no code of a user.
    pub(crate) fn while_shut<T>(&self, work: impl FnOnce(&mut Inside) -> T) -> T {
        work(&mut self.inside.lock())
    }

    /// Takes a place if there is one. To be called under the lock. True: with a new worker.
    pub(crate) fn offer(
        &self,
        inside: &mut MutexGuard<'_, Inside>,
        mut job: Job,
        patience: Patience,
        shared: &Arc<Shared>,
    ) -> Result<bool, (Job, Reason)> {
        match self.allows(inside, &job, shared) {
            Err(reason) => Err((job, reason)),
            Ok(_) if patience.room(inside, shared) == 0 => Err((job, Reason::Full)),
            Ok(started) => {
                shared.begin(&mut job);
                shared.dispatch(inside, job, patience.home());
                Ok(started)
            }
        }
    }

    /// Whether a task may come in, apart from a place for it. True: and a worker was started for it.
    pub(crate) fn allows(
        &self,
        inside: &mut MutexGuard<'_, Inside>,
        job: &Job,
        shared: &Arc<Shared>,
    ) -> Result<bool, Reason> {
        if inside.open && job.is_cancelled(&self.token) {
            return Err(Reason::Cancelled);
        }
        let Ok(started) = shared.ensure_worker(inside) else {
            return Err(Reason::NoWorker);
        };
        if inside.open {
            Ok(started)
        } else {
            Err(Reason::ShutDown)
        }
    }
}

/// Those who wait for a place look again, and find their task cancelled or not.
impl OnCancel for Door {
    fn on_cancel(&self) {
        drop(self.inside.lock());
        self.changed.notify_all();
    }
}
