//! The counts: true at any moment, and equal once the pool is idle.

use std::sync::Arc;
use std::thread;

use model_schedule::models;
use pool::{CancelToken, Pool, Stats};

use crate::common::panics;

models![
    no_count_is_ever_out_of_its_bounds_and_all_add_up_in_the_end,
    the_report_of_a_group_is_complete_when_the_wait_returns,
];

fn over(stats: Stats) -> usize {
    stats.completed + stats.panicked + stats.cancelled + stats.returned
}

fn no_count_is_ever_out_of_its_bounds_and_all_add_up_in_the_end() {
    let pool = Arc::new(Pool::new(2, 1).unwrap());
    let token = CancelToken::new();
    let observer = thread::spawn({
        let pool = Arc::clone(&pool);
        move || {
            let mut before = Stats::default();
            for _ in 0..3 {
                let stats = pool.stats();
                assert!(stats.queued <= 1 && stats.running <= 2, "{stats:?}");
                assert!(stats.accepted >= before.accepted, "{stats:?}");
                assert!(over(stats) >= over(before), "{stats:?}");
                before = stats;
            }
        }
    });
    let canceller = thread::spawn({
        let token = token.clone();
        move || token.cancel()
    });
    pool.execute(|| ()).unwrap();
    pool.execute(panics).unwrap();
    let _ = pool.execute_with(&token, || ());
    let _ = pool.try_execute(|| ());
    let returned = pool.shutdown_now().len();
    pool.wait_idle();
    let stats = pool.stats();
    assert_eq!((stats.accepted, stats.returned), (over(stats), returned));
    assert_eq!((stats.queued, stats.running), (0, 0));
    observer.join().unwrap();
    canceller.join().unwrap();
}

fn the_report_of_a_group_is_complete_when_the_wait_returns() {
    let pool = Pool::new(2, 2).unwrap();
    let group = Arc::new(pool.group());
    group.execute(|| ()).unwrap();
    group.execute(panics).unwrap();
    let reports = [(); 2].map(|()| {
        let group = Arc::clone(&group);
        thread::spawn(move || group.wait())
    });
    for report in reports {
        let report = report.join().unwrap();
        assert_eq!((report.completed, report.panicked), (1, 1));
    }
}
