//! A map in blocks: whatever becomes of its pool and of itself, each item has one end, and each
//! that was asked for has one result. A topic of v5.
//!
//! How many items a block has depends on the real clock, so some schedules here are not quite the
//! same each time.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use model_schedule::{a_panic_was_meant, models};
use pool::{Map, Pool};

use crate::one_state::look;

models![
    a_map_in_blocks_that_is_dropped_early_drops_each_item,
    a_map_in_a_pool_that_is_cancelled_gives_a_result_or_an_error_for_each_item,
    a_map_in_a_pool_that_hands_back_ends,
    a_map_on_a_worker_of_a_pool_that_is_cancelled_ends,
    a_map_in_a_scope_is_dropped_before_the_scope_returns,
];

/// So many things that are one, so that it can be seen when all are gone.
fn things(thing: &Arc<AtomicUsize>, number: usize) -> impl Iterator<Item = Arc<AtomicUsize>> {
    let thing = Arc::clone(thing);
    (0..number).map(move |_| Arc::clone(&thing))
}

/// Counts, and gives the item back.
fn counts(thing: Arc<AtomicUsize>) -> Arc<AtomicUsize> {
    thing.fetch_add(1, SeqCst);
    thing
}

/// The first three blocks have one item, two, and up to four. There are 9 items.
fn a_map_in_blocks_that_is_dropped_early_drops_each_item() {
    for taken in [1, 2] {
        let pool = Pool::new(1, 4).unwrap();
        let thing = Arc::new(AtomicUsize::new(0));
        let mut map = pool.map(things(&thing, 9), counts).window(8);
        for _ in 0..taken {
            map.next().unwrap().unwrap();
        }
        drop(map);
        pool.wait_idle();
        let stats = pool.stats();
        assert_eq!(stats.completed + stats.cancelled, look(stats));
        assert_eq!(Arc::strong_count(&thing), 1);
    }
}

/// How many results there are, and how many errors, of at most so many items. If the pool refuses a
/// block, there is one error for it, and no more.
fn results<I: Iterator>(map: Map<'_, I, Arc<AtomicUsize>>, items: usize) -> usize {
    let (mut results, mut errors) = (0, 0);
    for result in map {
        match result {
            Ok(_) => results += 1,
            Err(error) => {
                assert!(error.is_cancelled() || error.is_abandoned());
                errors += 1;
            }
        }
    }
    assert!(results + errors <= items && results + errors > 0);
    assert!(errors > 0 || results == items);
    results
}

fn a_map_in_a_pool_that_is_cancelled_gives_a_result_or_an_error_for_each_item() {
    let pool = Arc::new(Pool::new(1, 2).unwrap());
    let thing = Arc::new(AtomicUsize::new(0));
    let canceller = thread::spawn({
        let pool = Arc::clone(&pool);
        move || pool.cancel()
    });
    let results = results(pool.map(things(&thing, 5), counts), 5);
    pool.wait_idle();
    canceller.join().unwrap();
    // What has been computed has been asked for.
    assert_eq!(
        (thing.load(SeqCst), Arc::strong_count(&thing)),
        (results, 1)
    );
    look(pool.stats());
}

/// What comes back is dropped.
fn a_map_in_a_pool_that_hands_back_ends() {
    let pool = Arc::new(Pool::new(1, 2).unwrap());
    let thing = Arc::new(AtomicUsize::new(0));
    let stopper = thread::spawn({
        let pool = Arc::clone(&pool);
        move || drop(pool.shutdown_now())
    });
    let results = results(pool.map(things(&thing, 5), counts), 5);
    stopper.join().unwrap();
    pool.shutdown();
    assert_eq!(
        (thing.load(SeqCst), Arc::strong_count(&thing)),
        (results, 1)
    );
    let stats = pool.stats();
    assert_eq!(stats.completed + stats.returned, look(stats));
}

/// It computes in place the blocks that have not begun, or finds them cancelled.
fn a_map_on_a_worker_of_a_pool_that_is_cancelled_ends() {
    let pool = Arc::new(Pool::new(2, 1).unwrap());
    let thing = Arc::new(AtomicUsize::new(0));
    let (own, inside) = (Arc::clone(&pool), Arc::clone(&thing));
    let task = move || results(own.map(things(&inside, 3), counts), 3);
    let task = pool.spawn(task).unwrap();
    pool.cancel();
    let results = task.join().unwrap_or(0);
    pool.wait_idle();
    assert_eq!(
        (thing.load(SeqCst), Arc::strong_count(&thing)),
        (results, 1)
    );
}

/// It cancels what is ahead, and the scope does not miss that, unless the pool has been faster.
fn a_map_in_a_scope_is_dropped_before_the_scope_returns() {
    for cancelled in [false, true] {
        let pool = Arc::new(Pool::new(1, 2).unwrap());
        let canceller = thread::spawn({
            let pool = Arc::clone(&pool);
            move || cancelled.then(|| pool.cancel())
        });
        let ran = AtomicUsize::new(0);
        let scope = || {
            pool.scope(|scope| {
                let mut map = scope.map(0..3, |_| ran.fetch_add(1, SeqCst)).window(2);
                let _ = map.next().unwrap();
            });
        };
        let missed = catch_unwind(AssertUnwindSafe(scope)).is_err();
        if missed {
            assert!(cancelled);
            a_panic_was_meant();
        }
        canceller.join().unwrap();
        pool.wait_idle();
        let stats = pool.stats();
        assert_eq!(
            (look(stats), stats.completed),
            (stats.accepted, ran.into_inner())
        );
    }
}
