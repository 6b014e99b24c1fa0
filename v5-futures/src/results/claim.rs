//! Claim-on-join: a worker that waits for a task which has not begun runs it. And whoever cancels a
//! task takes it away from its pool.
//!
//! If the task is at an end of the worker's own queue, it is taken out of there. Otherwise it stays
//! in its queue, as a *tombstone* (`tombstones.rs`).

use std::sync::Arc;

use super::cell::{Claim, TaskCell};
use super::queued::{CancelledBy, Ticket};
use crate::JoinError;
use crate::pool::Shared;
use crate::stats::Ending;
use crate::worker::{self, Own};

impl<F: FnOnce() -> T, T> TaskCell<F, T> {
    /// Runs the task if it has not begun and the calling thread is a worker of its pool, and
    /// returns the result. `None`: it is not for this thread to run.
    pub(super) fn join_on_worker(&self) -> Option<Result<T, JoinError>> {
        let mut joined = None;
        self.on_top(&mut |claim, cancelled| {
            let (ending, result) = self.end_joined(&mut claim.closure, cancelled, claim.is_awaited);
            joined = Some(result);
            ending
        });
        joined
    }

    /// Runs the task if it has not begun and the calling thread is a worker of its pool.
    pub(super) fn end_on_worker(&self) {
        self.on_top(&mut |claim, cancelled| self.end(&mut claim.closure, cancelled));
    }

    /// Ends a task that has been claimed to be cancelled.
    pub(super) fn finish_cancel(&self) {
        let ticket = self.state.lock().ticket.take();
        // `None` without a ticket: the task is not queued.
        let shared = ticket.as_ref().and_then(|_| self.pool());
        if let Some(shared) = &shared {
            shared.queues.places.vacate();
            shared.bury();
        }
        let ending = self.end(&mut self.take_closure(), Some(CancelledBy::Owner));
        count(shared.as_deref(), None, ticket, ending);
    }

    /// Claims the task, if it is for this thread to run, and has it ended on top of the task, or of
    /// whatever it is, that waits for it.
    fn on_top(&self, end: &mut dyn FnMut(&mut Claim<F>, Option<CancelledBy>) -> Ending) {
        let number = worker::pool_of_this_thread();
        if number == 0 {
            return;
        }
        let on_worker: &mut dyn FnMut(Option<&Own>) = &mut |own| {
            let Some((mut claim, is_buried)) = self.claim_on(number, own) else {
                return;
            };
            // In a hook, or at the end of the thread, there is no `own`.
            let (own_pool, other) = match own {
                Some(own) => (Some(&*own.shared), None),
                None => (None, self.pool()),
            };
            let shared = own_pool.or(other.as_deref());
            let ticket = claim.ticket.take();
            let cancelled = leave_queue(shared, ticket.as_ref(), is_buried);
            let ending = end(&mut claim, cancelled);
            count(shared, own, ticket, ending);
        };
        worker::with_own(on_worker);
    }

    /// Claims the task, if it has not begun, for a worker of the pool that has accepted it last.
    /// Whoever finds that it has been claimed finds it counted as taken. Returns whether it is
    /// still in a queue as well.
    fn claim_on(&self, number: usize, own: Option<&Own>) -> Option<(Claim<F>, bool)> {
        let address = (&raw const *self).cast();
        if let Some(own) = own {
            let mut claim = None;
            own.queue.take_from_an_end(address, &mut || {
                claim = self.state.lock().take_claim();
                claim.is_some()
            });
            if let Some(claim) = claim {
                return Some((claim, false));
            }
        }
        let mut state = self.state.lock();
        let pool = Arc::clone(&state.queue.as_ref()?.pool);
        if pool.number != number {
            return None;
        }
        let claim = state.take_claim()?;
        if claim.ticket.is_some() {
            own.map_or(&pool.claimed, |own| &own.queue.slot).took();
        }
        Some((claim, true))
    }
}

/// A worker has claimed a task that its pool counts, and that may still lie in a queue. Returns
/// whether it is cancelled, and by whom.
fn leave_queue(
    shared: Option<&Shared>,
    ticket: Option<&Ticket>,
    is_buried: bool,
) -> Option<CancelledBy> {
    // `None`: it was handed back by `shutdown_now`, and counted then. Whoever has it may keep it
    // until the pool is gone, and that is not before this worker has what it waits for.
    let (shared, ticket) = (shared?, ticket?);
    shared.queues.places.vacate();
    if is_buried {
        shared.bury();
    }
    ticket.cancelled_by(&shared.token)
}

/// Counts a task as ended that was claimed, if a pool counts it.
fn count(shared: Option<&Shared>, own: Option<&Own>, ticket: Option<Ticket>, ending: Ending) {
    match (shared, own, ticket) {
        (Some(shared), Some(own), Some(ticket)) => shared.end(&own.queue, ticket, ending),
        (Some(shared), None, Some(ticket)) => shared.end_outside(ticket, ending),
        (_, _, ticket) => drop(ticket.and_then(|ticket| ticket.record(ending))),
    }
}
