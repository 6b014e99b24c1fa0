//! Law 10, where at most one worker searches: a submitter wakes nobody then, and the one that
//! searches wakes the next. So whatever becomes of it, the next one has to be woken.
//!
//! Tasks here wait for others, so a worker that is not woken is a deadlock. A topic of v4.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use model_schedule::{models, until_asleep};
use pool::{Builder, Eager, OnDemand, Pool, Reaper, Stealing, Task};

use crate::common::{Closed, Gate, SOME_TIME, adds_one, chain};

models![
    a_search_is_over_before_its_task_runs,
    a_search_is_over_before_a_stolen_task_runs,
    two_submitters_rely_on_one_search,
    a_batch_and_a_task_rely_on_one_search,
    a_task_submits_while_another_worker_searches,
    a_search_goes_on_in_a_pool_that_stops,
    a_worker_leaves_while_another_one_searches,
    those_that_sleep_are_retired_while_one_searches,
    a_tick_retires_nobody_that_a_search_would_wake,
    one_too_many_may_be_the_one_that_searches,
    what_one_too_many_leaves_behind_is_found,
    a_search_sees_the_queue_of_a_new_worker,
];

fn build(builder: Builder) -> Arc<Pool> {
    Arc::new(builder.queue_capacity(4).build().unwrap())
}

fn submit(pool: &Pool, tasks: Vec<Task>) {
    for task in tasks {
        pool.execute(task).unwrap();
    }
}

/// Another thread that submits a chain of two.
fn submits(pool: &Arc<Pool>) -> thread::JoinHandle<()> {
    let pool = Arc::clone(pool);
    thread::spawn(move || submit(&pool, chain(2)))
}

/// A task that says when it has begun, and then waits.
fn waits(gate: Gate) -> (Task, Gate) {
    let (begin, begun) = Gate::new();
    let task = move || {
        drop(begin);
        gate.pass();
    };
    (Task::from(task), begun)
}

fn opens(gate: Closed) -> Task {
    Task::from(move || drop(gate))
}

/// It finds the task in its own queue, and the next submitter has to wake another one.
fn a_search_is_over_before_its_task_runs() {
    let pool = build(Pool::builder().threads(2));
    until_asleep(2);
    let (closed, gate) = Gate::new();
    let (task, begun) = waits(gate);
    pool.execute(task).unwrap();
    begun.pass();
    pool.execute(opens(closed)).unwrap();
    pool.wait_idle();
}

/// The first worker is busy with the task that has submitted another one, which the second worker
/// steals. A third one is needed.
fn a_search_is_over_before_a_stolen_task_runs() {
    for stealing in [Stealing::One, Stealing::Half] {
        let pool = build(Pool::builder().threads(3).stealing(stealing));
        until_asleep(3);
        let (closed, gate) = Gate::new();
        let (stolen, begun) = waits(gate.clone());
        let own = Arc::clone(&pool);
        let task = move || {
            own.execute(stolen).unwrap();
            drop(own);
            gate.pass();
        };
        pool.execute(task).unwrap();
        begun.pass();
        pool.execute(opens(closed)).unwrap();
        pool.wait_idle();
    }
}

/// Two tasks wait at the most, and there are three workers.
fn two_submitters_rely_on_one_search() {
    let pool = build(Pool::builder().threads(3));
    let other = submits(&pool);
    submit(&pool, chain(2));
    other.join().unwrap();
    pool.wait_idle();
}

fn a_batch_and_a_task_rely_on_one_search() {
    for own in [false, true] {
        let pool = build(Pool::builder().threads(3));
        until_asleep(3);
        let ran = Arc::new(AtomicUsize::new(0));
        if own {
            let pool_of_task = Arc::clone(&pool);
            let batch = move || assert_eq!(pool_of_task.execute_batch(chain(2)).unwrap(), 2);
            pool.execute(batch).unwrap();
        } else {
            pool.execute_batch(chain(2)).unwrap();
        }
        pool.execute(adds_one(&ran)).unwrap();
        pool.wait_idle();
        assert_eq!(ran.load(SeqCst), 1);
    }
}

/// What it submits is in its own queue, and it waits for that. So does the first task of another
/// submitter wait for the second.
fn a_task_submits_while_another_worker_searches() {
    let pool = build(Pool::builder().threads(3));
    let other = submits(&pool);
    let own = Arc::clone(&pool);
    let task = move || {
        let (done, is_done) = Gate::new();
        own.execute(opens(done)).unwrap();
        drop(own);
        is_done.pass();
    };
    pool.execute(task).unwrap();
    other.join().unwrap();
    pool.wait_idle();
}

