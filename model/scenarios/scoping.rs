//! A scope does not return before its tasks are over: each has run, or has been cancelled, and all
//! that it captured is dropped.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use model_schedule::models;
use pool::Pool;

use crate::common::{Gate, adds_one, panics};

models![
    a_scope_returns_when_its_tasks_are_over_and_dropped,
    a_scope_on_a_worker_returns_when_its_tasks_are_over_and_dropped,
    what_a_task_of_a_scope_returns_is_dropped_before_the_scope_returns,
    a_scope_whose_body_unwinds_waits_for_its_tasks,
    a_scope_on_a_worker_runs_what_its_tasks_spawn_while_it_waits,
    a_scope_in_a_pool_that_hands_back_cancels_what_does_not_run,
    a_panic_of_a_task_in_a_scope_is_told_once,
];

/// A scope of two tasks. One of them is joined.
fn scope_of_two(pool: &Pool) {
    let ran = Arc::new(AtomicUsize::new(0));
    let borrowed = AtomicUsize::new(0);
    pool.scope(|scope| {
        let spawn = || {
            let (counts, borrowed) = (adds_one(&ran), &borrowed);
            let task = move || {
                counts();
                borrowed.fetch_add(1, SeqCst);
            };
            scope.spawn(task).unwrap()
        };
        let joined = spawn();
        drop(spawn());
        joined.join().unwrap();
    });
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (2, 1));
    assert_eq!(borrowed.into_inner(), 2);
}

fn a_scope_returns_when_its_tasks_are_over_and_dropped() {
    let pool = Pool::new(2, 1).unwrap();
    scope_of_two(&pool);
    pool.wait_idle();
    assert_eq!(pool.stats().completed, 2);
}

fn a_scope_on_a_worker_returns_when_its_tasks_are_over_and_dropped() {
    for workers in [1, 2] {
        let pool = Arc::new(Pool::new(workers, 1).unwrap());
        let own = Arc::clone(&pool);
        pool.spawn(move || scope_of_two(&own))
            .unwrap()
            .join()
            .unwrap();
        pool.wait_idle();
        assert_eq!(pool.stats().completed, 3);
    }
}

/// If nobody asks for it. What it borrows may be gone after that.
fn what_a_task_of_a_scope_returns_is_dropped_before_the_scope_returns() {
    let pool = Pool::new(1, 1).unwrap();
    let result = Arc::new(());
    pool.scope(|scope| {
        let result = Arc::clone(&result);
        drop(scope.spawn(move || result).unwrap());
    });
    assert_eq!(Arc::strong_count(&result), 1);
}

fn a_scope_whose_body_unwinds_waits_for_its_tasks() {
    let pool = Pool::new(1, 1).unwrap();
    let ran = Arc::new(AtomicUsize::new(0));
    let unwinds = || {
        pool.scope(|scope| {
            drop(scope.spawn(adds_one(&ran)).unwrap());
            panics();
        });
    };
    catch_unwind(AssertUnwindSafe(unwinds)).unwrap_err();
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (1, 1));
}

/// The other worker's task waits for what it has spawned, and does not join it.
fn a_scope_on_a_worker_runs_what_its_tasks_spawn_while_it_waits() {
    let pool = Arc::new(Pool::new(2, 2).unwrap());
    let own = Arc::clone(&pool);
    let (begin, begun) = Gate::new();
    let parent = move || {
        own.scope(|scope| {
            let child = move || {
                drop(begin);
                let (done, is_done) = Gate::new();
                drop(scope.spawn(move || drop(done)).unwrap());
                is_done.pass();
            };
            drop(scope.spawn(child).unwrap());
            // Another worker has it: this one will find nothing, at first.
            begun.pass();
        });
    };
    pool.spawn(parent).unwrap().join().unwrap();
    pool.wait_idle();
    assert_eq!(pool.stats().completed, 3);
}

fn a_scope_in_a_pool_that_hands_back_cancels_what_does_not_run() {
    let pool = Arc::new(Pool::new(1, 2).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let stopper = thread::spawn({
        let pool = Arc::clone(&pool);
        move || pool.shutdown_now().len()
    });
    let (mut accepted, mut cancelled) = (0, 0);
    pool.scope(|scope| {
        let handles = [(); 2].map(|()| scope.spawn(adds_one(&ran)));
        for handle in handles.into_iter().flatten() {
            accepted += 1;
            cancelled += usize::from(handle.join().is_err_and(|error| error.is_cancelled()));
        }
    });
    assert_eq!(
        (ran.load(SeqCst) + cancelled, Arc::strong_count(&ran)),
        (accepted, 1)
    );
    assert_eq!(stopper.join().unwrap(), 0, "a task has left its scope");
    pool.shutdown();
    let stats = pool.stats();
    assert_eq!((stats.accepted, stats.cancelled), (accepted, cancelled));
}

/// To its handle, or to the scope.
fn a_panic_of_a_task_in_a_scope_is_told_once() {
    let pool = Pool::new(1, 1).unwrap();
    for asks in [true, false] {
        let scope = || {
            pool.scope(|scope| {
                let handle = scope.spawn(panics).unwrap();
                if asks {
                    assert!(handle.join().unwrap_err().is_panic());
                }
            });
        };
        let unwound = catch_unwind(AssertUnwindSafe(scope)).is_err();
        assert_eq!(unwound, !asks);
    }
}
