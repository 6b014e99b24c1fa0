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
    a_wait_below_two_tokens_that_are_cancelled_at_once_returns,
    a_submitter_is_let_in_refused_or_cancelled_and_its_task_has_one_ending,
    a_cancel_that_races_a_shutdown_that_hands_back_loses_no_task,
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

fn a_wait_below_two_tokens_that_are_cancelled_at_once_returns() {
    let above = CancelToken::new();
    let below = above.child();
    let waiters = [(); 2].map(|()| {
        let lowest = below.child();
        thread::spawn(move || {
            lowest.wait();
            assert!(lowest.is_cancelled());
            // The last to own it may be the one that cancels.
        })
    });
    let cancellers = [above, below.clone()].map(|token| thread::spawn(move || token.cancel()));
    let late = below.child();
    drop(below);
    late.wait();
    assert!(late.child().wait_timeout(SOME_TIME));
    for thread in waiters.into_iter().chain(cancellers) {
        thread.join().unwrap();
    }
}

/// A place, the close, a cancel and the end of its time may all come while it waits.
fn a_submitter_is_let_in_refused_or_cancelled_and_its_task_has_one_ending() {
    let (pool, closed) = busy_pool(1);
    let ran = Arc::new(AtomicUsize::new(0));
    pool.execute(adds_one(&ran)).unwrap();
    let token = CancelToken::new();
    let submitters = [(); 2].map(|()| {
        let (pool, task, below) = (Arc::clone(&pool), adds_one(&ran), token.child());
        thread::spawn(move || match pool.execute_with(&below, task) {
            Ok(()) => 1,
            Err(rejected) => {
                assert!([Reason::Cancelled, Reason::ShutDown].contains(&rejected.reason()));
                0
            }
        })
    });
    let hasty = thread::spawn({
        let (pool, task) = (Arc::clone(&pool), adds_one(&ran));
        move || usize::from(pool.execute_timeout(task, SOME_TIME).is_ok())
    });
    let canceller = thread::spawn(move || token.cancel());
    let stopper = thread::spawn({
        let pool = Arc::clone(&pool);
        move || pool.shutdown()
    });
    drop(closed);
    let accepted = submitters.map(|submitter| submitter.join().unwrap());
    let accepted = 2 + accepted.iter().sum::<usize>() + hasty.join().unwrap();
    stopper.join().unwrap();
    canceller.join().unwrap();
    let stats = pool.stats();
    assert_eq!(stats.accepted, accepted);
    assert_eq!(stats.completed, 1 + ran.load(SeqCst));
    assert_eq!(stats.completed + stats.cancelled, accepted);
    assert_eq!(Arc::strong_count(&ran), 1);
}

fn a_cancel_that_races_a_shutdown_that_hands_back_loses_no_task() {
    let pool = Arc::new(Pool::new(1, 2).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let group = Arc::new(pool.group());
    let canceller = thread::spawn({
        let group = Arc::clone(&group);
        move || group.cancel()
    });
    let submitters = [(); 2].map(|()| {
        let (group, ran) = (Arc::clone(&group), Arc::clone(&ran));
        thread::spawn(move || {
            let accepted = (0..2).filter(|_| group.execute(adds_one(&ran)).is_ok());
            accepted.count()
        })
    });
    let returned = pool.shutdown_now().len();
    let accepted = submitters.map(|submitter| submitter.join().unwrap());
    let accepted = accepted.iter().sum::<usize>();
    let report = group.wait();
    assert_eq!(report.completed, ran.load(SeqCst));
    assert_eq!(report.returned, returned);
    assert_eq!(report.completed + report.cancelled + returned, accepted);
    pool.wait_idle();
    assert_eq!(pool.stats().accepted, accepted);
    pool.shutdown();
    canceller.join().unwrap();
    assert_eq!(Arc::strong_count(&ran), 1);
}
