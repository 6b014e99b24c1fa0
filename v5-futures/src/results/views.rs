//! The cell as others see it: a pool, a scope, a handle.

use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

use super::cell::{Stage, TaskCell};
use super::handle::{Child, Joinable};
use super::queued::{CancelledBy, HandedBack, Queued, Ticket};
use crate::JoinError;
use crate::queues::worker_queue::WorkerQueue;
use crate::stats::Ending;

impl<F: FnOnce() -> T + Send, T: Send> Queued for TaskCell<F, T> {
    fn accept(&self, queue: &Arc<WorkerQueue>, ticket: Ticket) -> Result<(), Ticket> {
        self.state.lock().accept(queue, ticket)
    }

    fn claim(&self) -> Option<Ticket> {
        let mut state = self.state.lock();
        state
            .claim()
            .then(|| state.ticket.take().unwrap_or_default())
    }

    fn hand_back(&self) -> Option<(Ticket, HandedBack)> {
        self.state.lock().hand_back(self.scope.is_some())
    }

    fn is_waiting(&self) -> bool {
        self.state.lock().stage == Stage::Waiting
    }

    fn run(&self) -> Ending {
        self.end(&mut self.take_closure(), None)
    }

    fn cancel(&self, by: CancelledBy) -> Ending {
        self.end(&mut self.take_closure(), Some(by))
    }

    fn run_outside(&self) {
        if self.state.lock().claim() {
            self.run_for_owner(&mut self.take_closure());
        }
    }

    fn abandon(&self) {
        if self.state.lock().claim() {
            self.abandon_claimed(&mut self.take_closure());
        }
    }
}

impl<F: FnOnce() -> T + Send, T: Send> Child for TaskCell<F, T> {
    fn run_on_worker(&self) {
        self.end_on_worker();
    }

    fn is_waiting(&self) -> bool {
        Queued::is_waiting(self)
    }

    fn has_ended(&self) -> bool {
        TaskCell::has_ended(self)
    }

    fn claim_to_cancel(&self) -> bool {
        self.state.lock().claim_to_cancel()
    }

    fn finish_cancel(&self) {
        TaskCell::finish_cancel(self);
    }
}

impl<F: FnOnce() -> T + Send, T: Send> Joinable<T> for TaskCell<F, T> {
    fn join(&self) -> Result<T, JoinError> {
        let here = self.join_on_worker();
        let result = here.or_else(|| self.wait_deadline(None));
        result.expect("without a deadline it is never too late")
    }

    fn wait(&self, deadline: Instant) -> Option<Result<T, JoinError>> {
        self.wait_deadline(Some(deadline))
    }

    fn take(&self) -> Option<Result<T, JoinError>> {
        self.take_result()
    }

    fn set_waker(&self, waker: Waker) -> bool {
        self.leave_waker(waker)
    }

    fn detach(&self) {
        if let Some(unasked) = self.let_go() {
            self.tell(unasked);
        }
    }
}
