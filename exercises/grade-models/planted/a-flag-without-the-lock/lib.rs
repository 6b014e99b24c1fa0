//! Wrong: the pool is closed without the lock, between a worker's look and its sleep.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

type Job = Box<dyn FnOnce() + Send>;

pub struct Pool {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    closed: AtomicBool,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Job>,
}

impl Pool {
    pub fn new(threads: usize, _: usize) -> Result<Pool, Infallible> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
            closed: AtomicBool::new(false),
        });
        let worker = |_| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.work())
        };
        let threads = (0..threads).map(worker).collect();
        Ok(Pool { shared, threads })
    }

    pub fn execute(&self, task: impl FnOnce() + Send + 'static) -> Result<(), Infallible> {
        self.shared.state.lock().unwrap().queue.push_back(Box::new(task));
        self.shared.changed.notify_one();
        Ok(())
    }
}

impl Shared {
    fn work(&self) {
        loop {
            let mut state = self.state.lock().unwrap();
            let job = loop {
                if let Some(job) = state.queue.pop_front() {
                    break job;
                }
                if self.closed.load(Ordering::SeqCst) {
                    return;
                }
                state = self.changed.wait(state).unwrap();
            };
            drop(state);
            job();
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        self.shared.changed.notify_all();
        for thread in self.threads.drain(..) {
            thread.join().unwrap();
        }
    }
}
