//! The pool's clock, for policies that look now and then and not only when something happens.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::RecvTimeoutError;
use parking_lot::MutexGuard;

use super::{Moment, Scaling};
use crate::pool::Shared;
use crate::state::State;
use crate::{BuildError, Pool};

/// The shortest period: a policy that wants no time in between would take a core for itself.
const SHORTEST: Duration = Duration::from_millis(1);

/// Starts a thread that asks the policy once in a period, until the pool is closed. Without a
/// period there is none.
pub(crate) fn start(pool: &Pool) -> Result<(), BuildError> {
    let Some(period) = pool.shared.hooks.scaling.period() else {
        return Ok(());
    };
    let shared = Arc::clone(&pool.shared);
    let pending = shared.user_threads.add();
    let tick = move || {
        // A policy may let go of the pool, or shut it down: this thread cannot wait for its own
        // end.
        shared.enter(0);
        while shared.closed.recv_timeout(period.max(SHORTEST)) == Err(RecvTimeoutError::Timeout) {
            shared.tick(&mut shared.lock());
        }
        drop(pending);
    };
    let thread = thread::Builder::new().name("pool-tick".into());
    let thread = thread.spawn(tick).map_err(BuildError::Spawn)?;
    pool.threads.lock().push(thread);
    Ok(())
}

impl Shared {
    /// Starts workers that are missing, and retires those that have nothing to do.
    fn tick(self: &Arc<Shared>, state: &mut MutexGuard<'_, State>) {
        let accepted = state.accepted();
        let excess = self.ask(state, Scaling::excess);
        let least = self.least(state, Moment::Tick);
        // If a thread cannot be started, the next tick tries again.
        let _ = self.start_missing(state, least);
        let is_old = state.accepted() != accepted;
        // The worker that searches may be about to wake those that sleep.
        let needed = state.in_need();
        let workers = &mut state.workers;
        workers.start_period();
        // The limits may be others by now: the lock was open while names were made. And if a job
        // has been accepted meanwhile, the answers are about another load: nobody leaves for them.
        let least = least.max(workers.limits.min).max(needed);
        let excess = excess.min(workers.live().saturating_sub(least));
        if !is_old {
            state.retire_idle(excess);
        }
    }
}
