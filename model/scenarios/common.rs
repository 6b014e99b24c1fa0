//! What the scenarios share.
//!
//! They count with `core`'s atomics, which are no steps: what a scenario notes for itself must not
//! make its schedules longer.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::cell::RefCell;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};
use pool::{Pool, Task};

pub(crate) use model_schedule::SOME_TIME;

/// A task that counts its run.
pub(crate) fn adds_one(count: &Arc<AtomicUsize>) -> impl FnOnce() + Send + 'static {
    let count = Arc::clone(count);
    move || {
        count.fetch_add(1, SeqCst);
    }
}

/// A task that counts its run, and leaves what it counts with behind in its thread: it is there
/// until the thread is gone.
pub(crate) fn adds_one_for_the_thread(count: &Arc<AtomicUsize>) -> impl FnOnce() + Send + 'static {
    std::thread_local! {
        static LEFT_BEHIND: RefCell<Vec<Arc<AtomicUsize>>> = const { RefCell::new(Vec::new()) };
    }
    let count = Arc::clone(count);
    move || {
        count.fetch_add(1, SeqCst);
        LEFT_BEHIND.with(|values| values.borrow_mut().push(count));
    }
}

/// Another thread that submits so many tasks, and returns how many were accepted.
#[allow(dead_code, reason = "the topics of v1 do not need it")]
pub(crate) fn submitter(
    pool: &Arc<Pool>,
    ran: &Arc<AtomicUsize>,
    tasks: usize,
) -> JoinHandle<usize> {
    let (pool, ran) = (Arc::clone(pool), Arc::clone(ran));
    thread::spawn(move || {
        let accepted = (0..tasks).filter(|_| pool.execute(adds_one(&ran)).is_ok());
        accepted.count()
    })
}

/// Panics, without the report that a failed assertion makes.
pub(crate) fn panics() {
    resume_unwind(Box::new("on purpose"));
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

    pub(crate) fn pass(&self) {
        self.0.recv().expect_err("nobody sends anything");
    }
}

/// So many tasks, each of which waits for the next one.
#[allow(dead_code, reason = "it is for pools whose workers wake each other")]
pub(crate) fn chain(tasks: usize) -> Vec<Task> {
    let mut chain = Vec::new();
    let mut awaited = None;
    for _ in 0..tasks {
        let (done, is_done) = Gate::new();
        let waits_for: Option<Gate> = awaited.replace(is_done);
        chain.push(Task::from(move || {
            if let Some(gate) = waits_for {
                gate.pass();
            }
            drop(done);
        }));
    }
    chain.reverse();
    chain
}

/// A pool whose only worker runs a task, until what is returned with it is dropped.
pub(crate) fn busy_pool(capacity: usize) -> (Arc<Pool>, Closed) {
    let pool = Arc::new(Pool::new(1, capacity).unwrap());
    let (closed, gate) = Gate::new();
    let (begin, begun) = Gate::new();
    let task = move || {
        drop(begin);
        gate.pass();
    };
    pool.execute(task).unwrap();
    begun.pass();
    (pool, closed)
}
