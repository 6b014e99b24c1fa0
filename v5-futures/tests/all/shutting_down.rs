//! Handles and the end of the pool: each resolves, whoever has the task by then.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use crate::common::{Gate, LONG, OpenOnDrop, Watchdog, until};
use crate::scenes::{self, How, busy, counts, how, on_worker};
use v5_futures::{JoinHandle, Pool, Reason, Task};

#[test]
fn a_pool_that_shuts_down_runs_what_was_spawned() {
    let watchdog = Watchdog::start();
    for dropped in [false, true] {
        let (pool, gate) = busy(&watchdog, 100);
        let handles: Vec<_> = (0..100).map(|n| pool.spawn(move || n).unwrap()).collect();
        gate.open();
        if dropped {
            drop(pool);
        } else {
            pool.shutdown();
        }
        assert!(handles.iter().all(JoinHandle::is_finished));
        let sum: usize = handles
            .into_iter()
            .map(|handle| handle.join().unwrap())
            .sum();
        assert_eq!(sum, 4950);
    }
}

#[test]
fn a_task_that_is_handed_back_resolves_its_handle_when_it_is_run_or_dropped() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 100);
    let _open = OpenOnDrop(&gate);
    let runs = Arc::new(AtomicUsize::new(0));
    let handles: Vec<_> = (0..100)
        .map(|n| pool.spawn(counts(&runs, n)).unwrap())
        .collect();
    let tasks = pool.shutdown_now();
    assert_eq!((tasks.len(), pool.stats().returned), (100, 100));
    assert!(!handles.iter().any(JoinHandle::is_finished));
    for (n, task) in tasks.into_iter().enumerate() {
        if n % 2 == 0 {
            task.run();
        }
    }
    let hows: Vec<_> = handles.into_iter().map(how).collect();
    let number = |which| hows.iter().filter(|how| **how == which).count();
    assert_eq!((number(How::Done), number(How::Abandoned)), (50, 50));
    assert_eq!((runs.load(SeqCst), Arc::strong_count(&runs)), (50, 1));
}

#[test]
fn whoever_waits_for_a_task_that_is_handed_back_hears_of_it() {
    let watchdog = Watchdog::start();
    for run in [false, true] {
        let (pool, gate) = busy(&watchdog, 4);
        let handle = pool.spawn(|| 42).unwrap();
        let joiner = thread::spawn(move || how(handle));
        // Time to fall asleep.
        thread::sleep(Duration::from_millis(5));
        let task = pool.shutdown_now().remove(0);
        gate.open();
        drop(pool);
        assert!(!joiner.is_finished());
        if run {
            task.run();
        } else {
            drop(task);
        }
        let expected = if run { How::Done } else { How::Abandoned };
        assert_eq!(joiner.join().unwrap(), expected);
    }
}

#[test]
fn a_handle_outlives_its_pool() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 4);
    let done = pool.spawn(|| vec![1, 2, 3]).unwrap();
    let fails = pool.spawn(|| panic!("the last one")).unwrap();
    gate.open();
    until(|| done.is_finished() && fails.is_finished());
    let gate = scenes::block(&pool);
    let [back, other] = [(); 2].map(|()| pool.spawn(|| 42).unwrap());
    let mut tasks = pool.shutdown_now();
    gate.open();
    drop(Arc::into_inner(pool).unwrap());
    assert_eq!(done.join().unwrap(), [1, 2, 3]);
    assert_eq!(how(fails), How::Panicked);
    // What nobody has begun can still be cancelled, or run.
    let back = back.join_timeout(Duration::ZERO).unwrap_err();
    assert!(other.cancel());
    tasks.drain(..).for_each(Task::run);
    assert_eq!([how(back), how(other)], [How::Done, How::Cancelled]);
}

