//! What a task returns comes back, and waiting for it cannot deadlock.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use v5_futures::{JoinSet, Pool};

use common::Watchdog;

fn fib(pool: &Arc<Pool>, n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let inside = Arc::clone(pool);
    let other = pool.spawn(move || fib(&inside, n - 2)).unwrap();
    fib(pool, n - 1) + other.join().unwrap()
}

#[test]
fn fork_join_needs_no_more_than_a_worker_and_two_places() {
    let _watchdog = Watchdog::start();
    for threads in [1, 2, 4] {
        let pool = Arc::new(Pool::new(threads, 2).unwrap());
        let inside = Arc::clone(&pool);
        let answer = pool.spawn(move || fib(&inside, 18)).unwrap();
        assert_eq!(answer.join().unwrap(), 2584);
        pool.wait_idle();
        let stats = pool.stats();
        assert_eq!((stats.accepted, stats.queued), (stats.completed, 0));
        assert_eq!(stats.accepted, 4181, "one for each call but those in place");
    }
}

#[test]
fn a_scope_waits_for_its_tasks_when_its_body_panics() {
    let _watchdog = Watchdog::start();
    let pool = Pool::new(2, 4).unwrap();
    let ran = AtomicUsize::new(0);
    let body = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        pool.scope(|scope| {
            for _ in 0..100 {
                scope.spawn(|| ran.fetch_add(1, SeqCst)).unwrap();
            }
            panic!("the body");
        })
    }));
    assert!(body.is_err());
    assert_eq!(ran.load(SeqCst), 100);
}

#[test]
fn sets_and_maps_work_on_a_worker_of_a_pool_of_one() {
    let _watchdog = Watchdog::start();
    let pool = Arc::new(Pool::new(1, 1).unwrap());
    let inside = Arc::clone(&pool);
    let sum = pool.spawn(move || {
        let mut set = JoinSet::new();
        for n in 0..100_u64 {
            set.spawn(&inside, move || n).unwrap();
        }
        let set: u64 = set.join_all().into_iter().map(Result::unwrap).sum();
        let map: u64 = inside.map(0..100_u64, |n| n).map(Result::unwrap).sum();
        let numbers: Vec<u64> = (0..100).collect();
        let scoped = AtomicUsize::new(0);
        inside.scope(|scope| {
            for n in &numbers {
                let scoped = &scoped;
                drop(
                    scope
                        .spawn(move || scoped.fetch_add(*n as usize, SeqCst))
                        .unwrap(),
                );
            }
        });
        set + map + scoped.into_inner() as u64
    });
    assert_eq!(sum.unwrap().join().unwrap(), 3 * 4950);
}
