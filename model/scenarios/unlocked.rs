//! Laws 1, 5, 6 and 10, where a worker submits without the lock of the state: whoever sleeps,
//! leaves, closes the pool or counts at the same time sees the task, or is seen. A topic of v5.
//!
//! A task here often waits for one that it has submitted, and does not join it, so another worker
//! that is missing is a deadlock.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use model_schedule::models;
use pool::{Builder, Eager, Pool, Reason, Stats, Stealing, Task};

use crate::adding_up::{join, looks, two_wait};
use crate::common::{Gate, SOME_TIME, adds_one, chain};
use crate::one_state::{look, look_beside};

models![
    a_worker_submits_while_another_falls_asleep,
    a_worker_submits_while_another_ends_its_search,
    a_worker_submits_while_another_has_been_idle_for_too_long,
    a_worker_submits_while_another_is_one_too_many,
    one_too_many_submits_before_it_leaves,
    a_worker_submits_while_the_pool_is_closed,
    a_worker_submits_while_the_pool_is_cancelled,
    a_worker_submits_while_tasks_are_handed_back,
    whoever_waits_for_the_pool_waits_for_what_tasks_submit,
    whoever_waits_for_the_pool_is_released_beside_tombstones,
    counts_add_up_while_workers_submit_without_the_lock,
];

/// What is true of each look, where tasks run on top of others, or are cancelled outside.
pub(crate) fn look_beside_nested(stats: Stats) -> usize {
    look_beside(stats, stats.nested)
}

fn build(builder: Builder) -> Arc<Pool> {
    Arc::new(builder.queue_capacity(4).build().unwrap())
}

/// Workers that sleep until they are woken: none looks again because it has slept for some time.
fn sleepers(workers: usize) -> Builder {
    let pool = Pool::builder().threads(workers);
    pool.idle_timeout(Duration::MAX)
}

/// A task that submits another one, and waits until somebody else has run it.
fn needs_another(pool: &Arc<Pool>) -> impl FnOnce() + Send + 'static {
    let pool = Arc::clone(pool);
    move || {
        let (done, is_done) = Gate::new();
        pool.execute(move || drop(done)).unwrap();
        is_done.pass();
    }
}

/// The other one looks at the counts just before, or sees that the task has been counted.
fn a_worker_submits_while_another_falls_asleep() {
    for stealing in [Stealing::Half, Stealing::One] {
        let pool = build(sleepers(2).stealing(stealing));
        for _ in 0..2 {
            pool.execute(needs_another(&pool)).unwrap();
            pool.wait_idle();
        }
    }
}

/// It has found the first task, which waits for the second: that is for a third worker.
fn a_worker_submits_while_another_ends_its_search() {
    let pool = build(sleepers(3));
    let own = Arc::clone(&pool);
    let task = move || {
        let mut tasks = chain(3);
        let last = tasks.pop().unwrap();
        let first = tasks.remove(0);
        tasks
            .into_iter()
            .for_each(|task| own.execute(task).unwrap());
        own.execute(last).unwrap();
        drop(own);
        first.run();
    };
    pool.execute(task).unwrap();
    pool.wait_idle();
}

/// Nobody is started for the task while there are two. If the other one leaves all the same, the
/// task has to be seen by the one that starts workers.
fn a_worker_submits_while_another_has_been_idle_for_too_long() {
    for least in [0, 1] {
        let pool = Pool::builder().threads(least..=2).scaling(Eager);
        let pool = build(pool.idle_timeout(SOME_TIME));
        // For the first there may be only one.
        for _ in 0..2 {
            pool.execute(needs_another(&pool)).unwrap();
            pool.wait_idle();
        }
    }
}

/// Of three that are awake one has to leave, and not the last one that could run the task.
fn a_worker_submits_while_another_is_one_too_many() {
    let pool = build(sleepers(3));
    pool.execute(needs_another(&pool)).unwrap();
    pool.resize(2).unwrap();
    pool.wait_idle();
}

/// What is in its queue goes to another one, with all that it has counted.
fn one_too_many_submits_before_it_leaves() {
    for stealing in [Stealing::Half, Stealing::Off] {
        let pool = build(Pool::builder().threads(2).stealing(stealing));
        let ran = Arc::new(AtomicUsize::new(0));
        for _ in 0..2 {
            let (own, count) = (Arc::clone(&pool), Arc::clone(&ran));
            pool.execute(move || own.execute(adds_one(&count)).unwrap())
                .unwrap();
        }
        pool.resize(1).unwrap();
        pool.wait_idle();
        let stats = pool.stats();
        assert_eq!((ran.load(SeqCst), look(stats), stats.queued), (2, 4, 0));
        pool.shutdown();
    }
}

/// A task that submits two others, until one is refused. They count their runs.
fn submits_two(
    pool: &Arc<Pool>,
    ran: &Arc<AtomicUsize>,
    accepted: &Arc<AtomicUsize>,
    reason: Reason,
) -> impl FnOnce() + Send + 'static {
    let (pool, ran, accepted) = (Arc::clone(pool), Arc::clone(ran), Arc::clone(accepted));
    move || {
        for _ in 0..2 {
            match pool.execute(adds_one(&ran)) {
                Ok(()) => _ = accepted.fetch_add(1, SeqCst),
                Err(rejected) => assert_eq!(rejected.reason(), reason),
            }
        }
    }
}

