//! New limits for a pool that runs.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::Duration;

use common::{Gate, OpenOnDrop, Watchdog, adds_one, meets, until};
use v3_dynamic::{BuildError, Lazy, Load, Moment, OnDemand, Pool, Reaper, Scaling};

#[test]
fn a_pool_made_larger_runs_more_at_once_without_a_new_submission() {
    let watchdog = Watchdog::start();
    let pool = Pool::builder().threads(1).queue_capacity(3);
    let pool = watchdog.watch(pool.build().unwrap());
    let together = Arc::new(Barrier::new(8));
    thread::scope(|scope| {
        for _ in 0..8 {
            let (pool, together) = (&pool, Arc::clone(&together));
            scope.spawn(move || {
                let task = move || {
                    together.wait();
                };
                pool.execute(task).unwrap();
            });
        }
        // One task runs, three are queued, and four submitters wait.
        until(|| pool.queue_len() == 3);
        pool.resize(8).unwrap();
    });
    pool.wait_idle();
    assert_eq!((pool.threads(), pool.limits()), (8, 8..=8));
}

#[test]
fn a_larger_limit_is_used_for_what_is_queued_already() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 8).unwrap());
    let together = Arc::new(Barrier::new(4));
    for _ in 0..4 {
        pool.execute(meets(&together)).unwrap();
    }
    pool.resize(1..=8).unwrap();
    pool.wait_idle();
    assert_eq!(pool.threads(), 4, "as many as there were tasks");
}

#[test]
fn a_pool_made_smaller_lets_idle_workers_go() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(8, 8).unwrap());
    pool.resize(1).unwrap();
    until(|| pool.threads() == 1);
    let ran = Arc::new(AtomicUsize::new(0));
    pool.execute(adds_one(&ran)).unwrap();
    pool.wait_idle();
    assert_eq!((ran.load(SeqCst), pool.stats().retired), (1, 7));
}

#[test]
fn workers_that_had_to_stay_leave_when_the_limits_allow_it() {
    let watchdog = Watchdog::start();
    let pool = Pool::builder()
        .threads(4)
        .idle_timeout(Duration::from_millis(1));
    let pool = watchdog.watch(pool.build().unwrap());
    thread::sleep(Duration::from_millis(20));
    assert_eq!(pool.threads(), 4);
    pool.resize(0..=4).unwrap();
    until(|| pool.threads() == 0);
}

/// New limits are no reason to begin an idle time anew, nor a reaper's round.
#[test]
fn limits_that_are_set_again_and_again_keep_nobody() {
    let watchdog = Watchdog::start();
    let idle = Pool::builder().idle_timeout(Duration::from_millis(100));
    let reaped = (OnDemand, Reaper::every(Duration::from_millis(100)));
    for pool in [idle, Pool::builder().scaling(reaped)] {
        let pool = watchdog.watch(pool.threads(0..=4).build().unwrap());
        let together = Arc::new(Barrier::new(4));
        for _ in 0..4 {
            pool.execute(meets(&together)).unwrap();
        }
        until(|| {
            thread::sleep(Duration::from_millis(10));
            pool.resize(0..=4).unwrap();
            pool.threads() == 0
        });
    }
}

#[test]
fn a_pool_made_smaller_lets_busy_workers_finish_their_tasks() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(4, 64).unwrap());
    let gate = Gate::new();
    let _open = OpenOnDrop(&gate);
    let (begin, begun) = mpsc::channel();
    for _ in 0..4 {
        let (begin, at) = (begin.clone(), gate.clone());
        let task = move || {
            begin.send(()).unwrap();
            at.pass();
        };
        pool.execute(task).unwrap();
    }
    (0..4).for_each(|_| begun.recv().unwrap());
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    for _ in 0..60 {
        let (running, most) = (Arc::clone(&running), Arc::clone(&most));
        let task = move || {
            most.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
            thread::yield_now();
            running.fetch_sub(1, SeqCst);
        };
        pool.execute(task).unwrap();
    }
    pool.resize(1..=2).unwrap();
    assert_eq!(pool.threads(), 4, "nobody can be stopped in a task");
    gate.open();
    pool.wait_idle();
    assert_eq!(pool.stats().completed, 64);
    assert!(
        most.load(SeqCst) <= 2,
        "those above the limit took one more task"
    );
    until(|| pool.threads() <= 2);
}

