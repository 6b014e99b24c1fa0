//! What is queued comes back.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;

use harness::{Gate, OpenOnDrop, adds_one, doing, laws, spawn};
use pool::{Pool, Task};

/// A pool whose only worker waits at the gate.
fn busy(gate: &Gate) -> Pool {
    let pool = Pool::new(1, 8).unwrap();
    gate.occupy(|task| pool.execute(task).unwrap());
    pool
}

fn take_back(pool: &Pool) -> Vec<Task> {
    doing("calls `take_back`", || pool.take_back())
}

/// It returns what is queued, also while a task runs that does not end.
fn it_waits_for_nobody() {
    let gate = Gate::new();
    let pool = busy(&gate);
    let _open = OpenOnDrop(&gate);
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..5 {
        pool.execute(adds_one(&ran)).unwrap();
    }
    let taken = take_back(&pool).len();
    let (left, ran) = (pool.queue_len(), ran.load(SeqCst));
    assert!(
        taken == 5 && left == 0 && ran == 0,
        "of 5 queued tasks {taken} came back, {left} are queued and {ran} have run"
    );
    let again = take_back(&pool).len();
    assert!(
        again == 0,
        "the queue is empty, and {again} tasks came back"
    );
}

/// They are the tasks that were queued, the oldest first.
fn they_come_back_in_their_order() {
    let gate = Gate::new();
    let pool = busy(&gate);
    let _open = OpenOnDrop(&gate);
    let order = Arc::new(Mutex::new(Vec::new()));
    for n in 0..5 {
        let order = Arc::clone(&order);
        pool.execute(move || order.lock().unwrap().push(n)).unwrap();
    }
    take_back(&pool).into_iter().for_each(Task::run);
    let order = order.lock().unwrap();
    assert!(
        *order == [0, 1, 2, 3, 4],
        "tasks 0 to 4 came back as {order:?}"
    );
}

/// They have left the pool, so nobody waits for them, also while their owner keeps them.
fn what_came_back_is_not_waited_for() {
    let gate = Gate::new();
    let pool = busy(&gate);
    let group = pool.group();
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..3 {
        group.execute(adds_one(&ran)).unwrap();
    }
    let kept = take_back(&pool);
    gate.open();
    doing("waits for the group of tasks that came back", || {
        group.wait()
    });
    doing("waits until the pool is idle", || pool.wait_idle());
    let ran = ran.load(SeqCst);
    assert!(
        kept.len() == 3 && ran == 0,
        "of 3 tasks {} came back, and {ran} have run",
        kept.len()
    );
}

/// The pool takes tasks as before, those that came back as well.
fn the_pool_stays_open() {
    let gate = Gate::new();
    let pool = busy(&gate);
    let ran = Arc::new(AtomicUsize::new(0));
    pool.execute(adds_one(&ran)).unwrap();
    for task in take_back(&pool) {
        let again = pool.execute(task);
        assert!(
            again.is_ok(),
            "a task that came back was refused: {again:?}"
        );
    }
    gate.open();
    doing("waits until the pool is idle", || pool.wait_idle());
    let ran = ran.load(SeqCst);
    assert!(
        ran == 1,
        "the task came back and was submitted again, and ran {ran} times"
    );
}

/// Whoever waits for a place gets one.
fn a_submitter_gets_a_place() {
    let gate = Gate::new();
    let pool = Pool::new(1, 1).unwrap();
    gate.occupy(|task| pool.execute(task).unwrap());
    let _open = OpenOnDrop(&gate);
    pool.execute(|| ()).unwrap();
    thread::scope(|scope| {
        let submitter = spawn(scope, "a submitter", || {
            doing("waits for a place in the queue", || pool.execute(|| ()))
        });
        let mut taken = 0;
        harness::until(
            "calls `take_back` until the submitter has had a place",
            || {
                taken += pool.take_back().len();
                submitter.is_finished()
            },
        );
        let accepted = submitter.join().unwrap();
        assert!(accepted.is_ok(), "the submitter was refused: {accepted:?}");
        assert!(taken > 0, "nothing came back");
    });
}

laws! {
    it_waits_for_nobody,
    they_come_back_in_their_order,
    what_came_back_is_not_waited_for,
    the_pool_stays_open,
    a_submitter_gets_a_place,
}