#[test]
fn what_was_claimed_is_not_handed_back() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 100);
    let _open = OpenOnDrop(&gate);
    let handles: Vec<_> = (0..100).map(|n| pool.spawn(move || n).unwrap()).collect();
    handles
        .iter()
        .step_by(2)
        .for_each(|handle| assert!(handle.cancel()));
    let tasks = pool.shutdown_now();
    let stats = pool.stats();
    assert_eq!((tasks.len(), stats.returned, stats.cancelled), (50, 50, 50));
    assert_eq!((stats.queued, stats.running), (0, 1));
    drop(tasks);
    for (n, handle) in handles.into_iter().enumerate() {
        let expected = if n % 2 == 0 {
            How::Cancelled
        } else {
            How::Abandoned
        };
        assert_eq!(how(handle), expected);
    }
}

/// The pool has accepted it, although nothing can come of it. It is counted once, whichever way it
/// leaves.
#[test]
fn a_task_cancelled_before_it_was_submitted_is_handed_back_like_the_others() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 4);
    let _open = OpenOnDrop(&gate);
    let (task, handle) = Task::with_handle(|| ());
    assert!(handle.cancel());
    pool.execute(task).unwrap();
    let tasks = pool.shutdown_now();
    let stats = pool.stats();
    assert_eq!(
        (stats.accepted, stats.returned, stats.cancelled),
        (2, tasks.len(), 1 - tasks.len())
    );
    tasks.into_iter().for_each(Task::run);
    assert_eq!(how(handle), How::Cancelled);
}

/// The parent waits for a child that lies in the vector, and the owner of the vector waits for the
/// parent.
#[test]
fn a_parent_whose_children_were_handed_back_does_not_hang_the_shutdown() {
    let watchdog = Watchdog::start();
    for threads in [1, 2] {
        let pool = watchdog.watch(Pool::new(threads, 4).unwrap());
        let (gate, (tell, told)) = (Gate::new(), mpsc::channel());
        let (inside, at) = (Arc::clone(&pool), gate.clone());
        let others: Vec<_> = (1..threads).map(|_| scenes::block(&pool)).collect();
        let parent = pool.spawn(move || {
            let children: Vec<_> = (0..10).map(|n| inside.spawn(move || n).unwrap()).collect();
            tell.send(()).unwrap();
            at.pass();
            drop(inside);
            children
                .into_iter()
                .map(|child| child.join().unwrap())
                .sum::<u32>()
        });
        told.recv().unwrap();
        let tasks = pool.shutdown_now();
        assert_eq!(tasks.len(), 10);
        gate.open();
        others.iter().for_each(Gate::open);
        pool.shutdown();
        assert_eq!(parent.unwrap().join().unwrap(), 45);
        let stats = pool.stats();
        assert_eq!(
            (stats.returned, stats.completed, stats.running),
            (10, threads, 0)
        );
        // They have run, in place.
        tasks.into_iter().for_each(Task::run);
        drop(pool);
    }
}

/// The same, with the drop of the pool in place of the shutdown, and children that panic or were
/// cancelled.
#[test]
fn a_child_that_was_handed_back_ends_in_place_as_it_would_have_in_the_pool() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    let (tell, told) = mpsc::channel();
    on_worker(&pool, move |pool| {
        let fails = pool.spawn(|| panic!("in place")).unwrap();
        let cancelled = pool.spawn(|| ()).unwrap();
        let dropped = pool.spawn(|| ()).unwrap();
        drop(pool.spawn(|| ()).unwrap());
        let mut tasks = pool.shutdown_now();
        assert_eq!(tasks.len(), 4);
        assert!(cancelled.cancel());
        assert_eq!(
            [how(fails), how(cancelled)],
            [How::Panicked, How::Cancelled]
        );
        // This one is dropped, and not joined before.
        tasks.clear();
        tell.send(how(dropped)).unwrap();
    });
    assert_eq!(told.recv().unwrap(), How::Abandoned);
    pool.shutdown();
    let stats = pool.stats();
    assert_eq!(
        (stats.completed, stats.returned, stats.cancelled),
        (1, 4, 0)
    );
}

