//! How a task that waits for its limit leaves without starting, and how a pool ends meanwhile.

mod common;
mod scene;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use common::{Gate, OpenOnDrop, Watchdog, adds_one, until};
use rate_limit::{CancelToken, Pool, Reason, Task};
use scene::{Notes, Scene, TICK};

/// Law: a task that is cancelled leaves at once, wherever it stands, and takes nothing.
#[test]
fn cancelled_tasks_leave_at_once_and_take_nothing() {
    let scene = Scene::new(1, 1);
    scene.submit(1);
    scene.starts(1);
    let token = CancelToken::new();
    let ran = Arc::new(AtomicUsize::new(0));
    let group = scene.pool.group();
    let limited = || Task::from(adds_one(&ran)).limited(&scene.limit);
    for _ in 0..20 {
        scene.pool.execute_with(&token, limited()).unwrap();
        scene.submit(1); // between those that are cancelled
        group.execute(limited()).unwrap();
    }
    token.cancel();
    group.cancel();
    assert_eq!(group.wait().cancelled, 20);
    until(|| scene.pool.queue_len() == 20);
    scene.clock.advance(TICK);
    scene.starts(2);
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (0, 1));
    assert_eq!(scene.pool.stats().cancelled, 40);
    assert_eq!(scene.pool.shutdown_now().len(), 19);
}

/// A deadline tells nobody, so the timekeeper sleeps no longer than to the earliest.
#[test]
fn a_task_leaves_when_its_token_is_past_its_deadline() {
    let scene = Scene::new(2, 1);
    scene.submit(2);
    scene.starts(1);
    for patience in [30, 10, 20] {
        let token = CancelToken::new().with_timeout(Duration::from_millis(patience));
        scene.pool.execute_with(&token, scene.task()).unwrap();
    }
    // The clock of the limit stands still.
    until(|| scene.pool.stats().cancelled == 3);
    assert_eq!(scene.pool.shutdown_now().len(), 1);
}

#[test]
fn a_pool_with_a_deadline_lets_go_of_what_waits() {
    let watchdog = Watchdog::start();
    let token = CancelToken::new().with_timeout(Duration::from_millis(20));
    let pool = Pool::builder().threads(2).cancel_token(token);
    let pool = watchdog.watch(pool.build().unwrap());
    let scene = Scene::new(1, 1);
    for _ in 0..5 {
        // Refused, if the machine was very slow.
        let _ = pool.execute(scene.task());
    }
    pool.wait_idle();
    let stats = pool.stats();
    assert_eq!(stats.accepted, stats.completed + stats.cancelled);
}

#[test]
fn a_panicking_limited_task_costs_one_start_and_its_fail_fast_group() {
    let scene = Scene::new(2, 1);
    let group = scene.pool.group().fail_fast();
    let fails = Task::from(|| std::panic::resume_unwind(Box::new("the server is gone")));
    group.execute(fails.limited(&scene.limit)).unwrap();
    for _ in 0..5 {
        // Refused, if the panic was faster.
        let _ = group.execute(scene.task());
    }
    let report = group.wait();
    assert_eq!((report.panicked, report.completed), (1, 0));
    scene.submit(1);
    scene.starts(0);
    scene.clock.advance(TICK);
    scene.starts(1);
}

#[test]
fn a_shutdown_runs_what_waits_at_the_pace_of_its_limit() {
    let scene = Scene::new(3, 1);
    scene.submit(3);
    scene.starts(1);
    let late = scene.pool.shutdown_timeout(Duration::ZERO).unwrap_err();
    assert_eq!(late.queued, 2);
    let refused = scene.pool.execute(scene.task()).unwrap_err();
    assert_eq!(refused.reason(), Reason::ShutDown);
    thread::scope(|scope| {
        scope.spawn(|| scene.pool.shutdown());
        scene.clock.advance(TICK);
        scene.starts(2);
        scene.clock.advance(TICK);
    });
    assert_eq!((scene.started.load(SeqCst), scene.pool.threads()), (3, 0));
}

