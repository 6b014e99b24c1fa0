//! Workers that are known to sleep. Without stealing it depends on that which of them gets a task.
#![allow(dead_code, reason = "no test file needs all of it")]

use std::sync::{Arc, Mutex};

use v4_dedicated_queues::{Builder, Pool};

use super::common::{Gate, Watchdog, until};

/// A pool, and where its workers can be seen.
pub(crate) struct Sleepers {
    pub(crate) pool: Arc<Pool>,
    threads: Seen,
}

#[cfg(target_os = "linux")]
type Seen = Arc<Mutex<Vec<std::path::PathBuf>>>;
#[cfg(not(target_os = "linux"))]
type Seen = Arc<Mutex<Vec<()>>>;

impl Sleepers {
    pub(crate) fn new(watchdog: &Watchdog, threads: usize, settings: Builder) -> Sleepers {
        let seen = Seen::default();
        let here = Arc::clone(&seen);
        let settings = settings.on_thread_start(move || {
            #[cfg(target_os = "linux")]
            here.lock().unwrap().push(super::common::this_thread());
            #[cfg(not(target_os = "linux"))]
            here.lock().unwrap().push(());
        });
        let pool = watchdog.watch(settings.threads(threads).build().unwrap());
        until(|| seen.lock().unwrap().len() == threads);
        let threads = seen;
        Sleepers { pool, threads }
    }

    /// Resizes the pool, and returns when so many workers have come.
    pub(crate) fn grow(&self, threads: usize) {
        self.pool.resize(threads).unwrap();
        until(|| self.threads.lock().unwrap().len() == threads);
    }

    /// Returns when all sleep.
    pub(crate) fn fall_asleep(&self) {
        self.pool.wait_idle();
        self.all_asleep();
    }

    /// Returns when all sleep, be it in a task.
    pub(crate) fn all_asleep(&self) {
        // One that waits for a lock seems to sleep, but not once more when all have been looked at.
        for _ in 0..3 {
            #[cfg(target_os = "linux")]
            for thread in &*self.threads.lock().unwrap() {
                super::common::until_asleep(thread);
            }
            #[cfg(not(target_os = "linux"))]
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }

    /// Returns when each waits at a gate of its own.
    pub(crate) fn block(&self) -> Vec<Gate> {
        self.fall_asleep();
        let threads = self.threads.lock().unwrap().len();
        let gates: Vec<_> = (0..threads).map(|_| Gate::new()).collect();
        for gate in &gates {
            gate.occupy(|task| self.pool.execute(task).unwrap());
        }
        gates
    }
}
