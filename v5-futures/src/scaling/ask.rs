//! How a pool asks its policy.

use std::sync::Arc;

use parking_lot::MutexGuard;

use super::{Load, Moment, Scaling, Threads};
use crate::BuildError;
use crate::pool::Shared;
use crate::state::State;

impl Shared {
    /// Asks the policy, and starts as many workers as are missing. Returns the number of the last
    /// of them, if nobody had the lock since.
    pub(crate) fn grow(
        self: &Arc<Shared>,
        state: &mut MutexGuard<'_, State>,
        moment: Moment,
    ) -> Result<Option<usize>, BuildError> {
        loop {
            let before = state.workers.spawned;
            let least = self.least(state, moment);
            let newest = self.start_missing(state, least)?;
            // If another thread has started one while the lock was open, the answer was about
            // another pool: the one more that the policy wanted is there, but for another task.
            if newest.is_some() || state.workers.spawned == before || !state.workers.may_grow() {
                return Ok(newest);
            }
        }
    }

    /// How many workers there should be at least: what the policy wants, within the limits.
    pub(crate) fn least(&self, state: &mut MutexGuard<'_, State>, moment: Moment) -> usize {
        let wanted = self.ask(state, |policy, load| policy.wanted(moment, load));
        // Those of now: the lock was open.
        let Threads { min, max } = state.workers.limits;
        wanted.clamp(min, max)
    }

    /// Asks the policy something. The lock is open meanwhile: a policy is code of a user.
    pub(super) fn ask<T: Default>(
        &self,
        state: &mut MutexGuard<'_, State>,
        question: impl FnOnce(&dyn Scaling, &Load) -> T,
    ) -> T {
        let load = self.load(state);
        let hooks = &self.hooks;
        let mut answer = T::default();
        let ask = || answer = question(&*hooks.scaling, &load);
        MutexGuard::unlocked(state, || hooks.panic.shield(ask));
        answer
    }

    fn load(&self, state: &State) -> Load {
        let (workers, counts) = (&state.workers, state.counts());
        Load {
            min: workers.limits.min,
            max: workers.limits.max,
            live: workers.live(),
            queued: counts.accepted - counts.taken,
            capacity: self.queues.places.capacity,
            running: counts.running,
            nested: counts.nested(),
            elsewhere: counts.elsewhere,
            accepted: counts.accepted,
            unused: workers.unused(),
            age: self.built.elapsed(),
        }
    }
}
