//! What a task leaves behind in its queue that was claimed or cancelled there: it is in nobody's way.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;

use model_schedule::models;
use pool::Pool;

use crate::common::SOME_TIME;

models![
    the_last_worker_leaves_although_a_cancelled_task_lies_in_its_queue,
    a_worker_that_was_idle_for_too_long_leaves_although_a_cancelled_task_lies_in_its_queue,
];

fn the_last_worker_leaves_although_a_cancelled_task_lies_in_its_queue() {
    let left = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&left);
    let hook = move || {
        count.fetch_add(1, SeqCst);
    };
    let pool = Pool::builder().threads(1).on_thread_stop(hook);
    let pool = pool.build().unwrap();
    let handle = pool.spawn(|| ()).unwrap();
    handle.cancel();
    pool.shutdown();
    assert_eq!(left.load(SeqCst), 1, "it has left in the ordinary way");
}

/// The pool starts another one for the next task.
fn a_worker_that_was_idle_for_too_long_leaves_although_a_cancelled_task_lies_in_its_queue() {
    let pool = Pool::builder().threads(0..=1).idle_timeout(SOME_TIME);
    let pool = pool.build().unwrap();
    for _ in 0..2 {
        let _ = pool.spawn(|| ()).unwrap().cancel();
    }
    pool.spawn(|| ()).unwrap().join().unwrap();
    pool.shutdown();
    assert_eq!(pool.stats().queued, 0);
}
