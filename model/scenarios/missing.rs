//! A scope misses what its pool has cancelled, if nobody has asked about it, and panics at its end.
//! What its owner has cancelled it does not miss. A topic of v5.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use model_schedule::{a_panic_was_meant, models};
use pool::{CancelToken, Pool, Scope};

use crate::common::adds_one;
use crate::one_state::look;

models![
    a_scope_misses_what_is_cancelled_with_its_pool,
    a_scope_on_a_worker_misses_what_is_cancelled_with_its_pool,
    a_scope_misses_what_is_not_handed_back,
    a_scope_does_not_miss_what_its_token_has_cancelled,
    a_scope_does_not_miss_what_its_handles_have_cancelled,
    a_scope_does_not_miss_what_somebody_has_asked_about,
];

/// Whether a scope with this body panics. That is a panic of the pool's own.
fn misses<'env>(pool: &Pool, body: impl for<'scope> FnOnce(&'scope Scope<'scope, 'env>)) -> bool {
    let missed = catch_unwind(AssertUnwindSafe(|| pool.scope(body))).is_err();
    if missed {
        a_panic_was_meant();
    }
    missed
}

/// A scope of two tasks that nobody asks about. Returns whether it misses any, how many were
/// accepted, and how many have run. What they borrow is gone after that.
fn scope_of_two(pool: &Pool) -> (bool, usize, usize) {
    let ran = AtomicUsize::new(0);
    let mut accepted = 0;
    let missed = misses(pool, |scope| {
        for _ in 0..2 {
            let runs = || _ = ran.fetch_add(1, SeqCst);
            accepted += usize::from(scope.execute(runs).is_ok());
        }
    });
    (missed, accepted, ran.into_inner())
}

fn cancels(pool: &Arc<Pool>) -> thread::JoinHandle<()> {
    let pool = Arc::clone(pool);
    thread::spawn(move || pool.cancel())
}

/// The pool has cancelled what has not run, and only that.
fn a_scope_misses_what_is_cancelled_with_its_pool() {
    let pool = Arc::new(Pool::new(1, 2).unwrap());
    let canceller = cancels(&pool);
    let (missed, accepted, ran) = scope_of_two(&pool);
    assert_eq!(missed, ran < accepted);
    canceller.join().unwrap();
    pool.wait_idle();
    let stats = pool.stats();
    assert_eq!((look(stats), stats.completed), (accepted, ran));
}

/// It runs them itself, if the other worker does not, and then it is the one who cancels them.
fn a_scope_on_a_worker_misses_what_is_cancelled_with_its_pool() {
    let pool = Arc::new(Pool::new(2, 2).unwrap());
    let own = Arc::clone(&pool);
    let task = pool.spawn(move || scope_of_two(&own)).unwrap();
    pool.cancel();
    if let Ok((missed, accepted, ran)) = task.join() {
        assert_eq!(missed, ran < accepted);
        pool.wait_idle();
        assert_eq!(pool.stats().cancelled, accepted - ran);
    }
}

fn a_scope_misses_what_is_not_handed_back() {
    let pool = Arc::new(Pool::new(1, 2).unwrap());
    let stopper = thread::spawn({
        let pool = Arc::clone(&pool);
        move || pool.shutdown_now().len()
    });
    let (missed, accepted, ran) = scope_of_two(&pool);
    assert_eq!(missed, ran < accepted);
    assert_eq!(stopper.join().unwrap(), 0, "a task has left its scope");
    pool.shutdown();
    let stats = pool.stats();
    assert_eq!((stats.completed, stats.cancelled), (ran, accepted - ran));
}

fn a_scope_does_not_miss_what_its_token_has_cancelled() {
    for on_worker in [false, true] {
        let pool = Arc::new(Pool::new(1, 2).unwrap());
        let token = CancelToken::new();
        let ran = Arc::new(AtomicUsize::new(0));
        let (own, inside, count) = (Arc::clone(&pool), token.clone(), Arc::clone(&ran));
        let scope = move || {
            let missed = misses(&own, |scope| {
                for _ in 0..2 {
                    drop(scope.spawn_with(&inside, adds_one(&count)));
                }
            });
            assert!(!missed);
        };
        let canceller = thread::spawn(move || token.cancel());
        if on_worker {
            pool.spawn(scope).unwrap().join().unwrap();
        } else {
            scope();
        }
        canceller.join().unwrap();
        pool.wait_idle();
        let stats = pool.stats();
        let ran = ran.load(SeqCst) + usize::from(on_worker);
        assert_eq!((look(stats), stats.completed), (stats.accepted, ran));
    }
}

/// Each is cancelled in time or has run, and then its handle is dropped.
fn a_scope_does_not_miss_what_its_handles_have_cancelled() {
    let pool = Arc::new(Pool::new(1, 2).unwrap());
    let ran = AtomicUsize::new(0);
    let mut in_time = 0;
    let missed = misses(&pool, |scope| {
        for _ in 0..2 {
            let runs = || _ = ran.fetch_add(1, SeqCst);
            in_time += usize::from(scope.spawn(runs).unwrap().cancel());
        }
    });
    assert!(!missed);
    assert_eq!(ran.into_inner() + in_time, 2);
}

/// The handle has the error.
fn a_scope_does_not_miss_what_somebody_has_asked_about() {
    let pool = Arc::new(Pool::new(1, 2).unwrap());
    let canceller = cancels(&pool);
    let ran = AtomicUsize::new(0);
    let mut asked = 0;
    let missed = misses(&pool, |scope| {
        let spawned = [(); 2].map(|()| scope.spawn(|| ran.fetch_add(1, SeqCst)));
        for handle in spawned.into_iter().flatten() {
            asked += usize::from(handle.join().is_ok());
        }
    });
    assert!(!missed);
    assert_eq!(asked, ran.into_inner());
    canceller.join().unwrap();
}
