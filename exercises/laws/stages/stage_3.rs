//! Stage 3: back-pressure, and its time-out.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use busy::{busy, pool};
use harness::{LONG, OpenOnDrop, adds_one, doing, expecting_a_panic, laws, spawn, until};
use pool::{Pool, Reason};

mod busy;

/// Submitters wait on a full queue, and go on when a place comes free.
fn back_pressure() {
    let (pool, gate) = busy(1, 2);
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..2 {
        let accepted = pool.try_execute(adds_one(&ran)).is_ok();
        assert!(accepted, "a queue of 2 has refused one of 2 tasks");
    }
    thread::scope(|scope| {
        let submit = |n| {
            let (pool, task) = (&pool, adds_one(&ran));
            spawn(scope, &format!("submitter {n}"), move || {
                doing("calls execute on a full queue", || {
                    pool.execute(task).is_ok()
                })
            })
        };
        let submitters: Vec<_> = (1..=4).map(submit).collect();
        // Time for one that does not wait.
        thread::sleep(Duration::from_millis(50));
        let back = submitters.iter().filter(|one| one.is_finished()).count();
        assert!(
            back == 0,
            "{back} of 4 calls of `execute` did not wait, although the queue was full"
        );
        gate.open();
        for submitter in submitters {
            let accepted = doing("waits for the submitters, places are free", || {
                submitter.join().unwrap()
            });
            assert!(
                accepted,
                "a submitter that had waited was refused, although a place came free"
            );
        }
    });
    until("waits until all 6 accepted tasks have run", || {
        ran.load(SeqCst) == 6
    });
}

/// A time-out comes, not early, and hands the task back.
fn a_timeout_is_kept() {
    let (pool, gate) = busy(1, 1);
    let _open = OpenOnDrop(&gate);
    let ran = Arc::new(AtomicUsize::new(0));
    assert!(pool.try_execute(|| ()).is_ok(), "an empty queue refuses");
    for millis in [0, 5, 40] {
        let time = Duration::from_millis(millis);
        let start = Instant::now();
        let submitted = doing("calls execute_timeout on a full queue", || {
            pool.execute_timeout(adds_one(&ran), time)
        });
        let waited = start.elapsed();
        let Err(rejected) = submitted else {
            panic!("a full queue has accepted a task");
        };
        assert!(
            waited >= time,
            "`execute_timeout` of {time:?} gave up after {waited:?}"
        );
        let reason = rejected.reason();
        let right =
            matches!(reason, Reason::Timeout) || millis == 0 && matches!(reason, Reason::Full);
        assert!(right, "the time was up, and the reason says {reason:?}");
        rejected.into_task().run();
    }
    let ran = ran.load(SeqCst);
    assert!(ran == 3, "3 tasks were handed back and run, and {ran} ran");
}

/// A submitter with a time-out goes on as soon as a place comes free.
fn a_place_ends_the_wait() {
    let (pool, gate) = busy(1, 1);
    let ran = Arc::new(AtomicUsize::new(0));
    let accepted = pool.try_execute(adds_one(&ran)).is_ok();
    assert!(accepted, "an empty queue refuses");
    thread::scope(|scope| {
        let waits = spawn(scope, "submitter", || {
            let submits = || pool.execute_timeout(adds_one(&ran), LONG).is_ok();
            doing(
                "calls execute_timeout on a full queue, for a minute",
                submits,
            )
        });
        thread::sleep(Duration::from_millis(20));
        assert!(!waits.is_finished(), "it did not wait");
        gate.open();
        let accepted = doing("waits for the submitter, a place is free", || waits.join());
        assert!(
            accepted.unwrap_or(false),
            "a submitter was refused, although a place came free in time"
        );
    });
    until("waits until both tasks have run", || ran.load(SeqCst) == 2);
}