/// What is accepted just after the close is run by the worker that has submitted it.
fn a_worker_submits_while_the_pool_is_closed() {
    for (workers, stealing) in [(1, Stealing::Half), (2, Stealing::Half), (2, Stealing::Off)] {
        let pool = build(Pool::builder().threads(workers).stealing(stealing));
        let [ran, accepted] = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
        let task = submits_two(&pool, &ran, &accepted, Reason::ShutDown);
        pool.execute(task).unwrap();
        pool.shutdown();
        let accepted = accepted.load(SeqCst);
        assert_eq!((ran.load(SeqCst), pool.threads()), (accepted, 0));
        assert_eq!(look(pool.stats()), 1 + accepted);
    }
}

fn a_worker_submits_while_the_pool_is_cancelled() {
    for stealing in [Stealing::Half, Stealing::Off] {
        let pool = build(Pool::builder().threads(2).stealing(stealing));
        let [ran, accepted] = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
        let task = submits_two(&pool, &ran, &accepted, Reason::Cancelled);
        let first = pool.spawn(task).unwrap();
        pool.cancel();
        pool.wait_idle();
        // The first task may be cancelled as well.
        let first = usize::from(first.join().is_ok());
        let stats = pool.stats();
        assert_eq!(look(stats), 1 + accepted.load(SeqCst));
        assert_eq!(stats.completed, first + ran.load(SeqCst));
        assert_eq!(stats.completed + stats.cancelled, stats.accepted);
        assert_eq!(Arc::strong_count(&ran), 1);
    }
}

/// The queues are emptied while it adds to one of them: each task is handed back, or is run.
fn a_worker_submits_while_tasks_are_handed_back() {
    for workers in [1, 2] {
        let pool = build(Pool::builder().threads(workers));
        let [ran, accepted] = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
        let task = submits_two(&pool, &ran, &accepted, Reason::ShutDown);
        let first = pool.spawn(task).unwrap();
        let waiter = thread::spawn({
            let pool = Arc::clone(&pool);
            move || pool.wait_idle()
        });
        let back = pool.shutdown_now();
        waiter.join().unwrap();
        pool.shutdown();
        let stats = pool.stats();
        assert_eq!((look(stats), stats.returned), (stats.accepted, back.len()));
        assert_eq!(stats.accepted, 1 + accepted.load(SeqCst));
        back.into_iter().for_each(Task::run);
        first.join().unwrap();
        // What the first task submits now, if it was handed back, is refused.
        assert_eq!(ran.load(SeqCst), accepted.load(SeqCst));
    }
}

/// At no time between the first task and the last is nothing left to do.
fn whoever_waits_for_the_pool_waits_for_what_tasks_submit() {
    for stealing in [Stealing::Half, Stealing::Off] {
        let pool = build(Pool::builder().threads(2).stealing(stealing));
        let ran = Arc::new(AtomicUsize::new(0));
        let (own, count) = (Arc::clone(&pool), Arc::clone(&ran));
        let task = move || {
            let (next, last) = (Arc::clone(&own), adds_one(&count));
            own.execute(move || next.execute(last).unwrap()).unwrap();
        };
        pool.execute(task).unwrap();
        let waiters = two_wait(&pool);
        pool.wait_idle();
        assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (1, 1));
        join(waiters);
    }
}

/// The worker that ends the last task has tombstones in its queue, in front of it and behind it.
fn whoever_waits_for_the_pool_is_released_beside_tombstones() {
    for stealing in [Stealing::Half, Stealing::Off] {
        let pool = build(Pool::builder().threads(2).stealing(stealing));
        let ran = Arc::new(AtomicUsize::new(0));
        let (own, count) = (Arc::clone(&pool), Arc::clone(&ran));
        let task = move || {
            let handles = [(); 3].map(|()| own.spawn(adds_one(&count)).unwrap());
            let [first, second, third] = handles;
            let cancelled = [second.cancel(), third.cancel()];
            // It may be taken out of the queue here, and the others stay.
            first.join().unwrap();
            cancelled.into_iter().filter(|cancelled| *cancelled).count()
        };
        let task = pool.spawn(task).unwrap();
        let waiters = two_wait(&pool);
        join(waiters);
        let cancelled = task.join().unwrap();
        assert_eq!(ran.load(SeqCst) + cancelled, 3);
        assert_eq!((look(pool.stats()), pool.queue_len()), (4, 0));
    }
}

/// Whoever reads the slots reads first what was taken, and then what was accepted.
fn counts_add_up_while_workers_submit_without_the_lock() {
    let pool = build(Pool::builder().threads(3));
    let ran = Arc::new(AtomicUsize::new(0));
    let observer = looks(&pool, look_beside_nested);
    for _ in 0..2 {
        let (own, count) = (Arc::clone(&pool), Arc::clone(&ran));
        let task = move || {
            own.execute(adds_one(&count)).unwrap();
            own.spawn(adds_one(&count)).unwrap().join().unwrap();
        };
        pool.execute(task).unwrap();
    }
    pool.resize(2).unwrap();
    pool.wait_idle();
    observer.join().unwrap();
    assert_eq!((ran.load(SeqCst), look(pool.stats())), (4, 6));
}
