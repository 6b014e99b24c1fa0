//! The bound of the pool, one for all queues together, and when a submitter is woken.

use std::sync::atomic::{
    AtomicBool, AtomicIsize, AtomicUsize,
    Ordering::{Relaxed, SeqCst},
};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::pool::Shared;
use crate::state::State;

/// For how long a submitter that waits alone is patient. One of many is patient for as many times
/// as long, so that no more of them wake up in a second.
const PATIENCE: Duration = Duration::from_millis(1);

/// The places of all queues together, and the submitters that wait for one.
///
/// To wake a submitter for each place costs more than a short task. So it is woken when half of the
/// places are free. If that takes longer than it is patient for, tasks are not short: then it is
/// woken for one place.
#[derive(Debug)]
pub(crate) struct Places {
    pub(crate) capacity: usize,
    /// Submitters that wait.
    waiting: AtomicUsize,
    /// While some wait, how many places are free, more or less: an error costs time, and no more of
    /// it than a submitter is patient for.
    free: AtomicIsize,
    /// A submitter is woken when so many are free.
    enough: AtomicIsize,
    /// Whether workers have submitted tasks since the slots were read last.
    added: AtomicBool,
    /// For submitters that wait: a signal that there are places. It is a channel and not a
    /// condition variable, since they wait for the end of the pool and of tokens at the same time.
    /// It holds one signal: a second one would say the same.
    signal: Sender<()>,
    pub(crate) signalled: Receiver<()>,
}

impl Places {
    pub(crate) fn new(capacity: usize) -> Places {
        let (signal, signalled) = bounded(1);
        Places {
            capacity,
            waiting: AtomicUsize::new(0),
            free: AtomicIsize::new(0),
            enough: AtomicIsize::new(Places::half_of(capacity)),
            added: AtomicBool::new(false),
            signal,
            signalled,
        }
    }

    fn half_of(capacity: usize) -> isize {
        (capacity / 2).max(1).cast_signed()
    }

    /// How many submitters wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(SeqCst)
    }

    pub(crate) fn signal(&self) {
        let _ = self.signal.try_send(());
    }

    /// One more submitter waits. Returns for how long it is patient. It has to look for a place
    /// once more: a worker that has made one before did not know that somebody waits.
    pub(crate) fn begin_wait(&self) -> Duration {
        let waiting = self.waiting.fetch_add(1, SeqCst) + 1;
        self.free.store(0, Relaxed);
        PATIENCE.saturating_mul(waiting.try_into().unwrap_or(u32::MAX))
    }

    /// A submitter has been patient for long enough, and has to look for a place once more.
    pub(crate) fn lose_patience(&self, state: &mut State) {
        state.impatient += 1;
        self.enough.store(isize::MIN, SeqCst);
    }

    /// A submitter does not wait any more.
    pub(crate) fn end_wait(&self, state: &mut State, impatient: bool) {
        self.waiting.fetch_sub(1, SeqCst);
        state.impatient -= usize::from(impatient);
        if impatient && state.impatient == 0 {
            self.enough.store(Places::half_of(self.capacity), SeqCst);
        }
    }

    /// A worker has submitted a task, and counted it.
    pub(crate) fn add(&self) {
        // To look is cheaper than to write, and most often it has been written.
        if !self.added.load(SeqCst) {
            self.added.store(true, SeqCst);
        }
    }

    /// Whether an old sum is too old. The slots have to be read after this.
    fn take_added(&self) -> bool {
        self.added.load(SeqCst) && self.added.swap(false, SeqCst)
    }

    /// A thread outside of the pool has taken a place.
    pub(crate) fn occupy(&self) {
        if self.waiting.load(Relaxed) > 0 {
            self.free.fetch_sub(1, Relaxed);
        }
    }

    /// A task has left a queue, and its place is free. To be called when that is counted.
    ///
    /// A submitter counts itself before it reads the slots, and here it is the other way round: so
    /// either it sees the place, or this thread sees that it waits.
    pub(crate) fn vacate(&self) {
        if self.waiting() > 0 {
            let free = self.free.fetch_add(1, Relaxed) + 1;
            if free >= self.enough.load(SeqCst) {
                self.signal();
            }
        }
    }
}

impl Shared {
    /// How many places are free. There may be more, and not fewer.
    pub(crate) fn room(&self, state: &mut State) -> usize {
        let capacity = self.queues.places.capacity;
        // An old sum is enough for a yes: to read the slots takes them away from the workers.
        let since = state.past.accepted - state.accepted_then;
        let queued = state.queued_then + since;
        if queued < capacity && !self.queues.places.take_added() {
            return capacity - queued;
        }
        capacity.saturating_sub(state.queued())
    }
}