#[test]
fn bad_limits_change_nothing() {
    let pool = Pool::builder().threads(1..=2).build().unwrap();
    assert!(matches!(pool.resize(0), Err(BuildError::NoThreads)));
    assert!(matches!(pool.resize(0..=0), Err(BuildError::NoThreads)));
    assert!(matches!(
        pool.resize(5000),
        Err(BuildError::TooManyThreads(5000))
    ));
    let error = pool
        .resize(std::ops::RangeInclusive::new(3, 2))
        .unwrap_err();
    assert!(matches!(error, BuildError::MinAboveMax { min: 3, max: 2 }));
    assert_eq!(
        error.to_string(),
        "a pool cannot have at least 3 threads and at most 2"
    );
    assert_eq!(pool.limits(), 1..=2);
    let range = std::ops::RangeInclusive::new(3, 2);
    assert!(Pool::builder().threads(range).build().is_err());
}

#[test]
fn without_a_thread_the_new_limits_hold_and_the_next_submission_tries_again() {
    let watchdog = Watchdog::start();
    let pool = Pool::builder()
        .threads(1)
        .thread_name(|number| if number == 2 { "b\0d" } else { "fine" }.into());
    let pool = watchdog.watch(pool.build().unwrap());
    assert!(matches!(pool.resize(3), Err(BuildError::ThreadName(_))));
    assert_eq!((pool.limits(), pool.threads()), (3..=3, 1));
    pool.execute(|| ()).unwrap();
    assert_eq!(pool.threads(), 3);
}

#[test]
fn a_pool_that_is_shut_down_takes_new_limits_and_starts_nobody() {
    let pool = Pool::new(2, 2).unwrap();
    pool.shutdown();
    pool.resize(8).unwrap();
    assert_eq!((pool.threads(), pool.limits()), (0, 8..=8));
}

#[test]
fn limits_may_change_while_the_pool_stops() {
    let watchdog = Watchdog::start();
    for round in 0..100 {
        let pool = watchdog.watch(Pool::builder().threads(1..=2).build().unwrap());
        let ran = Arc::new(AtomicUsize::new(0));
        for _ in 0..10 {
            pool.execute(adds_one(&ran)).unwrap();
        }
        let together = Barrier::new(3);
        thread::scope(|scope| {
            for limits in [4..=4, 0..=1] {
                let (pool, together) = (&pool, &together);
                scope.spawn(move || {
                    together.wait();
                    (0..5).for_each(|_| pool.resize(limits.clone()).unwrap());
                });
            }
            together.wait();
            (0..round % 10 * 20).for_each(|_| std::hint::spin_loop());
            pool.shutdown();
            assert_eq!(pool.threads(), 0, "started after the shutdown");
        });
        assert_eq!((pool.threads(), ran.load(SeqCst)), (0, 10));
    }
}

#[test]
fn a_task_may_resize_its_own_pool() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 8).unwrap());
    let inside = Arc::clone(&pool);
    pool.execute(move || inside.resize(1).unwrap()).unwrap();
    pool.wait_idle();
    until(|| pool.threads() == 1);
    let inside = Arc::clone(&pool);
    pool.execute(move || inside.resize(4).unwrap()).unwrap();
    pool.wait_idle();
    assert_eq!(pool.threads(), 4);
}

