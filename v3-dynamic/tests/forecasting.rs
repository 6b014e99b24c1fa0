//! What the forecast keeps, and that it lets go again.

mod common;

use std::thread;
use std::time::{Duration, Instant};

use common::{LONG, Watchdog};
use v3_dynamic::{Load, Moment, OnDemand, Pool, Proactive, Scaling};

/// A tick after so many periods of 100 ms in which 20 tasks each kept `busy` of six workers busy.
fn tick(policy: &Proactive, periods: u64, accepted: usize, busy: usize) -> usize {
    let mut load = Load::default();
    (load.live, load.running, load.rested) = (6, busy, 6 - busy);
    load.age = Duration::from_millis(100 * periods);
    load.accepted = accepted;
    policy.wanted(Moment::Tick, &load);
    policy.excess(&load)
}

#[test]
fn who_was_kept_for_the_forecast_leaves_when_it_falls() {
    let policy = Proactive::every(Duration::from_millis(100));
    for periods in 1..=20 {
        let accepted = 20 * periods as usize + 5;
        assert_eq!(tick(&policy, periods, accepted, 5), 0, "while tasks come");
    }
    // One of six is idle, asks, and is wanted.
    let mut load = Load::default();
    (load.live, load.running) = (6, 5);
    assert_eq!(policy.wanted(Moment::Idle, &load), 6);
    let left = (21..60).map(|periods| tick(&policy, periods, 405, 0));
    assert_eq!(left.sum::<usize>(), 1, "the others have not asked yet");
}

#[test]
fn a_pool_is_at_its_smallest_some_time_after_a_stream() {
    let watchdog = Watchdog::start();
    let policy = (OnDemand, Proactive::every(Duration::from_millis(10)));
    let pool = Pool::builder()
        .threads(1..=16)
        .idle_timeout(Duration::from_millis(5))
        .scaling(policy);
    let pool = watchdog.watch(pool.build().unwrap());
    for _ in 0..100 {
        pool.execute(|| thread::sleep(Duration::from_millis(8)))
            .unwrap();
        thread::sleep(Duration::from_millis(2));
    }
    pool.wait_idle();
    let start = Instant::now();
    while pool.threads() > 1 {
        assert!(start.elapsed() < LONG / 4, "{pool:?}");
        thread::sleep(Duration::from_millis(1));
    }
}
