//! What this version does not promise: a panic takes the worker with it. Even so nothing hangs.

mod common;

use std::panic::panic_any;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use common::{Gate, OpenOnDrop, Watchdog, adds_one, until};
use v1_fixed::{Pool, Reason};

#[test]
fn a_panic_kills_its_worker_and_the_others_work_on() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(4, 8).unwrap());
    for left in (1..4).rev() {
        pool.execute(|| panic!("a task panics")).unwrap();
        until(|| pool.threads() == left);
    }
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..100 {
        pool.execute(adds_one(&ran)).unwrap();
    }
    pool.wait_idle();
    assert_eq!((ran.load(SeqCst), pool.threads()), (100, 1));
}

#[test]
fn the_last_worker_closes_the_pool_and_drops_what_is_queued() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 2).unwrap());
    let group = pool.group();
    let gate = Gate::new();
    gate.occupy(|wait| {
        let task = move || {
            wait();
            panic!("the last worker dies");
        };
        group.execute(task).unwrap();
    });
    let ran = Arc::new(AtomicUsize::new(0));
    pool.execute(adds_one(&ran)).unwrap();
    group.execute(adds_one(&ran)).unwrap();
    thread::scope(|scope| {
        let _open = OpenOnDrop(&gate);
        let submitters: Vec<_> = (0..8)
            .map(|_| {
                let (pool, task) = (&pool, adds_one(&ran));
                scope.spawn(move || pool.execute(task).unwrap_err())
            })
            .collect();
        let waiters = [
            scope.spawn(|| pool.wait_idle()),
            scope.spawn(|| group.wait()),
        ];
        thread::sleep(Duration::from_millis(20));
        gate.open();
        for submitter in submitters {
            let rejected = submitter.join().unwrap();
            assert_eq!(rejected.reason(), Reason::ShutDown);
        }
        for waiter in waiters {
            waiter.join().unwrap();
        }
    });
    // Nothing ran, and what was queued is dropped: nobody else holds the counter.
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (0, 1));
    assert_eq!(
        pool.try_execute(|| ()).unwrap_err().reason(),
        Reason::ShutDown
    );
    assert_eq!((pool.threads(), pool.queue_len()), (0, 0));
    pool.shutdown();
}

#[test]
fn every_worker_may_panic_at_once() {
    let watchdog = Watchdog::start();
    for _ in 0..50 {
        let pool = watchdog.watch(Pool::new(4, 4).unwrap());
        let meeting = Arc::new(std::sync::Barrier::new(4));
        for _ in 0..4 {
            let meeting = Arc::clone(&meeting);
            pool.execute(move || {
                meeting.wait();
                panic!("all at once");
            })
            .unwrap();
        }
        // Refused sooner or later: no worker is left to make room.
        until(|| pool.execute(|| ()).is_err());
        pool.wait_idle();
        pool.shutdown();
    }
}

#[test]
fn every_worker_may_panic_at_once_among_submitters_that_wait() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(4, 2).unwrap());
    let gate = Gate::new();
    for _ in 0..4 {
        gate.occupy(|wait| {
            let task = move || {
                wait();
                panic!("all at once");
            };
            pool.execute(task).unwrap();
        });
    }
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..2 {
        pool.execute(adds_one(&ran)).unwrap();
    }
    thread::scope(|scope| {
        let _open = OpenOnDrop(&gate);
        let submitters: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| pool.execute(adds_one(&ran))))
            .collect();
        thread::sleep(Duration::from_millis(20));
        gate.open();
        // One or the other may find a place on its way: it is dropped with the rest.
        for submitter in submitters {
            if let Err(rejected) = submitter.join().unwrap() {
                assert_eq!(rejected.reason(), Reason::ShutDown);
            }
        }
    });
    pool.wait_idle();
    assert_eq!(pool.execute(|| ()).unwrap_err().reason(), Reason::ShutDown);
    assert_eq!((pool.threads(), Arc::strong_count(&ran)), (0, 1));
}

#[test]
fn the_last_worker_may_drop_the_pool_with_what_is_queued() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    let (group, gate) = (pool.group(), Gate::new());
    gate.occupy(|wait| {
        let task = move || {
            wait();
            panic!("the last worker dies");
        };
        pool.execute(task).unwrap();
    });
    let ran = Arc::new(AtomicUsize::new(0));
    let last = Arc::clone(&pool);
    group.execute(adds_one(&ran)).unwrap();
    group.execute(move || drop(last)).unwrap(); // never runs
    group.execute(adds_one(&ran)).unwrap();
    drop(pool);
    gate.open();
    group.wait();
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (0, 1));
}

