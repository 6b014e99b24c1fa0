//! Somebody to call when a token is cancelled.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use harness::{adds_one, doing, expecting_a_panic, laws};
use pool::{CancelToken, Pool};

fn counter() -> Arc<AtomicUsize> {
    Arc::default()
}

fn cancel(token: &CancelToken) {
    doing("cancels the token", || token.cancel());
}

/// Nobody is called before the token is cancelled, and then each once, however often and where it
/// is cancelled.
fn it_is_called_once() {
    let parent = CancelToken::new();
    let token = parent.child();
    let calls = counter();
    token.on_cancel(adds_one(&calls));
    token.clone().on_cancel(adds_one(&calls));
    let early = calls.load(SeqCst);
    assert!(early == 0, "{early} were called before it was cancelled");
    cancel(&token);
    let called = calls.load(SeqCst);
    assert!(
        called == 2,
        "of two that wanted to be called, {called} were when `cancel` returned"
    );
    cancel(&token);
    cancel(&parent);
    let called = calls.load(SeqCst);
    assert!(
        called == 2,
        "after two more cancels, there were {called} calls for two that wanted one"
    );
}

/// Who waits for a token is called when one above it is cancelled, and not when one below is.
fn a_parent_calls_as_well() {
    let root = CancelToken::new();
    let token = root.child();
    let leaf = token.child();
    let calls = counter();
    token.on_cancel(adds_one(&calls));
    cancel(&leaf);
    let early = calls.load(SeqCst);
    assert!(early == 0, "a child was cancelled, and its parent called");
    cancel(&root);
    let called = calls.load(SeqCst);
    assert!(
        called == 1,
        "the token's parent was cancelled, and there were {called} calls"
    );
}

/// A token that is cancelled, or one above it, or past its deadline, calls at once.
fn a_cancelled_token_calls_at_once() {
    let token = CancelToken::new();
    cancel(&token);
    let past = CancelToken::new().with_deadline(Instant::now());
    for (what, token) in [
        ("is cancelled", token.clone()),
        ("has a parent that is cancelled", token.child()),
        ("is past its deadline", past),
    ] {
        let calls = counter();
        token.on_cancel(adds_one(&calls));
        let called = calls.load(SeqCst);
        assert!(
            called == 1,
            "the token {what}, and there were {called} calls"
        );
    }
}

/// What is called may ask the token, cancel it again and have others called.
fn what_is_called_may_use_the_token() {
    let token = CancelToken::new();
    let calls = counter();
    let (inside, count) = (token.clone(), Arc::clone(&calls));
    token.on_cancel(move || {
        assert!(inside.is_cancelled(), "it is called, and not cancelled");
        doing("registers another call, in a call", || {
            inside.on_cancel(adds_one(&count));
        });
        doing("cancels again, in a call", || inside.cancel());
    });
    cancel(&token);
    let called = calls.load(SeqCst);
    assert!(
        called == 1,
        "a call that was registered by a call was made {called} times"
    );
}

/// A panic of one of them does not leave `cancel`, and the others are called.
fn a_panic_is_nobodys() {
    let token = CancelToken::new();
    let calls = counter();
    token.on_cancel(adds_one(&calls));
    token.on_cancel(|| expecting_a_panic(|| panic!("of a call")));
    token.on_cancel(adds_one(&calls));
    let cancelled = catch_unwind(AssertUnwindSafe(|| cancel(&token)));
    assert!(cancelled.is_ok(), "a call panicked, and so did `cancel`");
    let called = calls.load(SeqCst);
    assert!(
        called == 2,
        "beside one that panics, {called} of 2 were called"
    );
}

/// A pool's token calls as well, and a task that waits for its token ends.
fn a_pool_is_cancelled_as_before() {
    let pool = Pool::new(1, 4).unwrap();
    let calls = counter();
    let inside = pool.cancel_token();
    pool.cancel_token().on_cancel(adds_one(&calls));
    let task = move || _ = inside.wait_timeout(Duration::from_secs(3600));
    pool.execute(task).unwrap();
    doing("cancels the pool", || pool.cancel());
    doing("waits until the pool is idle", || pool.wait_idle());
    let called = calls.load(SeqCst);
    assert!(called == 1, "the pool was cancelled, with {called} calls");
}

laws! {
    it_is_called_once,
    a_parent_calls_as_well,
    a_cancelled_token_calls_at_once,
    what_is_called_may_use_the_token,
    a_panic_is_nobodys,
    a_pool_is_cancelled_as_before,
}
