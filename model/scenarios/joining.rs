//! Claim-on-join: a worker that joins a task which has not begun runs it, and nobody else does. The
//! place of the task is free from then on, and whoever counts the tasks counts it once.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::cell::Cell;
use std::sync::Arc;

use crossbeam_channel::bounded;
use model_schedule::models;
use pool::{Builder, CancelToken, Lazy, Pool, Stats, Stealing, Task};

use crate::common::{Gate, SOME_TIME, adds_one};

models![
    a_task_that_is_joined_on_a_worker_runs_once,
    a_fork_and_a_join_of_depth_two_need_one_worker_and_one_place,
    a_task_that_is_joined_leaves_its_place_to_a_submitter,
    a_task_that_is_joined_on_a_worker_may_be_given_to_a_new_one,
    a_task_that_is_joined_without_stealing_runs_once,
    a_task_that_is_joined_runs_or_is_cancelled_by_its_token,
    a_task_whose_token_is_cancelled_before_it_is_joined_does_not_run,
    a_task_that_is_joined_runs_or_is_handed_back,
    a_joiner_runs_what_has_been_handed_back_and_lies_about,
    whoever_waits_for_a_group_hears_of_a_task_that_was_joined,
    whoever_waits_for_the_pool_finds_all_handles_finished,
    a_worker_does_not_run_what_it_joins_in_another_pool,
    workers_that_join_the_task_of_another_worker_sleep_until_it_is_over,
    a_wait_with_a_deadline_ends_with_the_result_or_with_the_handle,
];

/// All that a pool has accepted has had one end.
fn assert_counted(stats: &Stats, accepted: usize) {
    let over = stats.completed + stats.panicked + stats.cancelled + stats.returned;
    assert_eq!((stats.accepted, over), (accepted, accepted));
    assert_eq!((stats.queued, stats.running), (0, 0));
}

/// The other worker may steal it meanwhile, or be the one who is joined.
fn a_task_that_is_joined_on_a_worker_runs_once() {
    for workers in [1, 2] {
        let pool = Arc::new(Pool::new(workers, 1).unwrap());
        let ran = Arc::new(AtomicUsize::new(0));
        let (own, child) = (Arc::clone(&pool), adds_one(&ran));
        let parent = pool.spawn(move || own.spawn(child).unwrap().join().unwrap());
        parent.unwrap().join().unwrap();
        assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (1, 1));
        pool.wait_idle();
        assert_counted(&pool.stats(), 2);
        pool.shutdown();
    }
}

fn leaves(pool: &Arc<Pool>, depth: usize) -> usize {
    if depth == 0 {
        return 1;
    }
    let own = Arc::clone(pool);
    let other = pool.spawn(move || leaves(&own, depth - 1)).unwrap();
    leaves(pool, depth - 1) + other.join().unwrap()
}

fn a_fork_and_a_join_of_depth_two_need_one_worker_and_one_place() {
    for workers in [1, 2] {
        let pool = Arc::new(Pool::new(workers, 1).unwrap());
        let own = Arc::clone(&pool);
        let root = pool.spawn(move || leaves(&own, 2)).unwrap();
        assert_eq!(root.join().unwrap(), 4);
        pool.wait_idle();
        assert_counted(&pool.stats(), 4);
    }
}

/// It runs until the submitter has come in, so that its end cannot be what lets it in.
fn a_task_that_is_joined_leaves_its_place_to_a_submitter() {
    let (pool, ran) = (
        Arc::new(Pool::new(1, 1).unwrap()),
        Arc::new(AtomicUsize::new(0)),
    );
    let (spawned, is_full) = Gate::new();
    let (submitted, come_in) = Gate::new();
    let own = Arc::clone(&pool);
    let parent = move || {
        let child = own.spawn(move || come_in.pass()).unwrap();
        drop(spawned);
        child.join().unwrap();
    };
    pool.execute(parent).unwrap();
    is_full.pass();
    pool.execute(adds_one(&ran)).unwrap();
    assert_eq!(pool.queue_len(), 1);
    drop(submitted);
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 1);
}

