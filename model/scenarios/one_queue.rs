//! What holds as long as all workers share one queue: an order, and a bound for everybody.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;

use model_schedule::models;
use pool::{Pool, Reason};

use crate::common::adds_one;

models![
    the_tasks_of_one_submitter_start_in_the_order_of_their_submission,
    a_task_that_finds_the_queue_full_is_refused,
];

fn the_tasks_of_one_submitter_start_in_the_order_of_their_submission() {
    let pool = Pool::new(1, 2).unwrap();
    let next = Arc::new(AtomicUsize::new(0));
    for number in 0..4 {
        let next = Arc::clone(&next);
        let task = move || assert_eq!(next.fetch_add(1, SeqCst), number);
        pool.execute(task).unwrap();
    }
    drop(pool);
    assert_eq!(next.load(SeqCst), 4);
}

/// The only worker submits, so nobody takes a task meanwhile.
fn a_task_that_finds_the_queue_full_is_refused() {
    let full = Arc::new(AtomicUsize::new(0));
    let ran = Arc::new(AtomicUsize::new(0));
    let pool = Arc::new(Pool::new(1, 1).unwrap());
    let task = {
        let (pool, ran, full) = (Arc::clone(&pool), Arc::clone(&ran), Arc::clone(&full));
        move || {
            for _ in 0..2 {
                if let Err(rejected) = pool.execute(adds_one(&ran)) {
                    assert_eq!(rejected.reason(), Reason::Full);
                    full.fetch_add(1, SeqCst);
                }
            }
        }
    };
    pool.execute(task).unwrap();
    pool.wait_idle();
    assert_eq!((ran.load(SeqCst), full.load(SeqCst)), (1, 1));
}
