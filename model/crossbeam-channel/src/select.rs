//! To wait for one of several operations.

use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::ptr;
use std::time::Duration;

use crossbeam_channel::{ReadyTimeoutError, SelectTimeoutError, TryReadyError, TrySelectError};
use model_schedule::{Deadline, Patience, Sleeper, Woken, note, note_at, shuffle, step};

use crate::operation::{Chosen, Operation};
use crate::{Receiver, SelectedOperation, Sender, note_why};

/// Several operations, one of which is to be done: any of those that are ready, or the first.
#[derive(Default)]
pub struct Select<'a> {
    /// Each with the address of its handle.
    operations: Vec<(&'a dyn Operation, usize)>,
    /// Whether the first of those that are ready is done.
    biased: bool,
}

impl<'a> Select<'a> {
    /// One without operations.
    #[must_use]
    pub fn new() -> Select<'a> {
        Select::default()
    }

    /// One without operations, which does the first of those that are ready. Once it sleeps, it
    /// does the one for which it is called.
    #[must_use]
    pub fn new_biased() -> Select<'a> {
        Select {
            biased: true,
            ..Select::default()
        }
    }

    /// To send. Returns the operation's index.
    pub fn send<T>(&mut self, sender: &'a Sender<T>) -> usize {
        self.add(sender, ptr::from_ref(sender).addr())
    }

    /// To receive. Returns the operation's index.
    pub fn recv<T>(&mut self, receiver: &'a Receiver<T>) -> usize {
        self.add(receiver, ptr::from_ref(receiver).addr())
    }

    fn add(&mut self, operation: &'a dyn Operation, address: usize) -> usize {
        self.operations.push((operation, address));
        self.operations.len() - 1
    }

    /// Chooses an operation that is ready now.
    ///
    /// # Errors
    ///
    /// None is.
    #[track_caller]
    pub fn try_select(&mut self) -> Result<SelectedOperation<'a>, TrySelectError> {
        self.choose(None).ok_or(TrySelectError)
    }

    /// Chooses an operation, and waits until one is ready.
    ///
    /// # Panics
    ///
    /// If there are no operations.
    #[track_caller]
    pub fn select(&mut self) -> SelectedOperation<'a> {
        let chosen = self.choose(Some(Patience::Forever));
        chosen.expect("it is never late")
    }

    /// Chooses an operation, and waits for some time at most. A time too long for the clock has no
    /// end.
    ///
    /// # Errors
    ///
    /// The time is over.
    #[track_caller]
    pub fn select_timeout(
        &mut self,
        time: Duration,
    ) -> Result<SelectedOperation<'a>, SelectTimeoutError> {
        self.choose(Some(Patience::during(time)))
            .ok_or(SelectTimeoutError)
    }

    /// Chooses an operation, and waits for some time at most.
    ///
    /// # Errors
    ///
    /// The time is over.
    #[track_caller]
    pub fn select_deadline(
        &mut self,
        deadline: impl Deadline,
    ) -> Result<SelectedOperation<'a>, SelectTimeoutError> {
        let chosen = self.choose(Some(Patience::until(&deadline)));
        chosen.ok_or(SelectTimeoutError)
    }

    /// Says which operation is ready now.
    ///
    /// # Errors
    ///
    /// None is.
    #[track_caller]
    pub fn try_ready(&mut self) -> Result<usize, TryReadyError> {
        self.see(None).ok_or(TryReadyError)
    }

    /// Waits until an operation is ready, and says which.
    ///
    /// # Panics
    ///
    /// If there are no operations.
    #[track_caller]
    pub fn ready(&mut self) -> usize {
        let ready = self.see(Some(Patience::Forever));
        ready.expect("it is never late")
    }

    /// Waits until an operation is ready, or for some time. A time too long for the clock has no
    /// end.
    ///
    /// # Errors
    ///
    /// The time is over.
    #[track_caller]
    pub fn ready_timeout(&mut self, time: Duration) -> Result<usize, ReadyTimeoutError> {
        self.see(Some(Patience::during(time)))
            .ok_or(ReadyTimeoutError)
    }

    /// Waits until an operation is ready, or for some time.
    ///
    /// # Errors
    ///
    /// The time is over.
    #[track_caller]
    pub fn ready_deadline(&mut self, deadline: impl Deadline) -> Result<usize, ReadyTimeoutError> {
        let ready = self.see(Some(Patience::until(&deadline)));
        ready.ok_or(ReadyTimeoutError)
    }

    /// Takes a slot in one of the channels. Without patience, it does not wait for it.
    #[track_caller]
    fn choose(&self, patience: Option<Patience>) -> Option<SelectedOperation<'a>> {
        let place = Location::caller();
        let order = self.order(patience);
        let start = |&index: &usize| self.start(index, place);
        let look = |index: &usize| {
            step();
            self.operations[*index].0.settle();
            let found = start(index);
            if found.is_none() {
                note_at(place, "cannot do it now");
            }
            found
        };
        if let Some(chosen) = order.iter().find_map(look) {
            return Some(chosen);
        }
        let patience = patience?;
        loop {
            while order.iter().any(|&index| self.operations[index].0.settle()) {}
            // No step from here until this thread is asleep in all lines.
            if let Some(chosen) = order.iter().find_map(start) {
                return Some(chosen);
            }
            let sleeper = Sleeper::new();
            for &index in &order {
                self.operations[index].0.wait(&sleeper, index);
            }
            note("sleeps");
            let woken = sleeper.sleep(patience);
            note_why(woken);
            match woken {
                Woken::Alone(index) if self.operations[index].0.is_met() => {
                    return Some(self.chosen(index, Some(sleeper.ticket())));
                }
                // It was this one's call, so nobody else is called for it.
                Woken::Alone(index) => {
                    self.operations[index].0.settle();
                    if let Some(chosen) = start(&index) {
                        return Some(chosen);
                    }
                }
                Woken::WithAll(_) => {}
                Woken::Late => return order.iter().find_map(look),
            }
        }
    }

    /// Says which operation is ready, and uses up nobody's call.
    #[track_caller]
    fn see(&self, patience: Option<Patience>) -> Option<usize> {
        let order = self.order(patience);
        let ready = |index: &&usize| self.operations[**index].0.is_ready();
        let look = || {
            order.iter().copied().find(|index| {
                step();
                ready(&index)
            })
        };
        let seen = look();
        if let Some(index) = seen {
            note("sees that one is ready");
            return Some(index);
        }
        let patience = patience?;
        // No step from here until this thread is asleep in all lines.
        if let Some(&index) = order.iter().find(ready) {
            note("sees that one is ready");
            return Some(index);
        }
        let sleeper = Sleeper::new();
        for &index in &order {
            self.operations[index].0.watch(&sleeper, index);
        }
        note("sleeps");
        let woken = sleeper.sleep(patience);
        note_why(woken);
        match woken {
            Woken::Alone(index) | Woken::WithAll(index) => Some(index),
            Woken::Late => look(),
        }
    }

    /// The operations in the order in which they are looked at.
    #[track_caller]
    fn order(&self, patience: Option<Patience>) -> Vec<usize> {
        let for_ever = matches!(patience, Some(Patience::Forever));
        assert!(
            !(for_ever && self.operations.is_empty()),
            "no operations to wait for"
        );
        let mut order: Vec<_> = (0..self.operations.len()).collect();
        if !self.biased {
            shuffle(&mut order);
        }
        order
    }

    fn start(
        &self,
        index: usize,
        place: &'static Location<'static>,
    ) -> Option<SelectedOperation<'a>> {
        let (chosen, what) = self.operations[index].0.start();
        let slot = chosen?;
        note_at(place, what);
        Some(self.chosen(index, slot))
    }

    fn chosen(&self, index: usize, slot: Chosen) -> SelectedOperation<'a> {
        SelectedOperation {
            slot,
            index,
            address: self.operations[index].1,
            handles: PhantomData,
        }
    }
}

impl fmt::Debug for Select<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("Select { .. }")
    }
}
