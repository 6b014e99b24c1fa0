//! What the laws of several stages begin with.

use std::mem;
use std::sync::Arc;

use harness::Gate;
use pool::Pool;

/// A pool, or the end of the test.
#[allow(
    dead_code,
    reason = "some stages need no more than a pool that is never dropped"
)]
pub(crate) fn owned(threads: usize, capacity: usize) -> Pool {
    match Pool::new(threads, capacity) {
        Ok(pool) => pool,
        Err(error) => panic!("Pool::new({threads}, {capacity}) was refused: {error:?}"),
    }
}

/// A pool that is never dropped: how it ends is the affair of other laws.
pub(crate) fn pool(threads: usize, capacity: usize) -> Arc<Pool> {
    let pool = Arc::new(owned(threads, capacity));
    mem::forget(Arc::clone(&pool));
    pool
}

/// Such a pool, whose workers are all busy until the gate opens.
#[allow(dead_code, reason = "not every stage has a full queue")]
pub(crate) fn busy(threads: usize, capacity: usize) -> (Arc<Pool>, Gate) {
    let pool = pool(threads, capacity);
    let gate = Gate::new();
    occupy(&pool, threads, &gate);
    (pool, gate)
}

/// Keeps so many workers busy until the gate opens.
pub(crate) fn occupy(pool: &Pool, threads: usize, gate: &Gate) {
    for _ in 0..threads {
        gate.occupy(|task| {
            let accepted = pool.execute(task).is_ok();
            assert!(accepted, "a pool that was idle has refused a task");
        });
    }
}
