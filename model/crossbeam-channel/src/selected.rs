//! What a select has chosen.

use std::fmt;
use std::marker::PhantomData;
use std::mem;
use std::ptr;
use std::thread::panicking;

use crossbeam_channel::{RecvError, SendError};
use model_schedule::{note, step};

use crate::operation::Chosen;
use crate::{Receiver, Sender};

/// An operation that is to be done now.
#[must_use = "it must be done"]
pub struct SelectedOperation<'a> {
    pub(crate) slot: Chosen,
    pub(crate) index: usize,
    /// That of the handle.
    pub(crate) address: usize,
    pub(crate) handles: PhantomData<&'a ()>,
}

impl SelectedOperation<'_> {
    /// Which it is.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// Sends.
    ///
    /// # Errors
    ///
    /// With the message: there is no receiver.
    ///
    /// # Panics
    ///
    /// If the operation is not to send here.
    #[track_caller]
    pub fn send<T>(self, sender: &Sender<T>, message: T) -> Result<(), SendError<T>> {
        let Some(ticket) = self.finish(ptr::from_ref(sender).addr()) else {
            return Err(SendError(message));
        };
        step();
        note("sends");
        sender.0.finish_send(ticket, message);
        Ok(())
    }

    /// Receives.
    ///
    /// # Errors
    ///
    /// There is no message and no sender.
    ///
    /// # Panics
    ///
    /// If the operation is not to receive here.
    #[track_caller]
    pub fn recv<T>(self, receiver: &Receiver<T>) -> Result<T, RecvError> {
        let ticket = self.finish(ptr::from_ref(receiver).addr());
        let ticket = ticket.ok_or(RecvError)?;
        step();
        note("receives");
        Ok(receiver.0.finish_receive(ticket))
    }

    #[track_caller]
    fn finish(self, address: usize) -> Chosen {
        let (slot, chosen) = (self.slot, self.address);
        mem::forget(self);
        assert_eq!(address, chosen, "not the handle that was selected");
        slot
    }
}

impl fmt::Debug for SelectedOperation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("SelectedOperation { .. }")
    }
}

impl Drop for SelectedOperation<'_> {
    fn drop(&mut self) {
        // A second panic would take the story of the first with it.
        assert!(
            panicking(),
            "an operation was selected, dropped and not done"
        );
    }
}
