//! Stopping without waiting for everything: `shutdown_now` and `shutdown_timeout`.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;
use std::thread;

use model_schedule::models;
use pool::Pool;

use crate::common::{SOME_TIME, adds_one, adds_one_for_the_thread, busy_pool, submitter};

models![
    a_task_is_run_or_handed_back,
    two_who_ask_for_the_tasks_get_each_of_them_once,
    whoever_waits_for_a_group_is_released_by_a_shutdown_that_hands_its_tasks_back,
    a_pool_whose_shutdown_gave_up_is_dropped_without_waiting_and_still_runs_its_tasks,
    a_shutdown_that_gave_up_may_be_tried_again,
    a_shutdown_with_a_deadline_ends_when_the_threads_are_gone,
    where_nothing_is_left_of_a_pool_its_last_task_is_over,
];

fn a_task_is_run_or_handed_back() {
    let pool = Arc::new(Pool::new(1, 2).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let submitter = submitter(&pool, &ran, 3);
    let returned = pool.shutdown_now().len();
    let accepted = submitter.join().unwrap();
    pool.shutdown();
    assert_eq!(ran.load(SeqCst) + returned, accepted);
    let stats = pool.stats();
    assert_eq!((stats.accepted, stats.returned), (accepted, returned));
    assert_eq!(
        (stats.completed, Arc::strong_count(&ran)),
        (ran.load(SeqCst), 1)
    );
}

fn two_who_ask_for_the_tasks_get_each_of_them_once() {
    let pool = Arc::new(Pool::new(1, 2).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..2 {
        pool.execute(adds_one(&ran)).unwrap();
    }
    let other = thread::spawn({
        let pool = Arc::clone(&pool);
        move || pool.shutdown_now()
    });
    let mut tasks = pool.shutdown_now();
    tasks.extend(other.join().unwrap());
    for task in tasks {
        task.run();
    }
    pool.shutdown();
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (2, 1));
}

fn whoever_waits_for_a_group_is_released_by_a_shutdown_that_hands_its_tasks_back() {
    let (pool, closed) = busy_pool(2);
    let group = Arc::new(pool.group());
    for _ in 0..2 {
        group.execute(|| ()).unwrap();
    }
    let waiters = [(); 2].map(|()| {
        let group = Arc::clone(&group);
        thread::spawn(move || group.wait().returned)
    });
    let tasks = pool.shutdown_now();
    assert_eq!(tasks.len(), 2, "the only worker was busy");
    for waiter in waiters {
        assert_eq!(waiter.join().unwrap(), 2);
    }
    drop(closed);
}

fn a_pool_whose_shutdown_gave_up_is_dropped_without_waiting_and_still_runs_its_tasks() {
    let ran = Arc::new(AtomicUsize::new(0));
    let (pool, closed) = busy_pool(1);
    pool.execute(adds_one(&ran)).unwrap();
    let unfinished = pool.shutdown_timeout(SOME_TIME).unwrap_err();
    assert_eq!((unfinished.running, unfinished.queued), (1, 1));
    assert!(pool.execute(|| ()).is_err());
    drop(pool); // the worker is busy until the next line
    drop(closed);
    while Arc::strong_count(&ran) > 1 {
        thread::yield_now();
    }
    assert_eq!(ran.load(SeqCst), 1);
}

fn a_shutdown_that_gave_up_may_be_tried_again() {
    let ran = Arc::new(AtomicUsize::new(0));
    let (pool, closed) = busy_pool(1);
    pool.execute(adds_one(&ran)).unwrap();
    pool.shutdown_timeout(SOME_TIME).unwrap_err();
    drop(closed);
    let stopped = pool.shutdown_timeout(SOME_TIME);
    if stopped.is_err() {
        pool.shutdown();
    }
    assert_eq!((ran.load(SeqCst), pool.threads()), (1, 0));
}

fn a_shutdown_with_a_deadline_ends_when_the_threads_are_gone() {
    let pool = Arc::new(Pool::new(2, 2).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..2 {
        pool.execute(adds_one_for_the_thread(&ran)).unwrap();
    }
    let other = thread::spawn({
        let pool = Arc::clone(&pool);
        move || {
            // Whether its time is enough is not the question here.
            let _ = pool.shutdown_timeout(SOME_TIME);
        }
    });
    // For ever.
    pool.shutdown_timeout(std::time::Duration::MAX).unwrap();
    assert_eq!((ran.load(SeqCst), pool.threads()), (2, 0));
    assert_eq!(Arc::strong_count(&ran), 1, "a thread is still there");
    other.join().unwrap();
}

/// What a shutdown with a deadline says of a pool that has not stopped: if nothing runs and nothing
/// is queued, then the threads are on their way out.
fn where_nothing_is_left_of_a_pool_its_last_task_is_over() {
    let pool = Pool::new(1, 1).unwrap();
    let ran = Arc::new(AtomicUsize::new(0));
    pool.execute(adds_one(&ran)).unwrap();
    if let Err(unfinished) = pool.shutdown_timeout(SOME_TIME) {
        let left = unfinished.running + unfinished.queued;
        assert_eq!(left.max(ran.load(SeqCst)), 1, "{unfinished:?}");
    }
    pool.shutdown();
    assert_eq!(ran.load(SeqCst), 1);
}
