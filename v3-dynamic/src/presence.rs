//! Who a shutdown with a deadline waits for.

use std::sync::Arc;

use crate::pool::Shared;

/// A thread of the pool that may still run code of a user: a worker up to the end of its stop hook, whether
/// it is counted in the census or not, or the clock.
pub(crate) struct Presence(Arc<Shared>);

impl Presence {
    pub(crate) fn new(shared: &Arc<Shared>) -> Presence {
        *shared.living.lock() += 1;
        Presence(Arc::clone(shared))
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        let mut living = self.0.living.lock();
        *living -= 1;
        if *living == 0 {
            self.0.left.notify_all();
        }
    }
}
