//! Bad input: a clear error, whatever the settings of the queues, and nothing left behind.

mod common;

use std::time::Duration;

use common::{Watchdog, until};
use v4_dedicated_queues::{BuildError, Placement, Pool, Stealing};

const SETTINGS: [(Placement, Stealing); 3] = [
    (Placement::RoundRobin, Stealing::Off),
    (Placement::LeastLoaded, Stealing::One),
    (Placement::LeastLoaded, Stealing::Half),
];

#[test]
fn bad_numbers_are_refused_with_every_setting() {
    for (placement, stealing) in SETTINGS {
        let builder = || Pool::builder().placement(placement).stealing(stealing);
        let none = builder().threads(0).build();
        assert!(matches!(none, Err(BuildError::NoThreads)));
        let none = builder().queue_capacity(0).build();
        assert!(matches!(none, Err(BuildError::NoCapacity)));
        for capacity in [Pool::MAX_CAPACITY + 1, 1 << 58, usize::MAX] {
            let much = builder().threads(1).queue_capacity(capacity).build();
            assert!(matches!(much, Err(BuildError::TooMuchCapacity(n)) if n == capacity));
        }
        let much = builder().threads(Pool::MAX_THREADS + 1).build();
        assert!(much.is_err());
    }
}

/// The largest capacity takes no memory until it is used, and one place is enough for any number of
/// workers.
#[test]
fn the_largest_and_the_smallest_capacity_are_built() {
    let watchdog = Watchdog::start();
    for (placement, stealing) in SETTINGS {
        for capacity in [1, Pool::MAX_CAPACITY] {
            let pool = Pool::builder().threads(0..=70).queue_capacity(capacity);
            let pool = pool.placement(placement).stealing(stealing);
            let pool = watchdog.watch(pool.idle_timeout(Duration::ZERO).build().unwrap());
            for _ in 0..100 {
                pool.execute(|| ()).unwrap();
            }
            pool.wait_idle();
            assert_eq!(pool.stats().completed, 100);
            until(|| pool.threads() == 0);
        }
    }
}

/// More queued tasks than the largest capacity: a worker may submit what fits into memory.
#[test]
fn a_worker_may_queue_more_than_the_largest_capacity() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 1).unwrap());
    let (tell, told) = std::sync::mpsc::channel();
    let inside = std::sync::Arc::clone(&pool);
    let parent = move || {
        let many = Pool::MAX_CAPACITY + 10;
        tell.send(inside.execute_batch((0..many).map(|_| || ())).unwrap())
            .unwrap();
    };
    pool.execute(parent).unwrap();
    assert_eq!(told.recv().unwrap(), Pool::MAX_CAPACITY + 10);
    pool.wait_idle();
    assert_eq!(pool.stats().completed, Pool::MAX_CAPACITY + 11);
}
