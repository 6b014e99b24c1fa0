//! The cancel token by itself, without a pool.

mod common;

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use common::{LONG, Watchdog};
use v2_cancel_panic::CancelToken;

#[test]
fn a_cancel_goes_down_the_tree_and_not_up_or_across() {
    let parent = CancelToken::new();
    let (child, sibling) = (parent.child(), parent.child());
    let grandchild = child.child();
    child.cancel();
    assert!(child.is_cancelled() && grandchild.is_cancelled());
    assert!(!parent.is_cancelled() && !sibling.is_cancelled());
    parent.cancel();
    parent.cancel();
    assert!(parent.is_cancelled() && sibling.is_cancelled());
}

#[test]
fn the_child_of_a_cancelled_token_is_born_cancelled() {
    let parent = CancelToken::default();
    parent.cancel();
    assert!(parent.child().is_cancelled());
    assert!(parent.with_timeout(Duration::MAX).is_cancelled());
}

#[test]
fn a_clone_is_the_same_token() {
    let token = CancelToken::new();
    token.clone().cancel();
    assert!(token.is_cancelled());
}

#[test]
fn all_who_wait_below_a_token_wake_when_it_is_cancelled() {
    let _watchdog = Watchdog::start();
    let token = CancelToken::new();
    thread::scope(|scope| {
        for n in 0..8 {
            let token = if n % 2 == 0 {
                token.clone()
            } else {
                token.child()
            };
            scope.spawn(move || match n % 3 {
                0 => token.wait(),
                _ => assert!(token.wait_timeout(Duration::from_secs(3600))),
            });
        }
        // Some wait by now and some do not.
        thread::sleep(Duration::from_millis(20));
        token.cancel();
    });
}

#[test]
fn a_wait_is_not_ended_by_another_token_of_the_tree() {
    let _watchdog = Watchdog::start();
    let parent = CancelToken::new();
    let token = parent.child();
    thread::scope(|scope| {
        let waiter = scope.spawn(|| token.wait());
        for _ in 0..100 {
            parent.child().cancel();
        }
        thread::sleep(Duration::from_millis(20));
        assert!(!waiter.is_finished());
        parent.cancel();
    });
}

#[test]
fn a_wait_with_a_time_out_is_neither_early_nor_late() {
    let _watchdog = Watchdog::start();
    let token = CancelToken::new();
    let time = Duration::from_millis(30);
    let start = Instant::now();
    assert!(!token.wait_timeout(time));
    assert!(start.elapsed() >= time && start.elapsed() < LONG / 6);
    assert!(!token.wait_timeout(Duration::ZERO));
    token.cancel();
    assert!(token.wait_timeout(Duration::ZERO));
}

#[test]
fn a_deadline_cancels_whoever_asks_and_whoever_waits() {
    let _watchdog = Watchdog::start();
    let start = Instant::now();
    let at = start + Duration::from_millis(30);
    let token = CancelToken::new().with_deadline(at);
    assert_eq!((token.deadline(), token.is_cancelled()), (Some(at), false));
    token.child().wait();
    assert!(Instant::now() >= at);
    assert!(token.is_cancelled() && token.child().is_cancelled());
}

#[test]
fn the_earliest_deadline_counts() {
    let (soon, later) = (Instant::now(), Instant::now() + LONG);
    let parent = CancelToken::new().with_deadline(soon);
    assert_eq!(parent.with_deadline(later).deadline(), Some(soon));
    assert!(parent.with_timeout(LONG).is_cancelled());
    let parent = CancelToken::new().with_deadline(later);
    assert_eq!(parent.with_deadline(soon).deadline(), Some(soon));
    assert!(!parent.is_cancelled());
    assert_eq!(
        CancelToken::new().with_timeout(Duration::MAX).deadline(),
        None
    );
}

#[test]
fn no_time_is_over_at_once_and_a_thousand_years_are_not() {
    let _watchdog = Watchdog::start();
    assert!(
        CancelToken::new()
            .with_timeout(Duration::ZERO)
            .is_cancelled()
    );
    for seconds in [1 << 35, 1 << 62, i64::MAX as u64, u64::MAX] {
        let time = Duration::from_secs(seconds);
        let root = CancelToken::new();
        let below = root.with_timeout(time);
        assert!(!below.is_cancelled());
        thread::scope(|scope| {
            let waiters = [
                scope.spawn(|| root.wait_timeout(time)),
                scope.spawn(|| below.wait_timeout(Duration::MAX)),
            ];
            thread::sleep(Duration::from_millis(5));
            let waiting = waiters.iter().all(|waiter| !waiter.is_finished());
            root.cancel();
            assert!(waiting, "{seconds}");
            assert!(waiters.into_iter().all(|waiter| waiter.join().unwrap()));
        });
    }
}

#[test]
fn a_leaked_guard_cancels_nothing() {
    let token = CancelToken::new();
    std::mem::forget(token.drop_guard());
    assert!(!token.is_cancelled());
}

#[test]
fn a_drop_guard_cancels_unless_it_is_disarmed() {
    let token = CancelToken::new();
    token.drop_guard().disarm();
    assert!(!token.is_cancelled());
    let inside = token.clone();
    let panicked = thread::spawn(move || {
        let _guard = inside.drop_guard();
        panic!("the owner panics");
    });
    assert!(panicked.join().is_err());
    assert!(token.is_cancelled());
}

#[test]
fn a_chain_as_long_as_memory_neither_overflows_the_stack_nor_forgets_a_cancel() {
    let root = CancelToken::new();
    let mut token = root.clone();
    for _ in 0..1_000_000 {
        token = token.child();
    }
    assert!(!token.is_cancelled());
    root.cancel();
    assert!(token.is_cancelled());
    drop(token);
}

#[test]
fn tokens_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>(value: T) -> Arc<T> {
        Arc::new(value)
    }
    let token = shared(CancelToken::new());
    let guard = shared(token.drop_guard());
    let token_there = Arc::clone(&token);
    thread::spawn(move || drop(guard)).join().unwrap();
    assert!(token_there.is_cancelled());
    assert!(format!("{token:?}").contains("cancelled: true"));
}
