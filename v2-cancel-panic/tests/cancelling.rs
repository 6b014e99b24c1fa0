//! Cancelling a task, a group, a pool: a task runs or is cancelled, never both, never neither.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use common::{Gate, LONG, OpenOnDrop, Watchdog, adds_one};
use v2_cancel_panic::{CancelToken, Pool, Reason};

/// A pool of one worker that waits at the gate.
fn busy_pool(watchdog: &Watchdog, capacity: usize) -> (Arc<Pool>, Gate) {
    let pool = watchdog.watch(Pool::new(1, capacity).unwrap());
    let gate = Gate::new();
    gate.occupy(|task| pool.execute(task).unwrap());
    (pool, gate)
}

#[test]
fn a_task_cancelled_before_it_starts_is_dropped_and_does_not_run() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy_pool(&watchdog, 4);
    let ran = Arc::new(AtomicUsize::new(0));
    let token = CancelToken::new();
    pool.execute_with(&token, adds_one(&ran)).unwrap();
    pool.execute(adds_one(&ran)).unwrap();
    token.cancel();
    gate.open();
    pool.wait_idle();
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (1, 1));
    let stats = pool.stats();
    assert_eq!((stats.completed, stats.cancelled), (2, 1));
}

#[test]
fn a_cancelled_task_keeps_its_place_until_a_worker_comes_to_it() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy_pool(&watchdog, 1);
    let _open = OpenOnDrop(&gate);
    let token = CancelToken::new();
    pool.execute_with(&token, || ()).unwrap();
    token.cancel();
    assert_eq!(pool.try_execute(|| ()).unwrap_err().reason(), Reason::Full);
    gate.open();
    pool.wait_idle();
    pool.try_execute(|| ()).unwrap();
}

#[test]
fn a_task_that_runs_sees_its_token() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    let token = CancelToken::new();
    let (inside, begin) = (token.clone(), Gate::new());
    let begun = begin.clone();
    let task = move || {
        begin.open();
        inside.wait();
    };
    pool.execute_with(&token, task).unwrap();
    begun.pass();
    token.cancel();
    pool.wait_idle();
    assert_eq!((pool.stats().completed, pool.stats().cancelled), (1, 0));
}

#[test]
fn a_cancelled_token_refuses_its_task_and_gives_it_back() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let token = CancelToken::new();
    token.cancel();
    let rejected = pool.execute_with(&token, adds_one(&ran)).unwrap_err();
    assert_eq!(rejected.reason(), Reason::Cancelled);
    assert_eq!((ran.load(SeqCst), pool.stats().accepted), (0, 0));
    rejected.into_task().run();
    assert_eq!(ran.load(SeqCst), 1);
}

#[test]
fn a_cancelled_pool_refuses_drops_what_is_queued_and_still_stops() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy_pool(&watchdog, 4);
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..4 {
        pool.execute(adds_one(&ran)).unwrap();
    }
    pool.cancel();
    assert_eq!(pool.execute(|| ()).unwrap_err().reason(), Reason::Cancelled);
    assert_eq!(
        pool.try_execute(|| ()).unwrap_err().reason(),
        Reason::Cancelled
    );
    let group = pool.group();
    assert_eq!(
        group.execute(|| ()).unwrap_err().reason(),
        Reason::Cancelled
    );
    gate.open();
    pool.wait_idle();
    assert_eq!((ran.load(SeqCst), pool.stats().cancelled), (0, 4));
    assert_eq!(pool.threads(), 1, "the threads stay until a shutdown");
    pool.shutdown();
    assert_eq!(pool.execute(|| ()).unwrap_err().reason(), Reason::ShutDown);
}

