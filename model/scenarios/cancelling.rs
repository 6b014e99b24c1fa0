//! Law 8: a task runs or is cancelled, never both, never neither; and a cancel wakes who waits.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;
use std::thread;

use model_schedule::{models, until_asleep};
use pool::{CancelToken, Pool, Reason};

use crate::common::{SOME_TIME, adds_one, busy_pool, panics};

models![
    a_task_runs_or_is_cancelled,
    a_cancelled_pool_drops_what_is_queued_and_still_stops,
    submitters_that_wait_are_released_by_the_token_of_the_pool,
    a_submitter_that_waits_is_released_by_the_token_of_its_group,
    a_submitter_that_waits_is_released_by_a_token_above_its_own,
    a_cancel_finds_the_submitter_that_it_concerns_among_others,
    everybody_who_waits_for_a_token_is_woken_by_its_cancel,
    a_token_with_a_guard_is_cancelled_when_a_task_panics,
];

fn a_task_runs_or_is_cancelled() {
    let pool = Arc::new(Pool::new(2, 1).unwrap());
    let token = CancelToken::new();
    let ran = Arc::new(AtomicUsize::new(0));
    let canceller = thread::spawn({
        let token = token.clone();
        move || token.cancel()
    });
    let mut accepted = 0;
    for _ in 0..3 {
        match pool.execute_with(&token, adds_one(&ran)) {
            Ok(()) => accepted += 1,
            Err(rejected) => assert_eq!(rejected.reason(), Reason::Cancelled),
        }
    }
    pool.wait_idle();
    let stats = pool.stats();
    assert_eq!(stats.completed, ran.load(SeqCst));
    assert_eq!(stats.completed + stats.cancelled, accepted);
    assert_eq!(Arc::strong_count(&ran), 1);
    canceller.join().unwrap();
}

fn a_cancelled_pool_drops_what_is_queued_and_still_stops() {
    let pool = Arc::new(Pool::new(1, 2).unwrap());
    let kept = Arc::new(AtomicUsize::new(0));
    let canceller = thread::spawn({
        let pool = Arc::clone(&pool);
        move || pool.cancel()
    });
    let accepted = (0..3)
        .filter(|_| pool.execute(adds_one(&kept)).is_ok())
        .count();
    pool.shutdown();
    assert_eq!((pool.threads(), Arc::strong_count(&kept)), (0, 1));
    let stats = pool.stats();
    assert_eq!(stats.completed, kept.load(SeqCst));
    assert_eq!(stats.completed + stats.cancelled, accepted);
    canceller.join().unwrap();
}

fn submitters_that_wait_are_released_by_the_token_of_the_pool() {
    let (pool, closed) = busy_pool(1);
    pool.execute(|| ()).unwrap();
    let submitters = [(); 2].map(|()| {
        let pool = Arc::clone(&pool);
        thread::spawn(move || pool.execute(|| ()).unwrap_err().reason())
    });
    pool.cancel();
    for submitter in submitters {
        assert_eq!(submitter.join().unwrap(), Reason::Cancelled);
    }
    drop(closed);
    pool.wait_idle();
}

fn a_submitter_that_waits_is_released_by_the_token_of_its_group() {
    let (pool, closed) = busy_pool(1);
    pool.execute(|| ()).unwrap();
    let group = Arc::new(pool.group());
    let submitter = thread::spawn({
        let group = Arc::clone(&group);
        move || group.execute(|| ()).unwrap_err().reason()
    });
    group.cancel();
    assert_eq!(submitter.join().unwrap(), Reason::Cancelled);
    assert_eq!(group.wait().cancelled, 0);
    drop(closed);
}

fn a_submitter_that_waits_is_released_by_a_token_above_its_own() {
    let (pool, closed) = busy_pool(1);
    pool.execute(|| ()).unwrap();
    let token = CancelToken::new();
    let submitter = thread::spawn({
        let (pool, below) = (Arc::clone(&pool), token.child());
        move || pool.execute_with(&below, || ()).unwrap_err().reason()
    });
    token.cancel();
    assert_eq!(submitter.join().unwrap(), Reason::Cancelled);
    drop(closed);
}

fn a_cancel_finds_the_submitter_that_it_concerns_among_others() {
    let (pool, closed) = busy_pool(1);
    pool.execute(|| ()).unwrap();
    let token = CancelToken::new();
    let other = thread::spawn({
        let pool = Arc::clone(&pool);
        move || pool.execute(|| ())
    });
    let submitter = thread::spawn({
        let (pool, token) = (Arc::clone(&pool), token.clone());
        move || pool.execute_with(&token, || ()).unwrap_err().reason()
    });
    until_asleep(3); // the worker, too
    token.cancel();
    assert_eq!(submitter.join().unwrap(), Reason::Cancelled);
    drop(closed);
    other.join().unwrap().unwrap();
}

fn everybody_who_waits_for_a_token_is_woken_by_its_cancel() {
    let pool = Pool::new(1, 1).unwrap();
    let token = CancelToken::new();
    let (inside, child) = (token.clone(), token.child());
    pool.execute(move || inside.wait()).unwrap();
    let waiter = thread::spawn({
        let child = child.clone();
        move || child.wait()
    });
    let hasty = thread::spawn({
        let child = child.clone();
        move || child.wait_timeout(SOME_TIME)
    });
    token.cancel();
    waiter.join().unwrap();
    hasty.join().unwrap();
    assert!(child.is_cancelled());
    pool.wait_idle();
}

fn a_token_with_a_guard_is_cancelled_when_a_task_panics() {
    let pool = Pool::new(1, 1).unwrap();
    let token = CancelToken::new();
    let guard = token.drop_guard();
    let waiter = thread::spawn({
        let token = token.clone();
        move || token.wait()
    });
    until_asleep(1);
    let task = move || {
        let _guard = guard;
        panics();
    };
    pool.execute(task).unwrap();
    waiter.join().unwrap();
}
