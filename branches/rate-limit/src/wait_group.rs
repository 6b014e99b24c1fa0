//! How to wait until all of many things have ended.
//!
//! The mutexes here are those of `parking_lot`: a panic does not poison them, so `lock` returns the
//! guard itself.

use std::sync::Arc;
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

/// A count of things that have not ended yet, and a way to sleep until it is zero.
///
/// The name and the idea are those of Go's `sync.WaitGroup`.
#[derive(Debug, Default)]
pub(crate) struct WaitGroup {
    state: Mutex<State>,
    /// Notified when the count comes down to zero.
    zero: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// How many there are.
    pending: usize,
    /// How often the count has come down to zero.
    generation: u64,
}

impl WaitGroup {
    /// Counts one thing more, until the returned value is dropped.
    pub(crate) fn add(self: &Arc<Self>) -> Pending {
        self.state.lock().pending += 1;
        Pending(Arc::clone(self))
    }

    /// Returns once the count was zero at some instant after the call.
    pub(crate) fn wait(&self) {
        self.wait_deadline(None);
    }

    /// Waits no longer than until the deadline, if there is one. Returns whether the count was
    /// zero at some instant after the call.
    pub(crate) fn wait_deadline(&self, deadline: Option<Instant>) -> bool {
        let mut state = self.state.lock();
        let before = state.generation;
        // A wait unlocks and sleeps in one step, so no notification falls between the look and the
        // sleep. Between the notification and the next look, the count may have gone up again: the
        // generation still says that it was zero.
        let busy = |state: &mut State| state.pending > 0 && state.generation == before;
        match deadline {
            Some(at) => _ = self.zero.wait_while_until(&mut state, busy, at),
            None => self.zero.wait_while(&mut state, busy),
        }
        !busy(&mut state)
    }

    /// How many have not ended yet.
    pub(crate) fn pending(&self) -> usize {
        self.state.lock().pending
    }
}

/// One of the things that a [`WaitGroup`] waits for: it holds the count up until it is dropped.
pub(crate) struct Pending(Arc<WaitGroup>);

impl Drop for Pending {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.pending -= 1;
        if state.pending == 0 {
            state.generation += 1;
            self.0.zero.notify_all();
        }
    }
}
