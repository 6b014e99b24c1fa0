//! Law 1: an accepted task runs exactly once. Law 2: a refused one has not run.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;
use std::thread;

use model_schedule::models;
use pool::Pool;

use crate::common::{SOME_TIME, adds_one};

models![every_accepted_task_runs_exactly_once];

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
