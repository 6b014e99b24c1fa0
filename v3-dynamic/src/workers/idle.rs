//! How a worker finds its next task, how it sleeps if there is none, and how it leaves.

use std::time::{Duration, Instant};

use parking_lot::MutexGuard;

use crate::scaling::Moment;
use crate::state::State;
use crate::stats::Ending;
use crate::task::Job;
use crate::wait_group::Pending;
use crate::worker::Worker;

type Guard<'shared> = MutexGuard<'shared, State>;

/// How long a worker waits, at the least, before it asks again whether it may leave.
const ASK_AGAIN: Duration = Duration::from_millis(100);

impl Worker {
    /// What a new worker begins with: the job that it was started for, or what is queued.
    pub(crate) fn first(&self) -> Option<Job> {
        let mut state = self.shared.lock();
        state.workers.in_hooks -= 1;
        match state.workers.take_first(self.number) {
            Some(job) => Some(job),
            None => self.wait_for_job(state),
        }
    }

    /// Counts the job that has ended, and returns the next one. `None`: the worker is not live any
    /// more, and its thread has to end.
    pub(crate) fn next(&self, ending: Ending, in_group: Option<Pending>) -> Option<Job> {
        let mut state = self.shared.lock();
        state.running -= 1;
        if state.end(ending, 1) {
            self.shared.all_ended.notify_all();
        }
        // Only now: a thread that has waited for the group finds the job counted here.
        drop(in_group);
        if !state.workers.too_many()
            && let Some(job) = state.take()
        {
            self.shared.signal_place(state);
            return Some(job);
        }
        self.wait_for_job(state)
    }

    /// Sleeps until there is a job, or until the worker may leave.
    fn wait_for_job(&self, mut state: Guard<'_>) -> Option<Job> {
        let shared = &self.shared;
        // A time too long to have an end: nobody leaves for being idle.
        let in_time = |time| Instant::now().checked_add(time);
        let mut deadline = in_time(shared.idle_timeout);
        // When its time is up: how many workers have to stay.
        let mut least = None;
        while !state.workers.too_many() {
            // The last look. Jobs are queued under the lock that is held here: if there is none
            // now, then whoever queues one later finds this worker asleep, or gone.
            if let Some(job) = state.take() {
                shared.signal_place(state);
                return Some(job);
            }
            let surplus = |least| state.workers.live() > least;
            if state.open.is_none() || least.take().is_some_and(surplus) {
                break;
            }
            let timed_out = self.sleep(&mut state, deadline);
            if !state.workers.live.contains_key(&self.number) {
                return None; // retired while it slept
            }
            if !timed_out {
                // Its time goes on, if it has any.
                deadline = deadline.or_else(|| in_time(shared.idle_timeout));
                continue;
            }
            least = self.ask_to_leave(&mut state);
            deadline = match least {
                // It has to stay because of the limits: it is woken when they change.
                Some(least) if least <= state.workers.limits.min => None,
                // A policy may change its mind without a word, so it is asked again.
                Some(_) => in_time(shared.idle_timeout.max(ASK_AGAIN)),
                None => in_time(shared.idle_timeout),
            };
        }
        state.workers.retire(self.number);
        None
    }

    /// Asks the policy how many workers have to stay. `None`: the answer is about another load than
    /// that of now, since a job has been accepted meanwhile.
    fn ask_to_leave(&self, state: &mut Guard<'_>) -> Option<usize> {
        let accepted = state.accepted;
        state.workers.in_hooks += 1;
        let least = self.shared.least(state, Moment::Idle);
        state.workers.in_hooks -= 1;
        (state.accepted == accepted).then_some(least)
    }

    /// Sleeps until the worker is woken, or until the deadline. Returns whether it was the
    /// deadline. Both at once: then it was woken.
    fn sleep(&self, state: &mut Guard<'_>, deadline: Option<Instant>) -> bool {
        state.workers.idle.push(self.number);
        let timed_out = match deadline {
            Some(at) => self.wake.wait_until(state, at).timed_out(),
            None => {
                self.wake.wait(state);
                false
            }
        };
        state.workers.stop_idling(self.number) && timed_out
    }
}
