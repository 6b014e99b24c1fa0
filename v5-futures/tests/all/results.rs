//! What a task returns comes back, by whichever way it was submitted and whoever asks for it.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::{LONG, OpenOnDrop, Watchdog, until};
use crate::scenes::{self, How, OnDrop, busy, counts, how, on_worker};
use v5_futures::{CancelToken, JoinError, JoinHandle, JoinSet, Pool, Reason, Rejected, Task};

#[test]
fn a_result_comes_back_by_every_way_to_submit() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 16).unwrap());
    let (group, token) = (pool.group(), CancelToken::new());
    let mut handles = vec![
        pool.spawn(|| "spawn").unwrap(),
        pool.try_spawn(|| "try_spawn").unwrap(),
        group.spawn(|| "group.spawn").unwrap(),
    ];
    let mut pair = |name| {
        let (task, handle) = Task::with_handle(move || name);
        handles.push(handle);
        task
    };
    pool.execute(pair("execute")).unwrap();
    pool.try_execute(pair("try_execute")).unwrap();
    pool.execute_timeout(pair("execute_timeout"), LONG).unwrap();
    pool.execute_with(&token, pair("execute_with")).unwrap();
    group.execute(pair("group.execute")).unwrap();
    pool.execute_batch([pair("batch"), pair("batch")]).unwrap();
    pool.try_execute_batch([pair("try_batch")]).unwrap();
    group.execute_batch([pair("group.batch")]).unwrap();
    pair("run").run();
    let names: Vec<_> = handles
        .into_iter()
        .map(|handle| handle.join().unwrap())
        .collect();
    let expected = [
        "spawn",
        "try_spawn",
        "group.spawn",
        "execute",
        "try_execute",
        "execute_timeout",
        "execute_with",
        "group.execute",
        "batch",
        "batch",
        "try_batch",
        "group.batch",
        "run",
    ];
    assert_eq!(names, expected);
    assert_eq!(group.wait().completed, 3);
    pool.wait_idle();
    let stats = pool.stats();
    assert_eq!(
        (stats.accepted, stats.completed),
        (12, 12),
        "all but the one run by its owner"
    );
}

#[test]
fn what_a_task_captured_is_dropped_before_its_result_is_there() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 16).unwrap());
    for _ in 0..1000 {
        let captured = Arc::new(());
        let inside = Arc::clone(&captured);
        let handle = pool
            .spawn(move || assert!(Arc::strong_count(&inside) > 1))
            .unwrap();
        handle.join().unwrap();
        assert_eq!(Arc::strong_count(&captured), 1);
    }
}

/// Results and closures of all sizes: large closures are moved in a box of their own.
#[test]
fn large_closures_and_large_results_come_through_whole() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 16).unwrap());
    let bytes: [u8; 20_000] = std::array::from_fn(|n| n as u8);
    let handle = pool.spawn(move || bytes).unwrap();
    assert_eq!(handle.join().unwrap(), bytes);
    let (task, handle) = Task::with_handle(move || bytes[77]);
    task.run();
    assert_eq!(handle.join().unwrap(), 77);
    pool.spawn(|| ()).unwrap().join().unwrap();
    // And one that is refused, cancelled, or in nobody's hands.
    let (task, handle) = Task::with_handle(move || bytes);
    assert!(handle.cancel());
    drop(task);
    assert_eq!(how(handle), How::Cancelled);
}

#[test]
fn a_handle_is_finished_when_its_task_is_over_and_not_before() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 4);
    let _open = OpenOnDrop(&gate);
    let (begin, begun) = mpsc::channel();
    let (end, ended) = mpsc::channel::<()>();
    let task = move || {
        begin.send(()).unwrap();
        ended.recv().unwrap_err();
    };
    let (task, handle) = Task::with_handle(task);
    assert!(!handle.is_finished());
    pool.execute(task).unwrap();
    assert!(!handle.is_finished(), "it is queued");
    gate.open();
    begun.recv().unwrap();
    assert!(!handle.is_finished(), "it runs");
    assert!(format!("{handle:?}").contains("is_finished: false"));
    drop(end);
    pool.wait_idle();
    assert!(handle.is_finished());
    assert!(format!("{handle:?}").contains("is_finished: true"));
    // And now nobody waits.
    assert!(handle.join_timeout(Duration::ZERO).unwrap().is_ok());
}

