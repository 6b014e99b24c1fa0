//! Stage 3: back-pressure, and its time-out.

use std::hint;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use busy::{busy, pool};
use harness::{
    Gate, LONG, OpenOnDrop, adds_one, doing, expecting_a_panic, laws, restless, spawn, until,
};
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

/// A time-out goes on, and does not begin again, when another takes the place that came free.
///
/// Nobody can say who will be the quickest, so it is tried several times. And the machine may be
/// busy, so one that is late once may be so again.
fn a_timeout_is_one() {
    let mut late = Vec::new();
    for _ in 0..6 {
        let Some(waited) = others_take_the_place() else {
            continue;
        };
        if waited < TIME + TIME / 2 {
            return;
        }
        late.push(waited);
        assert!(
            late.len() < 3,
            "when a place came free and another took it, `execute_timeout` of {TIME:?} waited for \
             {waited:?}"
        );
    }
}

const TIME: Duration = Duration::from_millis(300);

/// How long a submitter waits whose place another takes, shortly before its time is up. Nothing, if
/// it gets the place.
fn others_take_the_place() -> Option<Duration> {
    let (pool, gate) = busy(1, 1);
    let next = Gate::new();
    let _open = OpenOnDrop(&next);
    let keeps_busy = next.clone();
    let accepted = pool.try_execute(move || keeps_busy.pass()).is_ok();
    assert!(accepted, "an empty queue refuses");
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let waits = spawn(scope, "submitter", || {
            let start = Instant::now();
            let submitted = doing("calls execute_timeout on a full queue", || {
                pool.execute_timeout(|| (), TIME)
            });
            over.store(true, SeqCst);
            submitted.is_err().then(|| start.elapsed())
        });
        thread::sleep(TIME * 4 / 5);
        for _ in 0..4 {
            spawn(scope, "another", || {
                while !over.load(SeqCst) && pool.try_execute(|| ()).is_err() {
                    hint::spin_loop();
                }
                over.store(true, SeqCst);
            });
        }
        gate.open();
        doing("waits for a submitter with a time-out", || {
            waits.join().ok()?
        })
    })
}

/// A submitter sleeps until a place comes free, and goes on then.
fn a_place_ends_the_wait() {
    wakes_up("execute_timeout", |pool, task| {
        pool.execute_timeout(task, LONG).is_ok()
    });
    wakes_up("execute", |pool, task| pool.execute(task).is_ok());
}

type Submit = fn(&Pool, Box<dyn FnOnce() + Send>) -> bool;

/// It waits for long, and is looked at meanwhile; then several times for a moment. The machine may
/// be busy, so the best of several waits is what counts.
fn wakes_up(call: &str, submit: Submit) {
    let long = Duration::from_millis(600);
    let looks = (0..3).map(|_| one_wait(call, submit, long).1);
    let looks = first_or_least(looks, |looks| *looks <= 4);
    assert!(
        looks <= 4,
        "a submitter in `{call}` has run {looks} times while nothing changed, in place of waiting \
         to be woken"
    );
    const SOON: Duration = Duration::from_millis(250);
    let moment = Duration::from_millis(20);
    let late = (0..3).map(|_| one_wait(call, submit, moment).0);
    let late = first_or_least(late, |late| *late < SOON);
    assert!(
        late < SOON,
        "of 3 submitters in `{call}` the quickest went on {late:?} after a place came free"
    );
}

/// The first that is good enough, or the least of all.
fn first_or_least<T: Copy + Ord>(all: impl Iterator<Item = T>, good: fn(&T) -> bool) -> T {
    let mut all = all;
    let mut least = all.next().expect("there is one");
    for one in all {
        if good(&least) {
            break;
        }
        least = least.min(one);
    }
    least
}

/// How long after its place came free a submitter went on, and how often it has run meanwhile.
fn one_wait(call: &str, submit: Submit, time: Duration) -> (Duration, u64) {
    let (pool, gate) = busy(1, 1);
    let ran = Arc::new(AtomicUsize::new(0));
    let accepted = pool.try_execute(adds_one(&ran)).is_ok();
    assert!(accepted, "an empty queue refuses");
    // A name of its own: one that has just ended may still be seen.
    static NUMBER: AtomicUsize = AtomicUsize::new(1);
    let name = format!("waits {}", NUMBER.fetch_add(1, SeqCst));
    let observed = thread::scope(|scope| {
        let (pool, task) = (&pool, Box::new(adds_one(&ran)));
        let what = format!("calls {call} on a full queue");
        let waits = spawn(scope, &name, move || {
            let accepted = doing(&what, || submit(pool, task));
            (accepted, Instant::now())
        });
        thread::sleep(Duration::from_millis(20));
        let before = restless(&name);
        thread::sleep(time);
        let after = restless(&name);
        let looks = before
            .zip(after)
            .map(|(before, after)| after.saturating_sub(before));
        assert!(
            !waits.is_finished(),
            "`{call}` did not wait, although the queue was full"
        );
        let free = Instant::now();
        gate.open();
        let waited = doing("waits for the submitter, a place is free", || waits.join());
        let Ok((true, end)) = waited else {
            panic!("a submitter in `{call}` was refused, although a place came free in time");
        };
        (end.saturating_duration_since(free), looks.unwrap_or(0))
    });
    until("waits until both tasks have run", || ran.load(SeqCst) == 2);
    observed
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
        accepted.into_iter().for_each(tell);
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

type Tell<'told> = &'told dyn Fn((&'static str, bool));

/// A task calls all three on its own pool, and tells after each whether it was accepted, as it has
/// to be.
fn submits_inside(capacity: usize, calls: fn(&Pool, Tell<'_>)) {
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
    a_timeout_is_one,
    a_place_ends_the_wait,
    no_ghosts,
    the_ends_of_time,
    spares_workers,
}