/// Workers above the limit leave while tasks are queued: those that remain have to run them.
fn storm(rounds: usize) {
    let watchdog = Watchdog::with_limit(common::LONG * (1 + rounds as u32 / 500));
    for round in 0..rounds {
        let pool = Pool::builder()
            .threads(1..=4)
            .queue_capacity(1 + round % 4)
            .idle_timeout(Duration::from_micros(50 * (round % 3) as u64));
        let pool = watchdog.watch(
            if round % 5 == 0 {
                pool.scaling(Lazy)
            } else {
                pool
            }
            .build()
            .unwrap(),
        );
        let ran = Arc::new(AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| (0..100).for_each(|_| pool.execute(adds_one(&ran)).unwrap()));
            }
            scope.spawn(|| {
                for n in 0..60 {
                    match (n + round) % 3 {
                        0 => pool.resize(1 + n % 4).unwrap(),
                        1 => pool.resize(0..=1 + n % 2).unwrap(),
                        _ => pool.resize(1..=4).unwrap(),
                    }
                    thread::yield_now();
                }
            });
            scope.spawn(|| {
                for _ in 0..60 {
                    let stats = pool.stats();
                    assert_eq!(stats.live, stats.idle + stats.running);
                    assert_eq!(stats.live, stats.spawned - stats.retired);
                    assert!(stats.live <= 4 && stats.peak <= 4);
                    thread::yield_now();
                }
            });
        });
        pool.wait_idle();
        assert_eq!(ran.load(SeqCst), 300);
        if round % 2 == 0 {
            pool.resize(3).unwrap();
        }
        pool.shutdown();
        let stats = pool.stats();
        assert_eq!((stats.completed, stats.live), (300, 0));
    }
}

#[test]
fn limits_that_change_all_the_time_strand_no_task() {
    storm(60);
}

#[test]
#[ignore = "a storm of ten seconds or more: run by `cargo deep`"]
fn limits_that_change_all_the_time_strand_no_task_in_a_storm() {
    storm(5_000);
}

#[test]
fn what_is_queued_waits_for_a_worker_that_is_still_in_its_start_hook() {
    let watchdog = Watchdog::start();
    let (second, first) = (Gate::new(), Gate::new());
    let _open = (OpenOnDrop(&second), OpenOnDrop(&first));
    let (starts, hook) = (Arc::new(AtomicUsize::new(0)), second.clone());
    let started = Arc::clone(&starts);
    let pool = Pool::builder()
        .threads(1..=2)
        .idle_timeout(Duration::MAX)
        .on_thread_start(move || {
            if started.fetch_add(1, SeqCst) == 1 {
                hook.pass();
            }
        });
    let pool = watchdog.watch(pool.build().unwrap());
    // The first worker has begun its task: above the limit it would leave without one.
    first.occupy(|task| pool.execute(task).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    pool.execute(adds_one(&ran)).unwrap();
    until(|| starts.load(SeqCst) == 2);
    pool.resize(1).unwrap();
    first.open();
    until(|| pool.threads() == 1);
    assert_eq!((ran.load(SeqCst), pool.queue_len()), (0, 1));
    second.open();
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 1);
}

/// Wants one worker at each tick, would retire all, and notes how many there are.
#[cfg(target_os = "linux")]
#[derive(Debug)]
struct NotesTicks(mpsc::Sender<usize>);

#[cfg(target_os = "linux")]
impl Scaling for NotesTicks {
    fn wanted(&self, moment: Moment, load: &Load) -> usize {
        let tick = moment == Moment::Tick;
        if tick {
            // Nobody listens any more when the test is over.
            let _ = self.0.send(load.live);
        }
        usize::from(tick)
    }

    fn excess(&self, _load: &Load) -> usize {
        usize::MAX
    }

    fn period(&self) -> Option<Duration> {
        Some(Duration::from_millis(10))
    }

    fn idle_timeout(&self) -> Option<Duration> {
        Some(Duration::MAX)
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_tick_keeps_to_limits_that_have_changed_while_it_made_a_name() {
    let watchdog = Watchdog::start();
    let (tell, lives) = mpsc::channel();
    let (named, naming) = mpsc::channel();
    let gate = Gate::new();
    let _open = OpenOnDrop(&gate);
    let at = gate.clone();
    let name = move |number| {
        if number == 1 {
            named.send(()).unwrap();
            at.pass();
        }
        format!("worker-{number}")
    };
    let (came, workers) = mpsc::channel();
    let pool = Pool::builder().threads(0..=8).scaling(NotesTicks(tell));
    let pool = pool.on_thread_start(move || came.send(common::this_thread()).unwrap());
    let pool = watchdog.watch(pool.thread_name(name).build().unwrap());
    naming.recv().unwrap();
    pool.resize(4..=8).unwrap();
    // Only workers that sleep can be retired.
    workers
        .iter()
        .take(4)
        .for_each(|worker| common::until_asleep(&worker));
    gate.open();
    assert_eq!((lives.recv(), lives.recv()), (Ok(0), Ok(4)));
}
