//! The bound of the pool: how many tasks are queued, in all queues together.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use crate::census::Inside;
use crate::count::Count;
use crate::door::Patience;
use crate::pool::Shared;

/// The places of all queues together.
///
/// A task takes a place when it begins (the tally counts it, under the lock of the door), and a worker gives
/// the place back when it takes the task to run it. As in the tally, each worker counts in its own lane, and
/// only who needs the sum reads all lanes.
#[derive(Debug)]
pub(crate) struct Places {
    pub(crate) capacity: usize,
    /// Tasks that have left the queues, in the lanes of the tally. Each only grows.
    taken: Box<[Count]>,
    /// One of the submitters that wait for a place has been woken and has not looked yet. Nobody wakes
    /// another one meanwhile: it does that itself, if there are places left.
    pub(crate) called: AtomicBool,
}

impl Places {
    pub(crate) fn new(capacity: usize, lanes: usize) -> Places {
        Places {
            capacity,
            taken: (0..=lanes).map(|_| Count::default()).collect(),
            called: AtomicBool::new(false),
        }
    }

    /// Counts a task that has left the queues.
    pub(crate) fn leave(&self, lane: usize) {
        self.taken[lane].0.fetch_add(1, SeqCst);
    }
}

impl Patience {
    /// The lane of the worker that submits the task, or 0.
    pub(crate) fn home(self) -> usize {
        match self {
            Patience::OnWorker(lane) => lane,
            _ => 0,
        }
    }

    /// How many tasks may come in now.
    pub(crate) fn room(self, inside: &mut Inside, shared: &Shared) -> usize {
        match self {
            Patience::OnWorker(_) => usize::MAX,
            _ => shared.room(inside),
        }
    }
}

impl Shared {
    /// The number of tasks that are queued, in any queue or on the way from one to another.
    ///
    /// To be called under the lock of the door: nobody queues one meanwhile. So the number may be too large,
    /// if workers take tasks at the same time, but if it is zero, nothing is queued.
    pub(crate) fn queued(&self, inside: &mut Inside) -> usize {
        let lanes = self.places.taken.iter();
        inside.taken = lanes.map(|lane| lane.0.load(SeqCst)).sum();
        self.tally.begun.0.load(SeqCst) - inside.taken
    }

    /// How many places are free. To be called under the lock.
    pub(crate) fn room(&self, inside: &mut Inside) -> usize {
        let capacity = self.places.capacity;
        // The first look uses an old sum: to read the lanes takes them away from the workers.
        let queued = self.tally.begun.0.load(SeqCst) - inside.taken;
        if queued < capacity {
            return capacity - queued;
        }
        // Whoever finds no room may fall asleep next. A worker that gives a place back after the look below
        // sees that nobody has been called since; one that did it before is seen by the look.
        self.places.called.store(false, SeqCst);
        capacity.saturating_sub(self.queued(inside))
    }

    /// Calls one of those who wait for a place. To be called by a worker after a place was given back: a
    /// submitter first says that it waits and then looks at the places, and here it is the other way round.
    pub(crate) fn announce_place(&self) {
        let places = &self.places;
        if self.door.waiting.0.load(SeqCst) > 0 && !places.called.load(SeqCst) {
            // With the lock, a submitter that found no room is asleep by now.
            let _inside = self.door.inside.lock();
            self.call_submitter();
        }
    }

    /// Wakes one of those who wait for a place, if none is awake already. To be called under the lock.
    pub(crate) fn call_submitter(&self) {
        let places = &self.places;
        if self.door.waiting.0.load(SeqCst) > 0 && !places.called.swap(true, SeqCst) {
            self.door.changed.notify_one();
        }
    }
}
