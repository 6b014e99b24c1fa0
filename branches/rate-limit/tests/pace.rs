//! How many may start in which time. Nobody sleeps here: the clock is moved by hand.

mod common;
mod scene;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::{Watchdog, until};
use rate_limit::{Limit, ManualClock, Pool, Task};
use scene::{Scene, TICK};

#[test]
fn a_burst_starts_at_once_and_then_one_for_each_interval() {
    let scene = Scene::new(3, 4);
    scene.submit(10);
    scene.starts(4);
    for n in 5..=10 {
        scene.clock.advance(TICK / 2);
        scene.starts(n - 1);
        scene.clock.advance(TICK / 2);
        scene.starts(n);
    }
}

#[test]
fn a_rest_saves_up_no_more_than_the_burst() {
    let scene = Scene::new(2, 4);
    scene.clock.advance(TICK * 1_000_000);
    scene.submit(20);
    scene.starts(4);
    scene.clock.advance(TICK * 2);
    scene.starts(6);
    assert_eq!(scene.pool.shutdown_now().len(), 14);
}

#[test]
fn after_a_second_of_rest_the_burst_is_there_again() {
    let scene = Scene::new(2, 10);
    scene.submit(10);
    scene.starts(10);
    scene.clock.advance(TICK * 10);
    scene.submit(11);
    scene.starts(20);
    assert_eq!(scene.pool.shutdown_now().len(), 1);
}

/// How the clock is moved: in steps of all sizes, some of them long, the same each time.
fn steps() -> impl Iterator<Item = Duration> {
    let mut state = 1_u64;
    std::iter::repeat_with(move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let step = state >> 40; // of 24 bits
        match step % 8 {
            0 => Duration::from_millis(step % 300),
            1 => Duration::ZERO,
            _ => Duration::from_micros(step % 25_000),
        }
    })
}

/// Law: in any stretch of time `t`, at most `burst + t * rate` tasks start. A hundred a second with
/// a burst of ten, by four workers, and the tasks come faster than they may start.
#[test]
fn no_stretch_of_time_has_too_many_starts() {
    const BURST: u32 = 10;
    let interval = Duration::from_millis(10);
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(4, 8).unwrap());
    let clock = ManualClock::at(Instant::now());
    let limit = Limit::builder(100, Duration::from_secs(1)).burst(BURST);
    let limit = limit.places(2_000).clock(&clock).build().unwrap();
    let times: Arc<Mutex<Vec<Instant>>> = Arc::default();
    for _ in 0..1_000 {
        let (clock, at) = (clock.clone(), Arc::clone(&times));
        let task = Task::from(move || at.lock().unwrap().push(clock.now()));
        pool.execute(task.limited(&limit)).unwrap();
    }
    // A bucket that is counted, in nanoseconds: it says how many have to start.
    let (full, mut tokens, mut expected) = (interval * BURST, interval * BURST, 0);
    for step in steps() {
        let starts = (tokens.as_nanos() / interval.as_nanos()) as usize;
        tokens -= interval * starts as u32;
        expected = (expected + starts).min(1_000);
        // The clock stands still until they have noted it.
        until(|| times.lock().unwrap().len() >= expected);
        assert_eq!(times.lock().unwrap().len(), expected);
        if expected == 1_000 {
            break;
        }
        clock.advance(step);
        tokens = (tokens + step).min(full);
    }
    let times = times.lock().unwrap();
    for (first, from) in times.iter().enumerate() {
        for (last, to) in times.iter().enumerate().skip(first) {
            let allowed =
                BURST as usize + ((*to - *from).as_nanos() / interval.as_nanos()) as usize;
            assert!(last - first < allowed, "{first} to {last}");
        }
    }
}

/// Half a start is missing, and stays missing, whatever the pace.
#[test]
fn a_rate_that_changes_while_tasks_wait_keeps_the_fill() {
    let scene = Scene::new(2, 1);
    scene.submit(4);
    scene.starts(1);
    scene.clock.advance(TICK / 2);
    scene.limit.set_rate(1, Duration::from_secs(3600)).unwrap();
    scene.clock.advance(Duration::from_secs(1799));
    scene.starts(1);
    scene.clock.advance(Duration::from_secs(1));
    scene.starts(2);
    // A quarter of it is past, and nobody moves the clock to where the worker sleeps.
    scene.clock.advance(Duration::from_secs(900));
    scene.limit.set_rate(1, Duration::from_secs(4)).unwrap();
    scene.starts(2);
    scene.clock.advance(Duration::from_secs(3));
    scene.starts(3);
    // So fast that the one that waits may start at once, once a nanosecond is over.
    scene.limit.set_rate(1, Duration::from_nanos(1)).unwrap();
    scene.clock.advance(Duration::from_nanos(1));
    scene.starts(4);
}

