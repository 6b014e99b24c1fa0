//! What a pool is told about its queues before it starts.

use super::{Placement, Stealing};
use crate::Builder;

impl Builder {
    /// To whose queue a task goes. Without this, to each worker's in turn.
    pub fn placement(mut self, placement: Placement) -> Builder {
        self.dispatch.placement = placement;
        self
    }

    /// What a worker takes from the queue of another one when its own is empty. Without this, half.
    pub fn stealing(mut self, stealing: Stealing) -> Builder {
        self.dispatch.stealing = stealing;
        self
    }
}
