//! Law 11: a handle resolves once, whether its task ran, was cancelled, or was dropped.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;
use std::thread;

use model_schedule::models;
use pool::{JoinError, Pool, Task};

use crate::common::{adds_one, busy_pool, panics};

models![
    a_task_that_its_handle_cancels_does_not_run,
    of_two_who_cancel_one_is_in_time,
    whoever_hears_that_a_task_was_cancelled_finds_its_closure_dropped,
    a_cancelled_task_leaves_its_place_to_a_submitter,
    whoever_waits_for_a_group_hears_of_a_cancelled_task,
    a_task_is_cancelled_or_handed_back,
    a_task_that_is_dropped_without_having_run_resolves_its_handle,
    a_handle_outlives_its_pool,
    a_task_that_is_cancelled_while_it_is_submitted_is_counted_once,
    a_task_that_is_cancelled_while_it_waits_for_a_place_is_counted_once,
    tasks_of_a_batch_that_are_cancelled_meanwhile_are_counted_once,
    a_task_that_was_cancelled_before_it_was_submitted_is_counted_at_once,
    a_handle_that_cancels_when_it_is_dropped_comes_in_time_or_not_at_all,
    a_result_that_nobody_asks_for_is_dropped_once,
    a_panic_is_told_to_the_handle_or_to_the_handler,
];

fn is_cancelled<T>(result: Result<T, JoinError>) -> bool {
    result.is_err_and(|error| error.is_cancelled())
}

fn a_task_that_its_handle_cancels_does_not_run() {
    let (pool, ran) = (Pool::new(1, 1).unwrap(), Arc::new(AtomicUsize::new(0)));
    let handle = pool.spawn(adds_one(&ran)).unwrap();
    let in_time = handle.cancel();
    assert_eq!(is_cancelled(handle.join()), in_time);
    assert_eq!(Arc::strong_count(&ran), 1, "the closure is not dropped yet");
    pool.wait_idle();
    let stats = pool.stats();
    assert_eq!(ran.load(SeqCst), usize::from(!in_time));
    assert_eq!(
        (stats.completed, stats.cancelled, stats.queued),
        (ran.load(SeqCst), usize::from(in_time), 0)
    );
}

fn of_two_who_cancel_one_is_in_time() {
    let (pool, ran) = (Pool::new(1, 1).unwrap(), Arc::new(AtomicUsize::new(0)));
    let handle = Arc::new(pool.spawn(adds_one(&ran)).unwrap());
    let other = thread::spawn({
        let handle = Arc::clone(&handle);
        move || handle.cancel()
    });
    let own = handle.cancel();
    let in_time = usize::from(own) + usize::from(other.join().unwrap());
    pool.wait_idle();
    assert_eq!(
        (ran.load(SeqCst) + in_time, pool.stats().cancelled),
        (1, in_time)
    );
    let handle = Arc::into_inner(handle).unwrap();
    assert_eq!(is_cancelled(handle.join()), in_time == 1);
}

fn whoever_hears_that_a_task_was_cancelled_finds_its_closure_dropped() {
    let (pool, ran) = (
        Arc::new(Pool::new(1, 1).unwrap()),
        Arc::new(AtomicUsize::new(0)),
    );
    let handle = pool.spawn(adds_one(&ran)).unwrap();
    let canceller = thread::spawn({
        let pool = Arc::clone(&pool);
        move || pool.cancel()
    });
    let result = handle.join();
    assert_eq!(is_cancelled(result), ran.load(SeqCst) == 0);
    assert_eq!(Arc::strong_count(&ran), 1, "the closure is not dropped yet");
    canceller.join().unwrap();
}

/// The only worker is busy until the submitter is in.
fn a_cancelled_task_leaves_its_place_to_a_submitter() {
    let (pool, closed) = busy_pool(1);
    let ran = Arc::new(AtomicUsize::new(0));
    let handle = pool.spawn(adds_one(&ran)).unwrap();
    let submitter = thread::spawn({
        let (pool, task) = (Arc::clone(&pool), adds_one(&ran));
        move || pool.execute(task).unwrap()
    });
    assert!(handle.cancel());
    submitter.join().unwrap();
    assert_eq!(pool.queue_len(), 1);
    drop(closed);
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 1);
}

