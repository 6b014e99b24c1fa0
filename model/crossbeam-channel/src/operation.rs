//! One end of a channel in a select.

use crossbeam_channel::{TryRecvError, TrySendError};
use model_schedule::{Sleeper, Ticket};

use crate::{Receiver, Sender};

/// An operation that has been chosen: it has a slot, or the other end is gone.
pub(crate) type Chosen = Option<Ticket>;

/// One end of a channel in a select, whatever its messages are.
pub(crate) trait Operation {
    /// Waits for somebody else's second move. Whether it had to: others may have gone on meanwhile.
    fn settle(&self) -> bool;

    /// Takes a slot, or finds that the other end is gone. What it found is for the journal.
    fn start(&self) -> (Option<Chosen>, &'static str);

    /// Whether a call means that the other end has met this one, and waits for it: so it is where
    /// there are no places.
    fn is_met(&self) -> bool;

    fn is_ready(&self) -> bool;

    /// Joins those who wait at this end, and tells those who watch the other one.
    fn wait(&self, sleeper: &Sleeper, number: usize);

    /// Joins those who want to know when this end is ready.
    fn watch(&self, sleeper: &Sleeper, number: usize);
}

impl<T> Operation for Sender<T> {
    fn settle(&self) -> bool {
        false
    }

    fn start(&self) -> (Option<Chosen>, &'static str) {
        match self.0.start_send() {
            Ok(ticket) => (Some(Some(ticket)), "finds a place"),
            Err(TrySendError::Full(())) => (None, "finds no place"),
            Err(TrySendError::Disconnected(())) => (Some(None), "finds no receiver"),
        }
    }

    fn is_met(&self) -> bool {
        self.0.has_no_places()
    }

    fn is_ready(&self) -> bool {
        self.0.takes()
    }

    fn wait(&self, sleeper: &Sleeper, number: usize) {
        self.0.senders.waiting.join(sleeper, number);
        if self.0.has_no_places() {
            self.0.receivers.watching.call_all();
        }
    }

    fn watch(&self, sleeper: &Sleeper, number: usize) {
        self.0.senders.watching.join(sleeper, number);
    }
}

impl<T> Operation for Receiver<T> {
    fn settle(&self) -> bool {
        self.0.wait_for_first()
    }

    fn start(&self) -> (Option<Chosen>, &'static str) {
        match self.0.start_receive() {
            Ok(ticket) => (Some(Some(ticket)), "finds a message"),
            Err(TryRecvError::Empty) => (None, "finds no message"),
            Err(TryRecvError::Disconnected) => (Some(None), "finds no sender"),
        }
    }

    fn is_met(&self) -> bool {
        self.0.has_no_places()
    }

    fn is_ready(&self) -> bool {
        self.0.gives()
    }

    fn wait(&self, sleeper: &Sleeper, number: usize) {
        self.0.receivers.waiting.join(sleeper, number);
        if self.0.has_no_places() {
            self.0.senders.watching.call_all();
        }
    }

    fn watch(&self, sleeper: &Sleeper, number: usize) {
        self.0.receivers.watching.join(sleeper, number);
    }
}
