//! Who has to look again when something changes that no queue sees: a rate, a clock, a token.

use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::Wakeups;
use crate::queue::{Queue, State};

/// The queues that want to be told. They are not kept alive.
#[derive(Default)]
pub(crate) struct Bell(Mutex<Vec<Weak<Queue>>>);

impl Bell {
    /// Tells this queue from now on. Once is enough, so a second call does nothing.
    pub(crate) fn add(&self, queue: &Weak<Queue>) {
        let mut queues = self.0.lock();
        if !queues.iter().any(|known| known.ptr_eq(queue)) {
            queues.retain(|known| known.strong_count() > 0);
            queues.push(Weak::clone(queue));
        }
    }

    /// Tells all of a change that has been made. A queue that is added later sees it by itself.
    pub(crate) fn ring(&self, change: impl Fn(&mut State, &Wakeups)) {
        // Copied: a queue has a lock of its own, under which it adds itself here.
        let queues: Vec<Arc<Queue>> = self.0.lock().iter().filter_map(Weak::upgrade).collect();
        queues.iter().for_each(|queue| queue.tell(&change));
    }
}
