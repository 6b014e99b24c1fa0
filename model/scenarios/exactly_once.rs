//! Law 1: an accepted task runs exactly once. Law 2: a refused one has not run.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;
use std::thread;

use model_schedule::models;
use pool::Pool;

use crate::common::{SOME_TIME, adds_one};

models![
    every_accepted_task_runs_exactly_once,
    the_tasks_of_one_submitter_start_in_the_order_of_their_submission,
];

fn every_accepted_task_runs_exactly_once() {
    let pool = Arc::new(Pool::new(2, 1).unwrap());
    let submitters: Vec<_> = (0..2)
        .map(|_| {
            let pool = Arc::clone(&pool);
            thread::spawn(move || {
                let ran = [(); 3].map(|()| Arc::new(AtomicUsize::new(0)));
                let accepted = [
                    pool.execute(adds_one(&ran[0])),
                    pool.try_execute(adds_one(&ran[1])),
                    pool.execute_timeout(adds_one(&ran[2]), SOME_TIME),
                ];
                (ran, accepted.map(|accepted| usize::from(accepted.is_ok())))
            })
        })
        .collect();
    let submitted: Vec<_> = submitters
        .into_iter()
        .map(|submitter| submitter.join().unwrap())
        .collect();
    drop(pool); // runs what is queued
    for (ran, accepted) in submitted {
        assert_eq!(ran.map(|ran| ran.load(SeqCst)), accepted);
    }
}

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
