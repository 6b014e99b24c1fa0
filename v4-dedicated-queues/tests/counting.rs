//! Counting: each worker has counts of its own, and their sums fit together while they change.

mod common;

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use common::{Gate, OpenOnDrop, Watchdog, until};
use v4_dedicated_queues::{CancelToken, Pool, Stats, Stealing};

/// How a task ends, of four.
fn ends(n: usize, pool: &Arc<Pool>) {
    match n % 4 {
        0 => panic!("one of four panics"),
        1 => pool.execute_batch([|| (), || ()]).map(drop).unwrap(),
        _ => pool.execute(|| ()).unwrap(),
    }
}

/// What must be true at any time, whatever was counted before.
fn look(now: Stats, before: Stats, max: usize) {
    let ended = |stats: Stats| stats.completed + stats.panicked + stats.cancelled + stats.returned;
    let left = now.queued + now.running;
    assert_eq!(now.accepted, ended(now) + left, "{now:?}");
    assert_eq!(now.live, now.idle + now.running, "{now:?}");
    assert_eq!(now.live, now.spawned - now.retired, "{now:?}");
    assert!(now.live <= now.peak && now.peak <= max, "{now:?}");
    // No count goes back, also when a worker leaves and takes its own along.
    let grow = |stats: Stats| {
        let ended = [stats.completed, stats.panicked, stats.cancelled];
        let others = [stats.accepted, stats.spawned, stats.retired, stats.stolen];
        ended.into_iter().chain(others)
    };
    let grows = grow(before).zip(grow(now)).all(|(old, new)| old <= new);
    assert!(grows, "{before:?}, and then {now:?}");
}

/// Tasks end in all ways, on workers that come and go and steal from each other.
#[test]
fn the_counts_add_up_while_tasks_run_and_workers_come_and_go() {
    let watchdog = Watchdog::start();
    for stealing in [Stealing::Off, Stealing::One, Stealing::Half] {
        let pool = Pool::builder()
            .threads(0..=4)
            .queue_capacity(16)
            .idle_timeout(Duration::ZERO);
        let pool = watchdog.watch(pool.stealing(stealing).build().unwrap());
        let (stop, token) = (AtomicBool::new(false), CancelToken::new());
        token.cancel();
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut before = Stats::default();
                    while !stop.load(SeqCst) {
                        let now = pool.stats();
                        look(now, before, 4);
                        before = now;
                    }
                });
            }
            let (stop, pool) = (&stop, &pool);
            scope.spawn(move || {
                for n in 0.. {
                    pool.resize(n % 2..=2 + n % 3).unwrap();
                    if stop.load(SeqCst) {
                        break;
                    }
                    thread::yield_now();
                }
            });
            let submitters = [(); 2].map(|()| {
                scope.spawn(move || {
                    for n in 0..400 {
                        let inside = Arc::clone(pool);
                        pool.execute(move || ends(n, &inside)).unwrap();
                    }
                })
            });
            for one in submitters {
                one.join().unwrap();
            }
            pool.wait_idle();
            stop.store(true, SeqCst);
        });
        let stats = pool.stats();
        // Of 800 tasks 200 have submitted two others each, and 400 one.
        assert_eq!((stats.accepted, stats.panicked), (1600, 200));
        assert_eq!((stats.completed, stats.queued, stats.running), (1400, 0, 0));
        pool.resize(0..=1).unwrap();
        until(|| pool.threads() == 0);
        let alone = pool.stats();
        look(alone, stats, 4);
        assert_eq!((alone.completed, alone.panicked), (1400, 200));
    }
}

/// The counts of one worker are several numbers, and they are read while it writes them.
#[test]
fn the_counts_of_a_worker_add_up_while_it_runs_the_shortest_tasks() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 1).unwrap());
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut before = Stats::default();
                while !stop.load(SeqCst) {
                    let now = pool.stats();
                    look(now, before, 1);
                    before = now;
                }
            });
        }
        for _ in 0..20 {
            let inside = Arc::clone(&pool);
            let parent = move || drop(inside.execute_batch((0..10_000).map(|_| || ())));
            pool.execute(parent).unwrap();
            pool.wait_idle();
        }
        stop.store(true, SeqCst);
    });
    assert_eq!(pool.stats().completed, 200_020);
}

/// A task has ended for its group only when the pool has counted it.
#[test]
fn a_thread_that_has_waited_for_a_group_finds_its_tasks_counted() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    for round in 1..=3000 {
        let group = pool.group();
        group.execute(|| ()).unwrap();
        group.wait();
        let stats = pool.stats();
        assert_eq!((stats.completed, stats.running), (round, 0));
    }
}

/// A task that is cancelled while it is queued is counted by the worker that drops it, and those
/// that come back are counted by none.
#[test]
fn tasks_that_do_not_run_are_counted_once() {
    let watchdog = Watchdog::start();
    for stealing in [Stealing::Off, Stealing::One, Stealing::Half] {
        let pool = Pool::builder().threads(1).queue_capacity(100);
        let pool = watchdog.watch(pool.stealing(stealing).build().unwrap());
        let gates = [Gate::new(), Gate::new()];
        let _open = gates.each_ref().map(OpenOnDrop);
        let token = CancelToken::new();
        gates[0].occupy(|task| pool.execute(task).unwrap());
        (0..10).for_each(|_| pool.execute_with(&token, || ()).unwrap());
        token.cancel();
        let (begin, begun) = mpsc::channel();
        let at = gates[1].clone();
        let blocks = move || {
            begin.send(()).unwrap();
            at.pass();
        };
        pool.execute(blocks).unwrap();
        (0..20).for_each(|_| pool.execute(|| ()).unwrap());
        gates[0].open();
        begun.recv().unwrap();
        assert_eq!(pool.shutdown_now().len(), 20);
        let stats = pool.stats();
        let ended = (stats.completed, stats.cancelled, stats.returned);
        assert_eq!((ended, stats.running, stats.queued), ((1, 10, 20), 1, 0));
        gates[1].open();
        pool.shutdown();
        assert_eq!((pool.stats().completed, pool.stats().accepted), (2, 32));
    }
}
