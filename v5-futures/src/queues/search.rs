//! The wake protocol: who is woken for a task, by whom, and when nobody is.
//!
//! To wake a thread takes as long as to submit a hundred tasks. So nobody is woken for a task while
//! a worker *searches*: it is awake, has no task, and looks into all queues before it sleeps. At
//! most one worker searches. When it has found a task, it wakes the next one, if there is more to
//! be found: so workers wake each other, beside those that submit.

use std::sync::Arc;
use std::sync::atomic::{
    AtomicU8, AtomicUsize,
    Ordering::{Relaxed, SeqCst},
};

use super::stealing::Stealing;
use crate::pool::Shared;
use crate::scaling::Moment;
use crate::state::State;

/// Whether a worker searches, and whether any sleep.
///
/// A worker that submits a task does not lock the state. It counts the task, and then reads these.
/// A worker that is about to sleep, or to end its search, writes these, and then reads the counts.
/// All of that is `SeqCst`, so all threads agree on one order, in which either the first sees the
/// second or the second the first.
#[derive(Debug, Default)]
pub(crate) struct Search {
    state: AtomicU8,
    /// Workers that sleep or are about to.
    resting: AtomicUsize,
}

/// Nobody searches. Then nothing is queued, nobody sleeps, or the submitter is about to wake one.
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
        self.state.load(Relaxed) == NOBODY
            && self
                .state
                .compare_exchange(NOBODY, ONE, SeqCst, Relaxed)
                .is_ok()
    }

    /// If a worker searches, it will see whether there is more. Returns whether one does.
    ///
    /// To be called once the tasks that are meant are counted.
    pub(crate) fn more(&self) -> bool {
        loop {
            match self.state.load(SeqCst) {
                NOBODY => return false,
                ONE => {
                    // If it fails, the search has just ended, and the next look will tell.
                    let exchanged = self.state.compare_exchange(ONE, MORE, SeqCst, Relaxed);
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
        self.state.swap(NOBODY, SeqCst) == MORE
    }

    /// A worker is about to sleep. It has to look at the counts after this.
    pub(crate) fn begin_rest(&self) {
        self.resting.fetch_add(1, SeqCst);
    }

    pub(crate) fn end_rest(&self) {
        self.resting.fetch_sub(1, SeqCst);
    }

    /// Whether any worker rests, for a worker that has counted a task.
    fn anybody_rests(&self) -> bool {
        self.resting.load(SeqCst) > 0
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

    /// Wakes a worker, or starts one, if that is needed for a task that a worker has put into its
    /// own queue.
    ///
    /// If it finds that nobody rests, because one has just left, then it finds that there may be
    /// more: that is written before the rest ends, and read here after it.
    pub(crate) fn wake_for_own(self: &Arc<Shared>) {
        // Without stealing nobody else could run it.
        let alone = self.queues.dispatch.stealing == Stealing::Off;
        let rests = !alone && self.queues.search.anybody_rests() && !self.queues.search.more();
        if rests || self.queues.staffing.may_grow() {
            let mut state = self.lock();
            if !alone {
                self.wake_for_task(&mut state);
            }
            if state.workers.may_grow() {
                // If no thread can be started, the workers that there are will come to the task.
                let _ = self.grow(&mut state, Moment::Submitted);
            }
        }
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
