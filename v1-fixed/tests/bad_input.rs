//! Bad input gets a clear error and leaves nothing behind.

mod common;

use std::error::Error;

use common::Watchdog;
use v1_fixed::{BuildError, Pool};

#[test]
fn a_pool_needs_a_thread_and_a_place() {
    let error = Pool::new(0, 1).unwrap_err();
    assert!(matches!(error, BuildError::NoThreads));
    assert_eq!(error.to_string(), "a pool needs at least one thread");
    let error = Pool::new(1, 0).unwrap_err();
    assert!(matches!(error, BuildError::NoCapacity));
    assert_eq!(
        error.to_string(),
        "a queue needs room for at least one task"
    );
}

#[test]
fn the_limits_are_stated_and_kept() {
    for threads in [Pool::MAX_THREADS + 1, usize::MAX] {
        let error = Pool::new(threads, 1).unwrap_err();
        assert!(matches!(error, BuildError::TooManyThreads(n) if n == threads));
        let message = format!("a pool has at most 4096 threads, not {threads}");
        assert_eq!(error.to_string(), message);
    }
    // `bounded(usize::MAX)` would panic, and `bounded(1 << 58)` would abort the process.
    for capacity in [Pool::MAX_CAPACITY + 1, 1 << 58, usize::MAX] {
        let error = Pool::new(1, capacity).unwrap_err();
        assert!(matches!(error, BuildError::TooMuchCapacity(n) if n == capacity));
        let message = format!("a queue has at most 1048576 places, not {capacity}");
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn what_is_within_the_limits_is_built() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, Pool::MAX_CAPACITY).unwrap());
    assert_eq!(pool.queue_capacity(), Pool::MAX_CAPACITY);
    let pool = watchdog.watch(Pool::new(128, 1).unwrap());
    assert_eq!(pool.threads(), 128);
}

#[cfg(target_os = "linux")]
#[test]
fn a_thread_that_cannot_be_started_is_an_error_and_the_others_are_stopped() {
    let _watchdog = Watchdog::start();
    if common::is_child() {
        let error = Pool::new(Pool::MAX_THREADS, 1).unwrap_err();
        assert!(matches!(error, BuildError::Spawn(_)));
        assert!(error.source().is_some());
        // No worker is left. (The kernel takes a joined thread off this list a moment later.)
        common::until(|| {
            let tasks = std::fs::read_dir("/proc/self/task").unwrap();
            let names = tasks.map(|task| {
                let name = task.unwrap().path().join("comm");
                std::fs::read_to_string(name).unwrap_or_default()
            });
            !names.into_iter().any(|name| name.starts_with("worker"))
        });
        // And the next pool can be built.
        drop(Pool::new(2, 1).unwrap());
        return;
    }
    let child = common::in_child(
        "a_thread_that_cannot_be_started_is_an_error_and_the_others_are_stopped",
        common::FEW_THREADS,
    );
    assert!(child.status.success(), "{child:?}");
    assert!(String::from_utf8_lossy(&child.stdout).contains("1 passed"));
}