/// The queue is full, and a submitter starts a worker with what is in it.
fn a_task_that_is_joined_on_a_worker_may_be_given_to_a_new_one() {
    assert_joined_beside_another(Pool::builder().threads(1..=2).scaling(Lazy));
}

/// In the pool there are tasks for nobody else, and a worker may be started for the child.
fn a_task_that_is_joined_without_stealing_runs_once() {
    assert_joined_beside_another(Pool::builder().threads(1..=2).stealing(Stealing::Off));
}

/// A task that joins its child, and one that has nothing to do with them.
fn assert_joined_beside_another(pool: Builder) {
    let pool = Arc::new(pool.queue_capacity(1).build().unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let (own, child) = (Arc::clone(&pool), adds_one(&ran));
    let parent = move || own.spawn(child).unwrap().join().unwrap();
    pool.execute(parent).unwrap();
    pool.execute(adds_one(&ran)).unwrap();
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 2);
    assert_counted(&pool.stats(), 3);
}

fn a_task_that_is_joined_runs_or_is_cancelled_by_its_token() {
    let (pool, ran) = (
        Arc::new(Pool::new(1, 1).unwrap()),
        Arc::new(AtomicUsize::new(0)),
    );
    let token = CancelToken::new();
    let (own, inside, child) = (Arc::clone(&pool), token.clone(), adds_one(&ran));
    let parent = move || {
        let (task, handle) = Task::with_handle(child);
        let accepted = own.execute_with(&inside, task).is_ok();
        (accepted, handle.join())
    };
    let parent = pool.spawn(parent).unwrap();
    token.cancel();
    let (accepted, result) = parent.join().unwrap();
    assert_eq!(result.is_ok(), ran.load(SeqCst) == 1);
    if let Err(error) = result {
        assert_eq!(error.is_cancelled(), accepted);
    }
    pool.wait_idle();
    assert_counted(&pool.stats(), 1 + usize::from(accepted));
}

fn a_task_whose_token_is_cancelled_before_it_is_joined_does_not_run() {
    let (pool, ran) = (
        Arc::new(Pool::new(1, 1).unwrap()),
        Arc::new(AtomicUsize::new(0)),
    );
    let (own, child) = (Arc::clone(&pool), adds_one(&ran));
    let parent = move || {
        let token = CancelToken::new();
        let (task, handle) = Task::with_handle(child);
        own.execute_with(&token, task).unwrap();
        token.cancel();
        handle.join().unwrap_err()
    };
    let error = pool.spawn(parent).unwrap().join().unwrap();
    assert!(error.is_cancelled());
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (0, 1));
    pool.wait_idle();
    assert_counted(&pool.stats(), 2);
}

/// What is handed back is dropped at once.
fn a_task_that_is_joined_runs_or_is_handed_back() {
    let (pool, ran) = (
        Arc::new(Pool::new(1, 2).unwrap()),
        Arc::new(AtomicUsize::new(0)),
    );
    let (own, child) = (Arc::clone(&pool), adds_one(&ran));
    let parent = move || match own.spawn(child) {
        Ok(handle) => Some(handle.join()),
        Err(_) => None,
    };
    let parent = pool.spawn(parent).unwrap();
    let returned = pool.shutdown_now().len();
    pool.shutdown();
    let (accepted, runs) = match parent.join() {
        Ok(None) => (1, false),
        Ok(Some(child)) => (2, child.is_ok()),
        Err(error) => (1, !error.is_abandoned()),
    };
    assert_eq!(ran.load(SeqCst), usize::from(runs));
    let stats = pool.stats();
    assert_eq!(stats.returned, returned);
    assert_counted(&stats, accepted);
}

