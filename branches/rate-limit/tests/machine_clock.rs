//! The machine's own clock, and limits that pools share. Here time passes by itself.

mod common;
mod scene;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use common::{Watchdog, adds_one};
use rate_limit::{Limit, Pool, Task};
use scene::TICK;

/// A hundred and twenty starts at a thousand a second, by two pools that share the limit. Never
/// more than allowed; and on a machine that does nothing else, about as many.
#[test]
fn pools_that_share_a_limit_keep_it_together() {
    let watchdog = Watchdog::start();
    let pools = [(); 2].map(|()| watchdog.watch(Pool::new(2, 8).unwrap()));
    let limit = Limit::builder(1_000, Duration::from_secs(1)).burst(20);
    let limit = limit.build().unwrap();
    let begin = Instant::now();
    let ran = Arc::new(AtomicUsize::new(0));
    for n in 0..120 {
        let task = Task::from(adds_one(&ran)).limited(&limit);
        pools[n % 2].execute(task).unwrap();
    }
    for pool in &pools {
        pool.wait_idle();
    }
    let took = begin.elapsed();
    assert_eq!(ran.load(SeqCst), 120);
    assert!(took >= Duration::from_millis(100), "{took:?}");
    assert!(took < Duration::from_secs(20), "{took:?}");
}

/// Two starts of one limit, with an hour between them, and behind them two of a faster one: nobody
/// may sleep for the hour.
#[test]
fn a_worker_that_sleeps_for_an_hour_wakes_for_what_comes_sooner() {
    for threads in [1, 2] {
        let watchdog = Watchdog::start();
        let pool = watchdog.watch(Pool::new(threads, 8).unwrap());
        let hourly = Limit::builder(1, Duration::from_secs(3600))
            .build()
            .unwrap();
        let soon = Limit::builder(1, TICK / 10).build().unwrap();
        let (tell, told) = mpsc::channel();
        for limit in [&hourly, &hourly, &soon, &soon, &soon] {
            let tell = tell.clone();
            let task = Task::from(move || tell.send(()).unwrap());
            pool.execute(task.limited(limit)).unwrap();
        }
        for _ in 0..4 {
            told.recv().unwrap();
        }
        assert_eq!(pool.shutdown_now().len(), 1);
    }
}

/// A rate that is raised is told to workers that sleep for the slow one.
#[test]
fn a_rate_that_is_raised_wakes_the_timekeepers_of_all_pools() {
    let watchdog = Watchdog::start();
    let pools = [(); 2].map(|()| watchdog.watch(Pool::new(1, 8).unwrap()));
    let limit = Limit::builder(1, Duration::from_secs(3600))
        .build()
        .unwrap();
    assert!(limit.try_start());
    for pool in &pools {
        pool.execute(Task::from(|| ()).limited(&limit)).unwrap();
    }
    limit.set_rate(1_000, Duration::from_secs(1)).unwrap();
    for pool in &pools {
        pool.wait_idle();
    }
}
