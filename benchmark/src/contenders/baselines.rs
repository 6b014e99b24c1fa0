//! What one would write without a pool at hand: a thread for each task, a channel, a locked queue.
//!
//! Every one of them starts its threads at once and ends them when it is dropped. None survives a
//! task that panics.

use std::collections::VecDeque;
use std::fmt::{self, Debug};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use super::channel::{Boxed, Crossbeam, Receivers, Setup, Std, join};
use super::wait_group::WaitGroup;
use crate::contender::{Contender, Resulting};

/// A new thread for each task: no queue, no bound, nothing to reuse.
#[derive(Debug)]
pub struct ThreadPerTask {
    unfinished: WaitGroup,
}

impl Contender for ThreadPerTask {
    const NAME: &'static str = "thread per task";
    const ONE_IN: usize = 20;

    fn start(_threads: usize, _capacity: usize) -> ThreadPerTask {
        let unfinished = WaitGroup::default();
        ThreadPerTask { unfinished }
    }

    fn execute(&self, task: impl FnOnce() + Send + 'static) {
        self.unfinished.add();
        let unfinished = self.unfinished.clone();
        thread::spawn(move || {
            task();
            unfinished.done();
        });
    }

    fn wait(&self) {
        self.unfinished.wait();
    }
}

/// Here somebody keeps the thread: it is the handle.
impl Resulting for ThreadPerTask {
    type Handle<T: Send + 'static> = JoinHandle<T>;

    fn spawn<T: Send + 'static>(&self, task: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
        thread::spawn(task)
    }

    fn join<T: Send + 'static>(&self, thread: JoinHandle<T>) -> T {
        thread.join().expect("no task of a race panics")
    }
}

/// The threads are not kept, so that a million of them need no room: the count is their end.
impl Drop for ThreadPerTask {
    fn drop(&mut self) {
        self.unfinished.wait();
    }
}

/// Workers that receive from a channel without places: a submitter waits until one of them takes
/// the task out of its hands.
pub type UnbufferedChannel = Receivers<Unbuffered>;

/// Workers that receive from a channel with `capacity` places.
pub type BufferedChannel = Receivers<Buffered>;

/// One thread that receives from a channel of crossbeam, however many are asked for.
pub type CrossbeamReceiver = Receivers<OneOfCrossbeam>;

/// One thread that receives from a channel of the standard library, however many are asked for.
pub type StdReceiver = Receivers<OneOfStd>;

/// See [`UnbufferedChannel`].
#[derive(Debug)]
pub struct Unbuffered;

impl Setup for Unbuffered {
    type Channel = Crossbeam;

    const NAME: &'static str = "unbuffered channel";
    const ONE_IN: usize = 10;

    fn places(_asked: usize) -> usize {
        0
    }
}

/// See [`BufferedChannel`].
#[derive(Debug)]
pub struct Buffered;

impl Setup for Buffered {
    type Channel = Crossbeam;

    const NAME: &'static str = "buffered channel";
}

/// See [`CrossbeamReceiver`].
#[derive(Debug)]
pub struct OneOfCrossbeam;

impl Setup for OneOfCrossbeam {
    type Channel = Crossbeam;

    const NAME: &'static str = "crossbeam, 1 thread";

    fn receivers(_asked: usize) -> usize {
        1
    }
}

/// See [`StdReceiver`].
#[derive(Debug)]
pub struct OneOfStd;

impl Setup for OneOfStd {
    type Channel = Std;

    const NAME: &'static str = "std, 1 thread";

    fn receivers(_asked: usize) -> usize {
        1
    }
}

/// One `Mutex<VecDeque>` for all, and who finds it empty or full sleeps.
pub struct MutexQueue {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    unfinished: WaitGroup,
}

struct Shared {
    queue: Mutex<Queue>,
    capacity: usize,
    not_empty: Condvar,
    not_full: Condvar,
}

struct Queue {
    tasks: VecDeque<Boxed>,
    closed: bool,
}

impl Shared {
    fn push(&self, task: Boxed) {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |queue: &mut Queue| queue.tasks.len() >= self.capacity;
        let place = self.not_full.wait_while(queue, full);
        let mut queue = place.unwrap_or_else(PoisonError::into_inner);
        queue.tasks.push_back(task);
        drop(queue);
        self.not_empty.notify_one();
    }

    /// The next task; `None` once the queue is closed and empty.
    fn pop(&self) -> Option<Boxed> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = |queue: &mut Queue| queue.tasks.is_empty() && !queue.closed;
        let filled = self.not_empty.wait_while(queue, idle);
        let mut queue = filled.unwrap_or_else(PoisonError::into_inner);
        let task = queue.tasks.pop_front();
        drop(queue);
        self.not_full.notify_one();
        task
    }
}

impl Contender for MutexQueue {
    const NAME: &'static str = "mutex queue";

    fn start(threads: usize, capacity: usize) -> MutexQueue {
        let shared = Arc::new(Shared {
            queue: Mutex::new(Queue {
                tasks: VecDeque::with_capacity(capacity),
                closed: false,
            }),
            capacity,
            not_empty: Condvar::new(),
            not_full: Condvar::new(),
        });
        let unfinished = WaitGroup::default();
        let worker = || {
            let (shared, unfinished) = (Arc::clone(&shared), unfinished.clone());
            thread::spawn(move || {
                while let Some(task) = shared.pop() {
                    task();
                    unfinished.done();
                }
            })
        };
        let threads = (0..threads).map(|_| worker()).collect();
        MutexQueue {
            shared,
            threads,
            unfinished,
        }
    }

    fn execute(&self, task: impl FnOnce() + Send + 'static) {
        self.unfinished.add();
        self.shared.push(Box::new(task));
    }

    fn wait(&self) {
        self.unfinished.wait();
    }
}

impl Drop for MutexQueue {
    fn drop(&mut self) {
        let queue = self.shared.queue.lock();
        queue.unwrap_or_else(PoisonError::into_inner).closed = true;
        self.shared.not_empty.notify_all();
        join(&mut self.threads);
    }
}

impl Debug for MutexQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MutexQueue")
            .field("threads", &self.threads.len())
            .field("capacity", &self.shared.capacity)
            .field("unfinished", &self.unfinished)
            .finish_non_exhaustive()
    }
}
