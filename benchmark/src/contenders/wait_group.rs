//! How those know that all is done who have no means of their own: a count, as Go's `WaitGroup`.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Counts unfinished tasks, and lets somebody wait until there are none. Clones share the count.
///
/// Tasks that come and tasks that go are counted apart, so that submitters and workers do not write
/// to the same cache line: a baseline must not lose its race by the way in which it counts.
#[derive(Clone, Debug, Default)]
pub struct WaitGroup(Arc<State>);

#[derive(Debug, Default)]
struct State {
    come: Line<AtomicUsize>,
    gone: Line<AtomicUsize>,
    waited_for: Line<AtomicBool>,
    lock: Mutex<()>,
    zero: Condvar,
}

/// A cache line, or two, for one value.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Line<T>(T);

impl WaitGroup {
    /// Counts a task in. To be called before the task can finish.
    pub fn add(&self) {
        self.0.come.0.fetch_add(1, SeqCst);
    }

    /// Counts a task out.
    pub fn done(&self) {
        let gone = self.0.gone.0.fetch_add(1, SeqCst) + 1;
        // Whoever waits says so before it looks at the counts, and here it is the other way round.
        if self.0.waited_for.0.load(SeqCst) && gone == self.0.come.0.load(SeqCst) {
            // With the lock in between, whoever waits is asleep by now.
            drop(self.0.lock.lock().unwrap_or_else(PoisonError::into_inner));
            self.0.zero.notify_all();
        }
    }

    /// Waits until every task that has been counted in has been counted out. One thread waits at a
    /// time, when all submitters are done.
    pub fn wait(&self) {
        let mut lock = self.0.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.waited_for.0.store(true, SeqCst);
        while self.0.gone.0.load(SeqCst) != self.0.come.0.load(SeqCst) {
            let woken = self.0.zero.wait(lock);
            lock = woken.unwrap_or_else(PoisonError::into_inner);
        }
        self.0.waited_for.0.store(false, SeqCst);
    }
}