/// The workers sleep behind a limit when the queue is closed. Whatever takes the last task has to
/// wake them.
#[test]
fn what_takes_the_last_task_after_the_close_wakes_those_that_sleep_behind_a_limit() {
    for round in 0..120 {
        let scene = Scene::new(3, 1);
        let token = CancelToken::new();
        assert!(scene.limit.try_start());
        for _ in 0..1 + round % 2 {
            scene.pool.execute_with(&token, scene.task()).unwrap();
        }
        thread::scope(|scope| {
            scope.spawn(|| scene.pool.shutdown());
            match round % 4 {
                0 => drop(scene.pool.shutdown_now()),
                1 => scene.pool.cancel(),
                2 => token.cancel(),
                _ => {
                    for _ in 0..2 {
                        scene.clock.advance(TICK);
                        thread::yield_now();
                    }
                    until(|| {
                        scene.clock.advance(TICK);
                        scene.pool.queue_len() == 0
                    });
                }
            }
        });
        assert_eq!((scene.pool.threads(), scene.pool.queue_len()), (0, 0));
    }
}

#[test]
fn tasks_are_handed_back_in_the_order_in_which_they_were_accepted_and_take_nothing() {
    let scene = Scene::new(1, 2);
    let gate = Gate::new();
    gate.occupy(|task| scene.pool.execute(task).unwrap());
    let _open = OpenOnDrop(&gate);
    let notes = Notes::new();
    let other = scene.other(TICK);
    for n in 0..30 {
        let task = notes.task(n);
        let task = match n % 3 {
            0 => task,
            1 => task.limited(&scene.limit),
            _ => task.limited(&other),
        };
        scene.pool.execute(task).unwrap();
    }
    let tasks = scene.pool.shutdown_now();
    tasks.into_iter().for_each(Task::run);
    assert!(notes.read().is_sorted());
    let stats = scene.pool.stats();
    assert_eq!((stats.returned, scene.pool.queue_len()), (30, 0));
    assert!(scene.limit.try_start() && scene.limit.try_start() && other.try_start());
    assert!(!scene.limit.try_start());
}

/// Starts pools, submits behind limits and without from two threads, moves the clock, and stops in
/// one of four ways.
fn rounds(rounds: usize) {
    for round in 0..rounds {
        let scene = Scene::new(1 + round % 3, 1 + round as u32 % 2);
        let other = scene.other(TICK * 2);
        let ran = Arc::new(AtomicUsize::new(0));
        let token = CancelToken::new();
        let (mut accepted, mut back) = (0, 0);
        thread::scope(|scope| {
            let (pool, ran, token) = (&scene.pool, &ran, &token);
            let limits = [Some(&scene.limit), Some(&other), None];
            let submitters = [0, 1].map(|first| {
                scope.spawn(move || {
                    let limits = limits.into_iter().cycle().skip(first).take(12);
                    let submitted = limits.enumerate().filter(|(n, limit)| {
                        let task = Task::from(adds_one(ran));
                        let task = limit.map_or(Task::from(adds_one(ran)), |at| task.limited(at));
                        match n % 3 {
                            0 => pool.execute_with(token, task).is_ok(),
                            _ => pool.execute(task).is_ok(),
                        }
                    });
                    submitted.count()
                })
            });
            scene.clock.advance(TICK);
            match round % 4 {
                0 => back = pool.shutdown_now().len(),
                1 => pool.cancel(),
                2 => token.cancel(),
                _ => {}
            }
            accepted += submitters
                .map(|one| one.join().unwrap())
                .iter()
                .sum::<usize>();
        });
        thread::scope(|scope| {
            let ends = scope.spawn(|| match round % 2 {
                0 => scene.pool.shutdown(),
                _ => scene.pool.wait_idle(),
            });
            while !ends.is_finished() {
                scene.clock.advance(TICK);
                thread::yield_now();
            }
        });
        let stats = scene.pool.stats();
        assert_eq!(
            (stats.completed, stats.accepted),
            (ran.load(SeqCst), accepted)
        );
        assert_eq!(
            stats.completed + stats.cancelled + back,
            accepted,
            "round {round}"
        );
        assert_eq!(Arc::strong_count(&ran), 1);
    }
}

#[test]
fn rounds_of_start_flow_and_stop_lose_nothing() {
    rounds(120);
}

#[test]
#[ignore = "ten thousand pools: run by `cargo deep`"]
fn ten_thousand_rounds_of_start_flow_and_stop_lose_nothing() {
    rounds(10_000);
}
