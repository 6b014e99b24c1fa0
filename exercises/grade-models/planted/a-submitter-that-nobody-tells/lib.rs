//! Wrong: a shutdown wakes the workers, and not those who wait for a place.

use std::cell::Cell;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

pub struct Pool {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

struct Shared {
    state: Mutex<State>,
    tasks: Condvar,
    places: Condvar,
    capacity: usize,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Task>,
    closed: bool,
}

pub struct Task(Box<dyn FnOnce() + Send>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    Full,
    Timeout,
    ShutDown,
}

pub struct Rejected {
    reason: Reason,
    task: Task,
}

#[derive(Debug)]
pub struct BuildError;

thread_local! {
    /// The pool of which this thread is a worker, by the address of what it shares.
    static WORKER_OF: Cell<usize> = const { Cell::new(0) };
}

impl Pool {
    pub fn new(threads: usize, capacity: usize) -> Result<Pool, BuildError> {
        if threads == 0 || capacity == 0 {
            return Err(BuildError);
        }
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            tasks: Condvar::new(),
            places: Condvar::new(),
            capacity,
        });
        let worker = |_| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.work())
        };
        let threads = Mutex::new((0..threads).map(worker).collect());
        Ok(Pool { shared, threads })
    }

    pub fn execute(&self, task: impl FnOnce() + Send + 'static) -> Result<(), Rejected> {
        self.shared.submit(Task(Box::new(task)), None, Reason::Full)
    }

    pub fn try_execute(&self, task: impl FnOnce() + Send + 'static) -> Result<(), Rejected> {
        let now = Some(Instant::now());
        self.shared.submit(Task(Box::new(task)), now, Reason::Full)
    }

    pub fn execute_timeout(
        &self,
        task: impl FnOnce() + Send + 'static,
        time: Duration,
    ) -> Result<(), Rejected> {
        let end = Instant::now().checked_add(time);
        self.shared.submit(Task(Box::new(task)), end, Reason::Timeout)
    }

    pub fn shutdown(&self) {
        self.shared.state.lock().unwrap().closed = true;
        self.shared.tasks.notify_all();
        if !self.shared.is_mine() {
            // The lock is held meanwhile: whoever comes second waits for the same end.
            for thread in self.threads.lock().unwrap().drain(..) {
                thread.join().unwrap();
            }
        }
    }

    pub fn threads(&self) -> usize {
        self.threads.lock().unwrap().len()
    }
}

impl Shared {
    fn is_mine(&self) -> bool {
        WORKER_OF.get() == (&raw const *self).addr()
    }

    fn submit(&self, task: Task, end: Option<Instant>, late: Reason) -> Result<(), Rejected> {
        let mut state = self.state.lock().unwrap();
        loop {
            if state.closed {
                return Err(Rejected::new(Reason::ShutDown, task));
            }
            if state.queue.len() < self.capacity {
                state.queue.push_back(task);
                self.tasks.notify_one();
                return Ok(());
            }
            if self.is_mine() {
                return Err(Rejected::new(Reason::Full, task));
            }
            let Some(end) = end else {
                state = self.places.wait(state).unwrap();
                continue;
            };
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Rejected::new(late, task));
            }
            state = self.places.wait_timeout(state, left).unwrap().0;
        }
    }

    fn work(&self) {
        WORKER_OF.set((&raw const *self).addr());
        while let Some(task) = self.next() {
            task.run();
        }
    }

    fn next(&self) -> Option<Task> {
        let mut state = self.state.lock().unwrap();
        loop {
            if let Some(task) = state.queue.pop_front() {
                self.places.notify_one();
                return Some(task);
            }
            if state.closed {
                return None;
            }
            state = self.tasks.wait(state).unwrap();
        }
    }
}

impl Task {
    pub fn run(self) {
        (self.0)();
    }
}

impl Rejected {
    fn new(reason: Reason, task: Task) -> Rejected {
        Rejected { reason, task }
    }

    pub fn reason(&self) -> Reason {
        self.reason
    }

    pub fn into_task(self) -> Task {
        self.task
    }
}

impl fmt::Debug for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shutdown();
    }
}
