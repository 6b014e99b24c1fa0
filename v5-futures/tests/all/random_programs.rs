//! Random programs on random pools: trees of tasks that spawn, join, await, cancel, map and open
//! scopes. What has to come out is known without any pool.
//!
//! `PROGRAMS=100000 SEED=7 cargo test -p v5-futures --test all random_programs` tries more of them.

mod cancels;
mod joins;
mod maps;
mod program;
mod scopes;
mod tree;

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use v5_futures::{Eager, Lazy, Placement, Pool, Stealing};

use self::program::{Here, Program, Tally, take, text_of};
use self::tree::{Node, Panic, Random};
use crate::common::{self, Watchdog};

fn a_pool(random: &Random) -> Pool {
    let min = random.below(3);
    let max = min.max(1) + random.below(3);
    let mut builder = Pool::builder()
        .threads(min..=max)
        .queue_capacity(random.of(&[1, 1, 2, 3, 16]))
        .stealing(random.of(&[Stealing::Off, Stealing::One, Stealing::Half, Stealing::Half]))
        .placement(random.of(&[Placement::RoundRobin, Placement::LeastLoaded]));
    builder = match random.below(5) {
        0 => builder.idle_timeout(Duration::ZERO),
        1 => builder.idle_timeout(Duration::from_micros(50)),
        _ => builder,
    };
    builder = match random.below(6) {
        0 => builder.scaling(Eager),
        1 => builder.scaling(Lazy),
        _ => builder,
    };
    if random.one_in(6) {
        builder = builder.on_thread_stop(|| resume_unwind(Box::new("a hook")));
    }
    builder.build().unwrap()
}

fn chaos(program: &Program, random: &Random) {
    thread::sleep(Duration::from_micros(random.below(3000) as u64));
    for _ in 0..1 + random.below(2) {
        let pool = &program.pools[random.below(program.pools.len())];
        match random.below(4) {
            0 => pool.cancel(),
            1 => pool.shutdown(),
            2 => drop(pool.shutdown_now()),
            _ => thread::scope(|scope| {
                for task in pool.shutdown_now() {
                    // They may wait for each other.
                    scope.spawn(move || catch_unwind(AssertUnwindSafe(|| task.run())));
                }
            }),
        }
        thread::sleep(Duration::from_micros(random.below(300) as u64));
    }
}

fn one_program(seed: u64) {
    let random = Random::new(seed);
    let watchdog = Watchdog::with_limit(Duration::from_secs(30));
    let pools: Vec<_> = (0..1 + random.below(3)).map(|_| a_pool(&random)).collect();
    let tally = Arc::new(Tally::default());
    let program = watchdog.watch(Program {
        pools,
        tally: Arc::clone(&tally),
        chaos: AtomicBool::new(random.one_in(4)),
        turns: AtomicU64::new(seed << 20),
    });
    let busy = AtomicBool::new(true);
    let watches = random.one_in(4);
    thread::scope(|scope| {
        if watches {
            scope.spawn(|| {
                while busy.load(SeqCst) {
                    for pool in &program.pools {
                        program.look(&pool.stats());
                        drop(format!("{pool:?}"));
                        let _ = pool.queue_len();
                    }
                    thread::yield_now();
                }
            });
        }
        let roots: Vec<_> = (0..1 + random.below(3))
            .map(|_| {
                let node = Node {
                    seed: random.next(),
                    depth: 1 + random.below(4),
                };
                let program = &program;
                scope.spawn(move || {
                    let outside = Here {
                        pool: 0,
                        on_worker: false,
                    };
                    let run = catch_unwind(AssertUnwindSafe(|| program.run(outside, node)));
                    let value = run.map_err(|payload| payload.downcast::<Panic>().map(|p| p.0));
                    match value {
                        Ok(None) => program.check(program.chaos(), "nothing"),
                        Ok(Some(value)) => {
                            program.check(node.model() == Ok(value), "the root");
                        }
                        Err(Ok(panic)) => program.check(node.model() == Err(panic), "its panic"),
                        Err(Err(other)) => {
                            program.wrong(format!("a root: {:?}", text_of(&*other)));
                        }
                    }
                })
            })
            .collect();
        if program.chaos() {
            chaos(&program, &random);
        }
        roots.into_iter().for_each(|root| root.join().unwrap());
        busy.store(false, SeqCst);
    });
    let ends = random.below(3);
    if ends > 0 {
        for pool in &program.pools {
            if ends == 1 || !program.chaos() {
                pool.wait_idle();
                let stats = pool.stats();
                program.check((stats.queued, stats.running) == (0, 0), "not idle");
                let ended = stats.completed + stats.panicked + stats.cancelled + stats.returned;
                program.check(stats.accepted == ended, &format!("{stats:?}"));
            }
            pool.shutdown();
            let stats = pool.stats();
            let ended = stats.completed + stats.panicked + stats.cancelled + stats.returned;
            program.check(
                stats.accepted == ended && stats.live == 0,
                &format!("{stats:?}"),
            );
        }
    }
    // Perhaps a task is the last to let go of the pools.
    program.chaos.store(true, SeqCst);
    drop(program);
    common::until(|| Arc::strong_count(&tally) == 1);
    let wrong = take(&tally.wrong);
    assert!(wrong.is_empty(), "{wrong:?}");
    assert_eq!(tally.closures.load(SeqCst), 0, "closures are left");
    assert_eq!(tally.results.load(SeqCst), 0, "results are left");
}

fn number(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |value| value.parse().unwrap())
}

#[test]
fn random_programs_come_to_what_they_should() {
    let first = number("SEED", 1);
    for seed in first..first + number("PROGRAMS", 100) {
        let run = thread::Builder::new().name(format!("seed {seed}"));
        let run = run.spawn(move || one_program(seed));
        assert!(run.unwrap().join().is_ok(), "seed {seed}");
    }
}
