//! Cancelling by the handle, by a token and with the pool: a task is cancelled or started, and
//! never both.

use std::hint;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use crate::common::{Gate, LONG, OpenOnDrop, Watchdog, until};
use crate::scenes::{self, How, OnDrop, busy, counts, how, on_worker};
use v5_futures::{CancelToken, JoinHandle, Pool, Reason, Task};

/// Many tasks, each cancelled at the moment at which a worker may come to it.
fn cancel_against_start(tasks: usize) {
    let watchdog = Watchdog::with_limit(LONG * (1 + tasks as u32 / 1_000_000));
    let pool = watchdog.watch(Pool::new(2, 64).unwrap());
    let runs = Arc::new(AtomicUsize::new(0));
    let (mut started, mut cancelled) = (0, 0);
    for round in 0..tasks {
        let handle = pool.spawn(counts(&runs, round)).unwrap();
        for _ in 0..round % 128 {
            hint::spin_loop();
        }
        let in_time = handle.cancel();
        match handle.join() {
            Ok(result) => {
                assert!(!in_time, "it has run as well");
                assert_eq!(result, round);
                started += 1;
            }
            Err(error) => {
                assert!(in_time && error.is_cancelled(), "{error}");
                cancelled += 1;
            }
        }
        assert_eq!(runs.load(SeqCst), started);
    }
    pool.wait_idle();
    let stats = pool.stats();
    assert_eq!((stats.completed, stats.cancelled), (started, cancelled));
    assert_eq!((started + cancelled, pool.queue_len()), (tasks, 0));
}

#[test]
fn of_cancel_and_start_exactly_one_wins_a_hundred_thousand_times() {
    cancel_against_start(100_000);
}

#[test]
#[ignore = "a storm of ten seconds or more: run by `cargo deep`"]
fn of_cancel_and_start_exactly_one_wins_in_a_storm() {
    cancel_against_start(5_000_000);
}

/// Many who cancel, a joiner on a worker and a worker: one of them has the task.
#[test]
fn of_two_who_cancel_a_joiner_and_a_worker_one_wins() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 64).unwrap());
    let runs = Arc::new(AtomicUsize::new(0));
    for round in 0..500 {
        let token = CancelToken::new();
        let (task, child) = Task::with_handle(counts(&runs, ()));
        let (task, child) = (task, Arc::new(child));
        let before = runs.load(SeqCst);
        let inside = Arc::clone(&child);
        let parent = pool.spawn(move || inside.cancel()).unwrap();
        // Refused, if the token is quicker.
        let submitted = pool.execute_with(&token, task);
        if round % 2 == 0 {
            token.cancel();
        }
        let outside = child.cancel();
        let inside = parent.join().unwrap();
        drop(submitted);
        let handle = Arc::into_inner(child).unwrap();
        let how = how(handle);
        let ran = runs.load(SeqCst) - before;
        assert!(usize::from(outside) + usize::from(inside) + ran <= 1);
        assert_eq!(how == How::Done, ran == 1, "{how:?}");
    }
    pool.wait_idle();
    let stats = pool.stats();
    assert_eq!(stats.accepted, stats.completed + stats.cancelled);
}

#[test]
fn a_cancelled_task_is_dropped_at_once_by_who_cancels_it() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 4);
    let _open = OpenOnDrop(&gate);
    let (tell, told) = mpsc::channel();
    let captured = OnDrop::new(move || tell.send(thread::current().id()).unwrap());
    let handle = pool.spawn(move || drop(captured)).unwrap();
    assert!(handle.cancel());
    assert_eq!(told.try_recv().unwrap(), thread::current().id());
    assert!(handle.is_finished());
    assert!(!handle.cancel(), "once is enough");
    let stats = pool.stats();
    assert_eq!((stats.cancelled, stats.queued, stats.running), (1, 0, 1));
    assert_eq!(how(handle), How::Cancelled);
    gate.open();
    pool.wait_idle();
    assert_eq!((pool.stats().accepted, pool.stats().completed), (2, 1));
}

#[test]
fn a_task_that_has_started_is_not_touched() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    let (begin, begun) = mpsc::channel();
    let (end, ended) = mpsc::channel::<()>();
    let task = move || {
        begin.send(()).unwrap();
        ended.recv().unwrap_err();
        42
    };
    let handle = pool.spawn(task).unwrap();
    begun.recv().unwrap();
    assert!(!handle.cancel());
    drop(end);
    pool.wait_idle();
    assert!(!handle.cancel());
    assert_eq!((handle.join().unwrap(), pool.stats().cancelled), (42, 0));
}

