//! How a worker finds its next task, how it sleeps if there is none, and how it leaves.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use parking_lot::MutexGuard;

use crate::Stealing;
use crate::scaling::Moment;
use crate::state::State;
use crate::task::Job;
use crate::worker::Worker;

type Guard<'shared> = MutexGuard<'shared, State>;

/// How long a worker waits, at the least, before it asks again whether it may leave.
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// What a worker without a task knows of its leave.
#[derive(Default)]
pub(crate) struct Leave {
    /// When it asks whether it may leave, once it has slept.
    deadline: Option<Option<Instant>>,
    /// When its time is up: how many workers have to stay.
    least: Option<usize>,
}

impl Worker {
    /// What a new worker begins with: the job that it was started for, or what is queued.
    pub(crate) fn first(&mut self) -> Option<Job> {
        let mut state = self.shared.lock();
        state.workers.wake_up(&self.queue);
        self.victims = state.workers.queues();
        let first = state.workers.take_first(self.number);
        drop(state);
        first.or_else(|| self.next())
    }

    /// The next job. `None`: the worker is not live any more, and its thread has to end.
    pub(crate) fn next(&mut self) -> Option<Job> {
        let mut leave = Leave::default();
        loop {
            if let Some(job) = self.find() {
                self.shared.queues.places.vacate();
                if mem::take(&mut self.searching) {
                    self.shared.end_search();
                }
                return Some(job);
            }
            if !self.rest(&mut leave) {
                return None;
            }
        }
    }

    /// Sleeps until there may be a job. `false`: it leaves instead.
    fn rest(&mut self, leave: &mut Leave) -> bool {
        let shared = Arc::clone(&self.shared);
        // A time too long to have an end: nobody leaves for being idle.
        let in_time = |time| Instant::now().checked_add(time);
        self.empties.send(&shared.queues.depot);
        self.queue.shrink();
        let mut state = shared.lock();
        let mut deadline = *leave
            .deadline
            .get_or_insert_with(|| in_time(shared.idle_timeout));
        while !state.workers.too_many() {
            if self.has_to_look(&mut state, leave.least.is_some()) {
                self.victims = state.workers.queues();
                leave.least = None; // what it finds makes the answer an old one
                drop(state);
                self.wait_for_locked();
                return true;
            }
            let surplus = |least| state.workers.live() > least;
            if state.open.is_none() || leave.least.take().is_some_and(surplus) {
                break;
            }
            let timed_out = self.sleep(&mut state, deadline);
            let Some(searches) = state.workers.take_search(self.number) else {
                return false; // retired while it slept
            };
            if !timed_out {
                self.searching = searches;
                self.victims = state.workers.queues();
                // Its time goes on, if it has any.
                leave.deadline = Some(deadline.or_else(|| in_time(shared.idle_timeout)));
                return true;
            }
            leave.least = self.ask_to_leave(&mut state);
            deadline = match leave.least {
                // It has to stay because of the limits: it is woken when they change.
                Some(least) if least <= state.workers.limits.min => None,
                // A policy may change its mind without a word, so it is asked again.
                Some(_) => in_time(shared.idle_timeout.max(ASK_AGAIN)),
                None => in_time(shared.idle_timeout),
            };
        }
        if mem::take(&mut self.searching) {
            shared.queues.search.end();
        }
        state.retire(self.number);
        shared
            .queues
            .too_many
            .store(state.workers.too_many(), Relaxed);
        false
    }

    /// The last look, at the count and not at the queues. Jobs are accepted under the lock that is
    /// held here: if there is none now, then whoever accepts one later finds this worker asleep, or
    /// gone. If there is one, and another worker searches, it will see to that.
    fn has_to_look(&mut self, state: &mut Guard<'_>, may_leave: bool) -> bool {
        let shared = &self.shared;
        if shared.queues.dispatch.stealing == Stealing::Off {
            return !self.queue.is_empty();
        }
        if state.queued() > 0 {
            self.searching = self.searching || shared.queues.search.begin();
            let other = shared.queues.search.more() && !self.searching;
            // Nobody leaves while jobs are queued, and in a closed pool nobody sleeps then.
            return !other || may_leave || state.open.is_none() || !self.queue.is_empty();
        }
        if mem::take(&mut self.searching) {
            shared.queues.search.end();
        }
        // Whoever waits for many places has them.
        if shared.queues.places.waiting() > 0 {
            shared.queues.places.signal();
        }
        false
    }

    /// A queue that is locked looks empty to a thief. Whoever has locked it may have lost its core,
    /// and to look again and again would take that core longer still. So this waits for the lock.
    fn wait_for_locked(&self) {
        let queues = self.victims.iter();
        queues
            .filter(|queue| !queue.seems_empty())
            .for_each(|queue| _ = queue.is_empty());
    }

    /// Asks the policy how many workers have to stay. `None`: the answer is about another load than
    /// that of now, since a job has been accepted meanwhile.
    fn ask_to_leave(&self, state: &mut Guard<'_>) -> Option<usize> {
        let accepted = state.accepted;
        state.workers.not_awake(self.number);
        let least = self.shared.least(state, Moment::Idle);
        state.workers.wake_up(&self.queue);
        (state.accepted == accepted).then_some(least)
    }

    /// Sleeps until the worker is woken, or until the deadline. Returns whether it was the
    /// deadline. Both at once: then it was woken.
    fn sleep(&self, state: &mut Guard<'_>, deadline: Option<Instant>) -> bool {
        state.workers.fall_asleep(self.number);
        let timed_out = match deadline {
            Some(at) => self.wake.wait_until(state, at).timed_out(),
            None => {
                self.wake.wait(state);
                false
            }
        };
        state.workers.stop_idling(&self.queue) && timed_out
    }
}
