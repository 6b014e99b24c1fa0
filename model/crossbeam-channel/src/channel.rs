//! What both ends of a channel share.
//!
//! A message goes through a channel in two moves. First a sender is granted a slot, and a receiver
//! is granted a slot: the slot's ticket is theirs. Then the sender writes into it and the receiver
//! reads it. A call does both at once. With a select, others may come between the two, and wait for
//! the second.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crossbeam_channel::{TryRecvError, TrySendError};
use model_schedule::{Line, Patience, Sleeper, Ticket};

pub(crate) struct Channel<T> {
    state: Mutex<State<T>>,
    /// Those who wait for a message.
    pub(crate) receivers: Side,
    /// Those who wait for a place, or for a receiver if there are no places.
    pub(crate) senders: Side,
    /// Those who have met the other end, and wait for it to write or to read.
    pub(crate) handing_over: Line,
}

/// Those who wait at one end.
pub(crate) struct Side {
    /// A call wakes one of them.
    pub(crate) waiting: Line,
    /// Those who only want to know that the channel is ready. Every call wakes all of them.
    pub(crate) watching: Line,
}

pub(crate) struct State<T> {
    pub(crate) queue: VecDeque<Slot<T>>,
    /// The slots that receivers have been granted and not yet read. Without places, also those of
    /// the senders that wait for a receiver.
    aside: Vec<Slot<T>>,
    /// `None` if there is no bound.
    pub(crate) capacity: Option<usize>,
    /// Whether its messages stay when the last receiver goes, until the last sender goes too.
    pub(crate) keeps: bool,
    /// Living handles of each kind.
    pub(crate) senders: usize,
    pub(crate) receivers: usize,
}

pub(crate) struct Slot<T> {
    ticket: Ticket,
    /// `None` until the sender has written.
    message: Option<T>,
}

impl<T> Slot<T> {
    fn granted(ticket: Ticket) -> Slot<T> {
        let message = None;
        Slot { ticket, message }
    }
}

impl Side {
    fn new() -> Side {
        Side {
            waiting: Line::new(),
            watching: Line::new(),
        }
    }

    fn call_one(&self) {
        self.waiting.call_one();
        self.watching.call_all();
    }

    pub(crate) fn call_all(&self) {
        self.waiting.call_all();
        self.watching.call_all();
    }
}

impl<T> Channel<T> {
    pub(crate) fn new(capacity: Option<usize>) -> Channel<T> {
        Channel {
            state: Mutex::new(State {
                queue: VecDeque::new(),
                aside: Vec::new(),
                capacity,
                keeps: capacity.is_some(),
                senders: 1,
                receivers: 1,
            }),
            receivers: Side::new(),
            senders: Side::new(),
            handing_over: Line::for_a_moment(),
        }
    }

    /// Nothing in here is a step, so the lock is always free. It may be poisoned: all threads of a
    /// model are one to the real std, and seem to panic together.
    pub(crate) fn with<U>(&self, look: impl FnOnce(&mut State<T>) -> U) -> U {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether it has no places: messages go from hand to hand.
    pub(crate) fn has_no_places(&self) -> bool {
        self.with(|state| state.capacity == Some(0))
    }

    /// Grants a sender a slot.
    pub(crate) fn start_send(&self) -> Result<Ticket, TrySendError<()>> {
        if self.with(|state| state.receivers == 0) {
            return Err(TrySendError::Disconnected(()));
        }
        if self.has_no_places() {
            let met = self.receivers.waiting.call();
            let ticket = met.ok_or(TrySendError::Full(()))?;
            self.with(|state| state.aside.push(Slot::granted(ticket)));
            return Ok(ticket);
        }
        self.with(|state| {
            if state.is_full() {
                return Err(TrySendError::Full(()));
            }
            let ticket = Ticket::new();
            state.queue.push_back(Slot::granted(ticket));
            Ok(ticket)
        })
    }

    /// The second move of a sender.
    pub(crate) fn finish_send(&self, ticket: Ticket, message: T) {
        let refused = self.with(|state| {
            let mut slots = state.queue.iter_mut().chain(&mut state.aside);
            match slots.find(|slot| slot.ticket == ticket) {
                Some(slot) => slot.message.replace(message),
                // The last receiver has dropped everything meanwhile.
                None => Some(message),
            }
        });
        self.handing_over.call_all();
        if !self.has_no_places() {
            self.receivers.call_one();
        }
        // Code of whoever made the message, so not under the lock.
        drop(refused);
    }

    /// A receiver comes to a slot that was granted, and waits until the sender has written. Whether
    /// it had to.
    pub(crate) fn wait_for_first(&self) -> bool {
        let is_open = |slot: &Slot<T>| slot.message.is_none();
        let mut waited = false;
        while self.with(|state| state.queue.front().is_some_and(is_open)) {
            self.handing_over.sleep(Patience::Forever);
            waited = true;
        }
        waited
    }

    /// Grants a receiver a slot.
    pub(crate) fn start_receive(&self) -> Result<Ticket, TryRecvError> {
        let met = self.has_no_places().then(|| self.senders.waiting.call());
        if let Some(ticket) = met.flatten() {
            self.with(|state| {
                // A sender in a select has its message with it, and writes it now.
                if !state.aside.iter().any(|slot| slot.ticket == ticket) {
                    state.aside.push(Slot::granted(ticket));
                }
            });
            return Ok(ticket);
        }
        self.with(|state| match state.queue.pop_front() {
            Some(slot) => {
                let ticket = slot.ticket;
                state.aside.push(slot);
                Ok(ticket)
            }
            None if state.senders == 0 => Err(TryRecvError::Disconnected),
            None => Err(TryRecvError::Empty),
        })
    }

    /// The second move of a receiver, which waits for that of the sender.
    pub(crate) fn finish_receive(&self, ticket: Ticket) -> T {
        let message = loop {
            if let Some(message) = self.take_back(ticket) {
                break message;
            }
            self.handing_over.sleep(Patience::Forever);
        };
        self.handing_over.call_all();
        if !self.has_no_places() {
            self.senders.call_one();
        }
        message
    }

    /// Has a sender wait with its message in its hand, where there are no places.
    pub(crate) fn offer(&self, sleeper: &Sleeper, message: T) {
        let (ticket, message) = (sleeper.ticket(), Some(message));
        self.with(|state| state.aside.push(Slot { ticket, message }));
    }

    /// The message in this slot, if it is there.
    pub(crate) fn take_back(&self, ticket: Ticket) -> Option<T> {
        self.with(|state| {
            let is_it = |slot: &Slot<T>| slot.ticket == ticket && slot.message.is_some();
            let place = state.aside.iter().position(is_it)?;
            state.aside.swap_remove(place).message
        })
    }

    /// Whether nobody has read this slot.
    pub(crate) fn is_aside(&self, ticket: Ticket) -> bool {
        self.with(|state| state.aside.iter().any(|slot| slot.ticket == ticket))
    }

    /// Whether a send would not wait.
    pub(crate) fn takes(&self) -> bool {
        self.with(|state| match state.capacity {
            _ if state.receivers == 0 => true,
            Some(0) => !self.receivers.waiting.is_empty(),
            _ => !state.is_full(),
        })
    }

    /// Whether a receive would not wait.
    pub(crate) fn gives(&self) -> bool {
        self.with(|state| match state.capacity {
            _ if state.senders == 0 => true,
            Some(0) => !self.senders.waiting.is_empty(),
            _ => !state.queue.is_empty(),
        })
    }
}

impl<T> State<T> {
    pub(crate) fn is_full(&self) -> bool {
        self.capacity == Some(self.queue.len())
    }
}
