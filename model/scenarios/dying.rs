//! Where a panic takes the worker with it: the others go on, and the last one closes the pool.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;
use std::thread;

use model_schedule::{models, until_asleep};
use pool::{Pool, Reason};

use crate::common::{Gate, adds_one, panics};

models![
    the_other_workers_run_what_is_left,
    nobody_waits_for_what_the_last_worker_has_left_behind,
    the_last_worker_dies_among_submitters_that_are_asleep,
    two_workers_may_die_at_once,
    the_last_two_workers_die_at_once_among_submitters_that_are_asleep,
    a_task_submitted_to_a_group_as_the_last_worker_dies_keeps_nobody_waiting: [14917338827540569823],
];

fn the_other_workers_run_what_is_left() {
    let pool = Pool::new(2, 1).unwrap();
    let ran = Arc::new(AtomicUsize::new(0));
    pool.execute(panics).unwrap();
    for _ in 0..3 {
        pool.execute(adds_one(&ran)).unwrap();
    }
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 3);
}

fn nobody_waits_for_what_the_last_worker_has_left_behind() {
    let pool = Arc::new(Pool::new(1, 2).unwrap());
    let kept = Arc::new(AtomicUsize::new(0));
    let submitter = thread::spawn({
        let (pool, kept) = (Arc::clone(&pool), Arc::clone(&kept));
        move || {
            let group = pool.group();
            let _ = group.execute(adds_one(&kept));
            let _ = pool.execute(adds_one(&kept));
            group.wait();
        }
    });
    pool.execute(panics).unwrap();
    pool.wait_idle();
    submitter.join().unwrap();
    pool.wait_idle();
    pool.shutdown();
    assert_eq!((pool.threads(), Arc::strong_count(&kept)), (0, 1));
    assert_eq!(pool.execute(|| ()).unwrap_err().reason(), Reason::ShutDown);
}

fn the_last_worker_dies_among_submitters_that_are_asleep() {
    let pool = Arc::new(Pool::new(1, 1).unwrap());
    let (closed, gate) = Gate::new();
    let (begin, begun) = Gate::new();
    let dies = move || {
        drop(begin);
        gate.pass();
        panics();
    };
    pool.execute(dies).unwrap();
    begun.pass();
    pool.execute(|| ()).unwrap();
    let submitters = [(); 2].map(|()| {
        let pool = Arc::clone(&pool);
        thread::spawn(move || drop(pool.execute(|| ())))
    });
    until_asleep(3); // the worker, too
    drop(closed);
    for submitter in submitters {
        submitter.join().unwrap();
    }
    pool.wait_idle();
}

fn two_workers_may_die_at_once() {
    let pool = Pool::new(2, 2).unwrap();
    let kept = Arc::new(AtomicUsize::new(0));
    let _ = pool.execute(panics);
    let _ = pool.execute(panics);
    let _ = pool.execute(adds_one(&kept));
    pool.wait_idle();
    assert_eq!(Arc::strong_count(&kept), 1);
    pool.shutdown();
    assert_eq!(pool.threads(), 0);
}

/// Each of the submitters owns a group as well, and what it was accepted for is dropped.
fn the_last_two_workers_die_at_once_among_submitters_that_are_asleep() {
    let pool = Arc::new(Pool::new(2, 1).unwrap());
    let kept = Arc::new(AtomicUsize::new(0));
    let (closed, gate) = Gate::new();
    for _ in 0..2 {
        let gate = gate.clone();
        let (begin, begun) = Gate::new();
        let dies = move || {
            drop(begin);
            gate.pass();
            panics();
        };
        pool.execute(dies).unwrap();
        begun.pass();
    }
    pool.execute(adds_one(&kept)).unwrap();
    let submitters = [(); 2].map(|()| {
        let (group, task) = (pool.group(), adds_one(&kept));
        thread::spawn(move || {
            if let Err(rejected) = group.execute(task) {
                assert_eq!(rejected.reason(), Reason::ShutDown);
            }
            group.wait();
        })
    });
    until_asleep(4); // the workers, too
    drop(closed);
    for submitter in submitters {
        submitter.join().unwrap();
    }
    pool.wait_idle();
    assert_eq!((kept.load(SeqCst), Arc::strong_count(&kept)), (0, 1));
    pool.shutdown();
    assert_eq!((pool.threads(), pool.queue_len()), (0, 0));
}

/// The submitters find the queue full and are about to fall asleep. One that has seen it open may
/// get the place of a task that the last worker drops.
fn a_task_submitted_to_a_group_as_the_last_worker_dies_keeps_nobody_waiting() {
    let pool = Arc::new(Pool::new(1, 1).unwrap());
    let kept = Arc::new(AtomicUsize::new(0));
    let (closed, gate) = Gate::new();
    let (begin, begun) = Gate::new();
    let dies = move || {
        drop(begin);
        gate.pass();
        panics();
    };
    pool.execute(dies).unwrap();
    begun.pass();
    pool.execute(adds_one(&kept)).unwrap();
    let group = Arc::new(pool.group());
    let submitters = [(); 2].map(|()| {
        let (group, task) = (Arc::clone(&group), adds_one(&kept));
        thread::spawn(move || {
            let _ = group.execute(task);
            group.wait();
        })
    });
    drop(closed);
    for submitter in submitters {
        submitter.join().unwrap();
    }
    pool.wait_idle();
    assert_eq!((kept.load(SeqCst), Arc::strong_count(&kept)), (0, 1));
    pool.shutdown();
    assert_eq!((pool.threads(), pool.queue_len()), (0, 0));
}
