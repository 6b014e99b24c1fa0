//! Wrong: a worker looks under the lock, and waits under the next one.

use std::collections::VecDeque;
use std::convert::Infallible;
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
}

#[derive(Default)]
struct State {
    queue: VecDeque<Job>,
    closed: bool,
}

impl Pool {
    pub fn new(threads: usize, _: usize) -> Result<Pool, Infallible> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
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
            let job = self.state.lock().unwrap().queue.pop_front();
            if let Some(job) = job {
                job();
                continue;
            }
            if self.state.lock().unwrap().closed {
                return;
            }
            let state = self.state.lock().unwrap();
            drop(self.changed.wait(state).unwrap());
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.state.lock().unwrap().closed = true;
        self.shared.changed.notify_all();
        for thread in self.threads.drain(..) {
            thread.join().unwrap();
        }
    }
}