/// Whoever gave up takes no place later, and no task of theirs runs.
fn no_ghosts() {
    let (pool, gate) = busy(1, 2);
    let (ran, ghosts) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    for _ in 0..2 {
        let accepted = pool.try_execute(adds_one(&ran)).is_ok();
        assert!(accepted, "a queue of 2 has refused one of 2 tasks");
    }
    thread::scope(|scope| {
        for n in 1..=10 {
            let (pool, task) = (&pool, adds_one(&ghosts));
            spawn(scope, &format!("submitter {n}"), move || {
                let time = Duration::from_millis(10);
                let submits = || pool.execute_timeout(task, time).is_err();
                let refused = doing("calls execute_timeout on a full queue", submits);
                assert!(refused, "a full queue has accepted a task");
            });
        }
    });
    gate.open();
    // One after the other through both places: a ghost would hold one for ever, or run.
    for n in 1..=20 {
        let accepted = doing("calls execute, places are free", || {
            pool.execute(adds_one(&ran)).is_ok()
        });
        assert!(accepted, "task {n} was refused");
    }
    until("waits until all accepted tasks have run", || {
        ran.load(SeqCst) == 22
    });
    let ghosts = ghosts.load(SeqCst);
    assert!(ghosts == 0, "{ghosts} tasks ran after they were refused");
}

/// No time and all the time are times as well.
fn the_ends_of_time() {
    let pool = pool(1, 1);
    for time in [Duration::MAX, Duration::ZERO, Duration::from_secs(u64::MAX)] {
        let (tell, told) = mpsc::channel();
        let task = move || tell.send(()).unwrap_or_default();
        let submits = || pool.execute_timeout(task, time).is_ok();
        let submitted = expecting_a_panic(|| catch_unwind(AssertUnwindSafe(submits)));
        let accepted = submitted.unwrap_or_else(|_| panic!("a time-out of {time:?} panics"));
        assert!(accepted, "an empty queue refuses, with a time of {time:?}");
        let ran = doing("waits for an accepted task", || told.recv().is_ok());
        assert!(ran, "an accepted task has not run");
    }
}

/// A worker does not wait for a place in its own pool: the others may all wait for the same. With a
/// free place its task is accepted as everybody's.
fn spares_workers() {
    submits_inside(4, |pool, tell| {
        let accepted = [
            ("try_execute", pool.try_execute(|| ()).is_ok()),
            ("execute", pool.execute(|| ()).is_ok()),
            ("execute_timeout", pool.execute_timeout(|| (), LONG).is_ok()),
        ];
        accepted.map(tell);
    });
    submits_inside(1, |pool, tell| {
        tell(("try_execute", pool.try_execute(|| ()).is_ok()));
        // A pool may have a place of its own for what its workers submit.
        let _ = pool.execute(|| ());
        tell(("execute", true));
        let _ = pool.execute_timeout(|| (), LONG);
        tell(("execute_timeout", true));
    });
}

/// A task calls all three on its own pool, and tells after each whether it was accepted, as it has
/// to be.
fn submits_inside(capacity: usize, calls: fn(&Pool, &dyn Fn((&'static str, bool)))) {
    let pool = pool(1, capacity);
    let inside = Arc::clone(&pool);
    let (tell, told) = mpsc::channel();
    let parent = move || {
        doing("runs a task that submits to its own pool", || {
            calls(&inside, &|call| tell.send(call).unwrap_or_default());
        });
    };
    assert!(pool.execute(parent).is_ok(), "an idle pool refuses");
    for call in ["try_execute", "execute", "execute_timeout"] {
        let places = if capacity == 1 { "no" } else { "a" };
        let what =
            format!("waits for a task that calls {call} on a worker, with {places} free place");
        let Ok((_, accepted)) = doing(&what, || told.recv()) else {
            panic!("the task that calls {call} on a worker has panicked");
        };
        assert!(
            accepted,
            "{call} on a worker was refused, although a place was free"
        );
    }
}

laws! {
    back_pressure,
    a_timeout_is_kept,
    a_place_ends_the_wait,
    no_ghosts,
    the_ends_of_time,
    spares_workers,
}
