//! How a submitter waits for a place in its queue.

use std::hint;
use std::time::Instant;

use crossbeam_channel::{Receiver, Select, Sender, bounded};

/// How often a submitter looks for a place before it sleeps: for about a microsecond. To sleep and
/// be woken takes longer.
const SPINS: usize = 32;

/// A signal that there is a place in a queue.
///
/// It is a channel and not a condition variable, since submitters wait for the end of the queue and
/// of tokens at the same time. It holds one signal: a second one would say the same.
#[derive(Debug)]
pub(crate) struct Place {
    signal: Sender<()>,
    signalled: Receiver<()>,
}

impl Default for Place {
    fn default() -> Place {
        let (signal, signalled) = bounded(1);
        Place { signal, signalled }
    }
}

impl Place {
    /// Wakes one of the submitters that wait, or the next that would.
    pub(crate) fn signal(&self) {
        let _ = self.signal.try_send(());
    }

    /// Waits for a signal, or until one of the `ends` is disconnected. Returns whether it was the
    /// deadline instead.
    pub(crate) fn wait(&self, ends: &[&Receiver<()>], deadline: Option<Instant>) -> bool {
        (0..SPINS)
            .take_while(|_| self.signalled.is_empty())
            .for_each(|_| hint::spin_loop());
        let mut select = Select::new();
        let signal = select.recv(&self.signalled);
        for end in ends {
            select.recv(end);
        }
        let selected = match deadline {
            Some(at) => select.select_deadline(at),
            None => Ok(select.select()),
        };
        // What is selected has to be done: it takes the signal, or finds out that an end is
        // disconnected.
        let received = selected.map(|selected| match selected.index() {
            event if event == signal => selected.recv(&self.signalled),
            event => selected.recv(ends[event - 1]),
        });
        received.is_err()
    }
}
