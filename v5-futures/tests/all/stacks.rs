//! How deep tasks may be joined, and how long chains of handles may be.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::common::{self, OpenOnDrop, Watchdog, until};
use crate::scenes::{self, How, OnDrop, busy, how, on_worker};
use v5_futures::{BuildError, JoinHandle, Pool, Task};

/// A task that joins a task that joins a task, and so on.
fn deep(pool: &Arc<Pool>, depth: usize) -> usize {
    if depth == 0 {
        return 0;
    }
    let inside = Arc::clone(pool);
    let child = pool.spawn(move || deep(&inside, depth - 1)).unwrap();
    1 + child.join().unwrap()
}

#[test]
fn with_a_large_stack_tasks_may_be_joined_thousands_deep() {
    let watchdog = Watchdog::start();
    let sizes = [(16 << 20, 1500), (256 << 20, 20_000)];
    for (bytes, depth) in sizes {
        let pool = Pool::builder().threads(1).stack_size(bytes).build();
        let pool = watchdog.watch(pool.unwrap());
        assert_eq!(on_worker(&pool, move |pool| deep(pool, depth)), depth);
    }
}

/// Also those that come later, and not only the least number.
#[test]
fn each_worker_has_a_stack_of_the_size_that_was_asked_for() {
    /// More than the two mebibytes of the standard library.
    const MORE: usize = 3 << 20;
    fn fills_its_stack() -> usize {
        let bytes = std::hint::black_box([1_u8; MORE]);
        bytes.iter().map(|byte| usize::from(*byte)).sum()
    }
    let watchdog = Watchdog::start();
    for threads in [1..=1, 0..=3] {
        let workers = *threads.end();
        let pool = Pool::builder().threads(threads).stack_size(8 * MORE);
        let pool = watchdog.watch(pool.build().unwrap());
        let meeting = Arc::new(std::sync::Barrier::new(workers));
        let handles: Vec<_> = (0..workers)
            .map(|_| {
                let meeting = Arc::clone(&meeting);
                let task = move || {
                    meeting.wait(); // so each is on a worker of its own
                    fills_its_stack()
                };
                pool.spawn(task).unwrap()
            })
            .collect();
        for handle in handles {
            assert_eq!(handle.join().unwrap(), MORE);
        }
    }
}

/// The system says no, and nothing is left behind.
#[test]
fn a_stack_that_is_larger_than_the_memory_is_an_error() {
    let error = Pool::builder().threads(2).stack_size(1 << 60).build();
    assert!(matches!(error.unwrap_err(), BuildError::Spawn(_)));
}

#[test]
fn a_stack_that_is_too_small_is_made_as_large_as_a_thread_needs() {
    let watchdog = Watchdog::start();
    let pool = Pool::builder().threads(1).stack_size(0).build();
    let pool = watchdog.watch(pool.unwrap());
    assert_eq!(pool.spawn(|| 42).unwrap().join().unwrap(), 42);
}

/// Runs `work` on a thread with little stack.
fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().stack_size(64 << 10);
    thread.spawn(work).unwrap().join().unwrap();
}

/// Counts its drops.
fn counted(drops: &Arc<AtomicUsize>) -> OnDrop<impl FnOnce() + Send + use<>> {
    let drops = Arc::clone(drops);
    OnDrop::new(move || _ = drops.fetch_add(1, SeqCst))
}

/// Of so many tasks, each holds a handle that cancels the next one when it is dropped. Returns the
/// first handle.
fn chain(length: usize, drops: &Arc<AtomicUsize>, mut submit: impl FnMut(Task)) -> JoinHandle<()> {
    let mut first: Option<JoinHandle<()>> = None;
    for _ in 0..length {
        let (next, captured) = (first.take(), counted(drops));
        let (task, handle) = Task::with_handle(move || drop((next, captured)));
        submit(task);
        first = Some(handle.cancel_on_drop());
    }
    first.unwrap()
}

const LENGTH: usize = 100_000;

