//! The pool's clock, for policies that look now and then and not only when something happens.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::MutexGuard;

use crate::census::Inside;
use crate::pool::Shared;
use crate::presence::Presence;
use crate::scaling::{Moment, Scaling};
use crate::{BuildError, worker};

/// The shortest period: a policy that wants no time in between would take a core for itself.
const SHORTEST: Duration = Duration::from_millis(1);

/// Starts a thread that asks the policy once in a period, until the door is closed.
pub(crate) fn start(shared: &Arc<Shared>, period: Duration) -> Result<JoinHandle<()>, BuildError> {
    let (shared, period) = (Arc::clone(shared), period.max(SHORTEST));
    let presence = Presence::new(&shared);
    let tick = move || {
        // A policy may let go of the pool, or shut it down: this thread cannot wait for its own end.
        worker::enter(&shared, 0);
        shared.tick(period);
        drop(presence);
    };
    thread::Builder::new()
        .name("pool-tick".into())
        .spawn(tick)
        .map_err(BuildError::Spawn)
}

impl Shared {
    fn tick(self: &Arc<Shared>, period: Duration) {
        let mut inside = self.door.inside.lock();
        while inside.open {
            // A period too long to have an end never ends.
            let late = match Instant::now().checked_add(period) {
                Some(at) => self.door.closed.wait_until(&mut inside, at).timed_out(),
                None => {
                    self.door.closed.wait(&mut inside);
                    false
                }
            };
            if late {
                self.trim(&mut inside);
            }
        }
    }

    /// Starts workers that are missing, and sends those away who have nothing to do.
    fn trim(self: &Arc<Shared>, inside: &mut MutexGuard<'_, Inside>) {
        let excess = self.ask(inside, Moment::Tick, Scaling::excess);
        let floor = self.floor(inside, Moment::Tick);
        // If a thread cannot be started, the next tick tries again.
        let _ = self.hire(inside, floor);
        let census = &mut inside.census;
        // The limits may be others by now: the lock was open while names were made.
        // So may the tasks: who is on the way to the first of them will call those who sleep for the others.
        let unfinished = census.unfinished(self);
        // What is nested now was unfinished then: nobody begins a task meanwhile.
        let needed = unfinished.saturating_sub(self.nested());
        let floor = floor.max(census.limits.min).max(needed);
        census.dismiss(excess.min(census.live().saturating_sub(floor)), self);
    }
}
