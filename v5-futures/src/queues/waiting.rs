//! How a submitter waits for a place.

use std::sync::Arc;
use std::time::Instant;
use std::{hint, iter};

use crossbeam_channel::{Receiver, Select};
use parking_lot::MutexGuard;

use crate::pool::Shared;
use crate::state::State;
use crate::task::Job;
use crate::{CancelToken, Reason};

type Guard<'shared> = MutexGuard<'shared, State>;

/// How often a submitter looks for a place before it sleeps: for about a microsecond. To sleep and
/// be woken takes longer.
const SPINS: usize = 32;

impl Shared {
    /// Queues the job, and waits until there is a place. Without a deadline, for ever.
    ///
    /// The wait is for several things at once: for a signal that there is a place, for the pool to
    /// be closed, and for each token that can cancel the job. The lock is open meanwhile. Whatever
    /// it was, `try_push` finds out what is to be done.
    pub(crate) fn push_deadline(
        self: &Arc<Shared>,
        mut state: Guard<'_>,
        mut job: Job,
        deadline: Option<Instant>,
    ) -> Result<(), (Job, Reason)> {
        let patience = Instant::now().checked_add(self.queues.places.begin_wait());
        let mut impatient = false;
        // Only now: a worker that has taken a job before did not know that somebody waits.
        let mut full = self.room(&mut state) == 0;
        drop(state);
        let tokens: Vec<_> = iter::once(&self.token)
            .chain(&job.ticket.token)
            .cloned()
            .collect();
        let deadlines = tokens.iter().filter_map(CancelToken::deadline);
        let deadline = deadlines.chain(deadline).min();
        let ends = tokens.iter().flat_map(CancelToken::ends);
        let events = [&self.queues.places.signalled, &self.closed]
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
                self.queues.places.lose_patience(&mut state);
            }
            // The signal may have stood for two places, and `try_push` may run code of a user.
            let others = state.impatient > 0 && self.queues.places.waiting() > 1;
            if others && self.room(&mut state) > 1 {
                self.queues.places.signal();
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
            self.queues.places.end_wait(&mut state, impatient);
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
            .take_while(|_| self.queues.places.signalled.is_empty())
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
        let signal = self.queues.places.waiting() > 0
            && (self.room(&mut state) > 0 || state.workers.may_grow());
        drop(state); // a submitter that wakes up wants the lock
        if signal {
            self.queues.places.signal();
        }
    }
}
