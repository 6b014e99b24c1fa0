//! What is left in a queue of a task that somebody has claimed.
//!
//! To take it out of the middle would mean to search for it. So it stays there, and a worker that
//! comes to it drops it and counts nothing. And if there are many, all queues are swept.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::pool::Shared;

/// How many tombstones there are.
#[derive(Debug)]
pub(crate) struct Tombstones {
    /// Those that have been left since the queues were swept last. Some of them may be gone.
    left: AtomicUsize,
    /// So many may be left until the queues are swept again.
    allowed: AtomicUsize,
    /// As many as there are places. `allowed` is never less.
    least: usize,
}

impl Tombstones {
    pub(crate) fn new(capacity: usize) -> Tombstones {
        Tombstones {
            left: AtomicUsize::new(0),
            allowed: AtomicUsize::new(capacity),
            least: capacity,
        }
    }
}

impl Shared {
    /// A task has been claimed, and stays in its queue as a tombstone.
    pub(super) fn bury(&self) {
        let tombstones = &self.queues.tombstones;
        if tombstones.left.fetch_add(1, Relaxed) >= tombstones.allowed.load(Relaxed) {
            self.sweep();
        }
    }

    /// Takes the tombstones out of all queues.
    ///
    /// The time is proportional to the number of entries. So it is done again only after as many
    /// claims as there are tasks left: then each claim has paid for two entries or so.
    fn sweep(&self) {
        self.queues.tombstones.left.store(0, Relaxed);
        let queues = self.lock().workers.queues();
        let tasks: usize = queues.iter().map(|queue| queue.sweep()).sum();
        let allowed = tasks.max(self.queues.tombstones.least);
        self.queues.tombstones.allowed.store(allowed, Relaxed);
    }
}
