//! How a task's box goes home.
//!
//! A task's closure is put into a box by the thread that submits it. To free that box on another core is most
//! of what a short task costs: the allocator keeps memory for each thread, and what another thread gives back
//! has to be handed over, with a lock. So the box outlives its run, empty, and goes back with the next
//! exchange of an inbox. A submitter frees it, and its next task gets the same memory.

use std::fmt;

use crate::task::Run;

/// The most boxes that are on their way home from one worker, or wait in one inbox.
const MOST: usize = 256;

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

/// Boxes on their way home.
#[derive(Debug, Default)]
pub(crate) struct Homing(Vec<EmptyBox>);

impl Homing {
    /// One more box. If it is too large, or if there are too many, it is freed here and now.
    pub(crate) fn add(&mut self, empty: EmptyBox) {
        if self.0.len() < MOST && size_of_val(&*empty.0) <= LARGEST {
            self.0.push(empty);
        }
    }

    /// Leaves a worker's boxes in an inbox, if the last ones have been fetched.
    pub(crate) fn send(&mut self, from: &mut Homing) {
        if self.0.is_empty() {
            std::mem::swap(self, from);
        }
    }

    /// Two for each task that is submitted: so they become fewer although each task makes one more.
    pub(crate) fn arrive(&mut self) -> [Option<EmptyBox>; 2] {
        [self.0.pop(), self.0.pop()]
    }

    /// Frees them all.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

impl fmt::Debug for EmptyBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmptyBox")
    }
}