#[test]
fn a_task_that_was_handed_back_can_go_to_another_pool() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 8);
    let _open = OpenOnDrop(&gate);
    let handles: Vec<_> = (0..4).map(|n| pool.spawn(move || n).unwrap()).collect();
    let tasks = pool.shutdown_now();
    let other = watchdog.watch(Pool::new(1, 4).unwrap());
    // Also on a worker of that pool: it is one of its tasks now.
    let sum = on_worker(&other, move |other| {
        tasks
            .into_iter()
            .for_each(|task| other.execute(task).unwrap());
        handles
            .into_iter()
            .map(|handle| handle.join().unwrap())
            .sum::<u32>()
    });
    assert_eq!(sum, 6);
    other.wait_idle();
    assert_eq!((other.stats().completed, pool.stats().returned), (5, 4));
}

#[test]
fn what_a_closed_pool_refuses_resolves_when_it_is_run_or_dropped() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    pool.shutdown();
    let (task, handle) = Task::with_handle(|| 42);
    let rejected = pool.execute(task).unwrap_err();
    assert_eq!(rejected.reason(), Reason::ShutDown);
    assert!(!handle.is_finished());
    rejected.into_task().run();
    assert_eq!(handle.join().unwrap(), 42);
    let (task, handle) = Task::with_handle(|| 42);
    drop(pool.execute(task));
    assert_eq!(how(handle), How::Abandoned);
    // The same for a batch.
    let (tasks, handles): (Vec<_>, Vec<_>) = (0..4).map(|n| Task::with_handle(move || n)).unzip();
    let mut tasks = pool.execute_batch(tasks).unwrap_err().into_tasks();
    tasks.pop().unwrap().run();
    drop(tasks);
    let hows: Vec<_> = handles.into_iter().map(how).collect();
    assert_eq!(
        hows,
        [How::Abandoned, How::Abandoned, How::Abandoned, How::Done]
    );
}

/// Workers, joiners in place, those who cancel and those who empty the pool all want the tasks.
fn every_handle_resolves_in_a_shutdown(rounds: usize) {
    let watchdog = Watchdog::with_limit(LONG * (1 + rounds as u32 / 1000));
    for round in 0..rounds {
        let pool = watchdog.watch(Pool::new(1 + round % 3, 30).unwrap());
        let runs = Arc::new(AtomicUsize::new(0));
        let inside = Arc::clone(&pool);
        let count = Arc::clone(&runs);
        let parent = pool.spawn(move || {
            let children: Vec<_> = (0..30).map(|_| inside.spawn(counts(&count, ()))).collect();
            let children = children.into_iter().flatten();
            children.map(how).filter(|how| *how == How::Done).count()
        });
        let handles: Vec<_> = (0..20)
            .map(|_| pool.spawn(counts(&runs, ())).unwrap())
            .collect();
        let (back, in_time) = thread::scope(|scope| {
            let cancelling = scope.spawn(|| {
                let some = handles.iter().step_by(3);
                some.filter(|handle| handle.cancel()).count()
            });
            thread::sleep(Duration::from_micros(round as u64 % 20 * 10));
            let back = pool.shutdown_now();
            (back, cancelling.join().unwrap())
        });
        let returned = back.len();
        back.into_iter()
            .enumerate()
            .filter(|(n, _)| n % 2 == 0)
            .for_each(|(_, task)| task.run());
        let children = parent.unwrap().join().unwrap_or(0);
        let hows: Vec<_> = handles.into_iter().map(how).collect();
        let number = |which| hows.iter().filter(|how| **how == which).count();
        assert_eq!(number(How::Cancelled), in_time);
        pool.shutdown();
        assert_eq!(
            runs.load(SeqCst),
            number(How::Done) + children,
            "round {round}"
        );
        let stats = pool.stats();
        assert_eq!(
            stats.accepted,
            stats.completed + stats.cancelled + stats.returned
        );
        assert_eq!(
            (stats.returned, stats.queued, stats.running),
            (returned, 0, 0)
        );
    }
}

#[test]
fn every_handle_resolves_once_while_the_pool_is_emptied() {
    every_handle_resolves_in_a_shutdown(300);
}

#[test]
#[ignore = "a storm of ten seconds or more: run by `cargo deep`"]
fn every_handle_resolves_once_in_a_storm_of_shutdowns() {
    every_handle_resolves_in_a_shutdown(30_000);
}