/// Nobody leaves as long as a task is queued that the one that searches may not come to. Both
/// workers are awake when the tasks come, and one of them searches.
fn a_search_goes_on_in_a_pool_that_stops() {
    for batch in [true, true, true, true, false] {
        let pool = build(Pool::builder().threads(2));
        if batch {
            pool.execute_batch(chain(2)).unwrap();
        } else {
            submit(&pool, chain(2));
        }
        pool.shutdown();
        assert_eq!(pool.stats().completed, 2);
    }
}

/// The one that searches will be busy, and then the other one is missing. No other is started, for
/// there were two when the second task came. And this policy would let one of them go.
fn a_worker_leaves_while_another_one_searches() {
    for least in [0, 1] {
        let pool = Pool::builder().threads(least..=2).scaling(Eager);
        let pool = build(pool.idle_timeout(SOME_TIME));
        for _ in 0..3 {
            submit(&pool, chain(2));
            pool.wait_idle();
        }
    }
}

/// Two of three are enough for the tasks.
fn those_that_sleep_are_retired_while_one_searches() {
    let pool = build(Pool::builder().threads(3).idle_timeout(Duration::MAX));
    until_asleep(3);
    let resizer = thread::spawn({
        let pool = Arc::clone(&pool);
        move || pool.resize(2).unwrap()
    });
    submit(&pool, chain(2));
    resizer.join().unwrap();
    pool.wait_idle();
    assert_eq!(pool.limits(), 2..=2);
}

/// One has been woken, and would wake the other one. Nothing is submitted later.
fn a_tick_retires_nobody_that_a_search_would_wake() {
    let policy = (OnDemand, Reaper::every(Duration::ZERO));
    let pool = build(Pool::builder().threads(0..=2).scaling(policy));
    for _ in 0..3 {
        submit(&pool, chain(2));
        pool.wait_idle();
    }
}

/// It leaves without a task, and those that stay have to come to what it would have found.
fn one_too_many_may_be_the_one_that_searches() {
    let pool = build(Pool::builder().threads(3));
    let (closed, gate) = Gate::new();
    let (task, begun) = waits(gate);
    pool.execute(task).unwrap();
    begun.pass();
    let resizer = thread::spawn({
        let pool = Arc::clone(&pool);
        move || pool.resize(2).unwrap()
    });
    let ran = Arc::new(AtomicUsize::new(0));
    pool.execute(adds_one(&ran)).unwrap();
    pool.execute(opens(closed)).unwrap();
    resizer.join().unwrap();
    pool.wait_idle();
    submit(&pool, chain(2));
    pool.wait_idle();
    assert_eq!((ran.load(SeqCst), pool.threads()), (1, 2));
}

/// A task fills the queue of its own worker, which has to leave then. One of those tasks waits for
/// another one.
fn what_one_too_many_leaves_behind_is_found() {
    for stealing in [Stealing::One, Stealing::Half] {
        let pool = build(Pool::builder().threads(3).stealing(stealing));
        let ran = Arc::new(AtomicUsize::new(0));
        let (own, count) = (Arc::clone(&pool), Arc::clone(&ran));
        let task = move || {
            submit(&own, chain(2));
            own.execute(adds_one(&count)).unwrap();
        };
        pool.execute(task).unwrap();
        pool.resize(2).unwrap();
        pool.wait_idle();
        assert_eq!((ran.load(SeqCst), pool.queue_len()), (1, 0));
        assert_eq!(pool.stats().completed, 4);
    }
}

/// Those that were there before know nothing of that queue, and the new worker is busy with the
/// task that fills it.
fn a_search_sees_the_queue_of_a_new_worker() {
    let pool = build(Pool::builder().threads(1).idle_timeout(Duration::MAX));
    let (closed, gate) = Gate::new();
    let (task, begun) = waits(gate);
    pool.execute(task).unwrap();
    begun.pass();
    pool.resize(2).unwrap();
    let own = Arc::clone(&pool);
    let task = move || {
        let (done, is_done) = Gate::new();
        own.execute(opens(done)).unwrap();
        drop((own, closed));
        is_done.pass();
    };
    pool.execute(task).unwrap();
    pool.wait_idle();
}
