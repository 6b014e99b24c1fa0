//! What the scenarios share.
//!
//! They count with `core`'s atomics, which are no steps: what a scenario notes for itself must not
//! make its schedules longer.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};
use pool::Pool;

/// A pool, or the end of the scenario.
pub(crate) fn pool(threads: usize, capacity: usize) -> Arc<Pool> {
    match Pool::new(threads, capacity) {
        Ok(pool) => Arc::new(pool),
        Err(_) => panic!("Pool::new({threads}, {capacity}) was refused"),
    }
}

/// Another thread of the scenario.
#[allow(dead_code, reason = "not every stage needs it")]
#[track_caller]
pub(crate) fn spawn<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    let thread = thread::Builder::new().name(name.to_owned()).spawn(work);
    thread.expect("in a model there are always enough threads")
}

/// What a thread of the scenario comes back with.
#[allow(dead_code, reason = "not every stage needs it")]
#[track_caller]
pub(crate) fn join<T>(thread: JoinHandle<T>) -> T {
    match thread.join() {
        Ok(result) => result,
        Err(_) => panic!("a thread of the scenario has panicked"),
    }
}

/// What several threads of the scenario come back with.
#[allow(dead_code, reason = "not every stage needs it")]
#[track_caller]
pub(crate) fn join_all<T>(threads: impl IntoIterator<Item = JoinHandle<T>>) -> Vec<T> {
    let mut results = Vec::new();
    for thread in threads {
        results.push(join(thread));
    }
    results
}

/// Drops the pool, of which nobody else has a share any more.
#[track_caller]
pub(crate) fn end(pool: Arc<Pool>) {
    let pool = Arc::into_inner(pool);
    drop(pool.expect("a task that has ended still has a share of the pool"));
}

/// A task that counts its run.
#[allow(dead_code, reason = "not every stage needs it")]
pub(crate) fn adds_one(count: &Arc<AtomicUsize>) -> impl FnOnce() + Send + 'static {
    let count = Arc::clone(count);
    move || {
        count.fetch_add(1, SeqCst);
    }
}

/// So many runs were counted, and no task is left that could still count one.
#[allow(dead_code, reason = "not every stage needs it")]
#[track_caller]
pub(crate) fn ran(count: &Arc<AtomicUsize>, tasks: usize, when: &str) {
    let ran = count.load(SeqCst);
    assert!(
        ran == tasks,
        "{when}, {ran} of {tasks} accepted tasks had run"
    );
    let left = Arc::strong_count(count) - 1;
    assert!(left == 0, "{when}, {left} closures still existed");
}

/// Something to wait at until the other half is dropped.
#[derive(Clone)]
pub(crate) struct Gate(Receiver<()>);

pub(crate) type Closed = Sender<()>;

impl Gate {
    pub(crate) fn new() -> (Closed, Gate) {
        let (closed, gate) = bounded(1);
        (closed, Gate(gate))
    }

    #[track_caller]
    pub(crate) fn pass(&self) {
        self.0.recv().expect_err("nobody sends anything");
    }
}

/// A pool whose only worker runs a task, until what is returned with it is dropped.
#[allow(dead_code, reason = "not every stage needs it")]
#[track_caller]
pub(crate) fn busy(capacity: usize) -> (Arc<Pool>, Closed) {
    let pool = pool(1, capacity);
    let (closed, gate) = Gate::new();
    let (begin, begun) = Gate::new();
    let task = move || {
        drop(begin);
        gate.pass();
    };
    assert!(
        pool.execute(task).is_ok(),
        "an idle pool has refused a task"
    );
    begun.pass();
    (pool, closed)
}

/// Two tasks that run at the same time, on a pool with two workers. Returns when they have met.
#[allow(dead_code, reason = "not every stage needs it")]
#[track_caller]
pub(crate) fn two_tasks_meet(pool: &Pool) {
    let [(left, see_left), (right, see_right)] = [(); 2].map(|()| Gate::new());
    let (done, both_done) = Gate::new();
    let also_done = done.clone();
    let first = move || {
        drop(left);
        see_right.pass();
        drop(done);
    };
    let second = move || {
        drop(right);
        see_left.pass();
        drop(also_done);
    };
    assert!(pool.execute(first).is_ok(), "the pool has refused a task");
    assert!(pool.execute(second).is_ok(), "the pool has refused a task");
    both_done.pass();
}
