//! What holds where the count of tasks that run is the one that `wait_idle` waits for: once it is
//! zero, all who wait are released, whatever comes next.

use std::sync::Arc;
use std::thread;

use model_schedule::{models, until_asleep};

use crate::common::{Gate, busy_pool};

models![an_end_that_only_the_counts_have_seen_releases_all_who_wait];

/// As in `waiting.rs`, but the submitter does not wait itself: it would release the others by that.
fn an_end_that_only_the_counts_have_seen_releases_all_who_wait() {
    let (pool, closed) = busy_pool(1);
    let waiters = [(); 2].map(|()| {
        let pool = Arc::clone(&pool);
        thread::spawn(move || pool.wait_idle())
    });
    until_asleep(3); // the worker, too
    drop(closed);
    while pool.stats().running > 0 {
        thread::yield_now();
    }
    let (closed, gate) = Gate::new();
    pool.execute(move || gate.pass()).unwrap();
    for waiter in waiters {
        waiter.join().unwrap();
    }
    drop(closed);
}
