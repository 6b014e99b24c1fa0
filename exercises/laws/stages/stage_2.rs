//! Stage 2: refusing, and handing back.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use busy::{busy, pool};
use harness::{OpenOnDrop, adds_one, expecting_a_panic, laws, until};
use pool::{Pool, Reason, Rejected};

mod busy;

/// No more tasks are queued than there are places.
fn bounded() {
    for capacity in [1, 3, 8] {
        let (pool, gate) = busy(2, capacity);
        let _open = OpenOnDrop(&gate);
        let accepted = (0..100).filter(|_| pool.try_execute(|| ()).is_ok()).count();
        assert!(
            accepted <= capacity,
            "with all workers busy, a queue of {capacity} has accepted {accepted} of 100 tasks"
        );
        assert!(
            accepted == capacity,
            "with all workers busy, a queue of {capacity} has refused task {}",
            accepted + 1
        );
    }
}

/// A refused task comes back with the reason, has not run, and can be run then.
fn handed_back() {
    let (pool, gate) = busy(1, 2);
    let (accepted, refused) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    for _ in 0..2 {
        let taken = pool.try_execute(adds_one(&accepted)).is_ok();
        assert!(taken, "a queue of 2 has refused one of 2 tasks");
    }
    let Err(rejected) = pool.try_execute(adds_one(&refused)) else {
        panic!("a queue of 2 has accepted a third task");
    };
    let reason = rejected.reason();
    assert!(
        matches!(reason, Reason::Full),
        "the queue is full, and the reason says {reason:?}"
    );
    gate.open();
    let task = rejected.into_task();
    until("waits until the 2 accepted tasks have run", || {
        accepted.load(SeqCst) == 2
    });
    let ran = refused.load(SeqCst);
    assert!(ran == 0, "a refused task has run in the pool");
    let owners = Arc::strong_count(&refused);
    assert!(
        owners == 2,
        "of a refused task there should be one, and there are {}",
        owners - 1
    );
    task.run();
    let ran = refused.load(SeqCst);
    assert!(ran == 1, "`Task::run` ran the task {ran} times");
    let owners = Arc::strong_count(&refused);
    assert!(
        owners == 1,
        "the task has run, and its closure still exists"
    );
}

/// When a task has begun, its place is free.
fn a_place_comes_free() {
    let (pool, gate) = busy(1, 1);
    assert!(pool.try_execute(|| ()).is_ok(), "an empty queue refuses");
    assert!(pool.try_execute(|| ()).is_err(), "a full queue accepts");
    gate.open();
    until("waits until a place in the queue comes free", || {
        pool.try_execute(|| ()).is_ok()
    });
}

/// What makes no pool is an error and no panic.
fn bad_input() {
    for (threads, capacity) in [(0, 1), (1, 0), (0, 0)] {
        let built = expecting_a_panic(|| catch_unwind(|| Pool::new(threads, capacity).is_ok()));
        let built = built.unwrap_or_else(|_| panic!("Pool::new({threads}, {capacity}) panics"));
        assert!(!built, "Pool::new({threads}, {capacity}) makes a pool");
    }
    // A pool may allow it, and may not panic or ask for all the memory there is.
    let largest = expecting_a_panic(|| catch_unwind(|| drop(Pool::new(1, usize::MAX))));
    assert!(largest.is_ok(), "Pool::new(1, usize::MAX) panics");
    drop(pool(1, 1));
}

/// `?` takes the error, into any box.
fn the_error_is_one() {
    fn submits(pool: &Pool) -> Result<(), Box<dyn Error + Send + Sync>> {
        pool.try_execute(|| ())?;
        Ok(())
    }
    fn is_an_error<E: Error + Send + Sync + 'static>() {}
    is_an_error::<Rejected>();
    let (pool, gate) = busy(1, 1);
    let _open = OpenOnDrop(&gate);
    assert!(submits(&pool).is_ok(), "an empty queue refuses");
    let told = expecting_a_panic(|| {
        catch_unwind(AssertUnwindSafe(|| submits(&pool).unwrap_err().to_string()))
    });
    let told = told.unwrap_or_else(|_| panic!("a full queue accepts, or the error has no text"));
    assert!(!told.is_empty(), "the error says nothing");
}

laws! {
    bounded,
    handed_back,
    a_place_comes_free,
    bad_input,
    the_error_is_one,
}
