//! The shorter of two queues.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};

use harness::{Gate, OpenOnDrop, adds_one, doing, laws};
use pool::{Placement, Pool};

/// A pool whose workers are busy, so that what is queued stays where it is.
struct Busy {
    pool: Arc<Pool>,
    gate: Gate,
    ran: Arc<AtomicUsize>,
}

impl Busy {
    /// So many tasks are in the queue of each worker.
    fn with(queued: &[usize]) -> Busy {
        let builder = Pool::builder().threads(queued.len()).queue_capacity(64);
        let pool = builder.placement(Placement::ShorterOfTwo).build();
        let busy = Busy {
            pool: Arc::new(pool.unwrap()),
            gate: Gate::new(),
            ran: Arc::default(),
        };
        // First all of them are busy, and then they submit: else one would steal from another.
        let (begin, begun) = mpsc::channel();
        let mut signals = Vec::new();
        for count in queued.iter().copied() {
            let (go, told) = mpsc::channel::<()>();
            signals.push(go);
            let (begin, gate, ran) = (begin.clone(), busy.gate.clone(), Arc::clone(&busy.ran));
            let inside = Arc::clone(&busy.pool);
            let task = move || {
                begin.send(()).unwrap();
                let _ = doing("waits until all workers are busy", || told.recv());
                for _ in 0..count {
                    inside.execute(adds_one(&ran)).unwrap();
                }
                drop(inside);
                begin.send(()).unwrap();
                doing("runs a task that waits until it is let go on", || {
                    gate.pass()
                });
            };
            doing("submits a task", || busy.pool.execute(task).unwrap());
            doing("waits until the task has begun", || begun.recv()).unwrap();
        }
        for go in signals {
            go.send(()).unwrap();
            doing("waits until a task has submitted others", || begun.recv()).unwrap();
        }
        busy
    }

    /// Submits so many tasks from outside. Returns the lengths of the queues, the shortest first.
    fn after(&self, tasks: usize) -> Vec<usize> {
        let _open = OpenOnDrop(&self.gate);
        for _ in 0..tasks {
            let task = adds_one(&self.ran);
            doing("submits a task, while all workers are busy", || {
                self.pool.execute(task).unwrap();
            });
        }
        let mut lengths = self.pool.lengths();
        lengths.sort_unstable();
        lengths
    }

    /// Lets the workers go on.
    fn end(self, tasks: usize) {
        self.gate.open();
        doing("waits until the pool is idle", || self.pool.wait_idle());
        let ran = self.ran.load(SeqCst);
        assert!(ran == tasks, "of {tasks} tasks, {ran} have run");
    }
}

/// Nothing goes to a queue that is longer than those next to it.
fn a_longer_queue_gets_nothing() {
    let busy = Busy::with(&[0, 5, 0]);
    let lengths = busy.after(8);
    assert!(
        lengths == [4, 4, 5],
        "there were queues of 0, 0 and 5 tasks, and eight tasks later they have {lengths:?}"
    );
    busy.end(13);
}

/// Between queues of one length, each has its turn.
fn each_has_its_turn() {
    let busy = Busy::with(&[0, 0, 0, 0]);
    let lengths = busy.after(8);
    assert!(
        lengths == [2, 2, 2, 2],
        "eight tasks came to four empty queues, which have {lengths:?} now"
    );
    busy.end(8);
}

/// Once in a while, both are long, although there is a short one.
fn it_looks_at_two_only() {
    let busy = Busy::with(&[0, 5, 5]);
    let lengths = busy.after(3);
    assert!(
        lengths == [2, 5, 6],
        "there were queues of 0, 5 and 5 tasks. The short one is one of the two in two of three \
         turns, and three tasks later they have {lengths:?}"
    );
    busy.end(13);
}

/// With one worker there is one queue.
fn one_worker_is_enough() {
    let busy = Busy::with(&[1]);
    let lengths = busy.after(2);
    assert!(
        lengths == [3],
        "there was one task in the only queue, and two later there are {lengths:?}"
    );
    busy.end(3);
}

laws! {
    one_worker_is_enough,
    each_has_its_turn,
    a_longer_queue_gets_nothing,
    it_looks_at_two_only,
}
