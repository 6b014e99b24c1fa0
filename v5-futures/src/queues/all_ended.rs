//! The threads that wait until all tasks have ended.

use std::sync::atomic::Ordering::SeqCst;
use std::time::Instant;

use super::worker_queue::WorkerQueue;
use crate::pool::Shared;
use crate::state::State;
use crate::stats::Ending;

impl Shared {
    /// Counts a task that a worker has taken, or claimed, and that has ended.
    pub(crate) fn count_ended(&self, queue: &WorkerQueue, ending: Ending) {
        if queue.slot.is_nested() {
            queue.slot.ended_on_top(ending);
            return;
        }
        queue.slot.ended(ending);
        // One that waits raises `idle_waiters` before it reads the slots, and here it is the other
        // way round: so either it sees this ending, or this thread sees that it waits. And as long
        // as more is queued here, this was not the last one.
        if self.queues.idle_waiters.load(SeqCst) > 0 && queue.is_empty() {
            self.note_idle(&mut self.lock());
        }
    }

    /// As [`count_ended`](Shared::count_ended), for a thread that is no worker.
    pub(crate) fn count_ended_outside(&self, ending: Ending) {
        self.queues.outside.claimed.ended(ending);
        if self.queues.idle_waiters.load(SeqCst) > 0 {
            self.note_idle(&mut self.lock());
        }
    }

    /// Releases those that wait until all has ended, if it has. Also to be called before a task is
    /// accepted: the worker that ended the last one may not have looked yet.
    pub(crate) fn note_idle(&self, state: &mut State) {
        if self.queues.idle_waiters.load(SeqCst) > 0 && state.unfinished() == 0 {
            state.generation += 1;
            self.all_ended.notify_all();
        }
    }

    /// Returns once no task was unfinished at some instant after the call, or at the deadline, if
    /// there is one. Returns whether it was the former.
    pub(crate) fn wait_until_idle(&self, deadline: Option<Instant>) -> bool {
        let mut state = self.lock();
        self.queues.idle_waiters.fetch_add(1, SeqCst);
        let before = state.generation;
        self.note_idle(&mut state);
        let busy = |state: &mut State| state.generation == before;
        match deadline {
            Some(at) => _ = self.all_ended.wait_while_until(&mut state, busy, at),
            None => self.all_ended.wait_while(&mut state, busy),
        }
        self.queues.idle_waiters.fetch_sub(1, SeqCst);
        !busy(&mut state)
    }
}