#[test]
fn the_end_of_a_worker_that_panicked_may_still_submit() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 4).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let (tell, told) = std::sync::mpsc::channel();
    let (inside, count) = (Arc::clone(&pool), Arc::clone(&ran));
    let task = move || {
        common::at_exit(move || tell.send(inside.execute(adds_one(&count)).is_ok()).unwrap());
        panic!("a task panics");
    };
    pool.execute(task).unwrap();
    assert!(told.recv().unwrap());
    pool.wait_idle();
    assert_eq!((ran.load(SeqCst), pool.threads()), (1, 1));
}

/// The pool keeps the payload for whoever joins the thread, and the payload keeps the pool.
#[test]
fn a_payload_that_owns_its_pool_keeps_it() {
    let _watchdog = Watchdog::start();
    let pool = Arc::new(Pool::new(2, 4).unwrap());
    let (there, gate) = (Arc::downgrade(&pool), Gate::new());
    let (last, at) = (Arc::clone(&pool), gate.clone());
    let task = move || {
        at.pass();
        panic_any(last);
    };
    pool.execute(task).unwrap();
    drop(pool);
    gate.open();
    until(|| there.upgrade().unwrap().threads() == 1);
    // Nobody owns it any more, and it works as before.
    let pool = there.upgrade().unwrap();
    pool.execute(|| ()).unwrap();
    pool.shutdown();
    assert_eq!((pool.threads(), Arc::strong_count(&pool)), (0, 2));
}

struct PanicOnDrop;

impl Drop for PanicOnDrop {
    fn drop(&mut self) {
        panic!("dropping panics");
    }
}

#[test]
fn a_captured_value_that_panics_when_dropped_kills_the_worker_too() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 4).unwrap());
    let value = PanicOnDrop;
    pool.execute(move || {
        let _value = &value;
    })
    .unwrap();
    pool.wait_idle();
    until(|| pool.threads() == 1);
}

#[test]
fn a_payload_that_panics_when_dropped_does_not_disturb_the_shutdown() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    pool.execute(|| panic_any(PanicOnDrop)).unwrap();
    pool.shutdown();
    assert_eq!(pool.threads(), 0);
}

#[cfg(unix)]
#[test]
fn a_second_panic_while_the_first_unwinds_aborts_the_process() {
    if common::is_child() {
        let pool = Pool::new(1, 4).unwrap();
        let value = PanicOnDrop;
        pool.execute(move || {
            let _value = value;
            panic!("the first panic");
        })
        .unwrap();
        pool.shutdown();
        return;
    }
    let test = "a_second_panic_while_the_first_unwinds_aborts_the_process";
    let child = common::in_child(test, "ulimit -c 0");
    assert_eq!(child.status.code(), None, "ended by a signal: {child:?}");
}

#[cfg(unix)]
#[test]
fn a_queued_value_that_panics_when_the_last_worker_drops_it_aborts_the_process() {
    if common::is_child() {
        let pool = Pool::new(1, 4).unwrap();
        let gate = Gate::new();
        let (at, value) = (gate.clone(), PanicOnDrop);
        pool.execute(move || {
            at.pass();
            panic!("the last worker dies");
        })
        .unwrap();
        // The task itself is innocent, and never runs.
        pool.execute(move || drop(value)).unwrap();
        gate.open();
        pool.wait_idle();
        pool.shutdown();
        return;
    }
    let test = "a_queued_value_that_panics_when_the_last_worker_drops_it_aborts_the_process";
    let child = common::in_child(test, "ulimit -c 0");
    assert_eq!(child.status.code(), None, "ended by a signal: {child:?}");
}

#[cfg(unix)]
#[test]
fn a_payload_that_panics_when_dropped_aborts_the_process_if_nobody_joins_its_thread() {
    if common::is_child() {
        let pool = Arc::new(Pool::new(1, 4).unwrap());
        let group = pool.group();
        let (gate, last) = (Gate::new(), Arc::clone(&pool));
        let at = gate.clone();
        let task = move || {
            at.pass();
            drop(last); // the pool is gone, and nobody will join this thread
            panic_any(PanicOnDrop);
        };
        group.execute(task).unwrap();
        drop(pool);
        gate.open();
        group.wait();
        thread::sleep(common::LONG);
        return;
    }
    let test = "a_payload_that_panics_when_dropped_aborts_the_process_if_nobody_joins_its_thread";
    let child = common::in_child(test, "ulimit -c 0");
    assert_eq!(child.status.code(), None, "ended by a signal: {child:?}");
}
