//! All results, or the first panic.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use harness::{Gate, OpenOnDrop, doing, expecting_a_panic, laws, spawn};
use pool::{JoinHandle, Pool};

/// Joins all, and expects a panic. Returns its text.
fn panics_with(handles: Vec<JoinHandle<u32>>) -> String {
    let joined = expecting_a_panic(|| {
        let join = || JoinHandle::join_all(handles);
        doing("calls `join_all`", || catch_unwind(AssertUnwindSafe(join)))
    });
    match joined {
        Ok(results) => format!("no panic, but the results {results:?}"),
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

/// Results are in the order of the handles, whichever task ends first.
fn results_are_in_order() {
    let pool = Pool::new(2, 8).unwrap();
    let gate = Gate::new();
    let _open = OpenOnDrop(&gate);
    let (at, then) = (gate.clone(), gate.clone());
    let first = pool.spawn(move || {
        at.pass();
        1
    });
    let second = pool.spawn(move || {
        then.open();
        2
    });
    let handles = vec![first.unwrap(), second.unwrap()];
    let results = doing("calls `join_all`", || JoinHandle::join_all(handles));
    assert!(
        results == [1, 2],
        "the results are {results:?}, and not [1, 2]"
    );
    let none = JoinHandle::<u32>::join_all(Vec::new());
    assert!(none.is_empty(), "without handles there are {none:?}");
}

/// A panic goes on as it was, and of several that of the first handle.
fn the_first_panic_goes_on() {
    let pool = Pool::new(2, 8).unwrap();
    let spawn = |n: u32| {
        let task = move || if n % 2 == 1 { panic!("{n} is odd") } else { n };
        pool.spawn(task).unwrap()
    };
    let text = panics_with((0..6).map(spawn).collect());
    assert!(
        text == "1 is odd",
        "the first panic is \"1 is odd\", and it panicked with: {text}"
    );
}

/// It panics when all tasks have ended, and not before.
fn all_have_ended_before_it_panics() {
    let pool = Pool::new(2, 8).unwrap();
    let gate = Gate::new();
    let _open = OpenOnDrop(&gate);
    let ended = Arc::new(AtomicBool::new(false));
    let (at, end) = (gate.clone(), Arc::clone(&ended));
    let breaks = pool.spawn(|| panic!("broken")).unwrap();
    let slow = pool.spawn(move || {
        doing("runs a task that waits until it is let go on", || at.pass());
        end.store(true, SeqCst);
        2
    });
    let handles = vec![breaks, slow.unwrap()];
    let had_ended = thread::scope(|scope| {
        let joining = spawn(scope, "a joiner", || {
            let text = panics_with(handles);
            (text, ended.load(SeqCst))
        });
        // Gives wrong code the time to come back. Right code passes either way.
        thread::sleep(Duration::from_millis(50));
        gate.open();
        let (text, had_ended) = joining.join().unwrap();
        assert!(text == "broken", "it panicked with: {text}");
        had_ended
    });
    assert!(had_ended, "it panicked, and a task still ran");
}

/// What is missing for another reason is a panic, with the text of the error.
fn a_cancelled_task_is_a_panic() {
    let pool = Pool::new(1, 8).unwrap();
    let gate = Gate::new();
    let _open = OpenOnDrop(&gate);
    gate.occupy(|task| pool.execute(task).unwrap());
    let handle = pool.spawn(|| 1).unwrap();
    handle.cancel();
    let text = panics_with(vec![handle]);
    assert!(
        text.contains("cancelled"),
        "a task was cancelled, and there is: {text}"
    );
}

/// A payload that panics when it is dropped does not take the place of the first panic.
fn a_payload_may_panic_when_it_is_dropped() {
    struct Breaks;
    impl Drop for Breaks {
        fn drop(&mut self) {
            panic!("of a payload");
        }
    }
    let pool = Pool::new(2, 8).unwrap();
    let first = pool.spawn(|| panic!("the first")).unwrap();
    let second = pool.spawn(|| panic_any(Breaks)).unwrap();
    let text = panics_with(vec![first, second]);
    assert!(text == "the first", "it panicked with: {text}");
}

/// On the only worker, the tasks run in the call.
fn a_worker_may_call_it() {
    let pool = Arc::new(Pool::new(1, 8).unwrap());
    let inside = Arc::clone(&pool);
    let parent = pool.spawn(move || {
        let spawn = |n: u32| inside.spawn(move || n).unwrap();
        let handles = (0..4).map(spawn).collect();
        doing("calls `join_all`, on the only worker", || {
            JoinHandle::join_all(handles).into_iter().sum::<u32>()
        })
    });
    let sum = doing("joins a task that calls `join_all`", || {
        parent.unwrap().join()
    });
    assert!(
        sum.as_ref().is_ok_and(|sum| *sum == 6),
        "it returned {sum:?}"
    );
}

laws! {
    results_are_in_order,
    the_first_panic_goes_on,
    all_have_ended_before_it_panics,
    a_cancelled_task_is_a_panic,
    a_payload_may_panic_when_it_is_dropped,
    a_worker_may_call_it,
}
