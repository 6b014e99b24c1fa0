//! The two ends of a channel.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{
    RecvError, RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError,
};
use model_schedule::{Deadline, Patience, Sleeper, Woken, note, step};

use crate::channel::Channel;
use crate::note_why;

/// A channel in which so many messages find a place. Without places, each goes from the hand of a
/// sender that waits into the hand of a receiver that waits.
#[must_use]
pub fn bounded<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    channel(Some(capacity))
}

/// A channel in which every message finds a place.
#[must_use]
pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
    channel(None)
}

/// For the facade of `std`, whose last receiver drops what is in the channel.
#[doc(hidden)]
#[must_use]
pub fn of_std<T>(capacity: Option<usize>) -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = channel(capacity);
    receiver.0.with(|state| state.keeps = false);
    (sender, receiver)
}

fn channel<T>(capacity: Option<usize>) -> (Sender<T>, Receiver<T>) {
    let channel = Arc::new(Channel::new(capacity));
    (Sender(Arc::clone(&channel)), Receiver(channel))
}

/// The end that messages are put in at.
pub struct Sender<T>(pub(crate) Arc<Channel<T>>);

impl<T> Sender<T> {
    /// Sends a message if there is a place for it.
    ///
    /// # Errors
    ///
    /// With the message: there is no place, or no receiver.
    #[track_caller]
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        step();
        self.send_now(message)
    }

    /// Sends a message, and waits until there is a place for it, or somebody has taken it.
    ///
    /// # Errors
    ///
    /// With the message: there is no receiver, or not any more.
    #[track_caller]
    pub fn send(&self, message: T) -> Result<(), SendError<T>> {
        let sent = self.wait(message, Patience::Forever);
        sent.map_err(|error| SendError(error.into_inner()))
    }

    /// Sends a message, and waits for some time at most. A time too long for the clock has no end.
    ///
    /// # Errors
    ///
    /// With the message: there is no receiver, or the time is over.
    #[track_caller]
    pub fn send_timeout(&self, message: T, time: Duration) -> Result<(), SendTimeoutError<T>> {
        self.wait(message, Patience::during(time))
    }

    /// Sends a message, and waits for some time at most.
    ///
    /// # Errors
    ///
    /// With the message: there is no receiver, or the time is over.
    #[track_caller]
    pub fn send_deadline(
        &self,
        message: T,
        deadline: impl Deadline,
    ) -> Result<(), SendTimeoutError<T>> {
        self.wait(message, Patience::until(&deadline))
    }

    #[track_caller]
    fn send_now(&self, message: T) -> Result<(), TrySendError<T>> {
        match self.0.start_send() {
            Ok(ticket) => {
                note("sends");
                self.0.finish_send(ticket, message);
                Ok(())
            }
            Err(TrySendError::Full(())) => {
                note("finds no place");
                Err(TrySendError::Full(message))
            }
            Err(TrySendError::Disconnected(())) => {
                note("finds no receiver");
                Err(TrySendError::Disconnected(message))
            }
        }
    }

    #[track_caller]
    fn wait(&self, mut message: T, patience: Patience) -> Result<(), SendTimeoutError<T>> {
        step();
        let mut late = false;
        loop {
            message = match self.send_now(message) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Disconnected(message)) => {
                    return Err(SendTimeoutError::Disconnected(message));
                }
                Err(TrySendError::Full(message)) if late => {
                    return Err(SendTimeoutError::Timeout(message));
                }
                Err(TrySendError::Full(message)) => message,
            };
            let sleeper = Sleeper::new();
            let no_places = self.0.has_no_places();
            let mut own = Some(message);
            if no_places {
                own.take()
                    .into_iter()
                    .for_each(|message| self.0.offer(&sleeper, message));
                self.0.receivers.watching.call_all();
            }
            self.0.senders.waiting.join(&sleeper, 0);
            note("sleeps");
            let woken = sleeper.sleep(patience);
            note_why(woken);
            if no_places && matches!(woken, Woken::Alone(_)) {
                while self.0.is_aside(sleeper.ticket()) {
                    self.0.handing_over.sleep(Patience::Forever);
                }
                return Ok(());
            }
            let own = own.or_else(|| self.0.take_back(sleeper.ticket()));
            message = own.expect("nobody has taken the message");
            late = woken == Woken::Late;
        }
    }
}

/// The end that messages are taken out at.
pub struct Receiver<T>(pub(crate) Arc<Channel<T>>);

impl<T> Receiver<T> {
    /// Takes a message if there is one.
    ///
    /// # Errors
    ///
    /// There is none, or there will never be one again.
    #[track_caller]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        step();
        self.receive_now()
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
        self.wait(Patience::during(time))
    }

    /// Waits for a message, or for some time.
    ///
    /// # Errors
    ///
    /// There is no message and no sender, or the time is over.
    #[track_caller]
    pub fn recv_deadline(&self, deadline: impl Deadline) -> Result<T, RecvTimeoutError> {
        self.wait(Patience::until(&deadline))
    }

    #[track_caller]
    fn receive_now(&self) -> Result<T, TryRecvError> {
        self.0.wait_for_first();
        let ticket = self.0.start_receive();
        note(match &ticket {
            Ok(_) => "receives",
            Err(TryRecvError::Empty) => "finds no message",
            Err(TryRecvError::Disconnected) => "finds no sender",
        });
        ticket.map(|ticket| self.0.finish_receive(ticket))
    }

    #[track_caller]
    fn wait(&self, patience: Patience) -> Result<T, RecvTimeoutError> {
        step();
        let mut late = false;
        loop {
            match self.receive_now() {
                Ok(message) => return Ok(message),
                Err(TryRecvError::Disconnected) => return Err(RecvTimeoutError::Disconnected),
                Err(TryRecvError::Empty) if late => return Err(RecvTimeoutError::Timeout),
                Err(TryRecvError::Empty) => {}
            }
            let sleeper = Sleeper::new();
            let no_places = self.0.has_no_places();
            if no_places {
                self.0.senders.watching.call_all();
            }
            self.0.receivers.waiting.join(&sleeper, 0);
            note("sleeps");
            let woken = sleeper.sleep(patience);
            note_why(woken);
            if no_places && matches!(woken, Woken::Alone(_)) {
                note("receives");
                return Ok(self.0.finish_receive(sleeper.ticket()));
            }
            late = woken == Woken::Late;
        }
    }
}
