//! What one would write without a pool at hand: a thread for each task, a channel, a locked queue.
//!
//! Every one of them starts its threads at once and ends them when it is dropped. None survives a
//! task that panics.

use std::collections::VecDeque;
use std::fmt::{self, Debug};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Sender, bounded};

use super::wait_group::WaitGroup;
use crate::contender::{Contender, Resulting};

type Boxed = Box<dyn FnOnce() + Send>;

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

/// Threads that receive boxed closures from a channel.
struct ChannelPool {
    /// `None` only while it is dropped.
    queue: Option<Sender<Boxed>>,
    threads: Vec<JoinHandle<()>>,
    unfinished: WaitGroup,
}

impl ChannelPool {
    fn start(threads: usize, capacity: usize) -> ChannelPool {
        let (queue, tasks) = bounded::<Boxed>(capacity);
        let unfinished = WaitGroup::default();
        let worker = || {
            let (tasks, unfinished) = (tasks.clone(), unfinished.clone());
            thread::spawn(move || {
                for task in tasks {
                    task();
                    unfinished.done();
                }
            })
        };
        ChannelPool {
            queue: Some(queue),
            threads: (0..threads).map(|_| worker()).collect(),
            unfinished,
        }
    }

    fn execute(&self, task: impl FnOnce() + Send + 'static) {
        self.unfinished.add();
        let queue = self.queue.as_ref().expect("it is there until the drop");
        queue.send(Box::new(task)).expect("the workers receive");
    }
}

impl Drop for ChannelPool {
    fn drop(&mut self) {
        drop(self.queue.take());
        join(&mut self.threads);
    }
}

impl Debug for ChannelPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelPool")
            .field("threads", &self.threads.len())
            .field("queue_len", &self.queue.as_ref().map(Sender::len))
            .field("unfinished", &self.unfinished)
            .finish()
    }
}

/// Workers that receive from a channel without places: a submitter waits until one of them takes
/// the task out of its hands.
#[derive(Debug)]
pub struct UnbufferedChannel(ChannelPool);

impl Contender for UnbufferedChannel {
    const NAME: &'static str = "unbuffered channel";
    const ONE_IN: usize = 10;

    fn start(threads: usize, _capacity: usize) -> UnbufferedChannel {
        UnbufferedChannel(ChannelPool::start(threads, 0))
    }

    fn execute(&self, task: impl FnOnce() + Send + 'static) {
        self.0.execute(task);
    }

    fn wait(&self) {
        self.0.unfinished.wait();
    }
}

/// Workers that receive from a channel with `capacity` places.
#[derive(Debug)]
pub struct BufferedChannel(ChannelPool);

impl Contender for BufferedChannel {
    const NAME: &'static str = "buffered channel";

    fn start(threads: usize, capacity: usize) -> BufferedChannel {
        BufferedChannel(ChannelPool::start(threads, capacity))
    }

    fn execute(&self, task: impl FnOnce() + Send + 'static) {
        self.0.execute(task);
    }

    fn wait(&self) {
        self.0.unfinished.wait();
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

fn join(threads: &mut Vec<JoinHandle<()>>) {
    for thread in threads.drain(..) {
        // A task that panicked has ended its worker and has been heard of.
        drop(thread.join());
    }
}
