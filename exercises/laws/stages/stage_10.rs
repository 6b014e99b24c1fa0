//! Stage 10: results.

use std::cell::Cell;
use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use busy::{busy, pool};
use harness::{OpenOnDrop, doing, laws};
use pool::{CancelToken, JoinError, JoinHandle, Pool};

mod busy;

fn submit<T: Send + 'static>(
    pool: &Pool,
    task: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    match doing("calls spawn", || pool.spawn(task)) {
        Ok(handle) => handle,
        Err(rejected) => panic!("a task was refused: {:?}", rejected.reason()),
    }
}

fn join<T>(handle: JoinHandle<T>) -> Result<T, JoinError> {
    doing("joins a handle", || handle.join())
}

/// What a task returns comes back through its handle, and joining does not need luck.
fn a_result_comes_back() {
    let pool = pool(2, 64);
    let handles: Vec<_> = (0..50).map(|n| submit(&pool, move || n * n)).collect();
    for (n, handle) in handles.into_iter().enumerate() {
        let result = join(handle).ok();
        assert!(result == Some(n * n), "task {n} has said {result:?}");
    }
    let handle = submit(&pool, || 7);
    doing("calls wait_idle", || pool.wait_idle());
    assert!(
        handle.is_finished(),
        "its task has ended, and a handle does not say so"
    );
    let result = join(handle).ok();
    assert!(result == Some(7), "a finished task has said {result:?}");
}

/// A panic comes back as an error, with what it was.
fn a_panic_comes_back() {
    let pool = pool(1, 4);
    let handle = submit(&pool, || -> () { resume_unwind(Box::new("as it should")) });
    let Err(error) = join(handle) else {
        panic!("a task panicked, and its handle has a result");
    };
    assert!(
        error.is_panic(),
        "a task panicked, and the error says {error:?}"
    );
    let payload = error.into_panic();
    let text = payload.downcast_ref::<&str>().copied();
    assert!(text == Some("as it should"), "the payload is another one");
    let result = join(submit(&pool, || 1)).ok();
    assert!(
        result == Some(1),
        "after a panic, a task has said {result:?}"
    );
}

/// A handle resolves, however its task leaves the pool.
fn each_way_out() {
    let (pool, gate) = busy(1, 8);
    let _open = OpenOnDrop(&gate);
    let ran = Arc::new(AtomicUsize::new(0));
    let counts = || {
        let ran = Arc::clone(&ran);
        move || ran.fetch_add(1, SeqCst)
    };
    let (by_handle, back) = (submit(&pool, counts()), submit(&pool, counts()));
    let token = CancelToken::new();
    let by_token = match pool.spawn_with(&token, counts()) {
        Ok(handle) => handle,
        Err(rejected) => panic!("a task was refused: {:?}", rejected.reason()),
    };
    assert!(by_handle.cancel(), "a queued task could not be cancelled");
    assert!(!by_handle.cancel(), "a task was cancelled twice");
    let cancelled = |handle: JoinHandle<usize>| match join(handle) {
        Ok(_) => panic!("a cancelled task has a result"),
        Err(error) => error.is_cancelled(),
    };
    assert!(
        cancelled(by_handle),
        "a handle that has cancelled its task says something else"
    );
    token.cancel();
    let tasks = doing("calls shutdown_now, while a task runs", || {
        pool.shutdown_now()
    });
    // What the token has cancelled may have left already.
    drop(tasks);
    match join(back) {
        Ok(_) => panic!("a task that came back and was dropped has a result"),
        Err(error) => assert!(
            error.is_abandoned(),
            "a task that came back was dropped, and its handle says {error:?}"
        ),
    }
    assert!(join(by_token).is_err(), "a cancelled task has a result");
    assert!(ran.load(SeqCst) == 0, "a cancelled task ran");
}

/// Cancelled or run, never both: and the handle says which.
fn a_handle_resolves_once() {
    let pool = pool(2, 16);
    for n in 0..1_000 {
        let ran = Arc::new(AtomicUsize::new(0));
        let counts = Arc::clone(&ran);
        let handle = submit(&pool, move || counts.fetch_add(1, SeqCst));
        for _ in 0..n % 50 * 4 {
            std::hint::spin_loop();
        }
        let in_time = handle.cancel();
        let result = join(handle);
        doing("calls wait_idle", || pool.wait_idle());
        let ran = ran.load(SeqCst);
        let right = match &result {
            Ok(_) => !in_time && ran == 1,
            Err(error) => in_time && error.is_cancelled() && ran == 0,
        };
        assert!(
            right,
            "`cancel` said {in_time}, the handle said {result:?}, and the task ran {ran} times"
        );
    }
}

/// Tasks that wait for their own tasks do not deadlock, however small the pool is.
fn fork_join_ends() {
    fn fib(pool: &Arc<Pool>, n: u64) -> u64 {
        if n < 2 {
            return n;
        }
        let inside = Arc::clone(pool);
        let other = submit(pool, move || fib(&inside, n - 2));
        let one = fib(pool, n - 1);
        one + doing("runs a task that joins its child", || other.join()).unwrap_or(0)
    }
    for threads in [1, 2] {
        let pool = pool(threads, 2);
        let inside = Arc::clone(&pool);
        let result = join(submit(&pool, move || fib(&inside, 10))).ok();
        assert!(
            result == Some(55),
            "fib(10) on {threads} threads: {result:?}"
        );
    }
}

std::thread_local! {
    static HELD: Cell<bool> = const { Cell::new(false) };
}

/// Whoever joins on a worker runs the task that it waits for, or none.
fn joining_runs_nothing_else() {
    for round in 0..20 {
        let pool = pool(1 + round % 3, 4);
        let inside = Arc::clone(&pool);
        let parent = move || {
            let met = || HELD.with(Cell::get);
            let before: Vec<_> = (0..5).map(|_| submit(&inside, met)).collect();
            let child = submit(&inside, || ());
            let after: Vec<_> = (0..5).map(|_| submit(&inside, met)).collect();
            HELD.with(|held| held.set(true));
            let joined = doing("runs a task that joins its child", || child.join().is_ok());
            HELD.with(|held| held.set(false));
            let others = before.into_iter().chain(after);
            let met = others.filter_map(|other| other.join().ok());
            (joined, met.filter(|met| *met).count())
        };
        let said = join(submit(&pool, parent)).ok();
        assert!(
            said == Some((true, 0)),
            "a task joined its child, and meanwhile others ran on top of it: {said:?}"
        );
    }
}

/// A handle is a future.
fn it_can_be_awaited() {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let (pool, gate) = busy(1, 4);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut handle = pin!(submit(&pool, || 5));
    let mut context = Context::from_waker(&waker);
    let first = handle.as_mut().poll(&mut context).is_pending();
    assert!(first, "a task has not begun, and its future is ready");
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(5));
            gate.open();
        });
        let result = doing("awaits a handle: nobody has woken it", || {
            loop {
                match handle.as_mut().poll(&mut context) {
                    Poll::Ready(result) => return result.ok(),
                    Poll::Pending => thread::park(),
                }
            }
        });
        assert!(
            result == Some(5),
            "a task returned 5, its future {result:?}"
        );
    });
}

laws! {
    a_result_comes_back,
    a_panic_comes_back,
    each_way_out,
    a_handle_resolves_once,
    fork_join_ends,
    joining_runs_nothing_else,
    it_can_be_awaited,
}
