//! What holds where each worker counts for itself, and only those that want to know add it up: a
//! thread that waits for the last end is released by it, and each look finds counts that add up. A
//! topic of v4.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use model_schedule::models;
use pool::{Pool, Stats, Task};

use crate::common::{SOME_TIME, adds_one, panics};
use crate::one_state::look;

models![
    a_wait_that_begins_with_the_last_end_returns,
    the_last_end_is_seen_although_a_thief_has_taken_what_was_queued,
    those_that_wait_are_released_by_a_pool_that_hands_back,
    counts_add_up_while_workers_steal,
    counts_add_up_while_workers_leave_and_tasks_are_handed_back,
];

/// Two threads that wait until nothing is left to do.
pub(crate) fn two_wait(pool: &Arc<Pool>) -> [JoinHandle<()>; 2] {
    [(); 2].map(|()| {
        let pool = Arc::clone(pool);
        thread::spawn(move || pool.wait_idle())
    })
}

pub(crate) fn join<const N: usize>(threads: [JoinHandle<()>; N]) {
    for thread in threads {
        thread.join().unwrap();
    }
}

/// Each of two workers ends a task, and sees that the other one has not.
fn a_wait_that_begins_with_the_last_end_returns() {
    let pool = Arc::new(Pool::new(2, 2).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..2 {
        pool.execute(adds_one(&ran)).unwrap();
    }
    let waiters = two_wait(&pool);
    pool.wait_idle();
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (2, 1));
    join(waiters);
}

/// The worker that ends the last task has seen another one in its queue, which is somewhere else by
/// then.
fn the_last_end_is_seen_although_a_thief_has_taken_what_was_queued() {
    let pool = Arc::new(Pool::new(2, 2).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let (own, count) = (Arc::clone(&pool), Arc::clone(&ran));
    let task = move || {
        for _ in 0..2 {
            own.execute(adds_one(&count)).unwrap();
        }
    };
    pool.execute(task).unwrap();
    let waiters = two_wait(&pool);
    join(waiters);
    assert_eq!(ran.load(SeqCst), 2);
}

/// The last task that runs may end before the queued ones are handed back, and nothing ends later.
fn those_that_wait_are_released_by_a_pool_that_hands_back() {
    let pool = Arc::new(Pool::new(1, 4).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..3 {
        pool.execute(adds_one(&ran)).unwrap();
    }
    let waiters = two_wait(&pool);
    let back = pool.shutdown_now();
    join(waiters);
    assert_eq!(ran.load(SeqCst) + back.len(), 3);
    back.into_iter().for_each(Task::run);
}

/// Another thread that looks a few times. Ends are never taken back, and nor is what was stolen.
pub(crate) fn looks(pool: &Arc<Pool>, look: fn(Stats) -> usize) -> JoinHandle<()> {
    let pool = Arc::clone(pool);
    thread::spawn(move || {
        let mut before = (0, 0, 0);
        for _ in 0..5 {
            let stats = pool.stats();
            let now = (look(stats), stats.accepted, stats.stolen);
            let grown = now.0 >= before.0 && now.1 >= before.1 && now.2 >= before.2;
            assert!(grown, "{before:?}, and then {now:?}");
            before = now;
        }
    })
}

fn counts_add_up_while_workers_steal() {
    let pool = Arc::new(Pool::new(3, 4).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let observer = looks(&pool, look);
    let (own, count) = (Arc::clone(&pool), Arc::clone(&ran));
    let task = move || {
        let batch = [(); 4].map(|()| adds_one(&count));
        own.execute_batch(batch).unwrap();
    };
    pool.execute(task).unwrap();
    pool.execute(panics).unwrap();
    pool.wait_idle();
    observer.join().unwrap();
    let stats = pool.stats();
    assert_eq!((look(stats), stats.panicked), (6, 1));
    assert_eq!(ran.load(SeqCst), 4);
}

fn counts_add_up_while_workers_leave_and_tasks_are_handed_back() {
    let pool = Pool::builder().threads(0..=2).queue_capacity(4);
    let pool = Arc::new(pool.idle_timeout(SOME_TIME).build().unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let observer = looks(&pool, look);
    for _ in 0..2 {
        pool.execute(adds_one(&ran)).unwrap();
    }
    pool.resize(0..=1).unwrap();
    for _ in 0..2 {
        pool.execute(adds_one(&ran)).unwrap();
    }
    let back = pool.shutdown_now().len();
    observer.join().unwrap();
    pool.shutdown();
    let stats = pool.stats();
    assert_eq!((look(stats), stats.returned, stats.live), (4, back, 0));
    assert_eq!(ran.load(SeqCst) + back, 4);
}
