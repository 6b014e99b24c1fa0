//! Law 5: done means done, and everybody who waits for it is told.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use model_schedule::{asleep, models, until_asleep};
use pool::{Group, Pool, Reason};

use crate::common::{Gate, adds_one, busy_pool};

models![
    whoever_waits_for_the_pool_finds_the_tasks_done_and_dropped,
    whoever_waits_for_a_group_finds_its_tasks_done_and_dropped,
    what_a_task_of_a_group_submits_to_it_is_waited_for,
    a_wait_is_not_ended_by_a_later_task_that_is_over_first,
    all_who_wait_for_the_pool_are_released_by_a_rest_that_is_over_at_once,
    all_who_wait_for_a_group_are_released_by_a_rest_that_is_over_at_once,
    a_wait_for_nothing_returns,
    a_task_that_finds_no_place_keeps_nobody_waiting,
];

/// So many threads that do the same.
fn threads<const N: usize>(work: impl Fn() + Clone + Send + 'static) -> [JoinHandle<()>; N] {
    [(); N].map(|()| thread::spawn(work.clone()))
}

fn join<const N: usize>(threads: [JoinHandle<()>; N]) {
    for thread in threads {
        thread.join().unwrap();
    }
}

fn whoever_waits_for_the_pool_finds_the_tasks_done_and_dropped() {
    let pool = Arc::new(Pool::new(2, 2).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..2 {
        pool.execute(adds_one(&ran)).unwrap();
    }
    join::<2>(threads({
        let (pool, ran) = (Arc::clone(&pool), Arc::downgrade(&ran));
        move || {
            pool.wait_idle();
            assert_eq!(ran.strong_count(), 1, "a task still holds what it captured");
        }
    }));
    assert_eq!(ran.load(SeqCst), 2);
}

fn whoever_waits_for_a_group_finds_its_tasks_done_and_dropped() {
    let pool = Pool::new(2, 2).unwrap();
    let group = Arc::new(pool.group());
    let ran = Arc::new(AtomicUsize::new(0));
    let (closed, gate) = Gate::new();
    pool.execute(move || gate.pass()).unwrap(); // none of the group's
    for _ in 0..2 {
        group.execute(adds_one(&ran)).unwrap();
    }
    join::<2>(threads({
        let (group, ran) = (Arc::clone(&group), Arc::downgrade(&ran));
        move || {
            group.wait();
            assert_eq!(ran.strong_count(), 1, "a task still holds what it captured");
        }
    }));
    assert_eq!(ran.load(SeqCst), 2);
    drop(closed);
}

fn what_a_task_of_a_group_submits_to_it_is_waited_for() {
    let pool = Pool::new(2, 2).unwrap();
    let group = Arc::new(pool.group());
    let ran = Arc::new(AtomicUsize::new(0));
    let task = {
        let (group, ran) = (Arc::clone(&group), Arc::clone(&ran));
        move || {
            group.execute(adds_one(&ran)).unwrap();
            ran.fetch_add(1, SeqCst);
        }
    };
    group.execute(task).unwrap();
    group.wait();
    assert_eq!(ran.load(SeqCst), 2);
}

fn a_wait_is_not_ended_by_a_later_task_that_is_over_first() {
    let pool = Arc::new(Pool::new(2, 1).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let (closed, gate) = Gate::new();
    let first = adds_one(&ran);
    let task = move || {
        gate.pass();
        first();
    };
    pool.execute(task).unwrap();
    let waiter = thread::spawn({
        let (pool, ran) = (Arc::clone(&pool), Arc::clone(&ran));
        move || {
            pool.wait_idle();
            assert_eq!(ran.load(SeqCst), 1, "the first task still runs");
        }
    });
    let (done, over) = Gate::new();
    pool.execute(move || drop(done)).unwrap();
    over.pass();
    // Both workers and the waiter sleep now, if nothing is wrong.
    while asleep() < 3 && !waiter.is_finished() {
        thread::yield_now();
    }
    drop(closed);
    waiter.join().unwrap();
}

/// The second task ends only when all who wait have returned, so they must not wait for it.
fn all_who_wait_for_the_pool_are_released_by_a_rest_that_is_over_at_once() {
    let (pool, closed) = busy_pool(1);
    let waiters = threads::<2>({
        let pool = Arc::clone(&pool);
        move || pool.wait_idle()
    });
    until_asleep(3); // the worker, too
    drop(closed);
    pool.wait_idle();
    let (closed, gate) = Gate::new();
    pool.execute(move || gate.pass()).unwrap();
    join(waiters);
    drop(closed);
}

fn all_who_wait_for_a_group_are_released_by_a_rest_that_is_over_at_once() {
    let pool = Pool::new(1, 1).unwrap();
    let group = Arc::new(pool.group());
    let (closed, gate) = Gate::new();
    group.execute(move || gate.pass()).unwrap();
    let waiters = threads::<2>({
        let group = Arc::clone(&group);
        move || {
            group.wait();
        }
    });
    until_asleep(3); // the worker, too
    drop(closed);
    group.wait();
    let (closed, gate) = Gate::new();
    group.execute(move || gate.pass()).unwrap();
    join(waiters);
    drop(closed);
}

fn a_wait_for_nothing_returns() {
    let pool = Arc::new(Pool::new(1, 1).unwrap());
    let group: Group = pool.group();
    let waiters = threads::<2>({
        let pool = Arc::clone(&pool);
        move || pool.wait_idle()
    });
    group.wait();
    join(waiters);
}

/// A task is counted before it is known whether there is a place for it.
/// Whether it counts while its submitter waits is not the question here. Once it is refused, it
/// counts no more.
fn a_task_that_finds_no_place_keeps_nobody_waiting() {
    let (pool, closed) = busy_pool(1);
    pool.execute(|| ()).unwrap();
    let group = Arc::new(pool.group());
    let submitter = thread::spawn({
        let group = Arc::clone(&group);
        move || group.execute(|| ()).unwrap_err().reason()
    });
    let stopper = thread::spawn({
        let pool = Arc::clone(&pool);
        move || pool.shutdown()
    });
    // No place comes free until this has returned.
    group.wait();
    assert_eq!(submitter.join().unwrap(), Reason::ShutDown);
    group.wait();
    drop(closed);
    stopper.join().unwrap();
}