#[test]
fn the_place_of_a_cancelled_task_is_free_at_once() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 2);
    let _open = OpenOnDrop(&gate);
    for _ in 0..100 {
        let [one, two] = [(); 2].map(|()| pool.try_spawn(|| ()).unwrap());
        assert_eq!(pool.try_spawn(|| ()).unwrap_err().reason(), Reason::Full);
        assert!(one.cancel());
        let three = pool.try_spawn(|| ()).unwrap();
        assert_eq!(pool.queue_len(), 2);
        assert!(two.cancel() && three.cancel());
        assert_eq!(pool.queue_len(), 0);
    }
    assert_eq!(pool.stats().cancelled, 300);
}

#[test]
fn a_submitter_that_waits_for_a_place_gets_that_of_a_cancelled_task() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 1);
    let _open = OpenOnDrop(&gate);
    for patience in [LONG, Duration::MAX] {
        let queued = pool.spawn(|| ()).unwrap();
        let next = thread::scope(|scope| {
            let submitter = scope.spawn(|| {
                let (task, handle) = Task::with_handle(|| ());
                pool.execute_timeout(task, patience).unwrap();
                handle
            });
            // Time to fall asleep.
            thread::sleep(Duration::from_millis(10));
            assert!(queued.cancel());
            submitter.join().unwrap()
        });
        assert!(next.cancel());
    }
}

/// All those who wait get in while nothing runs at all.
#[test]
fn a_crowd_of_submitters_gets_in_by_nothing_but_cancelling() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 2);
    let _open = OpenOnDrop(&gate);
    thread::scope(|scope| {
        let (tell, told) = mpsc::channel::<JoinHandle<()>>();
        for _ in 0..8 {
            let (pool, tell) = (&pool, tell.clone());
            scope.spawn(move || {
                for _ in 0..50 {
                    tell.send(pool.spawn(|| ()).unwrap()).unwrap();
                }
            });
        }
        drop(tell);
        assert_eq!(told.iter().filter(JoinHandle::cancel).count(), 400);
    });
    assert_eq!((pool.stats().cancelled, pool.queue_len()), (400, 0));
}

#[test]
fn a_cancelled_task_is_over_for_those_who_wait() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 4);
    let _open = OpenOnDrop(&gate);
    let group = pool.group();
    let handle = Arc::new(group.spawn(|| ()).unwrap());
    thread::scope(|scope| {
        let group = scope.spawn(|| group.wait());
        let cancelled = Arc::clone(&handle);
        scope.spawn(move || assert!(cancelled.cancel()));
        assert_eq!(group.join().unwrap().cancelled, 1);
    });
    let handle = Arc::into_inner(handle).unwrap();
    assert_eq!(how(handle), How::Cancelled);
    // And for a whole pool: its last task is a cancelled one.
    let pool = watchdog.watch(Pool::builder().threads(0..=1).build().unwrap());
    let gate = scenes::block(&pool);
    let handle = pool.spawn(|| ()).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| pool.wait_idle());
        gate.open();
        handle.cancel();
    });
}

#[test]
fn a_handle_that_cancels_on_drop_does_so_unless_the_task_has_started() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 8);
    let _open = OpenOnDrop(&gate);
    let runs = Arc::new(AtomicUsize::new(0));
    let spawn = || pool.spawn(counts(&runs, 42)).unwrap().cancel_on_drop();
    drop(spawn());
    assert_eq!((pool.stats().cancelled, pool.queue_len()), (1, 0));
    // A handle that comes back has not forgotten it.
    drop(spawn().join_timeout(Duration::ZERO).unwrap_err());
    assert_eq!((pool.stats().cancelled, pool.queue_len()), (2, 0));
    let joined = spawn();
    gate.open();
    assert_eq!(joined.join().unwrap(), 42);
    pool.wait_idle();
    // Too late.
    let (begin, begun) = mpsc::channel();
    let (end, ended) = mpsc::channel::<()>();
    let count = Arc::clone(&runs);
    let task = move || {
        begin.send(()).unwrap();
        ended.recv().unwrap_err();
        count.fetch_add(1, SeqCst);
    };
    let running = pool.spawn(task).unwrap().cancel_on_drop();
    begun.recv().unwrap();
    drop(running);
    drop(end);
    pool.wait_idle();
    assert_eq!((runs.load(SeqCst), pool.stats().cancelled), (2, 2));
}

