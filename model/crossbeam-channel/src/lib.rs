//! The part of `crossbeam-channel` that the pools use.
//!
//! Each call is one step: whatever the real channels do in many steps looks like one from outside.
//! A time-out may fire at any moment, whatever the clock says, and in the end it does. There is no
//! `select!`, and no channel without places.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

pub use crossbeam_channel::{RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError};

use model_schedule::{Line, Patience, Woken, note, step};

struct Channel<T> {
    state: Mutex<State<T>>,
    /// Those who wait for a message.
    receivers: Line,
    /// Those who wait for a place.
    senders: Line,
}

struct State<T> {
    messages: VecDeque<T>,
    /// `None` if there is no bound.
    capacity: Option<usize>,
    /// Living handles of each kind.
    senders: usize,
    receivers: usize,
}

/// A channel in which so many messages find a place.
///
/// # Panics
///
/// If there are none: the real channel hands messages over then, which this one does not model.
#[must_use]
pub fn bounded<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    assert!(capacity > 0, "a channel without places is not modelled");
    channel(Some(capacity))
}

/// A channel in which every message finds a place.
#[must_use]
pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
    channel(None)
}

fn channel<T>(capacity: Option<usize>) -> (Sender<T>, Receiver<T>) {
    let channel = Arc::new(Channel {
        state: Mutex::new(State {
            messages: VecDeque::new(),
            capacity,
            senders: 1,
            receivers: 1,
        }),
        receivers: Line::new(),
        senders: Line::new(),
    });
    (Sender(Arc::clone(&channel)), Receiver(channel))
}

impl<T> Channel<T> {
    /// Nothing in here is a step, so the lock is always free. It may be poisoned: all threads of a
    /// model are one to the real std, and seem to panic together.
    fn with<U>(&self, look: impl FnOnce(&mut State<T>) -> U) -> U {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    #[track_caller]
    fn send(&self, message: T) -> Result<(), TrySendError<T>> {
        let sent = self.with(|state| {
            if state.receivers == 0 {
                return Err(TrySendError::Disconnected(message));
            }
            if state.capacity == Some(state.messages.len()) {
                return Err(TrySendError::Full(message));
            }
            state.messages.push_back(message);
            Ok(())
        });
        note(match &sent {
            Ok(()) => "sends",
            Err(TrySendError::Full(_)) => "finds no place",
            Err(TrySendError::Disconnected(_)) => "finds no receiver",
        });
        sent?;
        self.receivers.call_one();
        Ok(())
    }

    #[track_caller]
    fn receive(&self) -> Result<T, TryRecvError> {
        let message = self.with(|state| match state.messages.pop_front() {
            Some(message) => Ok(message),
            None if state.senders == 0 => Err(TryRecvError::Disconnected),
            None => Err(TryRecvError::Empty),
        });
        note(match &message {
            Ok(_) => "receives",
            Err(TryRecvError::Empty) => "finds no message",
            Err(TryRecvError::Disconnected) => "finds no sender",
        });
        let message = message?;
        self.senders.call_one();
        Ok(message)
    }

    fn len(&self) -> usize {
        step();
        self.with(|state| state.messages.len())
    }

    fn is_full(&self) -> bool {
        step();
        self.with(|state| state.capacity == Some(state.messages.len()))
    }

    fn capacity(&self) -> Option<usize> {
        self.with(|state| state.capacity)
    }
}

/// The end that messages are put in at.
pub struct Sender<T>(Arc<Channel<T>>);

impl<T> Sender<T> {
    /// Sends a message if there is a place for it.
    ///
    /// # Errors
    ///
    /// With the message: there is no place, or no receiver.
    #[track_caller]
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        step();
        self.0.send(message)
    }

