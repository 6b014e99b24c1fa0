//! When workers leave, and that none leaves a task behind.

mod common;

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use common::{Gate, Watchdog, adds_one, meets, until};
use v3_dynamic::{Builder, OnDemand, Pool, Reaper};

/// Grows the pool to its largest size, and lets all workers idle.
fn fill(pool: &Pool, workers: usize) {
    let together = Arc::new(Barrier::new(workers));
    for _ in 0..workers {
        pool.execute(meets(&together)).unwrap();
    }
    pool.wait_idle();
}

fn builder(watchdog: &Watchdog, pool: Builder) -> Arc<Pool> {
    watchdog.watch(pool.build().unwrap())
}

#[test]
fn sixty_four_idle_workers_leave_together_and_two_stay() {
    let watchdog = Watchdog::start();
    let idle = Duration::from_secs(1);
    let pool = Pool::builder().threads(2..=64).idle_timeout(idle);
    let pool = builder(&watchdog, pool);
    fill(&pool, 64);
    assert_eq!(pool.stats().peak, 64);
    let start = Instant::now();
    until(|| pool.threads() == 2);
    // One per idle timeout would take a minute.
    let settled = start.elapsed();
    assert!(settled < idle * 2, "{settled:?}");
    thread::sleep(idle);
    let stats = pool.stats();
    assert_eq!((stats.live, stats.retired, stats.spawned), (2, 62, 64));
}

#[test]
fn a_pool_may_shrink_to_nothing_and_grow_again() {
    let watchdog = Watchdog::start();
    let pool = Pool::builder()
        .threads(0..=4)
        .idle_timeout(Duration::from_millis(5));
    let pool = builder(&watchdog, pool);
    for round in 1..=5 {
        fill(&pool, 4);
        until(|| pool.threads() == 0);
        assert_eq!(pool.stats().spawned, 4 * round);
    }
}

#[test]
fn without_an_idle_timeout_nobody_leaves() {
    let watchdog = Watchdog::start();
    let pool = Pool::builder().threads(0..=4).idle_timeout(Duration::MAX);
    let pool = builder(&watchdog, pool);
    fill(&pool, 4);
    thread::sleep(Duration::from_millis(50));
    assert_eq!(pool.threads(), 4);
}

#[test]
fn with_an_idle_timeout_of_zero_a_worker_leaves_when_it_finds_nothing() {
    let watchdog = Watchdog::start();
    let pool = Pool::builder().threads(0..=2).idle_timeout(Duration::ZERO);
    let pool = builder(&watchdog, pool);
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..300 {
        pool.execute(adds_one(&ran)).unwrap();
        until(|| pool.threads() == 0);
    }
    assert_eq!(
        (ran.load(SeqCst), pool.stats().retired),
        (300, pool.stats().spawned)
    );
}

#[test]
fn the_last_to_fall_asleep_is_woken_first_so_the_others_may_leave() {
    let watchdog = Watchdog::start();
    let pool = Pool::builder()
        .threads(1..=8)
        .idle_timeout(Duration::from_millis(300));
    let pool = builder(&watchdog, pool);
    fill(&pool, 8);
    // Tasks come much faster than a worker is idle for too long: were the workers woken in turn,
    // nobody would ever leave.
    let threads = Arc::new(Mutex::new(HashSet::new()));
    while pool.threads() > 1 {
        let threads = Arc::clone(&threads);
        let task = move || {
            threads.lock().unwrap().insert(thread::current().id());
        };
        pool.execute(task).unwrap();
        pool.wait_idle();
        thread::sleep(Duration::from_millis(2));
    }
    assert!(threads.lock().unwrap().len() < 8);
}

