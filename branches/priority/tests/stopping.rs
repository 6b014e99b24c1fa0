//! No level is forgotten when a pool stops.

mod common;
mod levels;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;

use common::{OpenOnDrop, Watchdog, adds_one};
use levels::{LEVELS, Notes, busy, nothing};
use priority::{Pool, Priority, Reason, Task};

#[test]
fn tasks_are_handed_back_with_their_levels_in_the_order_in_which_they_would_have_started() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 100, 2);
    let _open = OpenOnDrop(&gate);
    let notes = Notes::new();
    for n in 0..30 {
        let level = LEVELS[n % 3];
        pool.execute(notes.task((n, level), level)).unwrap();
    }
    let tasks = pool.shutdown_now();
    let levels: Vec<_> = tasks.iter().map(Task::priority).collect();
    tasks.into_iter().for_each(Task::run);
    let handed_back = notes.take();
    let same: Vec<_> = handed_back.iter().map(|&(_, level)| level).collect();
    assert_eq!(levels, same);
    let mut expected: Vec<_> = (0..30).map(|n| (n, LEVELS[n % 3])).collect();
    expected.sort_by_key(|&(n, level)| {
        let below = Priority::High as usize - level as usize;
        (n + 2 * below, below)
    });
    assert_eq!(handed_back, expected);
    assert_eq!((pool.stats().returned, pool.queue_len()), (30, 0));
}

#[test]
fn a_shutdown_runs_the_tasks_of_every_level() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 4, u64::MAX);
    let ran = Arc::new(AtomicUsize::new(0));
    for level in LEVELS {
        pool.execute(Task::from(adds_one(&ran)).at(level)).unwrap();
    }
    gate.open();
    pool.shutdown();
    assert_eq!((ran.load(SeqCst), pool.threads()), (3, 0));
    let rejected = pool.execute(nothing(Priority::High)).unwrap_err();
    assert_eq!(rejected.reason(), Reason::ShutDown);
}

#[test]
fn a_group_has_tasks_of_every_level_and_waits_for_them_all() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 4, 2);
    let group = pool.group();
    let notes = Notes::new();
    for level in LEVELS {
        group.execute(notes.task(level, level)).unwrap();
    }
    gate.open();
    assert_eq!(group.wait().completed, 3);
    assert_eq!(
        notes.take(),
        [Priority::High, Priority::Normal, Priority::Low]
    );
}

#[test]
fn a_cancelled_pool_drops_the_tasks_of_every_level() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 4, 2);
    let ran = Arc::new(AtomicUsize::new(0));
    for level in LEVELS {
        pool.execute(Task::from(adds_one(&ran)).at(level)).unwrap();
    }
    pool.cancel();
    gate.open();
    pool.wait_idle();
    assert_eq!((pool.stats().cancelled, Arc::strong_count(&ran)), (3, 1));
    pool.shutdown();
}

/// Starts pools, submits to all levels from two threads, and stops in one of three ways.
fn rounds(watchdog: &Watchdog, rounds: usize) {
    for round in 0..rounds {
        let pool = watchdog.watch(Pool::new(1 + round % 3, 1 + round % 2).unwrap());
        let ran = Arc::new(AtomicUsize::new(0));
        let (mut accepted, mut back) = (0, 0);
        thread::scope(|scope| {
            let submitters = [0, 1].map(|first| {
                let (pool, ran) = (&pool, &ran);
                scope.spawn(move || {
                    let levels = LEVELS.into_iter().cycle().skip(first);
                    let submitted = levels.take(12).map(|level| {
                        let task = Task::from(adds_one(ran)).at(level);
                        pool.execute(task).map_err(|rejected| rejected.reason())
                    });
                    submitted.collect::<Vec<_>>()
                })
            });
            if round % 5 == 0 {
                thread::yield_now();
            }
            match round % 4 {
                0 => back = pool.shutdown_now().len(),
                1 => pool.shutdown(),
                _ => {}
            }
            for submitter in submitters {
                for submitted in submitter.join().unwrap() {
                    assert!(matches!(submitted, Ok(()) | Err(Reason::ShutDown)));
                    accepted += usize::from(submitted.is_ok());
                }
            }
        });
        if round % 4 == 2 {
            pool.wait_idle();
        } else {
            pool.shutdown();
        }
        assert_eq!(ran.load(SeqCst) + back, accepted, "round {round}");
        let stats = pool.stats();
        assert_eq!(
            (stats.completed, stats.accepted),
            (ran.load(SeqCst), accepted)
        );
    }
}

#[test]
fn rounds_of_start_flow_and_stop_lose_nothing() {
    rounds(&Watchdog::start(), 500);
}

#[test]
#[ignore = "ten thousand pools: run by `cargo deep`"]
fn ten_thousand_rounds_of_start_flow_and_stop_lose_nothing() {
    for _ in 0..20 {
        rounds(&Watchdog::start(), 500);
    }
}