    /// Sends a message, and waits until there is a place for it.
    ///
    /// # Errors
    ///
    /// With the message: there is no receiver, or not any more.
    #[track_caller]
    pub fn send(&self, mut message: T) -> Result<(), SendError<T>> {
        step();
        loop {
            message = match self.0.send(message) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Disconnected(message)) => return Err(SendError(message)),
                Err(TrySendError::Full(message)) => message,
            };
            note("sleeps");
            self.0.senders.sleep(Patience::Forever);
            note("is woken");
        }
    }
}

/// The end that messages are taken out at.
pub struct Receiver<T>(Arc<Channel<T>>);

impl<T> Receiver<T> {
    /// Takes a message if there is one.
    ///
    /// # Errors
    ///
    /// There is none, or there will never be one again.
    #[track_caller]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        step();
        self.0.receive()
    }

    /// Waits for a message.
    ///
    /// # Errors
    ///
    /// There is none and no sender.
    #[track_caller]
    pub fn recv(&self) -> Result<T, RecvError> {
        self.wait(Patience::Forever).map_err(|_| RecvError)
    }

    /// Waits for a message, or for some time. A time too long for the clock has no end.
    ///
    /// # Errors
    ///
    /// There is no message and no sender, or the time is over.
    #[track_caller]
    pub fn recv_timeout(&self, time: Duration) -> Result<T, RecvTimeoutError> {
        let patience = match Instant::now().checked_add(time) {
            Some(_) => Patience::ForSomeTime,
            None => Patience::Forever,
        };
        self.wait(patience)
    }

    #[track_caller]
    fn wait(&self, patience: Patience) -> Result<T, RecvTimeoutError> {
        step();
        let mut woken = Woken::Called;
        loop {
            match self.0.receive() {
                Ok(message) => return Ok(message),
                Err(TryRecvError::Disconnected) => return Err(RecvTimeoutError::Disconnected),
                Err(TryRecvError::Empty) if woken == Woken::Late => {
                    return Err(RecvTimeoutError::Timeout);
                }
                Err(TryRecvError::Empty) => {
                    note("sleeps");
                    woken = self.0.receivers.sleep(patience);
                    note(match woken {
                        Woken::Called => "is woken",
                        Woken::Late => "has slept enough",
                    });
                }
            }
        }
    }
}

/// What both ends have. `$count` are the living handles of this end, `$others` is where the other
/// end sleeps.
macro_rules! handle {
    ($Handle:ident, $count:ident, $others:ident, $name:literal) => {
        impl<T> $Handle<T> {
            /// The number of messages in the channel.
            #[must_use]
            pub fn len(&self) -> usize {
                self.0.len()
            }

            /// Whether there is no message in the channel.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// Whether there is no place in the channel.
            #[must_use]
            pub fn is_full(&self) -> bool {
                self.0.is_full()
            }

            /// The number of places, if there is a bound.
            #[must_use]
            pub fn capacity(&self) -> Option<usize> {
                self.0.capacity()
            }
        }

        impl<T> Clone for $Handle<T> {
            fn clone(&self) -> $Handle<T> {
                self.0.with(|state| state.$count += 1);
                $Handle(Arc::clone(&self.0))
            }
        }

        impl<T> Drop for $Handle<T> {
            fn drop(&mut self) {
                step();
                note(concat!("drops a ", stringify!($Handle)));
                let (last, discarded) = self.0.with(|state| {
                    state.$count -= 1;
                    // Without a bound, the last receiver drops what is in the channel. With one,
                    // that stays until the last sender is gone as well.
                    let discard = state.receivers == 0 && state.capacity.is_none();
                    let discarded = discard.then(|| std::mem::take(&mut state.messages));
                    (state.$count == 0, discarded)
                });
                if last {
                    self.0.$others.call_all();
                }
                // Code of whoever made the messages, so not under the lock.
                drop(discarded);
            }
        }

        impl<T> fmt::Debug for $Handle<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad($name)
            }
        }
    };
}

handle!(Sender, senders, receivers, "Sender { .. }");
handle!(Receiver, receivers, senders, "Receiver { .. }");
