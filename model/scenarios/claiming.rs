//! Laws 1, 5 and 8, where a thread that is no worker claims a task to cancel it: whenever that
//! comes, the task is counted once, by whoever claimed it. A topic of v5.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;
use std::thread::{self, JoinHandle as Thread};

use model_schedule::models;
use pool::{JoinHandle, Pool, Task};

use crate::adding_up::{looks, two_wait};
use crate::common::adds_one;
use crate::one_state::look;
use crate::unlocked::look_beside_nested;

models![
    a_task_is_cancelled_while_a_worker_submits_it,
    a_task_is_cancelled_while_a_thread_outside_submits_it,
    whoever_waits_for_the_pool_finds_what_was_cancelled_outside_dropped,
    two_are_cancelled_outside_while_one_who_waits_looks,
];

/// Another thread that cancels a task. Was it in time?
fn cancels<T: Send + 'static>(handle: JoinHandle<T>) -> Thread<usize> {
    thread::spawn(move || {
        let in_time = handle.cancel();
        assert_eq!(
            handle.join().is_err_and(|error| error.is_cancelled()),
            in_time
        );
        usize::from(in_time)
    })
}

/// Between the two locks that the worker takes, of its queue and of the task, or after both.
fn a_task_is_cancelled_while_a_worker_submits_it() {
    let pool = Arc::new(Pool::new(2, 2).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let observer = looks(&pool, look_beside_nested);
    let (task, handle) = Task::with_handle(adds_one(&ran));
    let own = Arc::clone(&pool);
    pool.execute(move || own.execute(task).unwrap()).unwrap();
    let cancelled = cancels(handle).join().unwrap();
    pool.wait_idle();
    observer.join().unwrap();
    let stats = pool.stats();
    assert_eq!((look(stats), stats.cancelled), (2, cancelled));
    assert_eq!(
        (ran.load(SeqCst) + cancelled, Arc::strong_count(&ran)),
        (1, 1)
    );
}

/// Between its acceptance, which is counted, and the moment at which it is in a queue.
fn a_task_is_cancelled_while_a_thread_outside_submits_it() {
    let pool = Arc::new(Pool::new(1, 1).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let observer = looks(&pool, look_beside_nested);
    let (task, handle) = Task::with_handle(adds_one(&ran));
    let canceller = cancels(handle);
    pool.execute(task).unwrap();
    pool.execute(adds_one(&ran)).unwrap();
    let cancelled = canceller.join().unwrap();
    pool.wait_idle();
    observer.join().unwrap();
    let stats = pool.stats();
    assert_eq!((look(stats), stats.cancelled), (2, cancelled));
    assert_eq!(
        (ran.load(SeqCst) + cancelled, Arc::strong_count(&ran)),
        (2, 1)
    );
}

/// Nobody but the one who cancels can release those that wait: the worker has nothing to do.
fn whoever_waits_for_the_pool_finds_what_was_cancelled_outside_dropped() {
    let pool = Pool::new(1, 2).unwrap();
    let ran = Arc::new(AtomicUsize::new(0));
    let handles = [(); 2].map(|()| pool.spawn(adds_one(&ran)).unwrap());
    let cancellers = handles.map(cancels);
    pool.wait_idle();
    assert_eq!(Arc::strong_count(&ran), 1, "a closure is not dropped yet");
    let cancelled = cancellers.map(|canceller| canceller.join().unwrap());
    let stats = pool.stats();
    assert_eq!((look(stats), stats.cancelled), (2, cancelled.iter().sum()));
}

/// All that a worker has taken has ended, and what others have claimed has not.
fn two_are_cancelled_outside_while_one_who_waits_looks() {
    let pool = Arc::new(Pool::new(2, 2).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let handle = pool.spawn(adds_one(&ran)).unwrap();
    let other = pool.spawn(adds_one(&ran)).unwrap();
    let canceller = cancels(handle);
    let waiters = two_wait(&pool);
    let own = usize::from(other.cancel());
    for waiter in waiters {
        waiter.join().unwrap();
    }
    let cancelled = own + canceller.join().unwrap();
    let stats = pool.stats();
    assert_eq!((look(stats), stats.cancelled), (2, cancelled));
    assert_eq!(
        (ran.load(SeqCst) + cancelled, Arc::strong_count(&ran)),
        (2, 1)
    );
}
