//! Whichever is ready first.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use harness::{Gate, OpenOnDrop, adds_one, doing, laws};
use pool::Pool;

/// Wakes a thread.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// A small executor: polls once, and again when it is woken.
fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// A pool whose only worker waits at the gate.
fn busy(gate: &Gate) -> Pool {
    let pool = Pool::new(1, 8).unwrap();
    gate.occupy(|task| pool.execute(task).unwrap());
    pool
}

/// One task waits at a gate, the other one is quick: its result comes, whichever of the two it is,
/// also if it ends after the first poll.
fn either_may_be_the_first() {
    for quick_is_other in [true, false] {
        let (gate, second) = (Gate::new(), Gate::new());
        let pool = Pool::new(2, 8).unwrap();
        let _open = OpenOnDrop(&gate);
        let (at, then) = (gate.clone(), second.clone());
        let slow = pool.spawn(move || {
            at.pass();
            "slow"
        });
        let quick = pool.spawn(move || {
            then.pass();
            "quick"
        });
        let (slow, quick) = (slow.unwrap(), quick.unwrap());
        let future = if quick_is_other {
            slow.first(quick)
        } else {
            quick.first(slow)
        };
        let mut future = pin!(future);
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let early = future.as_mut().poll(&mut Context::from_waker(&waker));
        assert!(early.is_pending(), "it is ready, and no task has ended");
        second.open();
        let place = if quick_is_other { "second" } else { "first" };
        let what = format!("awaits two tasks, of which the {place} ends");
        let result = doing(&what, || {
            loop {
                thread::park();
                let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
                if let Poll::Ready(result) = polled {
                    break result;
                }
            }
        });
        let result = result.unwrap();
        assert!(result == "quick", "the {result} one was the first");
    }
}

/// If both have ended before the first poll, there is a result at once.
fn a_result_that_is_there_is_taken() {
    let pool = Pool::new(2, 8).unwrap();
    let (a, b) = (pool.spawn(|| 1).unwrap(), pool.spawn(|| 1).unwrap());
    doing("waits until both tasks have ended", || pool.wait_idle());
    let result = doing("awaits two tasks that have ended", || block_on(a.first(b)));
    assert!(result.is_ok_and(|number| number == 1), "it is another one");
}

/// A panic is a result as well.
fn a_panic_comes_back() {
    let gate = Gate::new();
    let stuck = busy(&gate);
    let _open = OpenOnDrop(&gate);
    let pool = Pool::new(1, 8).unwrap();
    let a = stuck.spawn(|| 1).unwrap();
    let b = pool.spawn(|| panic!("the disk is full")).unwrap();
    let result = doing("awaits a task that panics, beside one that waits", || {
        block_on(a.first(b))
    });
    let is_panic = result.is_err_and(|error| error.is_panic());
    assert!(
        is_panic,
        "a task has panicked, and the result is another one"
    );
}

/// When the result is there, the other task is cancelled.
fn the_other_never_begins() {
    for stuck_is_other in [true, false] {
        let gate = Gate::new();
        let stuck = busy(&gate);
        let _open = OpenOnDrop(&gate);
        let pool = Pool::new(1, 8).unwrap();
        let ran = Arc::new(AtomicUsize::new(0));
        let never = stuck.spawn(adds_one(&ran)).unwrap();
        let quick = pool.spawn(|| ()).unwrap();
        let result = doing("awaits a quick task, beside one that waits", || {
            if stuck_is_other {
                block_on(quick.first(never))
            } else {
                block_on(never.first(quick))
            }
        });
        assert!(result.is_ok(), "the quick task has no result");
        gate.open();
        doing("waits until the other pool is idle", || stuck.wait_idle());
        let ran = ran.load(SeqCst);
        assert!(ran == 0, "the result was there, and the other task began");
    }
}

/// A future that is dropped and was never polled cancels both.
fn nobody_polls_and_nothing_runs() {
    let gate = Gate::new();
    let pool = busy(&gate);
    let _open = OpenOnDrop(&gate);
    let ran = Arc::new(AtomicUsize::new(0));
    let a = pool.spawn(adds_one(&ran)).unwrap();
    let b = pool.spawn(adds_one(&ran)).unwrap();
    drop(a.first(b));
    gate.open();
    doing("waits until the pool is idle", || pool.wait_idle());
    let ran = ran.load(SeqCst);
    assert!(
        ran == 0,
        "the future was dropped unpolled, and {ran} tasks ran"
    );
}

laws! {
    a_result_that_is_there_is_taken,
    either_may_be_the_first,
    a_panic_comes_back,
    the_other_never_begins,
    nobody_polls_and_nothing_runs,
}
