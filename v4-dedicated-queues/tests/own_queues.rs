//! A queue for each worker: for those that have come later, too, and however many they are.

mod common;
mod sleepers;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::thread;

use common::{Gate, OpenOnDrop, Watchdog};
use sleepers::Sleepers;
use v4_dedicated_queues::{Pool, Stealing};

/// All workers wait while the tasks are queued, one for each in turn. Without stealing a worker has
/// run what was in its own queue. Sixty-four is where a set in one word of the machine would end.
#[test]
fn a_pool_that_has_grown_has_a_queue_for_each_worker() {
    let watchdog = Watchdog::start();
    for (before, after) in [(1, 2), (2, 12), (1, 80)] {
        let settings = Pool::builder().stealing(Stealing::Off);
        let sleepers = Sleepers::new(&watchdog, before, settings);
        sleepers.grow(after);
        let gates = sleepers.block();
        let _open: Vec<_> = gates.iter().map(OpenOnDrop).collect();
        let runs = Arc::new(Mutex::new(HashMap::new()));
        for _ in 0..3 * after {
            let runs = Arc::clone(&runs);
            let task = move || {
                let here = thread::current().id();
                *runs.lock().unwrap().entry(here).or_insert(0) += 1;
            };
            sleepers.pool.execute(task).unwrap();
        }
        gates.iter().for_each(Gate::open);
        sleepers.pool.wait_idle();
        let shares: Vec<_> = runs.lock().unwrap().values().copied().collect();
        assert_eq!(shares, vec![3; after]);
    }
}
