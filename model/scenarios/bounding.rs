//! Law 3, where workers submit without the lock of the state: what they add takes no place, and yet
//! leaves fewer to those outside. A topic of v5.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;
use std::thread;

use model_schedule::models;
use pool::{Pool, Reason};

use crate::common::{Gate, adds_one};

models![
    what_a_worker_adds_leaves_fewer_places,
    two_outside_share_the_places_that_a_worker_leaves,
    those_that_wait_are_let_in_when_what_a_worker_has_added_is_gone,
];

/// How many of so many tasks are accepted at once.
fn tries(pool: &Pool, ran: &Arc<AtomicUsize>, tasks: usize) -> usize {
    let accepted = (0..tasks).filter(|_| match pool.try_execute(adds_one(ran)) {
        Ok(()) => true,
        Err(rejected) => {
            assert_eq!(rejected.reason(), Reason::Full);
            false
        }
    });
    accepted.count()
}

/// A submitter goes by an old sum of what is queued, until it is told that workers have added some.
fn what_a_worker_adds_leaves_fewer_places() {
    let pool = Arc::new(Pool::new(1, 3).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let (own, count) = (Arc::clone(&pool), Arc::clone(&ran));
    let (added, has_added) = Gate::new();
    let (closed, gate) = Gate::new();
    let task = move || {
        for _ in 0..2 {
            own.execute(adds_one(&count)).unwrap();
        }
        drop((own, count, added));
        gate.pass();
    };
    pool.execute(task).unwrap();
    // The first of the worker's own tasks may be queued by now, or both, or none.
    let before = tries(&pool, &ran, 2);
    has_added.pass();
    assert_eq!(tries(&pool, &ran, 3), 1_usize.saturating_sub(before));
    assert_eq!(pool.queue_len(), 2 + before.max(1));
    drop(closed);
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 2 + before.max(1));
}

fn two_outside_share_the_places_that_a_worker_leaves() {
    let pool = Arc::new(Pool::new(1, 2).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let (own, count) = (Arc::clone(&pool), Arc::clone(&ran));
    let (added, has_added) = Gate::new();
    let (closed, gate) = Gate::new();
    let task = move || {
        own.execute(adds_one(&count)).unwrap();
        drop((own, count, added));
        gate.pass();
    };
    pool.execute(task).unwrap();
    has_added.pass();
    let other = thread::spawn({
        let (pool, ran) = (Arc::clone(&pool), Arc::clone(&ran));
        move || tries(&pool, &ran, 1)
    });
    let accepted = tries(&pool, &ran, 1) + other.join().unwrap();
    assert_eq!((accepted, pool.queue_len()), (1, 2));
    drop(closed);
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 2);
}

/// More is queued than there are places, and each worker frees one that is none.
fn those_that_wait_are_let_in_when_what_a_worker_has_added_is_gone() {
    for workers in [1, 2] {
        let pool = Arc::new(Pool::new(workers, 1).unwrap());
        let ran = Arc::new(AtomicUsize::new(0));
        let submitters = [(); 2].map(|()| {
            let (pool, ran) = (Arc::clone(&pool), Arc::clone(&ran));
            thread::spawn(move || {
                let (own, count) = (Arc::clone(&pool), Arc::clone(&ran));
                let task = move || {
                    own.execute(adds_one(&count)).unwrap();
                    let _ = own.spawn(adds_one(&count)).unwrap().cancel();
                };
                pool.execute(task).unwrap();
                pool.execute(adds_one(&ran)).unwrap();
            })
        });
        for submitter in submitters {
            submitter.join().unwrap();
        }
        pool.wait_idle();
        let cancelled = pool.stats().cancelled;
        assert_eq!(ran.load(SeqCst) + cancelled, 6);
    }
}