/// The result first, the count second. Not the other way round: who has joined may find the task
/// uncounted.
#[test]
fn when_the_pool_is_idle_all_handles_are_finished() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(4, 64).unwrap());
    for _ in 0..300 {
        let handles: Vec<_> = (0..20).map(|n| pool.spawn(move || n).unwrap()).collect();
        let group = pool.group();
        let grouped = group.spawn(|| ()).unwrap();
        assert_eq!(group.wait().completed, 1);
        assert!(grouped.is_finished());
        pool.wait_idle();
        assert!(handles.iter().all(JoinHandle::is_finished));
    }
}

#[test]
fn a_join_with_a_time_out_gives_the_handle_back() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 4);
    let _open = OpenOnDrop(&gate);
    let mut handle = pool.spawn(|| 42).unwrap();
    for patience in [Duration::ZERO, Duration::from_millis(5), Duration::ZERO] {
        let begin = Instant::now();
        handle = handle.join_timeout(patience).unwrap_err();
        assert!(begin.elapsed() >= patience);
    }
    gate.open();
    assert_eq!(handle.join_timeout(LONG).unwrap().unwrap(), 42);
}

#[test]
fn a_join_with_a_time_out_that_never_comes_waits() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 4);
    let _open = OpenOnDrop(&gate);
    let handles = [Duration::MAX, LONG * 1_000_000].map(|patience| {
        let handle = pool.spawn(|| 42).unwrap();
        thread::spawn(move || handle.join_timeout(patience))
    });
    gate.open();
    for handle in handles {
        assert_eq!(handle.join().unwrap().unwrap().unwrap(), 42);
    }
}

/// What runs in place may take any time. So with a time-out nothing does, unless it is for ever.
#[test]
fn a_join_with_a_time_out_runs_nothing_in_place() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    on_worker(&pool, |pool| {
        let runs = Arc::new(AtomicUsize::new(0));
        let handle = pool.spawn(counts(&runs, 1)).unwrap();
        let handle = handle.join_timeout(Duration::ZERO).unwrap_err();
        let handle = handle.join_timeout(Duration::from_millis(5)).unwrap_err();
        assert_eq!((runs.load(SeqCst), pool.queue_len()), (0, 1));
        assert_eq!(handle.join_timeout(Duration::MAX).unwrap().unwrap(), 1);
        assert_eq!((runs.load(SeqCst), pool.queue_len()), (1, 0));
    });
}

#[test]
fn whoever_drops_a_handle_lets_the_task_run() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 4);
    let _open = OpenOnDrop(&gate);
    let runs = Arc::new(AtomicUsize::new(0));
    drop(pool.spawn(counts(&runs, ())).unwrap());
    drop(pool.spawn(counts(&runs, ())).unwrap());
    assert_eq!((runs.load(SeqCst), pool.queue_len()), (0, 2));
    gate.open();
    pool.wait_idle();
    assert_eq!((runs.load(SeqCst), pool.stats().completed), (2, 3));
}

/// A result that nobody will ask for goes where it was made, and is gone when the pool is idle.
#[test]
fn the_result_of_a_detached_task_is_dropped_on_the_worker_before_the_pool_is_idle() {
    let watchdog = Watchdog::start();
    for detach_early in [true, false] {
        let (pool, gate) = busy(&watchdog, 4);
        let _open = OpenOnDrop(&gate);
        let (tell, told) = mpsc::channel();
        let handle = pool
            .spawn(move || {
                let here = thread::current().id();
                OnDrop::new(move || tell.send((here, thread::current().id())).unwrap())
            })
            .unwrap();
        if detach_early {
            drop(handle);
            gate.open();
            pool.wait_idle();
            let (made, dropped) = told.try_recv().unwrap();
            assert_eq!(made, dropped);
        } else {
            gate.open();
            pool.wait_idle();
            assert!(told.try_recv().is_err(), "somebody may still ask for it");
            drop(handle);
            let (_, dropped) = told.try_recv().unwrap();
            assert_eq!(dropped, thread::current().id());
        }
    }
}

/// The result of a task can use the pool when it is dropped, whoever drops it.
#[test]
fn a_result_may_submit_when_it_is_dropped() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 4);
    let _open = OpenOnDrop(&gate);
    let runs = Arc::new(AtomicUsize::new(0));
    let submits = || {
        let (inside, runs) = (Arc::clone(&pool), Arc::clone(&runs));
        move || OnDrop::new(move || inside.execute(counts(&runs, ())).unwrap())
    };
    drop(pool.spawn(submits()).unwrap());
    let kept = pool.spawn(submits()).unwrap();
    gate.open();
    pool.wait_idle();
    assert_eq!(runs.load(SeqCst), 1);
    drop(kept);
    pool.wait_idle();
    assert_eq!(runs.load(SeqCst), 2);
}