#[test]
fn what_a_token_cancels_resolves_as_cancelled() {
    let watchdog = Watchdog::start();
    for pool_too in [false, true] {
        let (pool, gate) = busy(&watchdog, 8);
        let _open = OpenOnDrop(&gate);
        let (token, runs) = (CancelToken::new(), Arc::new(AtomicUsize::new(0)));
        let (task, with_token) = Task::with_handle(counts(&runs, ()));
        pool.execute_with(&token, task).unwrap();
        let other = pool.spawn(counts(&runs, ())).unwrap();
        let hows = thread::scope(|scope| {
            let joiners = [with_token, other].map(|handle| scope.spawn(|| how(handle)));
            token.cancel();
            if pool_too {
                pool.cancel();
            }
            gate.open();
            joiners.map(|joiner| joiner.join().unwrap())
        });
        let other = if pool_too { How::Cancelled } else { How::Done };
        assert_eq!(hows, [How::Cancelled, other]);
        assert_eq!(runs.load(SeqCst), usize::from(!pool_too));
    }
}

#[test]
fn a_task_that_was_spawned_with_a_token_is_cancelled_by_it() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 1);
    let _open = OpenOnDrop(&gate);
    let (token, runs) = (CancelToken::new(), Arc::new(AtomicUsize::new(0)));
    let queued = pool.spawn_with(&token.child(), counts(&runs, 1)).unwrap();
    // Who waits for a place hears of the token as well, and gets the task back.
    thread::scope(|scope| {
        let waits = scope.spawn(|| pool.spawn_with(&token, counts(&runs, 2)).unwrap_err());
        thread::sleep(Duration::from_millis(5)); // time to fall asleep
        token.cancel();
        let refused = waits.join().unwrap();
        assert_eq!(refused.reason(), Reason::Cancelled);
        refused.into_task().run();
    });
    assert_eq!(runs.load(SeqCst), 1, "its owner may run it all the same");
    gate.open();
    let error = queued.join().unwrap_err();
    assert!(error.is_cancelled());
    assert_eq!(
        error.to_string(),
        "the task was cancelled before it started"
    );
    let refused = pool.spawn_with(&token, counts(&runs, 3)).unwrap_err();
    assert_eq!(refused.reason(), Reason::Cancelled);
    // A token that is cancelled too late changes nothing.
    let (token, inside) = (CancelToken::new(), CancelToken::new());
    let seen = inside.clone();
    let runs_on = pool.spawn_with(&token, move || {
        inside.cancel();
        42
    });
    seen.wait();
    token.cancel();
    assert_eq!(runs_on.unwrap().join().unwrap(), 42);
    pool.wait_idle();
    assert_eq!((pool.stats().cancelled, runs.load(SeqCst)), (1, 1));
}

/// Who joins it on a worker runs it no more than a worker would.
#[test]
fn a_task_whose_token_is_cancelled_does_not_run_in_place_either() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 8).unwrap());
    let runs = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&runs);
    let hows = on_worker(&pool, move |pool| {
        let token = CancelToken::new();
        let (task, with_token) = Task::with_handle(counts(&count, ()));
        pool.execute_with(&token, task).unwrap();
        let other = pool.spawn(counts(&count, ())).unwrap();
        token.cancel();
        let first = how(with_token);
        pool.cancel();
        [first, how(other)]
    });
    assert_eq!((hows, runs.load(SeqCst)), ([How::Cancelled; 2], 0));
    pool.wait_idle();
    assert_eq!((pool.stats().cancelled, pool.stats().completed), (2, 1));
}

#[test]
fn a_task_cancelled_before_it_is_submitted_is_accepted_and_counted_as_cancelled() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 8);
    let _open = OpenOnDrop(&gate);
    let runs = Arc::new(AtomicUsize::new(0));
    let cancelled = || {
        let (task, handle) = Task::with_handle(counts(&runs, ()));
        assert!(handle.cancel());
        assert_eq!(how(handle), How::Cancelled);
        task
    };
    let (group, token) = (pool.group().fail_fast(), CancelToken::new());
    pool.execute(cancelled()).unwrap();
    pool.execute_with(&token, cancelled()).unwrap();
    group.execute(cancelled()).unwrap();
    assert_eq!(pool.execute_batch([cancelled(), cancelled()]).unwrap(), 2);
    gate.open();
    assert_eq!(group.wait().cancelled, 1);
    pool.wait_idle();
    let stats = pool.stats();
    assert_eq!(
        (stats.accepted, stats.cancelled, stats.completed),
        (6, 5, 1)
    );
    assert_eq!((runs.load(SeqCst), Arc::strong_count(&runs)), (0, 1));
    assert!(!group.cancel_token().is_cancelled(), "it was no panic");
    // Its owner can run it, and nothing happens.
    cancelled().run();
}