#[test]
fn a_change_of_the_rate_gives_nothing_away() {
    let clock = ManualClock::at(Instant::now());
    let limit = Limit::builder(1, TICK).burst(10).clock(&clock);
    let limit = limit.build().unwrap();
    assert_eq!((0..20).filter(|_| limit.try_start()).count(), 10);
    for rate in [7, 1, 1000, 3, 1_000_000, 11, 1] {
        limit.set_rate(rate, TICK).unwrap();
        assert!(!limit.try_start(), "{rate}");
    }
    clock.advance(TICK);
    assert!(limit.try_start());
    assert!(!limit.try_start());
}

#[test]
fn numbers_that_make_no_limit_are_refused() {
    let second = Duration::from_secs(1);
    let error = |limit: rate_limit::LimitBuilder| limit.build().unwrap_err().to_string();
    for (limit, what) in [
        (Limit::builder(0, second), "the rate of"),
        (
            Limit::builder(1, Duration::ZERO),
            "the period, in nanoseconds, of",
        ),
        (
            Limit::builder(1, Duration::MAX),
            "the period, in nanoseconds, of",
        ),
        (Limit::builder(1, second).burst(0), "the burst of"),
        (Limit::builder(1, second).burst(u32::MAX), "the burst of"),
        (
            Limit::builder(1, second).places(0),
            "the number of places of",
        ),
        (
            Limit::builder(1, second).places(usize::MAX),
            "the number of places of",
        ),
    ] {
        let error = error(limit);
        assert!(error.starts_with(what), "{error}");
    }
    let limit = Limit::builder(1, second).build().unwrap();
    assert!(limit.set_rate(0, second).is_err());
    assert!(limit.set_rate(1, Duration::ZERO).is_err());
}

/// The largest numbers, at once and changed into each other: no sum overflows.
#[test]
fn the_largest_numbers_are_allowed() {
    let clock = ManualClock::at(Instant::now());
    let limit = Limit::builder(1, Limit::MAX_PERIOD).burst(Limit::MAX_BURST);
    let limit = limit.clock(&clock).build().unwrap();
    assert!((0..Limit::MAX_BURST).all(|_| limit.try_start()));
    assert!(!limit.try_start());
    for _ in 0..3 {
        limit.set_rate(u32::MAX, Duration::from_nanos(1)).unwrap();
        assert!(!limit.try_start());
        limit.set_rate(1, Limit::MAX_PERIOD).unwrap();
        assert!(!limit.try_start());
    }
    clock.advance(Limit::MAX_PERIOD);
    assert!(limit.try_start());
}

/// A start is a start: it does not matter how long the task runs.
#[test]
fn a_limit_is_of_starts_and_not_of_tasks_that_run() {
    let scene = Scene::new(3, 1);
    let gate = common::Gate::new();
    let _open = common::OpenOnDrop(&gate);
    for _ in 0..3 {
        let (started, at) = (Arc::clone(&scene.started), gate.clone());
        let task = Task::from(move || {
            started.fetch_add(1, SeqCst);
            at.pass();
        });
        scene.pool.execute(task.limited(&scene.limit)).unwrap();
    }
    for n in 1..=3 {
        scene.starts(n);
        scene.clock.advance(TICK);
    }
    assert_eq!(scene.pool.stats().running, 3);
}

#[test]
fn a_clock_is_not_put_so_far_forward_that_a_worker_could_not_reckon_with_it() {
    let start = Instant::now();
    let in_range = |seconds: &u64| start.checked_add(Duration::from_secs(*seconds)).is_some();
    let steps = (0..64).rev().map(|bit| 1 << bit);
    let last = steps.fold(0, |last, step| match last + step {
        later if in_range(&later) => later,
        _ => last,
    });
    let clock = ManualClock::at(start);
    let far = || clock.advance(Duration::from_secs(last));
    let panicked = catch_unwind(AssertUnwindSafe(far));
    assert!(panicked.is_err());
    assert_eq!(clock.now(), start);
}
