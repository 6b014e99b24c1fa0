//! What a task leaves in its queue that was claimed or cancelled there, a tombstone: it is in
//! nobody's way.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;

use model_schedule::{models, until_asleep};
use pool::{Lazy, Pool};

use crate::common::{Gate, SOME_TIME, adds_one};

models![
    the_last_worker_leaves_although_a_cancelled_task_lies_in_its_queue,
    a_worker_that_was_idle_for_too_long_leaves_although_a_cancelled_task_lies_in_its_queue,
    a_sweep_leaves_the_tasks_that_are_alive,
    a_worker_falls_asleep_although_a_cancelled_task_lies_in_its_queue,
    a_new_worker_is_given_a_task_that_is_alive,
    a_worker_that_leaves_hands_over_what_is_alive,
];

fn the_last_worker_leaves_although_a_cancelled_task_lies_in_its_queue() {
    let left = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&left);
    let hook = move || {
        count.fetch_add(1, SeqCst);
    };
    let pool = Pool::builder().threads(1).on_thread_stop(hook);
    let pool = pool.build().unwrap();
    let handle = pool.spawn(|| ()).unwrap();
    handle.cancel();
    pool.shutdown();
    assert_eq!(left.load(SeqCst), 1, "it has left in the ordinary way");
}

/// The pool starts another one for the next task.
fn a_worker_that_was_idle_for_too_long_leaves_although_a_cancelled_task_lies_in_its_queue() {
    let pool = Pool::builder().threads(0..=1).idle_timeout(SOME_TIME);
    let pool = pool.build().unwrap();
    for _ in 0..2 {
        let _ = pool.spawn(|| ()).unwrap().cancel();
    }
    pool.spawn(|| ()).unwrap().join().unwrap();
    pool.shutdown();
    assert_eq!(pool.stats().queued, 0);
}

/// The second one that is cancelled has all queues swept, while somebody steals and a submitter
/// comes.
fn a_sweep_leaves_the_tasks_that_are_alive() {
    let (pool, ran) = (
        Arc::new(Pool::new(2, 1).unwrap()),
        Arc::new(AtomicUsize::new(0)),
    );
    let (own, count) = (Arc::clone(&pool), Arc::clone(&ran));
    let task = move || {
        let handles = [(); 4].map(|()| own.spawn(adds_one(&count)).unwrap());
        // Each stays in its queue, also at an end: only a joiner takes it out there.
        let cancelled = handles[..3].iter().filter(|handle| handle.cancel());
        let cancelled = cancelled.count();
        for handle in handles {
            let _ = handle.join();
        }
        cancelled
    };
    let task = pool.spawn(task).unwrap();
    pool.execute(adds_one(&ran)).unwrap();
    let cancelled = task.join().unwrap();
    pool.wait_idle();
    assert_eq!(
        (ran.load(SeqCst) + cancelled, pool.stats().cancelled),
        (5, cancelled)
    );
}

fn a_worker_falls_asleep_although_a_cancelled_task_lies_in_its_queue() {
    let (pool, ran) = (Pool::new(2, 1).unwrap(), Arc::new(AtomicUsize::new(0)));
    let mut cancelled = 0;
    for _ in 0..2 {
        let handle = pool.spawn(adds_one(&ran)).unwrap();
        cancelled += usize::from(handle.cancel());
        drop(handle);
        until_asleep(2);
    }
    pool.spawn(adds_one(&ran)).unwrap().join().unwrap();
    assert_eq!(ran.load(SeqCst) + cancelled, 3);
}

/// The first in the queue is a cancelled one.
fn a_new_worker_is_given_a_task_that_is_alive() {
    let pool = Pool::builder().threads(1..=2).scaling(Lazy);
    let pool = Arc::new(pool.queue_capacity(1).build().unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let (own, count) = (Arc::clone(&pool), Arc::clone(&ran));
    let (ready, is_full) = Gate::new();
    let (submitted, go_on) = Gate::new();
    let task = move || {
        let [first, second] = [(); 2].map(|()| own.spawn(adds_one(&count)).unwrap());
        assert!(first.cancel());
        drop(ready);
        go_on.pass();
        second.join().unwrap();
    };
    pool.execute(task).unwrap();
    is_full.pass();
    pool.execute(adds_one(&ran)).unwrap();
    drop(submitted);
    pool.wait_idle();
    let stats = pool.stats();
    assert_eq!((stats.completed, stats.cancelled), (3, 1));
    assert_eq!((ran.load(SeqCst), pool.queue_len()), (2, 0));
}

/// The pool becomes smaller while a task lies between two that are cancelled.
fn a_worker_that_leaves_hands_over_what_is_alive() {
    let (pool, ran) = (
        Arc::new(Pool::new(2, 4).unwrap()),
        Arc::new(AtomicUsize::new(0)),
    );
    let (own, count) = (Arc::clone(&pool), Arc::clone(&ran));
    let task = move || {
        let handles = [(); 3].map(|()| own.spawn(adds_one(&count)).unwrap());
        let cancelled = usize::from(handles[0].cancel()) + usize::from(handles[2].cancel());
        own.resize(1).unwrap();
        cancelled
    };
    let cancelled = pool.spawn(task).unwrap().join().unwrap();
    pool.wait_idle();
    assert_eq!((ran.load(SeqCst) + cancelled, pool.queue_len()), (3, 0));
    pool.shutdown();
}
