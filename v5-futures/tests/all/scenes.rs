//! What the tests of handles share: a busy pool, values that tell when they are dropped, a waker
//! that counts.
#![allow(dead_code, reason = "no test file needs all of it")]

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Wake, Waker};

use v5_futures::{JoinHandle, Pool};

use crate::common::{Gate, Watchdog};

/// A pool of one worker, which waits at the gate.
pub(crate) fn busy(watchdog: &Watchdog, capacity: usize) -> (Arc<Pool>, Gate) {
    let pool = watchdog.watch(Pool::new(1, capacity).unwrap());
    let gate = block(&pool);
    (pool, gate)
}

/// Has a worker of the pool wait at a gate.
pub(crate) fn block(pool: &Pool) -> Gate {
    let gate = Gate::new();
    gate.occupy(|task| pool.execute(task).unwrap());
    gate
}

/// How often a panic handler was told, and the handler.
pub(crate) fn counting_handler() -> (
    Arc<AtomicUsize>,
    impl Fn(&(dyn Any + Send)) + Send + Sync + 'static,
) {
    let told = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&told);
    let handler = move |_: &(dyn Any + Send)| _ = count.fetch_add(1, SeqCst);
    (told, handler)
}

/// Runs `work` in a task of the pool, and returns what it returns.
pub(crate) fn on_worker<T: Send + 'static>(
    pool: &Arc<Pool>,
    work: impl FnOnce(&Arc<Pool>) -> T + Send + 'static,
) -> T {
    let inside = Arc::clone(pool);
    pool.spawn(move || work(&inside)).unwrap().join().unwrap()
}

/// A task that returns `n` and counts its run.
pub(crate) fn counts<T: Send + 'static>(
    runs: &Arc<AtomicUsize>,
    n: T,
) -> impl FnOnce() -> T + Send + 'static {
    let runs = Arc::clone(runs);
    move || {
        runs.fetch_add(1, SeqCst);
        n
    }
}

/// Does something when it is dropped.
pub(crate) struct OnDrop<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> OnDrop<F> {
    pub(crate) fn new(last: F) -> OnDrop<F> {
        OnDrop(Some(last))
    }
}

impl<F: FnOnce()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        if let Some(last) = self.0.take() {
            last();
        }
    }
}

/// How a handle has resolved.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(crate) enum How {
    Done,
    Panicked,
    Cancelled,
    Abandoned,
}

/// Joins, and says how that went.
pub(crate) fn how<T>(handle: JoinHandle<T>) -> How {
    match handle.join() {
        Ok(_) => How::Done,
        Err(error) if error.is_panic() => How::Panicked,
        Err(error) if error.is_cancelled() => How::Cancelled,
        Err(error) => {
            assert!(error.is_abandoned(), "{error}");
            How::Abandoned
        }
    }
}

/// What the code panicked with.
pub(crate) fn panic_of<R>(code: impl FnOnce() -> R) -> String {
    let payload = catch_unwind(AssertUnwindSafe(code))
        .map(|_| ())
        .unwrap_err();
    match payload.downcast::<&str>() {
        Ok(text) => (*text).to_owned(),
        Err(payload) => *payload.downcast::<String>().unwrap(),
    }
}

/// How often a waker was called.
#[derive(Default)]
pub(crate) struct Calls(AtomicUsize);

impl Calls {
    pub(crate) fn new() -> (Arc<Calls>, Waker) {
        let calls = Arc::new(Calls::default());
        (Arc::clone(&calls), Waker::from(calls))
    }

    pub(crate) fn number(&self) -> usize {
        self.0.load(SeqCst)
    }
}

impl Wake for Calls {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}
