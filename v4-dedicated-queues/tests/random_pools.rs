//! Pools with random settings, and random things that happen to them. Each has to end, to run each
//! task at most once, and to count all of them.
//!
//! `POOLS=100000 SEED=7 cargo test -p v4-dedicated-queues --test random_pools` tries more of them.

mod common;

use std::cell::Cell;
use std::env;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Weak};
use std::thread;
use std::time::Duration;

use common::Watchdog;
use v4_dedicated_queues::{
    CancelToken, Eager, IdleTimeout, Lazy, Load, Moment, OnDemand, Placement, Pool, Proactive,
    Reaper, Scaling, Stealing, Task, Threshold, WarmUp,
};

/// Small and good enough: xorshift.
struct Random(Cell<u64>);

impl Random {
    fn new(seed: u64) -> Random {
        Random(Cell::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1))
    }

    fn below(&self, end: usize) -> usize {
        let mut x = self.0.get();
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.0.set(x);
        ((x >> 11) as usize) % end
    }

    fn one_in(&self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn of<T: Copy>(&self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

/// A policy that says anything, and panics now and then.
#[derive(Debug)]
struct Moody(AtomicUsize);

impl Scaling for Moody {
    fn wanted(&self, _moment: Moment, load: &Load) -> usize {
        let turn = self.0.fetch_add(1, SeqCst);
        match turn % 7 {
            0 => resume_unwind(Box::new("a policy")),
            1 => load.live + 1,
            2 => usize::MAX,
            3 => load.unfinished(),
            4 => {
                thread::sleep(Duration::from_micros(200));
                load.queued
            }
            _ => 0,
        }
    }

    fn excess(&self, load: &Load) -> usize {
        load.unused
    }

    fn period(&self) -> Option<Duration> {
        Some(Duration::from_millis(1))
    }
}

/// What all tasks of a pool have in common.
#[derive(Default)]
struct Tally {
    accepted: AtomicUsize,
    refused: AtomicUsize,
    runs: AtomicUsize,
    drops: AtomicUsize,
    made: AtomicUsize,
}

/// Dropped once, whatever becomes of the task; may panic then.
struct Captured(Arc<Tally>, bool);

impl Drop for Captured {
    fn drop(&mut self) {
        self.0.drops.fetch_add(1, SeqCst);
        if self.1 && !thread::panicking() {
            resume_unwind(Box::new("a drop"));
        }
    }
}

fn task(tally: &Arc<Tally>, pool: &Weak<Pool>, seed: u64, depth: usize) -> Task {
    tally.made.fetch_add(1, SeqCst);
    let random = Random::new(seed);
    let captured = Captured(Arc::clone(tally), false);
    let pool = Weak::clone(pool);
    let tally = Arc::clone(tally);
    Task::from(move || {
        let captured = captured;
        tally.runs.fetch_add(1, SeqCst);
        match random.below(24) {
            0 => resume_unwind(Box::new("a task")),
            1 => thread::yield_now(),
            2 => thread::sleep(Duration::from_micros(random.below(300) as u64)),
            3 | 4 if depth > 0 => {
                if let Some(pool) = pool.upgrade() {
                    for _ in 0..random.below(5) {
                        let next = task(
                            &tally,
                            &Arc::downgrade(&pool),
                            random.below(1 << 40) as u64,
                            depth - 1,
                        );
                        count(&tally, pool.execute(next).is_ok(), 1);
                    }
                }
            }
            5 if depth > 0 => {
                if let Some(pool) = pool.upgrade() {
                    let weak = Arc::downgrade(&pool);
                    let tasks = random.below(20);
                    let all: Vec<_> = (0..tasks)
                        .map(|_| task(&tally, &weak, random.below(1 << 40) as u64, depth - 1))
                        .collect();
                    batch(&tally, pool.execute_batch(all), tasks);
                }
            }
            6 => {
                if let Some(pool) = pool.upgrade() {
                    let min = random.below(3);
                    if random.one_in(4) {
                        let _ = pool.resize(min..=(min.max(1) + random.below(4)));
                    }
                }
            }
            7 => {
                let mut captured = captured;
                captured.1 = true;
                drop(captured);
            }
            8 => {
                if let Some(pool) = pool.upgrade() {
                    let stats = pool.stats();
                    check(&stats);
                }
            }
            _ => (),
        }
    })
}

fn check(stats: &v4_dedicated_queues::Stats) {
    let ended = stats.completed + stats.panicked + stats.cancelled + stats.returned;
    assert_eq!(stats.accepted, ended + stats.queued + stats.running);
    assert_eq!(stats.live, stats.idle + stats.running);
    assert_eq!(stats.live, stats.spawned - stats.retired);
}

fn count(tally: &Tally, accepted: bool, tasks: usize) {
    let counter = if accepted {
        &tally.accepted
    } else {
        &tally.refused
    };
    counter.fetch_add(tasks, SeqCst);
}

fn batch(tally: &Tally, result: Result<usize, v4_dedicated_queues::RejectedBatch>, tasks: usize) {
    match result {
        Ok(all) => {
            assert_eq!(all, tasks);
            count(tally, true, all);
        }
        Err(rejected) => {
            let accepted = rejected.accepted();
            let left = rejected.into_tasks().len();
            assert_eq!(accepted + left, tasks);
            count(tally, true, accepted);
            count(tally, false, left);
        }
    }
}

fn one_pool(seed: u64, watchdog: &Watchdog) {
    let random = Random::new(seed);
    let stealing = random.of(&[Stealing::Off, Stealing::One, Stealing::Half, Stealing::Half]);
    let capacity = random.of(&[1, 1, 2, 3, 7, 16, 64]);
    let min = random.below(4);
    let max = min.max(1) + random.below(4);
    let mut builder = Pool::builder()
        .threads(min..=max)
        .queue_capacity(capacity)
        .stealing(stealing)
        .placement(random.of(&[Placement::RoundRobin, Placement::LeastLoaded]));
    let idle = random.below(6);
    builder = match idle {
        0 => builder.idle_timeout(Duration::ZERO),
        1 => builder.idle_timeout(Duration::from_micros(50)),
        2 => builder.idle_timeout(Duration::from_millis(1)),
        _ => builder,
    };
    let ms = Duration::from_millis(1);
    let policy = random.below(10);
    builder = match policy {
        0 => builder.scaling(Eager),
        1 => builder.scaling(Lazy),
        2 => builder.scaling(WarmUp::new(random.below(3))),
        3 => builder.scaling(Threshold::new(80, ms)),
        4 => builder.scaling((OnDemand, Reaper::every(ms))),
        5 => builder.scaling((OnDemand, IdleTimeout::after(ms))),
        6 => builder.scaling((Proactive::every(ms), OnDemand)),
        7 | 8 => builder.scaling(Moody(AtomicUsize::new(seed as usize))),
        _ => builder,
    };
    if random.one_in(4) {
        builder = builder.on_thread_start(|| thread::sleep(Duration::from_micros(300)));
    }
    if random.one_in(8) {
        builder = builder.on_thread_stop(|| resume_unwind(Box::new("a hook")));
    }
    if random.one_in(8) {
        let turn = AtomicUsize::new(0);
        builder = builder.thread_name(move |number| {
            let turn = turn.fetch_add(1, SeqCst);
            if turn >= min && turn % 5 == 4 {
                resume_unwind(Box::new("a name"));
            }
            format!("random-{number}")
        });
    }
    let token = CancelToken::new();
    let Ok(pool) = builder.cancel_token(token.clone()).build() else {
        return; // a worker could not be named
    };
    let pool = watchdog.watch(pool);
    let tally = Arc::new(Tally::default());
    let weak = Arc::downgrade(&pool);
    let ending = random.below(6);
    let pairs = stealing != Stealing::Off && !random.one_in(3);
    thread::scope(|scope| {
        for _ in 0..1 + random.below(4) {
            let random = Random::new(random.below(1 << 40) as u64);
            let (pool, weak, tally, token) = (&pool, &weak, &tally, &token);
            scope.spawn(move || {
                let new = || task(tally, weak, random.below(1 << 40) as u64, 3);
                for _ in 0..random.below(60) {
                    match random.below(24) {
                        0 => {
                            let tasks = random.below(100);
                            let all: Vec<_> = (0..tasks).map(|_| new()).collect();
                            batch(tally, pool.execute_batch(all), tasks);
                        }
                        1 => {
                            let tasks = random.below(30);
                            let all: Vec<_> = (0..tasks).map(|_| new()).collect();
                            batch(tally, pool.try_execute_batch(all), tasks);
                        }
                        2 => count(tally, pool.try_execute(new()).is_ok(), 1),
                        3 => {
                            let time = Duration::from_micros(random.below(3000) as u64);
                            count(tally, pool.execute_timeout(new(), time).is_ok(), 1);
                        }
                        4 => {
                            let group = pool.group();
                            let tasks = random.below(12);
                            for _ in 0..tasks {
                                count(tally, group.execute(new()).is_ok(), 1);
                            }
                            if random.one_in(3) {
                                group.cancel();
                            }
                            group.wait();
                        }
                        5 => {
                            let token = CancelToken::new();
                            let time = Duration::from_micros(random.below(2000) as u64);
                            let child = token.with_timeout(time);
                            count(tally, pool.execute_with(&child, new()).is_ok(), 1);
                        }
                        6 => pool.wait_idle(),
                        7 => {
                            let min = random.below(4);
                            let _ = pool.resize(min..=(min.max(1) + random.below(4)));
                        }
                        8 => check(&pool.stats()),
                        9 => assert!(pool.queue_len() <= tally.made.load(SeqCst)),
                        10 => thread::sleep(Duration::from_micros(random.below(500) as u64)),
                        11 if ending == 0 && random.one_in(8) => pool.shutdown(),
                        12 if ending == 1 && random.one_in(8) => token.cancel(),
                        13 if ending == 2 && random.one_in(8) => {
                            drop(pool.shutdown_now());
                        }
                        _ => count(tally, pool.execute(new()).is_ok(), 1),
                    }
                }
            });
        }
    });
    // Tasks that wait for each other, as many as there are workers.
    if pairs && ending > 2 {
        pool.wait_idle();
        let workers = 1 + random.below(4);
        // Perhaps no name can be made for one of them.
        let meetings = match pool.resize(workers) {
            Ok(()) => 1 + random.below(6),
            Err(_) => 0,
        };
        for _ in 0..meetings {
            let barrier = Arc::new(Barrier::new(workers));
            let meets = |_| {
                tally.made.fetch_add(1, SeqCst);
                let (barrier, tally) = (Arc::clone(&barrier), Arc::clone(&tally));
                let captured = Captured(Arc::clone(&tally), false);
                Task::from(move || {
                    tally.runs.fetch_add(1, SeqCst);
                    barrier.wait();
                    drop(captured);
                })
            };
            let all: Vec<_> = (0..workers).map(meets).collect();
            if random.one_in(2) {
                batch(&tally, pool.execute_batch(all), workers);
            } else {
                for task in all {
                    count(&tally, pool.execute(task).is_ok(), 1);
                }
            }
            // Two meetings at a time could wait for each other's workers.
            pool.wait_idle();
        }
    }
    match ending {
        0..=3 => {
            pool.wait_idle();
            let stats = pool.stats();
            assert_eq!((stats.queued, stats.running), (0, 0), "{stats:?}");
        }
        4 => drop(pool.shutdown_now()),
        _ => _ = pool.shutdown_timeout(Duration::from_millis(1)),
    }
    pool.shutdown();
    let stats = pool.stats();
    check(&stats);
    let (accepted, refused) = (tally.accepted.load(SeqCst), tally.refused.load(SeqCst));
    assert_eq!(stats.accepted, accepted, "{stats:?}");
    assert_eq!(
        (stats.queued, stats.running, stats.live),
        (0, 0, 0),
        "{stats:?}"
    );
    assert_eq!(accepted + refused, tally.made.load(SeqCst));
    assert_eq!(
        tally.runs.load(SeqCst),
        stats.completed + stats.panicked,
        "{stats:?}"
    );
    drop(pool);
    assert_eq!(
        tally.drops.load(SeqCst),
        tally.made.load(SeqCst),
        "{stats:?}"
    );
}

fn number(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |value| value.parse().unwrap())
}

#[test]
fn random_pools_run_each_task_at_most_once_and_end() {
    let seed = number("SEED", 1);
    let _watchdog = Watchdog::with_limit(Duration::from_secs(60 + number("POOLS", 40)));
    for seed in seed..seed + number("POOLS", 40) {
        let run = thread::Builder::new().name(format!("seed {seed}"));
        let run = run.spawn(move || {
            one_pool(seed, &Watchdog::with_limit(Duration::from_secs(20)));
        });
        assert!(run.unwrap().join().is_ok(), "seed {seed}");
    }
}
