//! How the box of a task gets back to a submitter.
//!
//! A task's closure is put into a box by the thread that submits it. To free that box on another
//! core costs more than on its own: an allocator keeps memory for each thread, and what another
//! thread gives back has to be handed over. So the box outlives its task, empty, and goes back by
//! way of a depot, many at a time. A submitter frees it, and its next task gets the same memory.
//! What that gains is told in the book, in *What a short task costs*.

use std::fmt;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use parking_lot::Mutex;

use crate::lock::lock;
use crate::task::Run;

/// How many boxes a worker gathers before it takes them to the depot.
const LOAD: usize = 64;

/// How many boxes may lie in the depot when a worker comes with more. Beyond that it frees its own.
const FULL: usize = 1 << 10;

/// The largest closure that lies in such a box, in bytes. A larger one has another box for itself,
/// which is freed when the task is over, so a box that waits never takes much memory.
pub(crate) const LARGEST: usize = 1 << 10;

/// A box whose closure is gone: to drop it frees memory and runs no code of a user.
pub(crate) struct EmptyBox {
    _memory: Box<dyn Run>,
}

impl EmptyBox {
    /// The box has been emptied.
    pub(crate) fn new(empty: Box<dyn Run>) -> EmptyBox {
        EmptyBox { _memory: empty }
    }
}

/// Boxes on their way back: a worker's load, or those that submitters have fetched and not freed
/// yet.
#[derive(Debug, Default)]
pub(crate) struct Empties(Vec<EmptyBox>);

/// Where workers leave empty boxes, and submitters fetch them.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Depot {
    /// Whether there are any. Written under the lock; without it, a hint.
    any: AtomicBool,
    boxes: Mutex<Vec<EmptyBox>>,
}

impl Empties {
    /// One more box of a worker.
    pub(crate) fn add(&mut self, empty: EmptyBox, depot: &Depot) {
        self.0.push(empty);
        if self.0.len() >= LOAD {
            depot.leave(&mut self.0);
            // If it had no room, tasks are submitted less often than they end, and these are not
            // missed.
            self.0.clear();
        }
    }

    /// Frees one box, for a submitter that is about to make the next one or has just made one.
    /// While there are many, it frees two, so that they become fewer.
    pub(crate) fn free_some(&mut self, depot: &Depot) {
        if self.0.is_empty() {
            depot.fetch(&mut self.0);
        }
        drop(self.0.pop());
        if self.0.len() > FULL / 2 {
            drop(self.0.pop());
        }
    }

    /// All of them go, since the worker will not need them.
    pub(crate) fn send(&mut self, depot: &Depot) {
        if !self.0.is_empty() {
            depot.leave(&mut self.0);
            self.0.clear();
        }
    }
}

impl Depot {
    /// Takes boxes, if there is room.
    fn leave(&self, load: &mut Vec<EmptyBox>) {
        let mut boxes = lock(&self.boxes);
        if boxes.len() < FULL {
            boxes.append(load);
            self.any.store(true, Relaxed);
        }
    }

    /// Gives all of them to whoever has none.
    fn fetch(&self, none: &mut Vec<EmptyBox>) {
        if self.any.load(Relaxed) {
            let mut boxes = lock(&self.boxes);
            mem::swap(&mut *boxes, none);
            self.any.store(false, Relaxed);
        }
    }
}

impl fmt::Debug for EmptyBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmptyBox")
    }
}
