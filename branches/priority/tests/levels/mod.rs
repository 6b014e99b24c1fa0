//! What the tests of levels share: a worker that is busy, and notes of who has started.
#![allow(dead_code, reason = "no test file needs all of it")]

use std::sync::{Arc, Mutex};

use priority::{Pool, Priority, Task};

use crate::common::{Gate, Watchdog};

pub(crate) const LEVELS: [Priority; 3] = [Priority::Low, Priority::Normal, Priority::High];

/// A pool of one worker that waits at the gate, so that all that is submitted is queued.
pub(crate) fn busy(watchdog: &Watchdog, capacity: usize, ageing: u64) -> (Arc<Pool>, Gate) {
    let builder = Pool::builder().threads(1).queue_capacity(capacity);
    let pool = watchdog.watch(builder.ageing(ageing).build().unwrap());
    let gate = occupied(&pool);
    (pool, gate)
}

/// Keeps a worker of the pool busy until the gate opens.
pub(crate) fn occupied(pool: &Pool) -> Gate {
    let gate = Gate::new();
    gate.occupy(|task| pool.execute(task).unwrap());
    gate
}

pub(crate) fn nothing(level: Priority) -> Task {
    Task::from(|| ()).at(level)
}

/// What tasks have noted when they ran, in that order.
#[derive(Clone)]
pub(crate) struct Notes<T>(Arc<Mutex<Vec<T>>>);

impl<T: Send + 'static> Notes<T> {
    pub(crate) fn new() -> Notes<T> {
        Notes(Arc::default())
    }

    /// A task that notes this.
    pub(crate) fn task(&self, note: T, level: Priority) -> Task {
        let notes = Arc::clone(&self.0);
        Task::from(move || notes.lock().unwrap().push(note)).at(level)
    }

    pub(crate) fn take(&self) -> Vec<T> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}
