//! New limits for a pool that runs.

use std::ops::RangeInclusive;

use super::Moment;
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
    /// As [`build`](crate::Builder::build), for the numbers of threads and for threads that cannot
    /// be started. With bad numbers nothing changes; without a thread the new limits hold, and the
    /// next submission tries again.
    pub fn resize(&self, threads: impl Into<Threads>) -> Result<(), BuildError> {
        let limits = threads.into().checked()?;
        let mut state = self.shared.lock();
        let workers = &mut state.workers;
        let may_leave = limits.min < workers.limits.min;
        workers.limits = limits;
        let surplus = workers.live().saturating_sub(limits.max);
        state.retire_idle(surplus);
        if may_leave {
            state.workers.wake_all(); // those that had to stay
        }
        state.workers.note_staffing();
        let grown = self.shared.grow(&mut state, Moment::Resized);
        // Whoever waits for a place may get a worker instead.
        self.shared.signal_place(state);
        grown.map(drop)
    }

    /// The least and the largest number of threads, as given to the builder or to
    /// [`resize`](Pool::resize).
    #[must_use]
    pub fn limits(&self) -> RangeInclusive<usize> {
        let Threads { min, max } = self.shared.lock().workers.limits;
        min..=max
    }
}
