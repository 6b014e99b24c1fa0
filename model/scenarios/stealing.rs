//! Laws 1 and 6, among thieves: whoever takes a task out of whose queue, it runs once, and none is
//! lost on the way.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;
use std::thread;

use model_schedule::{models, until_asleep};
use pool::{Pool, Stealing, Task};

use crate::common::{Closed, Gate, adds_one, panics};

models![
    a_task_that_two_thieves_want_runs_once,
    a_thief_may_be_robbed,
    two_thieves_may_share_a_queue,
    what_thieves_carry_is_run_by_a_pool_that_stops,
    what_thieves_carry_is_run_or_handed_back,
    nothing_is_queued_once_all_has_been_handed_back,
    what_thieves_carry_is_counted_as_queued,
    what_thieves_carry_stays_when_they_have_to_leave,
    a_panic_costs_no_task_that_was_stolen_with_it,
    without_stealing_each_task_stays_with_its_worker,
];

/// A pool with a worker that is robbed.
fn robbed_pool(
    workers: usize,
    stealing: Stealing,
    ran: &Arc<AtomicUsize>,
    tasks: usize,
) -> (Arc<Pool>, Closed) {
    let pool = Pool::builder().threads(workers).stealing(stealing);
    let pool = Arc::new(pool.build().unwrap());
    let closed = rob(&pool, ran, tasks);
    (pool, closed)
}

/// One of the workers submits a batch of so many tasks, each of which adds one, and is busy then
/// until what is returned is dropped. So the others run it.
fn rob(pool: &Arc<Pool>, ran: &Arc<AtomicUsize>, tasks: usize) -> Closed {
    let (closed, gate) = Gate::new();
    let (begin, begun) = Gate::new();
    let tasks: Vec<_> = (0..tasks).map(|_| adds_one(ran)).collect();
    let own = Arc::clone(pool);
    let task = move || {
        own.execute_batch(tasks).unwrap();
        drop(own);
        drop(begin);
        gate.pass();
    };
    pool.execute(task).unwrap();
    begun.pass();
    closed
}

/// What is true once the pool has stopped and everybody has let go of the tasks.
fn check(pool: &Pool, ran: &Arc<AtomicUsize>, tasks: usize) {
    assert_eq!((ran.load(SeqCst), Arc::strong_count(ran)), (tasks, 1));
    assert_eq!(pool.queue_len(), 0);
}

fn a_task_that_two_thieves_want_runs_once() {
    for stealing in [Stealing::One, Stealing::Half] {
        let ran = Arc::new(AtomicUsize::new(0));
        let (pool, closed) = robbed_pool(3, stealing, &ran, 1);
        while ran.load(SeqCst) < 1 {
            thread::yield_now();
        }
        drop(closed);
        pool.shutdown();
        check(&pool, &ran, 1);
        // Perhaps the first task was, too.
        assert!((1..=2).contains(&pool.stats().stolen));
    }
}

/// The second task of three is with the first thief, where the second thief may find it.
fn a_thief_may_be_robbed() {
    let ran = Arc::new(AtomicUsize::new(0));
    let (pool, closed) = robbed_pool(3, Stealing::Half, &ran, 4);
    while ran.load(SeqCst) < 4 {
        thread::yield_now();
    }
    drop(closed);
    pool.wait_idle();
    check(&pool, &ran, 4);
    let stats = pool.stats();
    assert!((4..=6).contains(&stats.stolen), "{stats:?}");
}

/// A pool has no more queues than it had use for when it was built.
fn two_thieves_may_share_a_queue() {
    let pool = Arc::new(Pool::new(1, 4).unwrap());
    pool.resize(3).unwrap();
    let ran = Arc::new(AtomicUsize::new(0));
    let closed = rob(&pool, &ran, 6);
    drop(closed);
    pool.wait_idle();
    check(&pool, &ran, 6);
}

fn what_thieves_carry_is_run_by_a_pool_that_stops() {
    let ran = Arc::new(AtomicUsize::new(0));
    let (pool, closed) = robbed_pool(3, Stealing::Half, &ran, 4);
    let other = thread::spawn({
        let pool = Arc::clone(&pool);
        move || pool.shutdown()
    });
    drop(closed);
    pool.shutdown();
    check(&pool, &ran, 4);
    other.join().unwrap();
}

fn what_thieves_carry_is_run_or_handed_back() {
    let ran = Arc::new(AtomicUsize::new(0));
    let (pool, closed) = robbed_pool(3, Stealing::Half, &ran, 4);
    let tasks = pool.shutdown_now();
    // What a thief has moved meanwhile has not come to light again.
    assert_eq!(pool.shutdown_now().len(), 0);
    let back = tasks.len();
    tasks.into_iter().for_each(Task::run);
    drop(closed);
    pool.shutdown();
    check(&pool, &ran, 4);
    let stats = pool.stats();
    assert_eq!((stats.completed, stats.returned), (5 - back, back));
}

/// A task on its way from a queue to a worker is counted where it goes.
fn nothing_is_queued_once_all_has_been_handed_back() {
    let pool = Pool::new(1, 1).unwrap();
    pool.execute(|| ()).unwrap();
    let back = pool.shutdown_now().len();
    let stats = pool.stats();
    assert_eq!((stats.queued, stats.returned), (0, back));
}

/// What is in nobody's queue takes a place all the same. One runs, and one has been taken by the
/// thief.
fn what_thieves_carry_is_counted_as_queued() {
    let pool = Pool::builder().threads(2).queue_capacity(3);
    let pool = Arc::new(pool.build().unwrap());
    let (closed, gate) = Gate::new();
    let accepted = (0..8).filter(|_| {
        let gate = gate.clone();
        let accepted = pool.try_execute(move || gate.pass());
        assert!(pool.queue_len() <= 3);
        accepted.is_ok()
    });
    assert!(accepted.count() <= 5, "two run, three are queued");
    drop(closed);
    pool.wait_idle();
}

/// They are two too many when they look up, and what they have stolen is for the one who is left.
fn what_thieves_carry_stays_when_they_have_to_leave() {
    let ran = Arc::new(AtomicUsize::new(0));
    let (pool, closed) = robbed_pool(3, Stealing::Half, &ran, 4);
    pool.resize(1).unwrap();
    drop(closed);
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 4);
    pool.shutdown();
    check(&pool, &ran, 4);
}

fn a_panic_costs_no_task_that_was_stolen_with_it() {
    let pool = Arc::new(Pool::new(2, 4).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let own = Arc::clone(&pool);
    let mut tasks = vec![Task::from(panics)];
    tasks.extend([(); 2].map(|()| Task::from(adds_one(&ran))));
    let task = move || {
        own.execute_batch(tasks).unwrap();
        panics();
    };
    pool.execute(task).unwrap();
    pool.wait_idle();
    check(&pool, &ran, 2);
    let stats = pool.stats();
    assert_eq!((stats.completed, stats.panicked, stats.live), (2, 2, 2));
}

/// It waits there for its worker, although the other one has nothing to do.
fn without_stealing_each_task_stays_with_its_worker() {
    let ran = Arc::new(AtomicUsize::new(0));
    let (pool, closed) = robbed_pool(2, Stealing::Off, &ran, 2);
    until_asleep(2); // one of them in its task
    assert_eq!((ran.load(SeqCst), pool.queue_len()), (0, 2));
    drop(closed);
    pool.wait_idle();
    check(&pool, &ran, 2);
    assert_eq!(pool.stats().stolen, 0);
}
