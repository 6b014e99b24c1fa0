//! Stage 4: waiting.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use busy::{busy, occupy, pool};
use harness::{Gate, OpenOnDrop, adds_one, doing, expecting_a_panic, laws, spawn};

mod busy;

/// Nothing to wait for is no wait.
fn unused_is_idle() {
    let pool = pool(2, 4);
    doing("calls wait_idle on an unused pool", || pool.wait_idle());
    let group = pool.group();
    doing("waits for a group without tasks", || group.wait());
    // And again, when there has been something.
    assert!(pool.execute(|| ()).is_ok(), "an idle pool refuses");
    doing("calls wait_idle, after one task", || pool.wait_idle());
    doing("calls wait_idle once more", || pool.wait_idle());
}

/// When a wait returns, tasks have finished and their closures are dropped.
fn done_means_done() {
    for round in 0..100 {
        let pool = pool(3, 8);
        let (captured, ran) = (Arc::new(()), Arc::new(AtomicUsize::new(0)));
        for _ in 0..6 {
            let (inside, counts) = (Arc::clone(&captured), adds_one(&ran));
            let task = move || {
                thread::yield_now();
                counts();
                drop(inside);
            };
            let accepted = doing("calls execute", || pool.execute(task).is_ok());
            assert!(accepted, "a task was refused");
        }
        doing("calls wait_idle, for 6 tasks", || pool.wait_idle());
        let (ran, kept) = (ran.load(SeqCst), Arc::strong_count(&captured) - 1);
        assert!(
            ran == 6,
            "`wait_idle` returned when {ran} of 6 accepted tasks had run (round {round})"
        );
        assert!(
            kept == 0,
            "`wait_idle` returned when {kept} closures still existed (round {round})"
        );
    }
}

/// A task that has not begun is waited for as well, and so is one that runs.
fn a_wait_waits() {
    let (pool, gate) = busy(1, 4);
    let ran = Arc::new(AtomicUsize::new(0));
    thread::scope(|scope| {
        let running = spawn(scope, "waiter for what runs", || {
            doing("calls wait_idle", || pool.wait_idle());
        });
        thread::sleep(Duration::from_millis(20));
        let early = running.is_finished();
        assert!(!early, "`wait_idle` returned while a task ran");
        let accepted = pool.execute(adds_one(&ran)).is_ok();
        assert!(accepted, "a task was refused");
        gate.open();
    });
    doing("calls wait_idle", || pool.wait_idle());
    assert!(ran.load(SeqCst) == 1, "a queued task was not waited for");
}

/// All who wait are woken.
fn all_waiters_wake() {
    for _ in 0..20 {
        let (pool, gate) = busy(2, 4);
        let group = pool.group();
        assert!(group.execute(|| ()).is_ok(), "a task was refused");
        thread::scope(|scope| {
            for n in 1..=6 {
                let (pool, group) = (&pool, &group);
                spawn(scope, &format!("waiter {n}"), move || {
                    if n % 2 == 0 {
                        doing("calls wait_idle", || pool.wait_idle());
                    } else {
                        doing("waits for a group", || group.wait());
                    }
                });
            }
            thread::sleep(Duration::from_millis(2));
            gate.open();
            // What a scope waits for it cannot say itself.
        });
    }
}

/// A group is waited for without the others.
fn a_group_is_its_own() {
    let pool = pool(2, 8);
    let gate = Gate::new();
    let _open = OpenOnDrop(&gate);
    occupy(&pool, 1, &gate);
    let group = pool.group();
    let ran = Arc::new(AtomicUsize::new(0));
    for round in 1..=3 {
        for _ in 0..2 {
            let accepted = doing("calls Group::execute", || {
                group.execute(adds_one(&ran)).is_ok()
            });
            assert!(accepted, "a task of a group was refused");
        }
        doing("waits for its group, while another task runs", || {
            group.wait();
        });
        let ran = ran.load(SeqCst);
        assert!(
            ran == 2 * round,
            "the wait of the group returned after {ran} of its {} tasks",
            2 * round
        );
    }
}

/// What a task submits while it runs is waited for, too.
fn children_count() {
    for round in 0..50 {
        let pool = pool(2, 8);
        let ran = Arc::new(AtomicUsize::new(0));
        let (inside, child) = (Arc::clone(&pool), adds_one(&ran));
        let accepted = Arc::new(AtomicUsize::new(0));
        let counts = adds_one(&accepted);
        let parent = move || {
            if inside.execute(child).is_ok() {
                counts();
            }
        };
        assert!(pool.execute(parent).is_ok(), "an idle pool refuses");
        doing("calls wait_idle, for a task and its child", || {
            pool.wait_idle();
        });
        let (ran, accepted) = (ran.load(SeqCst), accepted.load(SeqCst));
        assert!(accepted == 1, "a task could not submit another one");
        assert!(
            ran == 1,
            "`wait_idle` returned before a task that a task had submitted (round {round})"
        );
    }
}

/// To wait for the own pool on one of its workers is a panic and no hang.
fn waiting_for_oneself_panics() {
    let pool = pool(2, 8);
    let group = pool.group();
    let (tell, told) = mpsc::channel();
    let inside = Arc::clone(&pool);
    let task = move || {
        let panics = expecting_a_panic(|| {
            let waits = || doing("calls wait_idle in a task", || inside.wait_idle());
            catch_unwind(AssertUnwindSafe(waits)).is_err()
        });
        tell.send(panics).unwrap_or_default();
    };
    assert!(group.execute(task).is_ok(), "an idle pool refuses");
    let panics = doing("waits for a task that calls wait_idle", || told.recv());
    assert!(
        panics == Ok(true),
        "`wait_idle` on a worker of the same pool returned, while its own task was running"
    );
    doing("waits for the group", || group.wait());
}

laws! {
    unused_is_idle,
    done_means_done,
    a_wait_waits,
    all_waiters_wake,
    a_group_is_its_own,
    children_count,
    waiting_for_oneself_panics,
}
