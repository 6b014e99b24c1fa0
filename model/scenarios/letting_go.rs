//! What becomes of a task whose handle is dropped: a chain of handles that cancel, and results
//! whose own drop panics. A topic of v5.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;
use std::thread;

use model_schedule::models;
use pool::{JoinHandle, Pool, Task};

use crate::common::{adds_one, panics};
use crate::one_state::look;

models![
    a_chain_of_handles_that_cancel_leaves_no_task_behind,
    two_chains_are_dropped_at_once_and_one_on_a_worker,
    a_result_whose_drop_panics_is_told_to_the_handler_once,
    a_result_whose_drop_panics_in_a_pool_that_is_dropped_reaches_nobody,
    a_result_that_is_cancelled_or_panics_when_it_is_dropped_has_one_end,
];

/// Tasks of which each holds the handle of the next, and cancels it when it is dropped. They are
/// submitted, the last one first; the handle is that of the first.
fn handles_that_cancel(pool: &Pool, ran: &Arc<AtomicUsize>, tasks: usize) -> JoinHandle<()> {
    let mut first = pool.spawn(adds_one(ran)).unwrap().cancel_on_drop();
    for _ in 1..tasks {
        let (runs, next) = (adds_one(ran), first);
        let task = move || {
            runs();
            drop(next);
        };
        first = pool.spawn(task).unwrap().cancel_on_drop();
    }
    first
}

/// What is true once nothing is left to do.
fn check(pool: &Pool, ran: &Arc<AtomicUsize>, accepted: usize) {
    pool.wait_idle();
    let stats = pool.stats();
    assert_eq!((look(stats), stats.completed), (accepted, ran.load(SeqCst)));
    assert_eq!(
        (stats.completed + stats.cancelled, stats.accepted),
        (accepted, accepted)
    );
    assert_eq!((Arc::strong_count(ran), pool.queue_len()), (1, 0));
}

/// The outermost drop ends them one after another, while a worker takes them from the other end.
fn a_chain_of_handles_that_cancel_leaves_no_task_behind() {
    for capacity in [1, 3] {
        let pool = Pool::new(1, capacity).unwrap();
        let ran = Arc::new(AtomicUsize::new(0));
        drop(handles_that_cancel(&pool, &ran, 3));
        check(&pool, &ran, 3);
    }
}

/// Each thread has a list of its own of what is left to be ended.
fn two_chains_are_dropped_at_once_and_one_on_a_worker() {
    let pool = Arc::new(Pool::new(1, 4).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let [first, second] = [(); 2].map(|()| handles_that_cancel(&pool, &ran, 2));
    let other = thread::spawn(move || drop(second));
    pool.execute(move || drop(first)).unwrap();
    other.join().unwrap();
    pool.wait_idle();
    let stats = pool.stats();
    assert_eq!((look(stats), stats.completed), (5, 1 + ran.load(SeqCst)));
    assert_eq!(Arc::strong_count(&ran), 1);
}

/// A result that panics when it is dropped.
struct Panics(Arc<AtomicUsize>);

impl Drop for Panics {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
        panics();
    }
}

/// A pool that counts what its handler is told, and a task that returns such a result.
fn pool_and_task() -> (Pool, [Arc<AtomicUsize>; 2], Task, JoinHandle<Panics>) {
    let [told, dropped] = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
    let (count, counted) = (Arc::clone(&told), Arc::clone(&dropped));
    let pool = Pool::builder().threads(1).panic_handler(move |_| {
        count.fetch_add(1, SeqCst);
    });
    let (task, handle) = Task::with_handle(move || Panics(counted));
    (pool.build().unwrap(), [told, dropped], task, handle)
}

/// By the worker if the handle is gone when the task ends, and otherwise by whoever drops it.
fn a_result_whose_drop_panics_is_told_to_the_handler_once() {
    let (pool, [told, dropped], task, handle) = pool_and_task();
    let owner = thread::spawn(move || drop(handle));
    pool.execute(task).unwrap();
    owner.join().unwrap();
    pool.wait_idle();
    assert_eq!((told.load(SeqCst), dropped.load(SeqCst)), (1, 1));
    let stats = pool.stats();
    assert_eq!((look(stats), stats.completed, stats.live), (1, 1, 1));
}

/// Perhaps to the handler, if the pool is still there.
fn a_result_whose_drop_panics_in_a_pool_that_is_dropped_reaches_nobody() {
    let (pool, [told, dropped], task, handle) = pool_and_task();
    pool.execute(task).unwrap();
    let owner = thread::spawn(move || drop(handle));
    drop(pool);
    owner.join().unwrap();
    assert_eq!(dropped.load(SeqCst), 1);
    assert!(told.load(SeqCst) <= 1);
    // The pool is gone, and with it the handler.
    assert_eq!(Arc::strong_count(&told), 1);
}

/// Whoever cancels it comes in time, and then there is no result.
fn a_result_that_is_cancelled_or_panics_when_it_is_dropped_has_one_end() {
    let (pool, [told, dropped], task, handle) = pool_and_task();
    pool.execute(task).unwrap();
    drop(handle.cancel_on_drop());
    pool.wait_idle();
    let stats = pool.stats();
    assert_eq!(
        (told.load(SeqCst), dropped.load(SeqCst)),
        (stats.completed, stats.completed)
    );
    assert_eq!((look(stats), stats.completed + stats.cancelled), (1, 1));
}
