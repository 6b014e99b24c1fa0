//! The builder: defaults, names, bad input, and the counts of a pool.

mod common;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::thread;

use common::{Gate, Watchdog, adds_one};
use v2_cancel_panic::{BuildError, CancelToken, Pool, Reason, Task};

#[test]
fn without_settings_a_pool_has_a_thread_per_core() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::builder().build().unwrap());
    let cores = thread::available_parallelism().unwrap().get();
    assert_eq!((pool.threads(), pool.queue_capacity()), (cores, 1024));
}

#[test]
fn bad_numbers_and_names_are_refused() {
    let build = |threads: usize, capacity| {
        Pool::builder()
            .threads(threads)
            .queue_capacity(capacity)
            .build()
            .unwrap_err()
    };
    assert!(matches!(build(0, 1), BuildError::NoThreads));
    assert!(matches!(build(1, 0), BuildError::NoCapacity));
    assert!(matches!(build(4097, 1), BuildError::TooManyThreads(4097)));
    assert!(matches!(build(1, 1 << 58), BuildError::TooMuchCapacity(_)));
    // `thread::Builder` would panic. The first thread is stopped again.
    let name = |number| {
        if number == 1 {
            "fine".into()
        } else {
            "b\0d".into()
        }
    };
    let error = Pool::builder()
        .threads(2)
        .thread_name(name)
        .build()
        .unwrap_err();
    assert!(matches!(&error, BuildError::ThreadName(name) if name == "b\0d"));
    assert_eq!(
        error.to_string(),
        "the thread name \"b\\0d\" contains a zero byte"
    );
}

#[test]
fn a_name_function_that_panics_leaves_no_thread_behind() {
    let _watchdog = Watchdog::start();
    let stopped = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&stopped);
    let build = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        Pool::builder()
            .threads(3)
            .thread_name(|number| {
                assert!(number < 3, "no name for number 3");
                format!("number-{number}")
            })
            .on_thread_stop(move || {
                counted.fetch_add(1, SeqCst);
            })
            .build()
    }));
    assert!(build.is_err());
    assert_eq!(stopped.load(SeqCst), 2);
}

#[test]
fn threads_have_the_names_that_they_were_given() {
    let watchdog = Watchdog::start();
    let pool = Pool::builder()
        .threads(1)
        .thread_name(|number| format!("resize-{number}"));
    let pool = watchdog.watch(pool.build().unwrap());
    let (tell, told) = mpsc::channel();
    pool.execute(move || {
        let name = thread::current().name().map(String::from);
        tell.send(name).unwrap();
    })
    .unwrap();
    assert_eq!(told.recv().unwrap().as_deref(), Some("resize-1"));
}

#[test]
fn a_pool_can_be_given_a_token() {
    let watchdog = Watchdog::start();
    let everything = CancelToken::new();
    let pool = Pool::builder().threads(1).cancel_token(everything.child());
    let pool = watchdog.watch(pool.build().unwrap());
    let neighbour = Pool::builder().threads(1).cancel_token(everything.clone());
    let neighbour = watchdog.watch(neighbour.build().unwrap());
    neighbour.cancel();
    assert!(neighbour.cancel_token().is_cancelled());
    assert!(
        !everything.is_cancelled(),
        "a pool cancels itself, not what it is part of"
    );
    everything.cancel();
    assert!(pool.cancel_token().is_cancelled());
    assert_eq!(pool.execute(|| ()).unwrap_err().reason(), Reason::Cancelled);
}

#[test]
fn the_counts_add_up_whatever_became_of_the_tasks() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 4).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        // A thread that looks all the while: no gauge is ever out of its range.
        scope.spawn(|| {
            let mut before = pool.stats();
            while !done.load(SeqCst) {
                let stats = pool.stats();
                assert!(
                    stats.accepted >= before.accepted,
                    "{stats:?} after {before:?}"
                );
                assert!(
                    stats.completed >= before.completed,
                    "{stats:?} after {before:?}"
                );
                before = stats;
                assert!(stats.running <= 2, "{stats:?}");
                assert!(stats.queued <= 4, "{stats:?}");
                assert!(stats.completed <= stats.accepted, "{stats:?}");
            }
        });
        let submitters: Vec<_> = (0..4)
            .map(|n| {
                let (pool, ran) = (&pool, &ran);
                scope.spawn(move || {
                    let mut accepted = 0;
                    for step in 0..500 {
                        let submitted = match (step + n) % 4 {
                            0 => pool.execute(|| panic!("counted")),
                            1 => {
                                let token = CancelToken::new();
                                let submitted = pool.execute_with(&token, adds_one(ran));
                                token.cancel();
                                submitted
                            }
                            2 => pool.try_execute(adds_one(ran)),
                            _ => pool.execute(adds_one(ran)),
                        };
                        accepted += usize::from(submitted.is_ok());
                    }
                    accepted
                })
            })
            .collect();
        let accepted: usize = submitters.into_iter().map(|s| s.join().unwrap()).sum();
        pool.wait_idle();
        done.store(true, SeqCst);
        let stats = pool.stats();
        assert_eq!(stats.accepted, accepted);
        assert_eq!(stats.panicked, 500);
        assert_eq!(stats.completed, ran.load(SeqCst));
        assert_eq!(accepted, stats.completed + stats.panicked + stats.cancelled);
        assert_eq!((stats.queued, stats.running, stats.returned), (0, 0, 0));
    });
}

#[test]
fn what_waits_and_what_runs_is_counted_apart() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    let gate = Gate::new();
    gate.occupy(|task| pool.execute(task).unwrap());
    pool.execute(|| ()).unwrap();
    pool.execute(|| ()).unwrap();
    let stats = pool.stats();
    assert_eq!((stats.accepted, stats.running, stats.queued), (3, 1, 2));
    gate.open();
    pool.wait_idle();
    assert_eq!(pool.stats().completed, 3);
}

#[test]
fn a_builder_can_be_printed() {
    let printed = format!("{:?}", Pool::builder().threads(3).queue_capacity(7));
    for part in [
        "threads: Some(",
        "capacity: 7",
        "panic: none",
        "CancelToken",
    ] {
        assert!(printed.contains(part), "{part} in {printed}");
    }
    let printed = format!("{:?}", Pool::builder().panic_handler(|_| ()));
    assert!(printed.contains("panic: set"), "{printed}");
}

#[test]
fn a_pool_and_a_task_can_be_printed() {
    let pool = Pool::builder().threads(3).queue_capacity(7).build();
    let printed = format!("{:?}", pool.unwrap());
    for part in ["Pool", "threads: 3", "queue_capacity: 7", "accepted: 0"] {
        assert!(printed.contains(part), "{part} in {printed}");
    }
    assert!(format!("{:?}", Task::from(|| ())).contains("Task"));
}
