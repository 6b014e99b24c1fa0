//! What a pool is told about scaling before it starts.

use std::time::Duration;

use crate::{Builder, Scaling};

impl Builder {
    /// How long a worker without a task stays, if there are more than the least number of them.
    /// Without this, what the policy says, or else a minute. [`Duration::ZERO`]: it leaves when it
    /// finds nothing to do. [`Duration::MAX`]: it stays.
    pub fn idle_timeout(mut self, time: Duration) -> Builder {
        self.idle_timeout = Some(time);
        self
    }

    /// Who decides when a worker is started, and how long one stays. Without this,
    /// [`OnDemand`](crate::OnDemand).
    pub fn scaling(mut self, policy: impl Scaling) -> Builder {
        self.hooks.scaling = Box::new(policy);
        self
    }
}