#[test]
fn submitters_that_wait_for_a_place_are_released_by_every_token_that_concerns_them() {
    let watchdog = Watchdog::start();
    for which in 0..4 {
        let (pool, gate) = busy_pool(&watchdog, 1);
        let _open = OpenOnDrop(&gate);
        pool.execute(|| ()).unwrap();
        let (stranger, group) = (CancelToken::new(), pool.group());
        let below = stranger.child();
        thread::scope(|scope| {
            let submitter = scope.spawn(|| match which {
                0 => pool.execute(|| ()),
                1 => pool.execute_timeout(|| (), Duration::MAX),
                2 => group.execute(|| ()),
                _ => pool.execute_with(&below, || ()),
            });
            thread::sleep(Duration::from_millis(10));
            assert!(!submitter.is_finished());
            match which {
                0 | 1 => pool.cancel(),
                2 => group.cancel(),
                _ => stranger.cancel(),
            }
            let rejected = submitter.join().unwrap().unwrap_err();
            assert_eq!(rejected.reason(), Reason::Cancelled);
        });
    }
}

#[test]
fn a_deadline_releases_the_submitter_that_waits_for_a_place() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy_pool(&watchdog, 1);
    let _open = OpenOnDrop(&gate);
    pool.execute(|| ()).unwrap();
    let deadline = Instant::now() + Duration::from_millis(30);
    let token = CancelToken::new().with_deadline(deadline);
    let rejected = pool.execute_with(&token, || ()).unwrap_err();
    assert_eq!(rejected.reason(), Reason::Cancelled);
    assert!(Instant::now() >= deadline);
}

#[test]
fn a_submitter_that_waited_in_vain_is_told_why() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy_pool(&watchdog, 1);
    pool.execute(|| ()).unwrap();
    let late = pool.execute_timeout(|| (), Duration::from_millis(1));
    assert_eq!(late.unwrap_err().reason(), Reason::Timeout);
    thread::scope(|scope| {
        let _open = OpenOnDrop(&gate);
        let waits = scope.spawn(|| pool.execute(|| ()).unwrap_err().reason());
        // Time to fall asleep: one that came later would find the queue closed.
        thread::sleep(Duration::from_millis(20));
        scope.spawn(|| pool.shutdown());
        assert_eq!(waits.join().unwrap(), Reason::ShutDown);
    });
}

#[test]
fn a_waiter_whose_deadline_passes_does_not_take_the_place_of_the_next_with_it() {
    let watchdog = Watchdog::start();
    for _ in 0..300 {
        let (pool, gate) = busy_pool(&watchdog, 1);
        let _open = OpenOnDrop(&gate);
        pool.execute(|| ()).unwrap();
        // Nobody cancels: the deadline passes at about the time at which the place comes free, and
        // the signal for that place may have been for the one that gives up.
        let deadline = Instant::now() + Duration::from_millis(2);
        let token = CancelToken::new().with_deadline(deadline);
        thread::scope(|scope| {
            scope.spawn(|| pool.execute_with(&token, || ()));
            scope.spawn(|| pool.execute_timeout(|| (), LONG / 2).unwrap());
            while Instant::now() < deadline {
                std::hint::spin_loop();
            }
            gate.open();
        });
        pool.wait_idle();
    }
}

#[test]
fn a_cancelled_task_may_own_the_pool_alone() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy_pool(&watchdog, 8);
    let (there, group) = (Arc::downgrade(&pool), pool.group());
    let ran = Arc::new(AtomicUsize::new(0));
    let token = CancelToken::new();
    let last = Arc::clone(&pool);
    pool.execute_with(&token, move || drop(last)).unwrap();
    for _ in 0..4 {
        group.execute(adds_one(&ran)).unwrap();
    }
    drop(pool);
    token.cancel();
    gate.open();
    assert_eq!((group.wait().completed, ran.load(SeqCst)), (4, 4));
    assert!(there.upgrade().is_none());
    assert_eq!(group.execute(|| ()).unwrap_err().reason(), Reason::ShutDown);
}

