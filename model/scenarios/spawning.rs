//! Where the machine has no more threads: a pool that cannot start leaves nothing behind.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;

use model_schedule::{models, spawns_fail_after, spawns_may_fail, spawns_succeed, working};
use pool::{BuildError, Pool};

use crate::common::adds_one;

models![
    a_pool_that_cannot_start_all_its_threads_leaves_none_behind,
    a_pool_is_started_wholly_or_not_at_all,
];

fn a_pool_that_cannot_start_all_its_threads_leaves_none_behind() {
    for started in 0..3 {
        spawns_fail_after(started);
        let error = Pool::new(3, 1).unwrap_err();
        assert!(matches!(error, BuildError::Spawn(_)));
        // Those that were started have been stopped and joined.
        assert_eq!(working(), 0);
    }
    spawns_succeed();
    let (pool, ran) = (Pool::new(3, 1).unwrap(), Arc::new(AtomicUsize::new(0)));
    pool.execute(adds_one(&ran)).unwrap();
    drop(pool);
    assert_eq!((ran.load(SeqCst), working()), (1, 0));
}

/// Another pool works meanwhile, and is none the worse for it.
fn a_pool_is_started_wholly_or_not_at_all() {
    let (other, ran) = (Pool::new(1, 1).unwrap(), Arc::new(AtomicUsize::new(0)));
    other.execute(adds_one(&ran)).unwrap();
    spawns_may_fail();
    match Pool::new(2, 1) {
        Ok(pool) => {
            assert_eq!((pool.threads(), working()), (2, 3));
            pool.execute(adds_one(&ran)).unwrap();
            pool.shutdown();
        }
        Err(BuildError::Spawn(_)) => adds_one(&ran)(),
        Err(error) => panic!("{error}"),
    }
    assert_eq!(working(), 1);
    other.execute(adds_one(&ran)).unwrap();
    other.shutdown();
    assert_eq!((ran.load(SeqCst), working()), (3, 0));
}
