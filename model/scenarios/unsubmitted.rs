//! Law 11, where a task is joined before any pool has accepted it: that is an error, and the task
//! can be submitted all the same. A topic of v5.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;
use std::thread;

use model_schedule::models;
use pool::{Pool, Task};

use crate::common::{adds_one, panics};
use crate::one_state::look;

models![
    a_task_that_is_joined_while_it_is_submitted_runs,
    a_task_that_is_joined_on_a_worker_while_it_is_submitted_runs_once,
    a_task_that_is_joined_while_it_is_refused_resolves_its_handle,
    a_panic_that_is_joined_while_it_is_submitted_is_told_once,
];

/// The joiner gets the result, or comes too early. Then the result is dropped, once.
fn a_task_that_is_joined_while_it_is_submitted_runs() {
    let (pool, ran) = (Pool::new(1, 1).unwrap(), Arc::new(AtomicUsize::new(0)));
    let (runs, result) = (adds_one(&ran), Arc::clone(&ran));
    let (task, handle) = Task::with_handle(move || {
        runs();
        result
    });
    let joiner = thread::spawn(move || match handle.join() {
        Ok(result) => drop(result),
        Err(error) => assert!(error.is_not_submitted()),
    });
    pool.execute(task).unwrap();
    joiner.join().unwrap();
    pool.wait_idle();
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (1, 1));
    assert_eq!(look(pool.stats()), 1);
}

/// If it has been submitted, the joiner may run it.
fn a_task_that_is_joined_on_a_worker_while_it_is_submitted_runs_once() {
    let (pool, ran) = (Pool::new(2, 1).unwrap(), Arc::new(AtomicUsize::new(0)));
    let (task, handle) = Task::with_handle(adds_one(&ran));
    let joiner = pool.spawn(move || handle.join().err()).unwrap();
    pool.execute(task).unwrap();
    let error = joiner.join().unwrap();
    assert!(error.is_none_or(|error| error.is_not_submitted()));
    pool.wait_idle();
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (1, 1));
    assert_eq!(look(pool.stats()), 2);
}

/// It comes back, and is dropped.
fn a_task_that_is_joined_while_it_is_refused_resolves_its_handle() {
    let (pool, ran) = (Pool::new(1, 1).unwrap(), Arc::new(AtomicUsize::new(0)));
    let (task, handle) = Task::with_handle(adds_one(&ran));
    let joiner = thread::spawn(move || handle.join().unwrap_err());
    pool.shutdown();
    drop(pool.execute(task).unwrap_err());
    let error = joiner.join().unwrap();
    assert!(error.is_not_submitted() || error.is_abandoned());
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (0, 1));
}

/// To the joiner, or to the handler of the pool that has run it.
fn a_panic_that_is_joined_while_it_is_submitted_is_told_once() {
    let told = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&told);
    let pool = Pool::builder().threads(1).panic_handler(move |_| {
        count.fetch_add(1, SeqCst);
    });
    let pool = pool.build().unwrap();
    let (task, handle) = Task::with_handle(panics);
    let joiner = thread::spawn(move || usize::from(handle.join().unwrap_err().is_panic()));
    pool.execute(task).unwrap();
    let to_joiner = joiner.join().unwrap();
    pool.wait_idle();
    assert_eq!(
        (told.load(SeqCst) + to_joiner, pool.stats().panicked),
        (1, 1)
    );
}