#[test]
fn cancelling_a_group_leaves_the_others_alone() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy_pool(&watchdog, 8);
    let ran = Arc::new(AtomicUsize::new(0));
    let (cancelled, spared) = (pool.group(), pool.group());
    for _ in 0..3 {
        cancelled.execute(adds_one(&ran)).unwrap();
        spared.execute(adds_one(&ran)).unwrap();
    }
    cancelled.cancel();
    assert_eq!(
        cancelled.execute(|| ()).unwrap_err().reason(),
        Reason::Cancelled
    );
    gate.open();
    let report = cancelled.wait();
    assert_eq!((report.completed, report.cancelled), (0, 3));
    let report = spared.wait();
    assert_eq!((report.completed, report.cancelled), (3, 0));
    assert!(!pool.cancel_token().is_cancelled());
    assert_eq!(ran.load(SeqCst), 3);
}

#[test]
fn a_group_is_cancelled_with_its_pool() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 1).unwrap());
    let group = pool.group();
    pool.cancel();
    assert!(group.cancel_token().is_cancelled());
}

#[test]
fn the_first_panic_cancels_a_group_that_fails_fast_and_wait_still_waits() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 16).unwrap());
    let group = pool.group().fail_fast();
    let ran = Arc::new(AtomicUsize::new(0));
    let gate = Gate::new();
    let (begin, begun) = mpsc::channel();
    let (at, token, done) = (gate.clone(), group.cancel_token(), Arc::clone(&ran));
    group
        .execute(move || {
            begin.send(()).unwrap();
            token.wait();
            at.pass();
            done.fetch_add(100, SeqCst);
        })
        .unwrap();
    begun.recv().unwrap();
    group.execute(|| panic!("the first panic")).unwrap();
    let mut accepted = 2;
    while group.execute(adds_one(&ran)).is_ok() {
        accepted += 1;
    }
    thread::scope(|scope| {
        let waiter = scope.spawn(|| group.wait());
        thread::sleep(Duration::from_millis(10));
        assert!(!waiter.is_finished(), "one task still runs");
        gate.open();
        let report = waiter.join().unwrap();
        assert_eq!(report.panicked, 1);
        assert_eq!(report.completed + report.cancelled + 1, accepted);
        assert!(ran.load(SeqCst) >= 100);
    });
}

#[test]
fn without_fail_fast_a_panic_cancels_nobody() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 16).unwrap());
    let group = pool.group();
    group.execute(|| panic!("one of three")).unwrap();
    group.execute(|| ()).unwrap();
    group.execute(|| ()).unwrap();
    let report = group.wait();
    assert_eq!(
        (report.completed, report.panicked, report.cancelled),
        (2, 1, 0)
    );
}

#[test]
fn a_task_runs_or_is_cancelled_never_both_never_neither() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 64).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let mut refused = 0;
    for _ in 0..5000 {
        let token = CancelToken::new();
        refused += usize::from(pool.execute_with(&token, adds_one(&ran)).is_err());
        token.cancel();
    }
    pool.wait_idle();
    let stats = pool.stats();
    assert_eq!(refused, 0);
    assert_eq!(stats.completed, ran.load(SeqCst));
    assert_eq!(stats.completed + stats.cancelled, 5000);
}

#[test]
fn a_token_releases_the_submitters_of_every_pool_that_it_concerns() {
    let watchdog = Watchdog::start();
    let everything = CancelToken::new();
    let pools: Vec<_> = (0..3)
        .map(|_| {
            let pool = Pool::builder().threads(1).queue_capacity(1);
            watchdog.watch(pool.cancel_token(everything.clone()).build().unwrap())
        })
        .collect();
    let gate = Gate::new();
    let _open = OpenOnDrop(&gate);
    thread::scope(|scope| {
        let submitters: Vec<_> = pools
            .iter()
            .map(|pool| {
                gate.occupy(|task| pool.execute(task).unwrap());
                pool.execute(|| ()).unwrap();
                scope.spawn(|| pool.execute(|| ()).unwrap_err().reason())
            })
            .collect();
        thread::sleep(Duration::from_millis(10));
        everything.cancel();
        for submitter in submitters {
            assert_eq!(submitter.join().unwrap(), Reason::Cancelled);
        }
    });
}
