//! What the tests of limits share: a pool, and a limit by a clock that stands still.
#![allow(dead_code, reason = "no test file needs all of it")]

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rate_limit::{Limit, ManualClock, Pool, Task};

use crate::common::{Watchdog, adds_one, until};

/// One start of the scene's limit takes this long.
pub(crate) const TICK: Duration = Duration::from_millis(100);

pub(crate) struct Scene {
    pub(crate) watchdog: Watchdog,
    pub(crate) pool: Arc<Pool>,
    pub(crate) clock: ManualClock,
    pub(crate) limit: Limit,
    pub(crate) started: Arc<AtomicUsize>,
}

impl Scene {
    pub(crate) fn new(threads: usize, burst: u32) -> Scene {
        let watchdog = Watchdog::start();
        let pool = watchdog.watch(Pool::new(threads, 1000).unwrap());
        let clock = ManualClock::at(Instant::now());
        let limit = Limit::builder(1, TICK).burst(burst).clock(&clock);
        Scene {
            watchdog,
            pool,
            limit: limit.build().unwrap(),
            clock,
            started: Arc::default(),
        }
    }

    /// Another limit by the same clock, one start per period.
    pub(crate) fn other(&self, period: Duration) -> Limit {
        let limit = Limit::builder(1, period).clock(&self.clock);
        limit.build().unwrap()
    }

    /// A task behind the limit, which counts its start.
    pub(crate) fn task(&self) -> Task {
        Task::from(adds_one(&self.started)).limited(&self.limit)
    }

    pub(crate) fn submit(&self, count: usize) {
        for _ in 0..count {
            self.pool.execute(self.task()).unwrap();
        }
    }

    /// Waits until so many have started, and gives one too many the time to start.
    pub(crate) fn starts(&self, count: usize) {
        until(|| self.started.load(SeqCst) >= count);
        for _ in 0..10 {
            thread::yield_now();
        }
        assert_eq!(self.started.load(SeqCst), count);
    }
}

/// A pool that is dropped waits for those behind the limit, and the clock stands still.
impl Drop for Scene {
    fn drop(&mut self) {
        drop(self.pool.shutdown_now());
    }
}

/// What tasks have noted when they ran, in that order.
#[derive(Clone)]
pub(crate) struct Notes<T>(Arc<Mutex<Vec<T>>>);

impl<T: Clone + Send + 'static> Notes<T> {
    pub(crate) fn new() -> Notes<T> {
        Notes(Arc::default())
    }

    /// A task that notes this.
    pub(crate) fn task(&self, note: T) -> Task {
        let notes = Arc::clone(&self.0);
        Task::from(move || notes.lock().unwrap().push(note))
    }

    pub(crate) fn read(&self) -> Vec<T> {
        self.0.lock().unwrap().clone()
    }
}