#[test]
fn a_result_that_panics_when_dropped_costs_no_worker() {
    let watchdog = Watchdog::start();
    let (told, handler) = scenes::counting_handler();
    let pool = Pool::builder().threads(1).panic_handler(handler);
    let pool = watchdog.watch(pool.build().unwrap());
    let gate = scenes::block(&pool);
    let _open = OpenOnDrop(&gate);
    drop(pool.spawn(|| OnDrop::new(|| panic!("dropped"))).unwrap());
    gate.open();
    pool.wait_idle();
    let stats = pool.stats();
    assert_eq!(
        (told.load(SeqCst), stats.completed, stats.panicked),
        (1, 2, 0)
    );
    assert_eq!(pool.spawn(|| 42).unwrap().join().unwrap(), 42);
    assert_eq!(pool.stats().spawned, 1);
}

#[test]
fn a_refused_task_can_be_tried_again_and_its_handle_stays_good() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 1);
    let _open = OpenOnDrop(&gate);
    pool.execute(|| ()).unwrap();
    let (task, handle) = Task::with_handle(|| 42);
    let full = pool.try_execute(task).unwrap_err();
    assert_eq!(full.reason(), Reason::Full);
    let late = pool
        .execute_timeout(full.into_task(), Duration::from_millis(1))
        .unwrap_err();
    assert!(!handle.is_finished());
    gate.open();
    pool.execute(late.into_task()).unwrap();
    assert_eq!(handle.join().unwrap(), 42);
}

#[test]
fn a_refused_spawn_gives_the_task_back_and_it_has_not_run() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 1);
    let _open = OpenOnDrop(&gate);
    let runs = Arc::new(AtomicUsize::new(0));
    pool.execute(|| ()).unwrap();
    let full = pool.try_spawn(counts(&runs, 1)).unwrap_err();
    gate.open();
    pool.shutdown();
    let closed = pool.spawn(counts(&runs, 1)).unwrap_err();
    let group = pool.group().spawn(counts(&runs, 1)).unwrap_err();
    let set = JoinSet::new().spawn(&pool, counts(&runs, 1)).unwrap_err();
    let refused = [full, closed, group, set];
    let reasons = refused.each_ref().map(Rejected::reason);
    let shut = Reason::ShutDown;
    assert_eq!(reasons, [Reason::Full, shut, shut, shut]);
    assert_eq!(runs.load(SeqCst), 0);
    refused
        .into_iter()
        .for_each(|rejected| rejected.into_task().run());
    assert_eq!((runs.load(SeqCst), Arc::strong_count(&runs)), (4, 1));
}

#[test]
fn a_handle_can_be_joined_on_any_thread() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 32);
    let _open = OpenOnDrop(&gate);
    let sum: usize = thread::scope(|scope| {
        let joiners: Vec<_> = (0..20)
            .map(|n| {
                let handle = pool.spawn(move || n).unwrap();
                scope.spawn(move || handle.join().unwrap())
            })
            .collect();
        gate.open();
        joiners
            .into_iter()
            .map(|joiner| joiner.join().unwrap())
            .sum()
    });
    assert_eq!(sum, 190);
}

/// A result has to be sent, and no more: a handle can be shared although it cannot.
#[test]
fn handles_and_errors_can_be_sent_and_shared() {
    fn both<T: Send + Sync>() {}
    both::<JoinHandle<Cell<u8>>>();
    both::<JoinError>();
    both::<JoinSet<Cell<u8>>>();
    fn unpin<T: Unpin>() {}
    unpin::<JoinHandle<std::marker::PhantomPinned>>();
}

/// The first to end is not the first to be asked for.
#[test]
fn results_wait_for_their_handles() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(4, 16).unwrap());
    let handles: Vec<_> = (0..1000)
        .map(|n| pool.spawn(move || vec![n; 10]).unwrap())
        .collect();
    pool.wait_idle();
    until(|| handles.iter().all(JoinHandle::is_finished));
    for (n, handle) in handles.into_iter().enumerate().rev() {
        assert_eq!(handle.join().unwrap(), [n; 10]);
    }
}