/// It runs while nothing is locked.
#[test]
fn what_a_cancelled_task_captured_may_use_the_pool_when_it_is_dropped() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 8);
    let _open = OpenOnDrop(&gate);
    let victim = pool.spawn(|| ()).unwrap();
    let (inside, (tell, told)) = (Arc::clone(&pool), mpsc::channel());
    let captured = OnDrop::new(move || {
        let other = inside.spawn(|| ()).unwrap();
        assert!(other.cancel() && victim.cancel());
        assert_eq!(inside.stats().running, 1);
        inside.resize(2).unwrap();
        tell.send(inside.shutdown_now().len()).unwrap();
    });
    let handle = pool.spawn(move || drop(captured)).unwrap();
    let rest = pool.spawn(|| ()).unwrap();
    assert!(handle.cancel());
    // The second worker may have come for the last one.
    let back = told.recv().unwrap();
    let how = how(rest);
    assert_eq!(how == How::Abandoned, back == 1, "{how:?}");
}

/// The worker that comes by finds nothing to run, and goes on to what is behind.
#[test]
fn tasks_between_cancelled_ones_run_in_their_order() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 100);
    let _open = OpenOnDrop(&gate);
    let (tell, told) = mpsc::channel();
    let handles: Vec<_> = (0..100)
        .map(|n| {
            let tell = tell.clone();
            pool.spawn(move || tell.send(n).unwrap()).unwrap()
        })
        .collect();
    let cancelled: Vec<_> = (0..100).filter(|n| n % 3 > 0).collect();
    cancelled.iter().for_each(|n| assert!(handles[*n].cancel()));
    assert_eq!(pool.queue_len(), 34);
    gate.open();
    pool.wait_idle();
    drop(tell);
    let order: Vec<usize> = told.try_iter().collect();
    assert_eq!(order, (0..100).step_by(3).collect::<Vec<_>>());
    drop(handles);
}

/// A worker sleeps or searches; there is nothing left for it. It must find its way back to sleep,
/// and wake.
#[test]
fn a_pool_whose_tasks_are_all_cancelled_goes_on() {
    let watchdog = Watchdog::start();
    for stealing in [v5_futures::Stealing::Off, v5_futures::Stealing::Half] {
        let pool = Pool::builder()
            .threads(0..=3)
            .queue_capacity(4)
            .stealing(stealing);
        let pool = pool
            .idle_timeout(Duration::from_micros(50))
            .build()
            .unwrap();
        let pool = watchdog.watch(pool);
        for round in 0..2000 {
            let handles: Vec<_> = (0..4).map(|n| pool.spawn(move || n).unwrap()).collect();
            for handle in &handles {
                handle.cancel();
            }
            if round % 3 == 0 {
                pool.wait_idle();
                assert_eq!(pool.queue_len(), 0);
            }
            for handle in handles {
                assert_ne!(how(handle), How::Abandoned);
            }
            assert_eq!(pool.spawn(move || round).unwrap().join().unwrap(), round);
        }
        until(|| pool.threads() == 0);
    }
}

/// Cancelling takes nothing from those who come after: the gate is the only one that runs.
#[test]
fn a_cancelled_task_does_not_begin_although_its_worker_is_about_to_take_it() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 64).unwrap());
    let gates: Vec<Gate> = (0..2).map(|_| scenes::block(&pool)).collect();
    let runs = Arc::new(AtomicUsize::new(0));
    let handles: Vec<_> = (0..64)
        .map(|_| pool.spawn(counts(&runs, ())).unwrap())
        .collect();
    let cancelled = thread::scope(|scope| {
        let halves = handles.chunks(32).map(|half| {
            scope.spawn(move || half.iter().rev().filter(|handle| handle.cancel()).count())
        });
        let halves: Vec<_> = halves.collect();
        gates.iter().for_each(Gate::open);
        halves
            .into_iter()
            .map(|half| half.join().unwrap())
            .sum::<usize>()
    });
    pool.wait_idle();
    assert_eq!(runs.load(SeqCst) + cancelled, 64);
    assert_eq!(pool.stats().cancelled, cancelled);
}
