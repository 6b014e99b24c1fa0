//! The count of unfinished tasks, and those who wait for it to be zero.

use std::sync::atomic::Ordering::{Relaxed, Release, SeqCst};

use parking_lot::{Condvar, Mutex};

use crate::count::Count;

/// How many tasks have begun their stay in a pool or a group, and how many are over.
///
/// One counter that goes up and down would be written by submitters and workers in turn, and the
/// cache line that holds it would travel between their cores for every task. So there are two
/// kinds of counter, which only grow: submitters write `begun`, each worker a lane of its own in
/// `over`, and only those who wait read them all. The tally is *at rest* when no task is
/// unfinished: when the lanes together are equal to `begun`.
///
/// Whoever finds it at rest announces that, and so releases all who wait: the worker that ends a
/// task, the submitter that begins one, the waiter that looks. A rest that nobody has seen before
/// it ended was none.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) begun: Count,
    pub(crate) over: Box<[Count]>,
    /// Threads inside [`Tally::wait`].
    waiters: Count,
    /// The largest number of tasks that had begun at an instant at which all of them were over.
    rested: Mutex<usize>,
    /// Signalled when `rested` grows.
    rest: Condvar,
}

impl Tally {
    /// The lane for the tasks that were refused.
    pub(crate) const REFUSED: usize = 0;

    /// A lane for whoever has none of their own. Anybody may count in any lane; those who share one
    /// are slower.
    pub(crate) const ANY: usize = 1;

    /// A tally with the lanes 1 to `workers`, in which workers count without meeting.
    pub(crate) fn new(workers: usize) -> Tally {
        Tally {
            begun: Count::default(),
            over: (0..=workers).map(|_| Count::default()).collect(),
            waiters: Count::default(),
            rested: Mutex::default(),
            rest: Condvar::new(),
        }
    }

    /// Counts a task that asks to be accepted: before a worker can see it, let alone end it.
    ///
    /// To be called under the lock of the pool's door, which makes the load and the store one step.
    pub(crate) fn begin(&self) {
        // If the tally is at rest, that ends here. A worker may have brought it about and not
        // have looked yet, and when it does, it will see this task.
        self.announce_rest();
        let begun = self.begun.0.load(Relaxed);
        self.begun.0.store(begun + 1, Release);
    }

    /// Counts a task that is over: it has been refused, or its closure is dropped, run or not.
    pub(crate) fn end(&self, lane: usize) {
        self.over[lane].0.fetch_add(1, SeqCst);
        // A waiter raises `waiters` before it looks at the counts, and here it is the other way
        // round: so either the waiter sees this end, or this thread sees the waiter.
        self.announce_rest();
    }

    /// Releases those who wait, if the tally is at rest.
    fn announce_rest(&self) {
        if self.waiters.0.load(SeqCst) > 0
            && let Some(count) = self.at_rest()
        {
            let mut rested = self.rested.lock();
            *rested = count.max(*rested);
            self.rest.notify_all();
        }
    }

    /// Returns once no task has been unfinished at some instant after the call.
    pub(crate) fn wait(&self) {
        let mut rested = self.rested.lock();
        self.waiters.0.fetch_add(1, SeqCst);
        let begun = self.begun.0.load(SeqCst);
        // A rest with at least as many tasks as have begun by now is no older than this call.
        while *rested < begun {
            match self.at_rest() {
                Some(count) => {
                    *rested = count;
                    self.rest.notify_all();
                }
                None => self.rest.wait(&mut rested),
            }
        }
        self.waiters.0.fetch_sub(1, SeqCst);
    }

    /// The number of tasks so far, if all are over.
    ///
    /// `over` is read first, and never passes `begun`: if it is equal to a `begun` that was read
    /// later, then it was equal at the instant at which `begun` was read.
    fn at_rest(&self) -> Option<usize> {
        let over = self.over.iter().map(|count| count.0.load(SeqCst)).sum();
        (self.begun.0.load(SeqCst) == over).then_some(over)
    }
}
