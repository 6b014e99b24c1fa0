//! The wake protocol: who is woken, by whom, and when nobody is.
//!
//! To wake a thread costs the one who wakes it thousands of nanoseconds, in which it could submit tens of
//! tasks. So a submitter wakes one worker at most, and none while one is on the way. The others are woken by
//! those who have just been woken, side by side with the tasks that run already.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crate::census::{Census, Inside};
use crate::park::Parker;
use crate::pool::Shared;
use crate::steal::Stealing;

impl Census {
    /// Calls a worker, unless as many are awake as there are unfinished tasks, or one is on the way. Whoever
    /// calls may still put something into that worker's queue, and has to wake it then.
    ///
    /// The last to fall asleep is called first. So those who are not needed sleep on, and their
    /// time runs out.
    pub(crate) fn call(&mut self, shared: &Shared) -> Option<Arc<Parker>> {
        if self.parked.is_empty() || self.on_the_way {
            return None;
        }
        // The first look uses an old sum: to read the lanes takes them away from the workers.
        let awake = self.awake.len();
        let begun = shared.tally.begun.0.load(Relaxed);
        if awake > 0 && begun - self.over <= awake {
            return None;
        }
        if awake > 0 && self.unfinished(shared) <= awake {
            return None;
        }
        let parker = self.parked.pop()?;
        self.rested = self.rested.min(self.parked.len());
        self.awake.push(parker.lane);
        // Without stealing, one cannot do for another.
        self.on_the_way = shared.dispatch.stealing != Stealing::Off;
        Some(parker)
    }

    /// Calls a worker for tasks that are queued already. Without stealing it would find none of them:
    /// whoever is to run a task was called for it.
    pub(crate) fn call_for_queued(&mut self, shared: &Shared) {
        if shared.dispatch.stealing != Stealing::Off
            && let Some(parker) = self.call(shared)
        {
            parker.wake();
        }
    }
}

impl Inside {
    /// A worker that was called is here, and calls the next one if that is needed. It does so before it
    /// looks for a task: the one that it finds may wait for those that it leaves.
    ///
    /// If nothing is queued nobody is needed, although more tasks may be unfinished than workers are awake:
    /// those given to workers in a start hook. Two who sleep would wake each other for as long as that lasts.
    pub(crate) fn arrive(&mut self, shared: &Shared) {
        self.census.on_the_way = false;
        if shared.queued(self) > 0 {
            self.census.call_for_queued(shared);
        }
    }
}