fn whoever_waits_for_a_group_hears_of_a_cancelled_task() {
    let (pool, closed) = busy_pool(1);
    let group = pool.group();
    let handle = group.spawn(|| ()).unwrap();
    let canceller = thread::spawn(move || handle.cancel());
    let report = group.wait();
    assert_eq!((report.cancelled, report.completed), (1, 0));
    assert!(canceller.join().unwrap());
    drop(closed);
    pool.shutdown();
}

/// The pool is stopped at the same time.
fn a_task_is_cancelled_or_handed_back() {
    let (pool, closed) = busy_pool(2);
    let ran = Arc::new(AtomicUsize::new(0));
    let handle = pool.spawn(adds_one(&ran)).unwrap();
    let canceller = thread::spawn(move || (handle.cancel(), handle.join()));
    let tasks = pool.shutdown_now();
    let returned = tasks.len();
    tasks.into_iter().for_each(drop::<Task>);
    let (in_time, result) = canceller.join().unwrap();
    let error = result.unwrap_err();
    assert_eq!(
        (error.is_cancelled(), error.is_abandoned()),
        (in_time, !in_time)
    );
    drop(closed);
    pool.shutdown();
    let stats = pool.stats();
    assert_eq!((stats.returned, stats.cancelled + returned), (returned, 1));
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (0, 1));
}

fn a_task_that_is_dropped_without_having_run_resolves_its_handle() {
    let (pool, ran) = (Pool::new(1, 2).unwrap(), Arc::new(AtomicUsize::new(0)));
    let handle = pool.spawn(adds_one(&ran)).unwrap();
    let joiner = thread::spawn(move || handle.join());
    drop(pool.shutdown_now());
    let result = joiner.join().unwrap();
    assert_eq!(result.is_ok(), ran.load(SeqCst) == 1);
    assert!(result.is_ok_and(|()| true) || Arc::strong_count(&ran) == 1);
}

fn a_handle_outlives_its_pool() {
    for cancels in [false, true] {
        let (pool, ran) = (Pool::new(1, 1).unwrap(), Arc::new(AtomicUsize::new(0)));
        let handle = pool.spawn(adds_one(&ran)).unwrap();
        let owner = thread::spawn(move || (cancels && handle.cancel(), handle));
        drop(pool);
        let (in_time, handle) = owner.join().unwrap();
        assert!(handle.is_finished());
        assert!(!handle.cancel());
        assert_eq!(is_cancelled(handle.join()), in_time);
        assert_eq!(ran.load(SeqCst), usize::from(!in_time));
    }
}

/// It is accepted all the same, and the pool counts it as cancelled.
fn a_task_that_is_cancelled_while_it_is_submitted_is_counted_once() {
    let (pool, ran) = (Pool::new(1, 1).unwrap(), Arc::new(AtomicUsize::new(0)));
    let group = pool.group();
    let (task, handle) = Task::with_handle(adds_one(&ran));
    let canceller = thread::spawn(move || (handle.cancel(), handle.join()));
    group.execute(task).unwrap();
    let report = group.wait();
    let (in_time, result) = canceller.join().unwrap();
    assert_eq!(is_cancelled(result), in_time);
    pool.shutdown();
    let stats = pool.stats();
    assert_eq!(
        (report.completed, report.cancelled),
        (stats.completed, stats.cancelled)
    );
    assert_eq!(
        (stats.accepted, stats.completed, stats.cancelled),
        (1, ran.load(SeqCst), usize::from(in_time))
    );
}

/// It still waits for a place, and takes none.
fn a_task_that_is_cancelled_while_it_waits_for_a_place_is_counted_once() {
    let (pool, closed) = busy_pool(1);
    let ran = Arc::new(AtomicUsize::new(0));
    pool.execute(|| ()).unwrap();
    let (task, handle) = Task::with_handle(adds_one(&ran));
    let submitter = thread::spawn({
        let pool = Arc::clone(&pool);
        move || pool.execute(task).unwrap()
    });
    assert!(handle.cancel());
    drop(closed);
    submitter.join().unwrap();
    pool.wait_idle();
    assert!(is_cancelled(handle.join()));
    let stats = pool.stats();
    assert_eq!((stats.completed, stats.cancelled), (2, 1));
    assert_eq!((ran.load(SeqCst), stats.queued), (0, 0));
}

