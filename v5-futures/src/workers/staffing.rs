//! What can be known of the number of workers without the lock of the state.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::Workers;

/// Written under the lock, whenever the number of workers changes or their limits do; without it,
/// what was true a moment ago.
#[derive(Debug, Default)]
pub(crate) struct Staffing {
    too_many: AtomicBool,
    may_grow: AtomicBool,
}

impl Staffing {
    /// Whether there are more workers than there may be.
    pub(crate) fn too_many(&self) -> bool {
        self.too_many.load(Relaxed)
    }

    /// Whether there may be more workers than there are.
    pub(crate) fn may_grow(&self) -> bool {
        self.may_grow.load(Relaxed)
    }
}

impl Workers {
    /// The number of workers is another one, or the limits are.
    pub(crate) fn note_staffing(&self) {
        self.staffing.too_many.store(self.too_many(), Relaxed);
        self.staffing.may_grow.store(self.may_grow(), Relaxed);
    }
}
