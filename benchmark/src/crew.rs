//! The threads that submit, kept from one race to the next.
//!
//! A thousand threads take longer to start and to end than to submit what a short race gives them.
//! Nothing in here allocates while the clock runs.

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use crate::contenders::wait_group::WaitGroup;

type Part = Box<dyn FnOnce() + Send>;

thread_local! {
    // One for each thread that races: tests that run side by side do not share theirs, and whoever
    // ends takes its crew along.
    static CREW: RefCell<Vec<Member>> = const { RefCell::new(Vec::new()) };
}

/// A thread that does its part whenever it is given one.
struct Member {
    slot: Arc<Slot>,
    /// `None` only while it is dropped.
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Slot {
    next: Mutex<Next>,
    filled: Condvar,
}

#[derive(Default)]
enum Next {
    #[default]
    Wait,
    Do(Part),
    Leave,
}

impl Slot {
    fn fill(&self, next: Next) {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = next;
        self.filled.notify_one();
    }

    /// The next part; `None` if there will be none.
    fn take(&self) -> Option<Part> {
        let next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let empty = |next: &mut Next| matches!(next, Next::Wait);
        let filled = self.filled.wait_while(next, empty);
        let mut next = filled.unwrap_or_else(PoisonError::into_inner);
        match std::mem::take(&mut *next) {
            Next::Do(part) => Some(part),
            Next::Wait | Next::Leave => None,
        }
    }
}

impl Member {
    fn start() -> Member {
        let slot = Arc::new(Slot::default());
        let its = Arc::clone(&slot);
        let work = move || {
            while let Some(part) = its.take() {
                part();
            }
        };
        Member {
            slot,
            thread: Some(thread::spawn(work)),
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.slot.fill(Next::Leave);
        if let Some(thread) = self.thread.take() {
            // One that panicked has been heard of.
            drop(thread.join());
        }
    }
}

/// Threads that stand at the line, each with its part of the work.
pub(crate) struct Lined {
    size: usize,
    go: Arc<Barrier>,
    at_it: WaitGroup,
    done: Arc<AtomicUsize>,
}

impl Lined {
    /// Starts all of them, and returns when each has done its part and dropped it.
    pub(crate) fn go(self) {
        self.go.wait();
        self.at_it.wait();
        assert_eq!(self.done.load(SeqCst), self.size, "a submitter panicked");
    }
}

/// Counts a thread out, also one that panics.
struct CountOut(WaitGroup);

impl Drop for CountOut {
    fn drop(&mut self) {
        self.0.done();
    }
}

/// Gives each number below `size` to a thread, and returns when all of them are there and wait.
pub(crate) fn line_up(size: usize, part: impl Fn(usize) + Clone + Send + 'static) -> Lined {
    let all_there = Arc::new(Barrier::new(size + 1));
    let lined = Lined {
        size,
        go: Arc::new(Barrier::new(size + 1)),
        at_it: WaitGroup::default(),
        done: Arc::default(),
    };
    CREW.with_borrow_mut(|crew| {
        crew.resize_with(size.max(crew.len()), Member::start);
        for (number, member) in crew.iter().take(size).enumerate() {
            lined.at_it.add();
            let count_out = CountOut(lined.at_it.clone());
            let (part, done) = (part.clone(), Arc::clone(&lined.done));
            let (all_there, go) = (Arc::clone(&all_there), Arc::clone(&lined.go));
            member.slot.fill(Next::Do(Box::new(move || {
                let _count_out = count_out;
                all_there.wait();
                go.wait();
                // Dropped before the thread is counted out.
                let part = part;
                part(number);
                done.fetch_add(1, SeqCst);
            })));
        }
    });
    all_there.wait();
    lined
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::{Arc, Mutex};
    use std::thread;

    use super::line_up;

    #[test]
    fn nobody_starts_before_the_line_is_opened_and_all_are_done_when_it_is_over() {
        let numbers = Arc::new(Mutex::new(HashSet::new()));
        let theirs = Arc::clone(&numbers);
        let lined = line_up(50, move |number| {
            theirs.lock().unwrap().insert(number);
        });
        assert!(numbers.lock().unwrap().is_empty());
        lined.go();
        let numbers = Arc::into_inner(numbers).expect("all parts have been dropped");
        assert_eq!(numbers.into_inner().unwrap(), (0..50).collect());
    }

    #[test]
    fn the_same_threads_line_up_again() {
        let threads = Arc::new(Mutex::new(HashSet::new()));
        for size in [3, 5, 4] {
            let theirs = Arc::clone(&threads);
            let note = move |_| {
                theirs.lock().unwrap().insert(thread::current().id());
            };
            line_up(size, note).go();
        }
        assert_eq!(threads.lock().unwrap().len(), 5);
    }

    #[test]
    fn a_submitter_that_panics_is_heard_of() {
        let lined = line_up(3, |number| {
            assert_ne!(number, 1, "this one is meant to panic");
        });
        assert!(catch_unwind(AssertUnwindSafe(|| lined.go())).is_err());
    }
}