fn tasks_of_a_batch_that_are_cancelled_meanwhile_are_counted_once() {
    let (pool, ran) = (Pool::new(1, 1).unwrap(), Arc::new(AtomicUsize::new(0)));
    let pairs = [(); 2].map(|()| Task::with_handle(adds_one(&ran)));
    let [(first, one), (second, other)] = pairs;
    let canceller = thread::spawn(move || [one, other].map(|handle| handle.cancel()));
    assert_eq!(pool.execute_batch([first, second]).unwrap(), 2);
    let in_time = canceller.join().unwrap();
    let cancelled = in_time.into_iter().filter(|cancelled| *cancelled).count();
    pool.wait_idle();
    let stats = pool.stats();
    assert_eq!((stats.accepted, stats.cancelled), (2, cancelled));
    assert_eq!(
        (stats.completed, ran.load(SeqCst)),
        (2 - cancelled, 2 - cancelled)
    );
}

/// At once, and nothing is queued: the only worker is busy, or it is the one that submits.
fn a_task_that_was_cancelled_before_it_was_submitted_is_counted_at_once() {
    let cancelled = || {
        let (task, handle) = Task::with_handle(|| ());
        assert!(handle.cancel());
        (task, handle)
    };
    let (pool, closed) = busy_pool(1);
    let (task, handle) = cancelled();
    pool.execute(task).unwrap();
    let stats = pool.stats();
    assert_eq!((stats.accepted, stats.cancelled, stats.queued), (2, 1, 0));
    drop(closed);
    let ((task, other), own) = (cancelled(), Arc::clone(&pool));
    let parent = move || {
        own.execute(task).unwrap();
        (own.stats().cancelled, own.queue_len())
    };
    assert_eq!(pool.spawn(parent).unwrap().join().unwrap(), (2, 0));
    assert_eq!(pool.shutdown_now().len(), 0);
    assert!(is_cancelled(handle.join()) && is_cancelled(other.join()));
}

fn a_handle_that_cancels_when_it_is_dropped_comes_in_time_or_not_at_all() {
    let (pool, ran) = (Pool::new(1, 1).unwrap(), Arc::new(AtomicUsize::new(0)));
    drop(pool.spawn(adds_one(&ran)).unwrap().cancel_on_drop());
    pool.wait_idle();
    let stats = pool.stats();
    assert_eq!(stats.completed, ran.load(SeqCst));
    assert_eq!(
        (stats.completed + stats.cancelled, Arc::strong_count(&ran)),
        (1, 1)
    );
}

/// Counts how often it is dropped.
struct Captured(Arc<AtomicUsize>);

impl Drop for Captured {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

fn a_result_that_nobody_asks_for_is_dropped_once() {
    let (pool, dropped) = (Pool::new(1, 1).unwrap(), Arc::new(AtomicUsize::new(0)));
    let result = Captured(Arc::clone(&dropped));
    let handle = pool.spawn(move || result).unwrap();
    drop(handle);
    pool.wait_idle();
    assert_eq!((dropped.load(SeqCst), Arc::strong_count(&dropped)), (1, 1));
}

fn a_panic_is_told_to_the_handle_or_to_the_handler() {
    let told = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&told);
    let pool = Pool::builder().threads(1).panic_handler(move |_| {
        count.fetch_add(1, SeqCst);
    });
    let pool = pool.build().unwrap();
    for asks in [true, false] {
        let handle = pool.spawn(panics).unwrap();
        if asks {
            assert!(handle.join().unwrap_err().is_panic());
        } else {
            drop(handle);
        }
        pool.wait_idle();
        assert_eq!(told.load(SeqCst), usize::from(!asks));
    }
    assert_eq!(pool.stats().panicked, 2);
}
