//! The wake protocol: who is woken for a task, by whom, and when nobody is.
//!
//! To wake a thread takes as long as to submit a hundred tasks. So nobody is woken for a task while
//! a worker *searches*: it is awake, has no task, and looks into all queues before it sleeps. At
//! most one worker searches. When it has found a task, it wakes the next one, if there is more to
//! be found: so workers wake each other, beside those that submit.

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

use super::stealing::Stealing;
use crate::pool::Shared;
use crate::state::State;

/// Whether a worker searches.
///
/// All threads agree on the order in which one atomic changes, and what the workers find is behind
/// locks. So `Relaxed` is enough here.
#[derive(Debug, Default)]
pub(crate) struct Search(AtomicU8);

/// Nobody searches. Then, if a worker sleeps, nothing is queued.
const NOBODY: u8 = 0;
/// One searches, and at most one task is queued, or nobody sleeps.
const ONE: u8 = 1;
/// One searches, and once it has found a task it has to see whether there is more.
const MORE: u8 = 2;

impl Search {
    /// The calling worker searches from now on, or one is woken to do so. `false` if another one
    /// does.
    pub(crate) fn begin(&self) -> bool {
        // To look is cheaper than to try.
        self.0.load(Relaxed) == NOBODY
            && self
                .0
                .compare_exchange(NOBODY, ONE, Relaxed, Relaxed)
                .is_ok()
    }

    /// If a worker searches, it will see whether there is more. Returns whether one does.
    ///
    /// To be called under the lock of the state, under which the tasks that are meant are queued.
    pub(crate) fn more(&self) -> bool {
        loop {
            match self.0.load(Relaxed) {
                NOBODY => return false,
                ONE => {
                    // If it fails, the search has just ended, and the next look will tell.
                    let exchanged = self.0.compare_exchange(ONE, MORE, Relaxed, Relaxed);
                    if exchanged.is_ok() {
                        return true;
                    }
                }
                _ => return true,
            }
        }
    }

    /// The one that searches does so no longer. Returns whether there may be more to find.
    pub(crate) fn end(&self) -> bool {
        self.0.swap(NOBODY, Relaxed) == MORE
    }
}

impl Shared {
    /// Wakes a worker for a task, unless none sleeps or one searches. Returns the number of the
    /// one that was woken.
    ///
    /// It cannot look at anything before the lock is open, so the task may still be queued.
    pub(crate) fn wake_for_task(&self, state: &mut State) -> Option<usize> {
        if self.queues.dispatch.stealing == Stealing::Off {
            // One cannot do for another.
            return state.workers.wake_one(false);
        }
        if !state.workers.any_idle() {
            return None;
        }
        // In between, the search may end, and another one may begin.
        while !self.queues.search.more() {
            if self.queues.search.begin() {
                return state.workers.wake_one(true);
            }
        }
        None
    }

    /// The worker that searches has found a task. To be called before it runs the task, which may
    /// wait for one that is still queued.
    pub(crate) fn end_search(&self) {
        if self.queues.search.end() {
            self.wake_for_queued(&mut self.lock());
        }
    }

    /// Wakes a worker if any number of tasks is queued, unless none sleeps or one searches. Either
    /// way the one that searches will see whether there is more.
    pub(crate) fn wake_for_queued(&self, state: &mut State) {
        if state.queued() > 0 && self.wake_for_task(state).is_some() {
            self.queues.search.more();
        }
    }
}
