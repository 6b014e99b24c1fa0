//! Threads that keep cores busy, beside a pool.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Barrier};
use std::thread::{self, JoinHandle};

/// Threads that compute until this is dropped. They never sleep, yield or call the system, so each
/// takes whatever share of a core the system gives it.
#[derive(Debug)]
pub(crate) struct Spinners {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Spinners {
    /// Starts so many, and returns when all of them have begun.
    pub(crate) fn start(count: usize) -> Spinners {
        let stop = Arc::new(AtomicBool::new(false));
        let all_there = Arc::new(Barrier::new(count + 1));
        let spinner = || {
            let (stop, all_there) = (Arc::clone(&stop), Arc::clone(&all_there));
            move || {
                all_there.wait();
                let mut turns = 0_u64;
                while !stop.load(Relaxed) {
                    turns = black_box(turns.wrapping_add(1));
                }
            }
        };
        let threads = (0..count).map(|_| thread::spawn(spinner())).collect();
        all_there.wait();
        Spinners { stop, threads }
    }
}

impl Drop for Spinners {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        for thread in self.threads.drain(..) {
            // It cannot panic.
            drop(thread.join());
        }
    }
}