#[test]
fn a_chain_of_handles_that_cancel_on_drop_needs_no_stack() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, LENGTH);
    let _open = OpenOnDrop(&gate);
    let drops = Arc::new(AtomicUsize::new(0));
    let first = chain(LENGTH, &drops, |task| pool.execute(task).unwrap());
    on_a_small_stack(move || drop(first));
    assert_eq!(drops.load(SeqCst), LENGTH);
    let stats = pool.stats();
    assert_eq!((stats.cancelled, stats.queued), (LENGTH, 0));
}

/// No pool has accepted them, and their owner keeps them.
#[test]
fn a_chain_of_handles_of_tasks_that_were_never_submitted_needs_no_stack() {
    let _watchdog = Watchdog::start();
    let (drops, mut tasks) = (Arc::new(AtomicUsize::new(0)), Vec::new());
    let first = chain(LENGTH, &drops, |task| tasks.push(task));
    on_a_small_stack(move || drop(first));
    assert_eq!(drops.load(SeqCst), LENGTH);
    tasks.into_iter().for_each(Task::run); // which does nothing
}

/// A worker drops the first closure: because of a token, or because its task has run.
#[test]
fn a_chain_of_handles_that_a_worker_drops_needs_no_stack() {
    let watchdog = Watchdog::start();
    for runs in [false, true] {
        let pool = Pool::builder().threads(1).queue_capacity(LENGTH);
        let pool = watchdog.watch(pool.stack_size(64 << 10).build().unwrap());
        let gate = scenes::block(&pool);
        let _open = OpenOnDrop(&gate);
        let drops = Arc::new(AtomicUsize::new(0));
        let rest = chain(LENGTH, &drops, |task| pool.execute(task).unwrap());
        // The newest task, behind all others in the queue. It is taken first, since the others are
        // cancelled with it.
        let token = v5_futures::CancelToken::new();
        let other = watchdog.watch(Pool::new(1, 1).unwrap());
        let (first, handle) = Task::with_handle(move || drop(rest));
        if !runs {
            let gate = scenes::block(&other);
            other.execute_with(&token, first).unwrap();
            token.cancel();
            gate.open();
        } else {
            other.execute(first).unwrap();
        }
        let expected = if runs { How::Done } else { How::Cancelled };
        assert_eq!(how(handle), expected);
        assert_eq!(drops.load(SeqCst), LENGTH);
        assert_eq!(pool.stats().cancelled, LENGTH);
    }
}

/// Each is cancelled at once, before what it captured is dropped: nobody begins one in between.
#[test]
fn a_handle_that_is_dropped_inside_such_a_drop_has_cancelled_its_task_when_the_drop_returns() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 8);
    let _open = OpenOnDrop(&gate);
    let order = Arc::new(Mutex::new(Vec::new()));
    let note = |text| {
        let order = Arc::clone(&order);
        OnDrop::new(move || order.lock().unwrap().push(text))
    };
    let inner = note("inner");
    let inner = pool.spawn(move || drop(inner)).unwrap().cancel_on_drop();
    let (outer, at) = (note("outer"), Arc::clone(&pool));
    let outer = pool
        .spawn(move || {
            // Not run: it is dropped, in this order.
            drop((inner, outer, at));
        })
        .unwrap();
    drop(outer.cancel_on_drop());
    assert_eq!(pool.queue_len(), 0);
    let mut order = order.lock().unwrap().clone();
    order.sort_unstable();
    assert_eq!(order, ["inner", "outer"]);
    assert_eq!(pool.stats().cancelled, 2);
}

/// At the end of a thread there is no list of what is left to drop, and it is done all the same.
#[test]
fn a_short_chain_may_be_dropped_at_the_end_of_a_thread() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 100);
    let _open = OpenOnDrop(&gate);
    let drops = Arc::new(AtomicUsize::new(0));
    let first = chain(100, &drops, |task| pool.execute(task).unwrap());
    thread::spawn(move || common::at_exit(move || drop(first)))
        .join()
        .unwrap();
    until(|| drops.load(SeqCst) == 100);
    assert_eq!(pool.stats().cancelled, 100);
}