/// Otherwise the shutdown would wait for a worker that waits for whoever shuts down.
fn a_joiner_runs_what_has_been_handed_back_and_lies_about() {
    let (pool, ran) = (
        Arc::new(Pool::new(1, 2).unwrap()),
        Arc::new(AtomicUsize::new(0)),
    );
    let (own, child) = (Arc::clone(&pool), adds_one(&ran));
    let (spawned, has_spawned) = Gate::new();
    let parent = move || {
        let child = own.spawn(child).unwrap();
        drop(spawned);
        child.join().unwrap();
    };
    let parent = pool.spawn(parent).unwrap();
    has_spawned.pass();
    let tasks = pool.shutdown_now();
    pool.shutdown();
    parent.join().unwrap();
    assert_eq!(ran.load(SeqCst), 1);
    assert_eq!(pool.stats().returned, tasks.len());
    tasks.into_iter().for_each(Task::run);
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (1, 1));
    assert_counted(&pool.stats(), 2);
}

fn whoever_waits_for_a_group_hears_of_a_task_that_was_joined() {
    let (pool, ran) = (
        Arc::new(Pool::new(2, 2).unwrap()),
        Arc::new(AtomicUsize::new(0)),
    );
    let group = pool.group();
    let child = group.spawn(adds_one(&ran)).unwrap();
    let parent = pool.spawn(move || child.join().unwrap()).unwrap();
    assert_eq!(group.wait().completed, 1);
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (1, 1));
    parent.join().unwrap();
}

fn whoever_waits_for_the_pool_finds_all_handles_finished() {
    let pool = Arc::new(Pool::new(2, 2).unwrap());
    let (hand_over, handed_over) = bounded(1);
    let own = Arc::clone(&pool);
    let parent = move || {
        let child = own.spawn(|| 42).unwrap();
        hand_over.send(child).unwrap();
    };
    let parent = pool.spawn(parent).unwrap();
    pool.wait_idle();
    let child = handed_over.recv().unwrap();
    assert!(parent.is_finished() && child.is_finished());
    assert_eq!(child.join().unwrap(), 42);
}

std::thread_local! {
    static IN_FIRST_POOL: Cell<bool> = const { Cell::new(false) };
}

fn a_worker_does_not_run_what_it_joins_in_another_pool() {
    let (first, second) = (Pool::new(1, 1).unwrap(), Pool::new(1, 1).unwrap());
    let task = second.spawn(|| IN_FIRST_POOL.with(Cell::get)).unwrap();
    let joiner = move || {
        IN_FIRST_POOL.with(|here| here.set(true));
        task.join().unwrap()
    };
    assert!(!first.spawn(joiner).unwrap().join().unwrap());
    second.wait_idle();
    assert_counted(&second.stats(), 1);
}

/// Both workers of a dynamic pool may sleep on the handle of a third task, and then one of them has
/// to run it.
fn workers_that_join_the_task_of_another_worker_sleep_until_it_is_over() {
    let pool = Pool::builder().threads(0..=2).idle_timeout(SOME_TIME);
    let pool = pool.queue_capacity(2).build().unwrap();
    let (ran, tasks) = (Arc::new(AtomicUsize::new(0)), 2);
    let joiners: Vec<_> = (0..tasks)
        .map(|_| {
            let task = pool.spawn(adds_one(&ran)).unwrap();
            pool.spawn(move || task.join().unwrap()).unwrap()
        })
        .collect();
    for joiner in joiners {
        joiner.join().unwrap();
    }
    pool.shutdown();
    assert_eq!(ran.load(SeqCst), tasks);
    assert_counted(&pool.stats(), 2 * tasks);
}

fn a_wait_with_a_deadline_ends_with_the_result_or_with_the_handle() {
    let pool = Pool::new(1, 1).unwrap();
    let handle = pool.spawn(|| 42).unwrap();
    let result = match handle.join_timeout(SOME_TIME) {
        Ok(result) => result,
        Err(handle) => handle.join(),
    };
    assert_eq!(result.unwrap(), 42);
}
