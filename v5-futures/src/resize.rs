//! New limits for a pool that runs.

use std::ops::RangeInclusive;
use std::sync::atomic::Ordering::Relaxed;

use crate::scaling::Moment;
use crate::{BuildError, Pool, Threads};

impl Pool {
    /// Changes the limits.
    ///
    /// If there are fewer workers than `min` now, the missing ones are started. If there are more
    /// than `max`, idle ones leave at once and the others when their tasks are over. On a
    /// pool that is shut down this has no effect.
    ///
    /// ```
    /// let pool = v5_futures::Pool::builder().threads(1).build()?;
    /// pool.resize(2..=8)?;
    /// assert_eq!(pool.threads(), 2);
    /// pool.resize(1)?; // the second one leaves as soon as it has nothing to do
    /// assert_eq!(pool.limits(), 1..=1);
    /// # Ok::<(), v5_futures::BuildError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`build`](crate::Builder::build), for the numbers of threads and for threads that cannot be
    /// started. With bad numbers nothing changes; without a thread the new limits hold, and the next
    /// submission tries again.
    pub fn resize(&self, threads: impl Into<Threads>) -> Result<(), BuildError> {
        let limits = threads.into().checked()?;
        let mut inside = self.shared.door.inside.lock();
        let census = &mut inside.census;
        let may_leave = limits.min < census.limits.min;
        census.limits = limits;
        let surplus = census.live().saturating_sub(limits.max);
        census.dismiss(surplus, &self.shared);
        if may_leave {
            // Those who had to stay sleep without a deadline.
            census.call_all();
        }
        // Those who are busy look at this when their task is over.
        let overstaffed = census.is_overstaffed();
        self.shared.overstaffed.store(overstaffed, Relaxed);
        let grown = self.shared.grow(&mut inside, Moment::Resized);
        // Whoever waits for a place may get a worker instead.
        self.shared.door.changed.notify_all();
        grown.map(drop)
    }

    /// The least and the largest number of threads, as given to the builder or to
    /// [`resize`](Pool::resize).
    #[must_use]
    pub fn limits(&self) -> RangeInclusive<usize> {
        let Threads { min, max } = self.shared.door.inside.lock().census.limits;
        min..=max
    }
}
