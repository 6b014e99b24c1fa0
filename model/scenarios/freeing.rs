//! A task's box outlives its closure and goes home by itself. What the closure has captured does
//! not wait for that: it is dropped once, on the worker, before the task is over.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;
use std::thread;

use model_schedule::models;
use pool::{CancelToken, Pool, Task};

use crate::common::panics;

models![
    what_a_task_has_captured_is_dropped_once_however_the_task_ends,
    boxes_go_home_while_tasks_come,
];

/// Counts how often it is dropped.
struct Captured(Arc<AtomicUsize>);

impl Drop for Captured {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

fn what_a_task_has_captured_is_dropped_once_however_the_task_ends() {
    let pool = Arc::new(Pool::new(2, 4).unwrap());
    let token = CancelToken::new();
    let drops = [(); 4].map(|()| Arc::new(AtomicUsize::new(0)));
    let [runs, fails, waits, again] = drops.each_ref().map(|count| Captured(Arc::clone(count)));
    let canceller = thread::spawn({
        let token = token.clone();
        move || token.cancel()
    });
    let fails = move || {
        let _captured = fails;
        panics();
    };
    pool.execute(move || drop(runs)).unwrap();
    pool.execute(fails).unwrap();
    let _ = pool.execute_with(&token, move || drop(waits));
    pool.execute(move || drop(again)).unwrap();
    pool.shutdown_now().into_iter().for_each(drop::<Task>);
    pool.wait_idle();
    assert_eq!(drops.each_ref().map(|count| count.load(SeqCst)), [1; 4]);
    canceller.join().unwrap();
    let alive = drops.each_ref().map(Arc::strong_count);
    assert_eq!(alive, [1; 4]);
}

/// Enough tasks for a worker to bring their boxes home, in a batch, since it would free them itself
/// before it falls asleep.
fn boxes_go_home_while_tasks_come() {
    let pool = Arc::new(Pool::new(1, 80).unwrap());
    let dropped = Arc::new(AtomicUsize::new(0));
    let batch = |tasks| {
        let captured = (0..tasks).map(|_| Captured(Arc::clone(&dropped)));
        captured.map(|one| move || drop(one)).collect::<Vec<_>>()
    };
    let own = Arc::clone(&pool);
    let (first, then) = (batch(70), batch(2));
    let task = move || assert_eq!(own.execute_batch(first).unwrap(), 70);
    pool.execute(task).unwrap();
    pool.execute_batch(then).unwrap();
    pool.wait_idle();
    pool.execute_batch(batch(2)).unwrap();
    pool.wait_idle();
    assert_eq!((dropped.load(SeqCst), Arc::strong_count(&dropped)), (74, 1));
}
