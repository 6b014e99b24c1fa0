//! What `stats` says, all of it at one instant: there is one lock, and all counts are under it.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use common::{Watchdog, adds_one, until};
use v3_dynamic::{Pool, Stats};

/// What must be true at any time. Returns how many tasks have ended.
fn look(stats: Stats, max: usize, capacity: usize) -> usize {
    let ended = stats.completed + stats.panicked + stats.cancelled + stats.returned;
    let left = stats.queued + stats.running;
    assert_eq!(stats.accepted, ended + left, "{stats:?}");
    assert_eq!(stats.live, stats.idle + stats.running, "{stats:?}");
    assert_eq!(stats.live, stats.spawned - stats.retired, "{stats:?}");
    assert!(stats.live <= max && stats.peak <= max, "{stats:?}");
    assert!(
        stats.live <= stats.peak && stats.queued <= capacity,
        "{stats:?}"
    );
    ended
}

/// Submitters, workers and somebody who has all that is queued handed back, all at once.
#[test]
fn the_counts_add_up_at_any_time_although_tasks_are_handed_back() {
    let watchdog = Watchdog::start();
    for round in 0..20 {
        let pool = Pool::builder()
            .threads(0..=3)
            .queue_capacity(8)
            .idle_timeout(Duration::ZERO);
        let pool = watchdog.watch(pool.build().unwrap());
        let (ran, accepted) = (Arc::new(AtomicUsize::new(0)), AtomicUsize::new(0));
        let stopped = AtomicBool::new(false);
        let back = thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut before = 0;
                    while !stopped.load(SeqCst) {
                        let ended = look(pool.stats(), 3, 8);
                        assert!(ended >= before, "{before} have ended, and then {ended}");
                        before = ended;
                    }
                });
            }
            let submitters = [(); 3].map(|()| {
                scope.spawn(|| {
                    // Until the pool is closed.
                    while pool.execute(adds_one(&ran)).is_ok() {
                        accepted.fetch_add(1, SeqCst);
                    }
                })
            });
            until(|| accepted.load(SeqCst) > round * 5);
            let back = pool.shutdown_now().len();
            submitters.into_iter().for_each(|one| one.join().unwrap());
            pool.shutdown();
            stopped.store(true, SeqCst);
            back
        });
        let stats = pool.stats();
        assert_eq!(look(stats, 3, 8), accepted.load(SeqCst));
        assert_eq!((stats.completed, stats.returned), (ran.load(SeqCst), back));
    }
}

/// A task has ended for its group only when the pool has counted it.
#[test]
fn a_thread_that_has_waited_for_a_group_finds_its_tasks_in_the_counts_of_the_pool() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    let stop = AtomicBool::new(false);
    let wrong = thread::scope(|scope| {
        // They want the lock all the time, so that the worker has to wait for it.
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(SeqCst) {
                    let _ = pool.stats();
                }
            });
        }
        let wrong = (1..=10_000).find_map(|round| {
            let group = pool.group();
            group.execute(|| ()).unwrap();
            group.wait();
            let stats = pool.stats();
            ((stats.completed, stats.running) != (round, 0)).then_some(stats)
        });
        stop.store(true, SeqCst);
        wrong
    });
    assert_eq!(wrong, None);
}
