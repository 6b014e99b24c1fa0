//! Wait for a while, then cancel.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use harness::{Gate, OpenOnDrop, adds_one, doing, laws, spawn};
use pool::Pool;

const A_WHILE: Duration = Duration::from_millis(20);
const AN_HOUR: Duration = Duration::from_secs(3600);

/// A pool whose only worker waits at the gate.
fn busy(gate: &Gate) -> Pool {
    let pool = Pool::new(1, 8).unwrap();
    gate.occupy(|task| pool.execute(task).unwrap());
    pool
}

/// A task that ends in time has its result, also if it begins later than the wait.
fn a_result_in_time_comes_back() {
    let gate = Gate::new();
    let pool = busy(&gate);
    let _open = OpenOnDrop(&gate);
    let handle = pool.spawn(|| 42).unwrap();
    let result = thread::scope(|scope| {
        let joining = spawn(scope, "a joiner", || {
            doing("calls `join_or_cancel`, with an hour", || {
                handle.join_or_cancel(AN_HOUR)
            })
        });
        // So that it waits, most likely. Right code passes either way.
        thread::sleep(A_WHILE);
        gate.open();
        joining.join().unwrap()
    });
    let is_right = result.as_ref().is_ok_and(|number| *number == 42);
    assert!(
        is_right,
        "within an hour it returned {result:?}, and not 42"
    );
}

/// A task that has not begun when the time is over is cancelled, and does not run later.
fn what_has_not_begun_never_does() {
    let gate = Gate::new();
    let pool = busy(&gate);
    let _open = OpenOnDrop(&gate);
    let ran = Arc::new(AtomicUsize::new(0));
    for limit in [Duration::ZERO, A_WHILE] {
        let handle = pool.spawn(adds_one(&ran)).unwrap();
        let what = format!("calls `join_or_cancel` with {limit:?}, behind a task that waits");
        let result = doing(&what, || handle.join_or_cancel(limit));
        let is_cancelled = result.as_ref().is_err_and(|error| error.is_cancelled());
        assert!(
            is_cancelled,
            "the task has not begun within {limit:?}, and it returned {result:?}"
        );
    }
    gate.open();
    doing("waits until the pool is idle", || pool.wait_idle());
    let ran = ran.load(SeqCst);
    assert!(
        ran == 0,
        "{ran} tasks ran that had been told to be cancelled"
    );
}

/// A task that has begun is waited for, however long it takes.
fn what_has_begun_is_waited_for() {
    let gate = Gate::new();
    let pool = Pool::new(1, 8).unwrap();
    let _open = OpenOnDrop(&gate);
    let (begin, begun) = mpsc::channel();
    let at = gate.clone();
    let handle = pool.spawn(move || {
        begin.send(()).unwrap();
        doing("runs a task that waits until it is let go on", || at.pass());
        42
    });
    let handle = handle.unwrap();
    doing("waits until the task has begun", || begun.recv()).unwrap();
    let result = thread::scope(|scope| {
        let joining = spawn(scope, "a joiner", || {
            doing("calls `join_or_cancel`, on a task that runs", || {
                handle.join_or_cancel(Duration::ZERO)
            })
        });
        thread::sleep(A_WHILE);
        gate.open();
        joining.join().unwrap()
    });
    let is_right = result.as_ref().is_ok_and(|number| *number == 42);
    assert!(
        is_right,
        "the task had begun, and returned 42 later, and the joiner was told {result:?}"
    );
}

/// A panic comes back as from `join`.
fn a_panic_comes_back() {
    let pool = Pool::new(1, 8).unwrap();
    let handle = pool.spawn(|| -> u8 { panic!("the disk is full") }).unwrap();
    let result = doing("calls `join_or_cancel`, on a task that panics", || {
        handle.join_or_cancel(AN_HOUR)
    });
    let is_panic = result.as_ref().is_err_and(|error| error.is_panic());
    assert!(is_panic, "the task panicked, and it returned {result:?}");
}

/// Where a task was cancelled, it did not run, whatever happens at the same time.
fn cancelled_means_that_it_has_not_run() {
    let pool = Pool::new(2, 64).unwrap();
    for n in 0..500 {
        let ran = Arc::new(AtomicUsize::new(0));
        let handle = pool.spawn(adds_one(&ran)).unwrap();
        let result = doing("calls `join_or_cancel` with no time", || {
            handle.join_or_cancel(Duration::ZERO)
        });
        // If it has been cancelled, nobody has its closure any more.
        let ran = ran.load(SeqCst);
        let right = usize::from(result.is_ok());
        assert!(
            ran == right,
            "task {n} ran {ran} times, and it said {result:?}"
        );
    }
}

laws! {
    a_result_in_time_comes_back,
    what_has_not_begun_never_does,
    what_has_begun_is_waited_for,
    a_panic_comes_back,
    cancelled_means_that_it_has_not_run,
}
