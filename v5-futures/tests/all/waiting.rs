//! Waits with a timeout: for a pool to be idle, and for a group.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::{LONG, OpenOnDrop, Watchdog};
use crate::scenes::{self, busy, counts, on_worker, panic_of};
use v5_futures::Pool;

#[test]
fn a_wait_for_an_idle_pool_may_time_out_and_never_too_early() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 4);
    let _open = OpenOnDrop(&gate);
    for patience in [0, 5] {
        let (begun, patience) = (Instant::now(), Duration::from_millis(patience));
        assert!(!pool.wait_idle_timeout(patience));
        assert!(begun.elapsed() >= patience);
    }
    // It has left nothing behind: whoever waits next is released.
    gate.open();
    assert!(pool.wait_idle_timeout(LONG));
    assert_eq!(pool.stats().running, 0);
}

#[test]
fn a_wait_for_a_pool_without_tasks_returns_at_once() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    for patience in [Duration::ZERO, LONG, Duration::MAX] {
        assert!(pool.wait_idle_timeout(patience));
        assert_eq!(pool.group().wait_timeout(patience), Ok(pool.group().wait()));
    }
    pool.execute(|| ()).unwrap();
    pool.shutdown();
    assert!(
        pool.wait_idle_timeout(Duration::ZERO),
        "also when it is shut down"
    );
}

#[test]
fn a_wait_for_ever_ends_when_the_last_task_does() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 16);
    let group = pool.group();
    let done = Arc::new(AtomicUsize::new(0));
    (0..8).for_each(|_| group.execute(counts(&done, ())).unwrap());
    thread::scope(|scope| {
        let mut waits = Vec::new();
        for patience in [Duration::MAX, LONG * 1_000_000, LONG] {
            let (pool, group, done) = (&pool, &group, &done);
            waits.push(scope.spawn(move || {
                assert!(pool.wait_idle_timeout(patience));
                assert_eq!(done.load(SeqCst), 8);
            }));
            waits.push(scope.spawn(move || {
                let report = group.wait_timeout(patience).unwrap();
                assert_eq!((report.completed, done.load(SeqCst)), (8, 8));
            }));
        }
        gate.open();
        waits.into_iter().for_each(|wait| wait.join().unwrap());
    });
}

#[test]
fn a_wait_for_a_group_may_time_out_and_reports_what_has_ended() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 16);
    let _open = OpenOnDrop(&gate);
    let group = pool.group();
    let cancelled = group.spawn(|| ()).unwrap();
    group.execute(|| ()).unwrap();
    group.execute(|| panic!("one of the group")).unwrap();
    assert!(cancelled.cancel());
    for patience in [0, 5] {
        let (begun, patience) = (Instant::now(), Duration::from_millis(patience));
        let report = group.wait_timeout(patience).unwrap_err();
        assert!(begun.elapsed() >= patience);
        let ended = (report.completed, report.panicked, report.cancelled);
        assert_eq!(ended, (0, 0, 1));
    }
    gate.open();
    let report = group.wait_timeout(LONG).unwrap();
    let ended = (report.completed, report.panicked, report.cancelled);
    assert_eq!(ended, (1, 1, 1));
}

/// Tasks of others do not matter to a group, and do to a pool.
#[test]
fn a_group_is_waited_for_beside_a_pool_that_is_busy() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 16).unwrap());
    let gate = scenes::block(&pool);
    let _open = OpenOnDrop(&gate);
    let group = pool.group();
    group.execute(|| ()).unwrap();
    assert_eq!(group.wait_timeout(LONG).unwrap().completed, 1);
    assert!(!pool.wait_idle_timeout(Duration::from_millis(1)));
}

/// Between the ending and the next look there may be more tasks. It was idle in between.
#[test]
fn who_waits_is_released_although_more_is_submitted_at_once() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    for _ in 0..200 {
        let gate = scenes::block(&pool);
        thread::scope(|scope| {
            let waits = scope.spawn(|| pool.wait_idle_timeout(LONG));
            gate.open();
            pool.spawn(|| ()).unwrap().join().unwrap();
            assert!(waits.join().unwrap());
        });
    }
}

#[test]
fn a_wait_with_a_timeout_on_a_worker_panics_as_one_without() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    for patience in [Duration::ZERO, Duration::from_millis(1), Duration::MAX] {
        let texts = on_worker(&pool, move |pool| {
            let group = pool.group();
            [
                panic_of(|| pool.wait_idle_timeout(patience)),
                panic_of(|| group.wait_timeout(patience)),
            ]
        });
        let [idle, group] = texts;
        assert!(
            idle.starts_with("Pool::wait_idle_timeout was called on a worker"),
            "{idle}"
        );
        assert!(
            group.starts_with("Group::wait_timeout was called on a worker"),
            "{group}"
        );
    }
    // To another pool a worker is somebody from outside.
    let other = watchdog.watch(Pool::new(1, 4).unwrap());
    assert!(on_worker(&pool, move |_| other.wait_idle_timeout(LONG)));
}
