//! Which workers sleep, and which are awake.

use std::mem;
use std::sync::Arc;

use super::Workers;
use crate::queues::worker_queue::WorkerQueue;

impl Workers {
    pub(crate) fn any_idle(&self) -> bool {
        !self.idle.is_empty()
    }

    /// Wakes the worker that fell asleep last. So those that are not needed sleep on, and their
    /// time runs out.
    pub(crate) fn wake_one(&mut self, to_search: bool) -> Option<usize> {
        let number = self.idle.pop()?;
        self.unused = self.unused.min(self.idle.len());
        self.wake(number, to_search);
        Some(number)
    }

    pub(crate) fn wake_all(&mut self) {
        self.unused = 0;
        for number in mem::take(&mut self.idle) {
            self.wake(number, false);
        }
    }

    fn wake(&mut self, number: usize, to_search: bool) {
        let worker = self.live.get_mut(&number);
        let worker = worker.expect("a worker that sleeps is live");
        worker.searches = to_search;
        worker.wake.notify_one();
        // From now on, so that tasks are queued where it will look first.
        self.awake.push(Arc::clone(&worker.queue));
    }

    /// Whether a worker that has slept was woken to search. `None`: it was retired.
    pub(super) fn take_search(&mut self, number: usize) -> Option<bool> {
        let worker = self.live.get_mut(&number)?;
        Some(mem::take(&mut worker.searches))
    }

    pub(super) fn fall_asleep(&mut self, number: usize) {
        self.not_awake(number);
        self.idle.push(number);
    }

    /// Takes a worker off the list of those that sleep. Returns whether it was on it: if not, it
    /// has been woken or retired.
    pub(super) fn stop_idling(&mut self, queue: &Arc<WorkerQueue>) -> bool {
        let at = self.idle.iter().rposition(|idle| *idle == queue.number);
        if let Some(at) = at {
            self.idle.remove(at);
            self.unused = self.unused.min(self.idle.len());
            self.wake_up(queue);
        }
        at.is_some()
    }

    pub(super) fn wake_up(&mut self, queue: &Arc<WorkerQueue>) {
        self.awake.push(Arc::clone(queue));
    }

    pub(super) fn not_awake(&mut self, number: usize) {
        self.awake.retain(|queue| queue.number != number);
    }
}
