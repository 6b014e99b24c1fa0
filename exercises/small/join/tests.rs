//! Two things at once.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use harness::{doing, expecting_a_panic, laws};
use pool::Pool;

/// Calls `join`, and expects a panic. Returns its text.
fn panics_with(call: impl FnOnce()) -> String {
    let called = expecting_a_panic(|| {
        let call = AssertUnwindSafe(call);
        doing("calls `join`", || catch_unwind(call))
    });
    match called {
        Ok(()) => "no panic".to_owned(),
        Err(payload) => text(&*payload),
    }
}

fn text(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned());
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "something without a text".to_owned())
}

/// Both results come back, and both closures may borrow.
fn both_results_come_back() {
    let pool = Pool::new(2, 8).unwrap();
    let words = vec!["one".to_owned(), "two".to_owned()];
    let mut letters = [0, 0];
    let (left, right) = letters.split_at_mut(1);
    let (a, b) = doing("calls `join`", || {
        let first = || {
            left[0] = words[0].len();
            "a"
        };
        let second = || {
            right[0] = words[1].len();
            'b'
        };
        pool.join(first, second)
    });
    assert!(a == "a" && b == 'b', "the results are {a:?} and {b:?}");
    assert!(letters == [3, 3], "what was borrowed is {letters:?}");
}

/// With an idle worker, each of the two may wait for the other.
fn both_run_at_the_same_time() {
    let pool = Pool::new(1, 8).unwrap();
    let meeting = Barrier::new(2);
    let meet = || {
        doing("runs a closure that waits for the other one", || {
            meeting.wait();
        });
    };
    doing("calls `join`, for two that meet", || pool.join(meet, meet));
}

/// Adds up a range, in halves.
fn sum(pool: &Pool, from: u64, to: u64) -> u64 {
    if to - from < 4 {
        return (from..to).sum();
    }
    let middle = from.midpoint(to);
    let (a, b) = pool.join(|| sum(pool, from, middle), || sum(pool, middle, to));
    a + b
}

/// In a task on the only worker, and deeper, nobody waits in a circle.
fn one_worker_is_enough() {
    let pool = Arc::new(Pool::new(1, 4).unwrap());
    let inside = Arc::clone(&pool);
    let task = pool.spawn(move || {
        doing(
            "adds up 200 numbers with `join`, on the only worker",
            || sum(&inside, 0, 200),
        )
    });
    let result = doing("joins a task that calls `join`", || task.unwrap().join());
    let is_right = result.as_ref().is_ok_and(|sum| *sum == 199 * 100);
    assert!(is_right, "the numbers from 0 to 199 add up to {result:?}");
}

/// A panic goes on with what it had, whichever of the two it is, and if both panic, that of `a`.
fn a_panic_goes_on_as_it_was() {
    let pool = Pool::new(1, 8).unwrap();
    let found = panics_with(|| _ = pool.join(|| panic!("of a"), || ()));
    assert!(found == "of a", "`a` panicked, and `join` with: {found}");
    let found = panics_with(|| _ = pool.join(|| (), || panic!("of b")));
    assert!(found == "of b", "`b` panicked, and `join` with: {found}");
    let found = panics_with(|| _ = pool.join(|| panic!("of a"), || panic!("of b")));
    assert!(found == "of a", "both panicked, and `join` with: {found}");
}

/// If `a` panics, `b` has ended before `join` does.
fn it_waits_for_both() {
    let pool = Pool::new(1, 8).unwrap();
    let (begun, ended) = (Barrier::new(2), AtomicBool::new(false));
    let a = || {
        doing("waits until `b` has begun", || begun.wait());
        panic!("of a")
    };
    let b = || {
        begun.wait();
        // Gives wrong code the time to come back. Right code passes either way.
        thread::sleep(Duration::from_millis(20));
        ended.store(true, SeqCst);
    };
    let found = panics_with(|| _ = pool.join(a, b));
    let had_ended = ended.load(SeqCst);
    assert!(
        found == "of a" && had_ended,
        "`a` panicked, and `join` with: {found}; had `b` ended? {had_ended}"
    );
}

laws! {
    both_results_come_back,
    both_run_at_the_same_time,
    one_worker_is_enough,
    a_panic_goes_on_as_it_was,
    it_waits_for_both,
}
