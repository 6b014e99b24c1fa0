//! Law 6: a shutdown ends, whoever asks for it, and nothing is lost in it.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;
use std::thread;

use model_schedule::{models, until_asleep};
use pool::{Pool, Reason};

use crate::common::{Gate, adds_one, adds_one_for_the_thread, busy_pool};

models![
    a_task_submitted_during_a_shutdown_runs_or_is_handed_back,
    a_group_task_submitted_during_a_shutdown_runs_or_is_handed_back,
    a_submitter_that_waits_is_let_in_or_refused_by_a_shutdown,
    submitters_that_are_asleep_are_let_in_or_refused_by_a_shutdown,
    submitters_that_wait_are_refused_by_a_shutdown_before_any_place_comes_free,
    a_shutdown_from_many_threads_ends_for_all_when_the_threads_are_gone,
    a_shutdown_on_a_worker_only_closes_the_door,
    a_pool_may_be_dropped_by_its_own_task,
    a_pool_dropped_by_its_own_task_lets_in_or_refuses_those_who_wait_with_a_group,
];

fn a_task_submitted_during_a_shutdown_runs_or_is_handed_back() {
    let pool = Arc::new(Pool::new(1, 1).unwrap());
    let submitter = thread::spawn({
        let pool = Arc::clone(&pool);
        move || {
            let ran = Arc::new(AtomicUsize::new(0));
            let mut accepted = 0;
            for _ in 0..3 {
                match pool.execute(adds_one(&ran)) {
                    Ok(()) => accepted += 1,
                    Err(rejected) => assert_eq!(rejected.reason(), Reason::ShutDown),
                }
            }
            (ran, accepted)
        }
    });
    pool.shutdown();
    let (ran, accepted) = submitter.join().unwrap();
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (accepted, 1));
}

fn a_group_task_submitted_during_a_shutdown_runs_or_is_handed_back() {
    let pool = Arc::new(Pool::new(1, 1).unwrap());
    let submitter = thread::spawn({
        let group = pool.group();
        move || {
            let ran = Arc::new(AtomicUsize::new(0));
            let accepted = usize::from(group.execute(adds_one(&ran)).is_ok());
            group.wait();
            assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (accepted, 1));
        }
    });
    pool.shutdown();
    submitter.join().unwrap();
    pool.wait_idle();
}

fn a_submitter_that_waits_is_let_in_or_refused_by_a_shutdown() {
    stop_while_submitters_wait(0);
}

fn submitters_that_are_asleep_are_let_in_or_refused_by_a_shutdown() {
    stop_while_submitters_wait(3); // the worker, too
}

fn stop_while_submitters_wait(asleep: usize) {
    let ran = Arc::new(AtomicUsize::new(0));
    let (pool, closed) = busy_pool(1);
    pool.execute(adds_one(&ran)).unwrap();
    let submitters = [(); 2].map(|()| {
        let (pool, task) = (Arc::clone(&pool), adds_one(&ran));
        thread::spawn(move || usize::from(pool.execute(task).is_ok()))
    });
    until_asleep(asleep);
    let stopper = thread::spawn({
        let pool = Arc::clone(&pool);
        move || pool.shutdown()
    });
    drop(closed);
    let accepted = submitters.map(|submitter| submitter.join().unwrap());
    stopper.join().unwrap();
    assert_eq!(ran.load(SeqCst), 1 + accepted.iter().sum::<usize>());
    assert_eq!(Arc::strong_count(&ran), 1);
}

fn submitters_that_wait_are_refused_by_a_shutdown_before_any_place_comes_free() {
    let (pool, closed) = busy_pool(1);
    pool.execute(|| ()).unwrap();
    let submitters = [(); 2].map(|()| {
        let pool = Arc::clone(&pool);
        thread::spawn(move || pool.execute(|| ()).unwrap_err().reason())
    });
    let stopper = thread::spawn({
        let pool = Arc::clone(&pool);
        move || pool.shutdown()
    });
    for submitter in submitters {
        assert_eq!(submitter.join().unwrap(), Reason::ShutDown);
    }
    drop(closed);
    stopper.join().unwrap();
}

fn a_shutdown_from_many_threads_ends_for_all_when_the_threads_are_gone() {
    let pool = Arc::new(Pool::new(2, 2).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..2 {
        pool.execute(adds_one_for_the_thread(&ran)).unwrap();
    }
    let stoppers = [(); 3].map(|()| {
        let (pool, ran) = (Arc::clone(&pool), Arc::downgrade(&ran));
        thread::spawn(move || {
            pool.shutdown();
            assert_eq!(pool.threads(), 0);
            assert_eq!(
                ran.strong_count(),
                1,
                "a thread still has its thread-locals"
            );
        })
    });
    for stopper in stoppers {
        stopper.join().unwrap();
    }
    pool.shutdown();
    assert_eq!(ran.load(SeqCst), 2);
}

fn a_shutdown_on_a_worker_only_closes_the_door() {
    let pool = Arc::new(Pool::new(1, 2).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let task = {
        let (pool, ran) = (Arc::clone(&pool), Arc::clone(&ran));
        move || {
            pool.shutdown();
            let refused = pool.execute(adds_one(&ran)).unwrap_err();
            assert_eq!(refused.reason(), Reason::ShutDown);
        }
    };
    pool.execute(task).unwrap();
    let accepted = usize::from(pool.execute(adds_one(&ran)).is_ok());
    pool.shutdown();
    assert_eq!(ran.load(SeqCst), accepted);
}

/// Nobody joins the threads then. They end by themselves, or the model would be a deadlock.
fn a_pool_may_be_dropped_by_its_own_task() {
    let pool = Arc::new(Pool::new(2, 2).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let (done, all_done) = Gate::new();
    let own = Arc::clone(&pool);
    pool.execute(move || drop(own)).unwrap();
    let task = {
        let ran = adds_one(&ran);
        move || {
            ran();
            drop(done);
        }
    };
    pool.execute(task).unwrap();
    drop(pool);
    all_done.pass();
    assert_eq!(ran.load(SeqCst), 1);
}

/// Their group is all that is left of the pool. The submitters wait for the only place when it is
/// closed, and the worker that frees the place is the one that closes it.
fn a_pool_dropped_by_its_own_task_lets_in_or_refuses_those_who_wait_with_a_group() {
    let ran = Arc::new(AtomicUsize::new(0));
    let pool = Arc::new(Pool::new(1, 1).unwrap());
    let group = Arc::new(pool.group());
    let (closed, gate) = Gate::new();
    let own = Arc::clone(&pool);
    let drops = move || {
        gate.pass();
        drop(own);
    };
    pool.execute(drops).unwrap();
    drop(pool);
    let submitters = [(); 3].map(|()| {
        let (group, task) = (Arc::clone(&group), adds_one(&ran));
        thread::spawn(move || {
            let accepted = group.execute(task).is_ok();
            group.wait();
            usize::from(accepted)
        })
    });
    drop(closed);
    let accepted = submitters.map(|submitter| submitter.join().unwrap());
    let accepted = accepted.iter().sum::<usize>();
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (accepted, 1));
    // The pool may not be closed yet: its first task belongs to no group.
    let _ = group.execute(|| ());
    group.wait();
}
