//! What `stats` says, while everything happens and when it is over.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use common::{Watchdog, adds_one};
use v3_dynamic::{CancelToken, Pool, Stats};

/// What must be true at any time.
fn look(stats: Stats, max: usize, capacity: usize) {
    assert_eq!(stats.live, stats.idle + stats.running, "{stats:?}");
    assert_eq!(stats.live, stats.spawned - stats.retired, "{stats:?}");
    assert!(stats.live <= max && stats.peak <= max, "{stats:?}");
    assert!(
        stats.live <= stats.peak && stats.queued <= capacity,
        "{stats:?}"
    );
}

#[test]
fn the_counts_are_within_their_bounds_and_add_up_in_the_end() {
    let watchdog = Watchdog::start();
    for round in 0..20 {
        let pool = Pool::builder()
            .threads(0..=3)
            .queue_capacity(8)
            .idle_timeout(Duration::from_micros(round * 20));
        let pool = watchdog.watch(pool.build().unwrap());
        let (ran, accepted) = (Arc::new(AtomicUsize::new(0)), AtomicUsize::new(0));
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(SeqCst) {
                    look(pool.stats(), 3, 8);
                    thread::yield_now();
                }
            });
            let submitters: Vec<_> = (0..3)
                .map(|submitter| {
                    let (pool, ran, accepted) = (&pool, &ran, &accepted);
                    scope.spawn(move || {
                        for n in 0..100 {
                            let token = CancelToken::new();
                            let submitted = match (n + submitter) % 5 {
                                0 => pool.execute(|| std::panic::resume_unwind(Box::new(()))),
                                1 => pool.try_execute(adds_one(ran)),
                                2 => pool.execute_timeout(adds_one(ran), Duration::from_micros(5)),
                                3 => pool.execute_with(&token, adds_one(ran)),
                                _ => pool.execute(adds_one(ran)),
                            };
                            token.cancel();
                            accepted.fetch_add(usize::from(submitted.is_ok()), SeqCst);
                        }
                    })
                })
                .collect();
            submitters.into_iter().for_each(|one| one.join().unwrap());
            over.store(true, SeqCst);
        });
        let back = if round % 2 == 0 {
            pool.shutdown_now().len()
        } else {
            0
        };
        pool.shutdown();
        let stats = pool.stats();
        look(stats, 3, 8);
        assert_eq!((stats.live, stats.queued, stats.running), (0, 0, 0));
        assert_eq!(stats.accepted, accepted.load(SeqCst));
        assert_eq!((stats.completed, stats.returned), (ran.load(SeqCst), back));
        let ended = stats.completed + stats.panicked + stats.cancelled + stats.returned;
        assert_eq!(ended, stats.accepted);
    }
}
