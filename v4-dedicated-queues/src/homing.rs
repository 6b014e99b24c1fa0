//! How a task's box goes home.
//!
//! A task's closure is put into a box by the thread that submits it. To free that box on another core is most
//! of what a short task costs: the allocator keeps memory for each thread, and what another thread gives back
//! has to be handed over, with a lock. So the box outlives its run, empty, and goes back by way of a depot, many
//! at a time. A submitter frees it, and its next task gets the same memory.

use std::fmt;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use parking_lot::Mutex;

use crate::task::Run;

/// How many boxes a worker gathers before it takes them to the depot.
const LOAD: usize = 64;
const MOST: usize = 1024;

/// The largest box that goes home, in bytes. What is larger is freed where it is: one that waits takes memory.
const LARGEST: usize = 1 << 10;

/// A box whose closure is gone: to drop it frees memory and runs no code of a user.
pub(crate) struct EmptyBox(Box<dyn Run>);

impl EmptyBox {
    /// The box has been emptied.
    pub(crate) fn new(empty: Box<dyn Run>) -> EmptyBox {
        EmptyBox(empty)
    }
}

/// Boxes on their way home: a worker's, or those that have come home and are not freed yet.
#[derive(Debug, Default)]
pub(crate) struct Homing(Vec<EmptyBox>);

/// Where workers leave empty boxes, and submitters fetch them.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Depot {
    full: AtomicBool,
    boxes: Mutex<Homing>,
}

impl Homing {
    /// One more box of a worker.
    pub(crate) fn add(&mut self, empty: EmptyBox, depot: &Depot) {
        if size_of_val(&*empty.0) > LARGEST {
            return;
        }
        self.0.push(empty);
        if self.0.len() >= LOAD && !depot.leave(self) {
            // Nobody has fetched the last ones. They do not become more than one load for each worker.
            self.0.clear();
        }
    }

    /// Frees two, and fetches others if there are none: each task makes one more, so they become fewer.
    pub(crate) fn free_two(&mut self, depot: &Depot) {
        if self.0.is_empty() {
            depot.fetch(self);
        }
        let one = self.0.pop();
        if self.0.len() > 512 {
            self.0.pop();
        }
        drop(one);
    }

    /// Frees them all.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

impl Depot {
    /// Takes a worker's boxes, if there is room.
    fn leave(&self, from: &mut Homing) -> bool {
        let mut boxes = self.boxes.lock();
        let room = boxes.0.len() < MOST;
        if room {
            boxes.0.append(&mut from.0);
            self.full.store(true, Relaxed);
        }
        room
    }

    fn fetch(&self, to: &mut Homing) {
        if self.full.load(Relaxed) {
            mem::swap(&mut *self.boxes.lock(), to);
            self.full.store(false, Relaxed);
        }
    }
}

impl fmt::Debug for EmptyBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmptyBox")
    }
}
