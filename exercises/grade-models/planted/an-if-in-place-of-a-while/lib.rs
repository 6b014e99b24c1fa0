//! Wrong: whoever wakes takes it for granted that there is a task.

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
            let mut state = self.state.lock().unwrap();
            if state.queue.is_empty() && !state.closed {
                state = self.changed.wait(state).unwrap();
            }
            if state.queue.is_empty() && state.closed {
                return;
            }
            let job = state.queue.pop_front().unwrap();
            drop(state);
            job();
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