/// Threads that have left are joined by the next one that leaves, or by a shutdown.
#[test]
fn threads_that_have_left_are_joined() {
    struct Counts(Arc<AtomicUsize>);
    impl Drop for Counts {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    std::thread_local! {
        static LOCAL: std::cell::RefCell<Option<Counts>> = const { std::cell::RefCell::new(None) };
    }
    let watchdog = Watchdog::start();
    let (ended, stopped) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (ends, stops) = (Arc::clone(&ended), Arc::clone(&stopped));
    let pool = Pool::builder()
        .threads(0..=3)
        .idle_timeout(Duration::ZERO)
        .on_thread_start(move || {
            let counts = Counts(Arc::clone(&ends));
            LOCAL.with(|local| *local.borrow_mut() = Some(counts));
        })
        .on_thread_stop(move || {
            stops.fetch_add(1, SeqCst);
        });
    let pool = builder(&watchdog, pool);
    for _ in 0..20 {
        pool.execute(|| ()).unwrap();
        pool.wait_idle();
    }
    pool.shutdown();
    let stats = pool.stats();
    assert_eq!((stats.live, stats.retired), (0, stats.spawned));
    assert_eq!(stopped.load(SeqCst), stats.spawned);
    assert_eq!(ended.load(SeqCst), stats.spawned);
}

/// Nobody will ever stop it. A worker that has nothing to do leaves all the same.
#[test]
fn a_leaked_pool_grows_and_shrinks_like_any_other() {
    let _watchdog = Watchdog::start();
    let (started, stopped) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let pool = Pool::builder()
        .threads(0..=3)
        .idle_timeout(Duration::from_millis(1))
        .on_thread_start(adds(&started))
        .on_thread_stop(adds(&stopped));
    let pool = pool.build().unwrap();
    let group = pool.group();
    std::mem::forget(pool);
    for round in 1..=3 {
        let together = Arc::new(Barrier::new(3));
        for _ in 0..3 {
            group.execute(meets(&together)).unwrap();
        }
        assert_eq!(group.wait().completed, 3 * round);
        until(|| started.load(SeqCst) == 3 * round && stopped.load(SeqCst) == 3 * round);
    }
}

fn adds(count: &Arc<AtomicUsize>) -> impl Fn() + Send + Sync + 'static {
    let count = Arc::clone(count);
    move || {
        count.fetch_add(1, SeqCst);
    }
}

#[test]
fn a_stop_hook_that_takes_its_time_holds_nobody_up() {
    let watchdog = Watchdog::start();
    let gate = Gate::new();
    let at = gate.clone();
    let pool = Pool::builder()
        .threads(0..=1)
        .idle_timeout(Duration::ZERO)
        .on_thread_stop(move || at.pass());
    let pool = builder(&watchdog, pool);
    let ran = Arc::new(AtomicUsize::new(0));
    for round in 1..=3 {
        // The worker before this one has left, and is still in its stop hook.
        pool.execute(adds_one(&ran)).unwrap();
        pool.wait_idle();
        until(|| pool.threads() == 0);
        assert_eq!(ran.load(SeqCst), round);
    }
    gate.open();
}

#[test]
fn the_reaper_takes_in_one_round_all_who_were_not_needed() {
    let watchdog = Watchdog::start();
    let policy = (OnDemand, Reaper::every(Duration::from_millis(100)).keep(1));
    let pool = Pool::builder().threads(0..=16).scaling(policy);
    let pool = builder(&watchdog, pool);
    fill(&pool, 16);
    until(|| pool.threads() == 1);
    thread::sleep(Duration::from_millis(300));
    assert_eq!(pool.threads(), 1, "it keeps one");
    let ran = Arc::new(AtomicUsize::new(0));
    pool.execute(adds_one(&ran)).unwrap();
    pool.wait_idle();
    assert_eq!((ran.load(SeqCst), pool.stats().retired), (1, 15));
}

/// The time that the worker threads have spent on a core so far.
#[cfg(target_os = "linux")]
fn cpu_time(workers: &[std::path::PathBuf]) -> Duration {
    let nanos = workers.iter().map(|thread| {
        let stat = std::fs::read_to_string(thread.with_file_name("schedstat")).unwrap();
        stat.split(' ').next().unwrap().parse::<u64>().unwrap()
    });
    Duration::from_nanos(nanos.sum())
}

#[cfg(target_os = "linux")]
fn idle_cpu_time(settings: Builder) -> Duration {
    let watchdog = Watchdog::start();
    let threads = Arc::new(Mutex::new(Vec::new()));
    let started = Arc::clone(&threads);
    let pool =
        settings.on_thread_start(move || started.lock().unwrap().push(common::this_thread()));
    let pool = builder(&watchdog, pool);
    fill(&pool, 16);
    let threads = threads.lock().unwrap().clone();
    threads
        .iter()
        .for_each(|thread| common::until_asleep(thread));
    let before = cpu_time(&threads);
    thread::sleep(Duration::from_secs(2));
    let used = cpu_time(&threads) - before;
    assert_eq!((pool.threads(), threads.len()), (16, 16));
    used
}

#[cfg(target_os = "linux")]
#[test]
fn sixteen_idle_workers_use_next_to_no_cpu() {
    let used = idle_cpu_time(Pool::builder().threads(16));
    assert!(used < Duration::from_millis(10), "{used:?}");
}

/// An idle timeout of nothing is no reason to look again and again.
#[cfg(target_os = "linux")]
#[test]
fn workers_that_may_not_leave_sleep_although_their_time_is_up() {
    let pool = Pool::builder().threads(16).idle_timeout(Duration::ZERO);
    let used = idle_cpu_time(pool);
    assert!(used < Duration::from_millis(10), "{used:?}");
}
