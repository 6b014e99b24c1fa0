//! A small pool that keeps stages 1 to 6. Each wrong pool is this one with an edit.

#![allow(missing_docs, reason = "they are in the pages of the stages")]

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle, ThreadId};
use std::time::{Duration, Instant};

#[derive(Debug)]
pub struct Pool {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    has_task: Condvar,
    has_place: Condvar,
    capacity: usize,
    unfinished: Arc<WaitGroup>,
    live: Arc<WaitGroup>,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Job>,
    closed: bool,
    workers: Vec<ThreadId>,
}

/// The guards count down behind the task: fields are dropped in their order.
#[derive(Debug)]
struct Job {
    task: Task,
    _pending: [Option<Pending>; 2],
}

#[derive(Debug, Default)]
struct WaitGroup {
    count: Mutex<usize>,
    zero: Condvar,
}

#[derive(Debug)]
struct Pending(Arc<WaitGroup>);

impl WaitGroup {
    fn add(self: &Arc<WaitGroup>) -> Pending {
        *self.count.lock().unwrap() += 1;
        Pending(Arc::clone(self))
    }

    fn wait(&self) {
        let mut count = self.count.lock().unwrap();
        while *count > 0 {
            count = self.zero.wait(count).unwrap();
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        let mut count = self.0.count.lock().unwrap();
        *count -= 1;
        if *count == 0 {
            self.0.zero.notify_all();
        }
    }
}

#[derive(Debug)]
pub struct Group {
    shared: Arc<Shared>,
    unfinished: Arc<WaitGroup>,
}

impl Group {
    pub fn execute(&self, task: impl FnOnce() + Send + 'static) -> Result<(), Rejected> {
        let in_group = Some(self.unfinished.add());
        let task = Task(Box::new(task));
        self.shared.submit(task, in_group, Some(Duration::MAX))
    }

    pub fn wait(&self) {
        assert!(!self.shared.on_worker(), "a task waits for its own group");
        self.unfinished.wait();
    }
}

impl Pool {
    pub fn new(threads: usize, capacity: usize) -> Result<Pool, BuildError> {
        if threads == 0 || capacity == 0 {
            return Err(BuildError {});
        }
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            has_task: Condvar::new(),
            has_place: Condvar::new(),
            capacity,
            unfinished: Arc::default(),
            live: Arc::default(),
        });
        let start = |number| {
            let (shared, live) = (Arc::clone(&shared), shared.live.add());
            let builder = thread::Builder::new().name(format!("worker-{number}"));
            let work = move || {
                let _live = live;
                shared.work();
            };
            builder.spawn(work).unwrap()
        };
        let threads: Vec<_> = (1..=threads).map(start).collect();
        let ids = threads.iter().map(|thread| thread.thread().id()).collect();
        shared.state.lock().unwrap().workers = ids;
        let threads = Mutex::new(threads);
        Ok(Pool { shared, threads })
    }

    pub fn execute(&self, task: impl FnOnce() + Send + 'static) -> Result<(), Rejected> {
        self.execute_timeout(task, Duration::MAX)
    }

    pub fn try_execute(&self, task: impl FnOnce() + Send + 'static) -> Result<(), Rejected> {
        self.shared.submit(Task(Box::new(task)), None, None)
    }

    pub fn execute_timeout(
        &self,
        task: impl FnOnce() + Send + 'static,
        timeout: Duration,
    ) -> Result<(), Rejected> {
        self.shared
            .submit(Task(Box::new(task)), None, Some(timeout))
    }

    pub fn wait_idle(&self) {
        assert!(!self.shared.on_worker(), "a task waits for its own pool");
        self.shared.unfinished.wait();
    }

    pub fn group(&self) -> Group {
        Group {
            shared: Arc::clone(&self.shared),
            unfinished: Arc::default(),
        }
    }

    pub fn threads(&self) -> usize {
        *self.shared.live.count.lock().unwrap()
    }

    pub fn shutdown(&self) {
        self.shared.state.lock().unwrap().closed = true;
        self.shared.has_task.notify_all();
        self.shared.has_place.notify_all();
        if !self.shared.on_worker() {
            for thread in self.threads.lock().unwrap().drain(..) {
                let _ = thread.join();
            }
        }
    }
}

impl Shared {
    fn on_worker(&self) -> bool {
        let workers = &self.state.lock().unwrap().workers;
        workers.contains(&thread::current().id())
    }

    fn submit(
        &self,
        task: Task,
        in_group: Option<Pending>,
        timeout: Option<Duration>,
    ) -> Result<(), Rejected> {
        let pending = [Some(self.unfinished.add()), in_group];
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut state = self.state.lock().unwrap();
        while state.queue.len() == self.capacity || state.closed {
            if state.closed {
                return Err(Rejected::new(task, Reason::ShutDown));
            }
            if timeout.is_none() || state.workers.contains(&thread::current().id()) {
                return Err(Rejected::new(task, Reason::Full));
            }
            state = match deadline {
                None => self.has_place.wait(state).unwrap(),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Err(Rejected::new(task, Reason::Timeout));
                    }
                    self.has_place.wait_timeout(state, left).unwrap().0
                }
            };
        }
        state.queue.push_back(Job {
            task,
            _pending: pending,
        });
        self.has_task.notify_one();
        Ok(())
    }

    fn work(&self) {
        loop {
            let mut state = self.state.lock().unwrap();
            let job = loop {
                if let Some(job) = state.queue.pop_front() {
                    break job;
                }
                if state.closed {
                    return;
                }
                state = self.has_task.wait(state).unwrap();
            };
            drop(state);
            self.has_place.notify_one();
            let Job { task, _pending } = job;
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| task.run())) {
                mem::forget(catch_unwind(AssertUnwindSafe(|| drop(payload))));
            }
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shutdown();
    }
}

#[derive(Debug)]
pub struct BuildError {}

#[derive(Debug)]
pub struct Rejected {
    reason: Reason,
    task: Mutex<Task>,
}

impl Rejected {
    fn new(task: Task, reason: Reason) -> Rejected {
        Rejected {
            reason,
            task: Mutex::new(task),
        }
    }

    pub fn reason(&self) -> Reason {
        self.reason
    }

    pub fn into_task(self) -> Task {
        self.task
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    Full,
    Timeout,
    ShutDown,
    Cancelled,
}

pub struct Task(Box<dyn FnOnce() + Send>);

impl Task {
    pub fn run(self) {
        (self.0)();
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Task")
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the pool cannot be built")
    }
}

impl Error for BuildError {}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the task was refused")
    }
}

impl Error for Rejected {}
