//! Laws 3 and 4: bounds, and how submitters wait for a place.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;
use std::thread;

use model_schedule::{models, step, until_asleep};
use pool::{Pool, Reason};

use crate::common::{Gate, SOME_TIME, adds_one, busy_pool};

models![
    never_more_tasks_run_than_there_are_threads_and_never_more_wait_than_there_are_places,
    submitters_that_wait_are_let_in_one_after_the_other,
    a_submitter_that_is_asleep_is_let_in_when_a_place_comes_free,
    a_submitter_that_falls_asleep_as_a_place_comes_free_is_let_in,
    a_submitter_whose_time_is_over_keeps_no_place_from_another,
    a_task_that_submits_never_waits,
    a_busy_worker_has_taken_one_task_and_no_more,
];

fn never_more_tasks_run_than_there_are_threads_and_never_more_wait_than_there_are_places() {
    let pool = Arc::new(Pool::new(2, 1).unwrap());
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let submitters: Vec<_> = (0..2)
        .map(|_| {
            let (pool, running, most) = (pool.clone(), running.clone(), most.clone());
            thread::spawn(move || {
                for _ in 0..2 {
                    let (running, most) = (running.clone(), most.clone());
                    let task = move || {
                        most.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
                        step();
                        running.fetch_sub(1, SeqCst);
                    };
                    pool.execute(task).unwrap();
                    assert!(pool.queue_len() <= 1);
                }
            })
        })
        .collect();
    for submitter in submitters {
        submitter.join().unwrap();
    }
    pool.wait_idle();
    assert!((1..=2).contains(&most.load(SeqCst)));
}

fn submitters_that_wait_are_let_in_one_after_the_other() {
    let ran = Arc::new(AtomicUsize::new(0));
    let (pool, closed) = busy_pool(1);
    let submitters: Vec<_> = (0..3)
        .map(|_| {
            let (pool, task) = (Arc::clone(&pool), adds_one(&ran));
            thread::spawn(move || pool.execute(task))
        })
        .collect();
    drop(closed);
    for submitter in submitters {
        submitter.join().unwrap().unwrap();
    }
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 3);
}

fn a_submitter_that_is_asleep_is_let_in_when_a_place_comes_free() {
    let (pool, closed) = busy_pool(1);
    pool.execute(|| ()).unwrap();
    let submitters = [(); 2].map(|()| {
        let pool = Arc::clone(&pool);
        thread::spawn(move || pool.execute(|| ()))
    });
    until_asleep(3); // the worker, too
    drop(closed);
    for submitter in submitters {
        submitter.join().unwrap().unwrap();
    }
}

/// Nobody else takes a place, so no later signal makes up for one that comes before the sleep.
fn a_submitter_that_falls_asleep_as_a_place_comes_free_is_let_in() {
    // After so many steps it falls asleep, more or less: at once, or after some more looks.
    for steps in [0, 5, 10, 200, 250, 300, 350] {
        let (pool, closed) = busy_pool(1);
        pool.execute(|| ()).unwrap();
        let opener = thread::spawn(move || {
            for _ in 0..steps {
                step();
            }
            drop(closed);
        });
        pool.execute(|| ()).unwrap();
        opener.join().unwrap();
    }
}

/// The signal for a free place must not get lost with a submitter that does not want it any more.
fn a_submitter_whose_time_is_over_keeps_no_place_from_another() {
    let (ran, late) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (pool, closed) = busy_pool(1);
    pool.execute(adds_one(&ran)).unwrap();
    let patient = {
        let (pool, task) = (Arc::clone(&pool), adds_one(&ran));
        thread::spawn(move || pool.execute(task).unwrap())
    };
    let hasty = {
        let (pool, task, late) = (Arc::clone(&pool), adds_one(&ran), Arc::clone(&late));
        thread::spawn(move || {
            if let Err(rejected) = pool.execute_timeout(task, SOME_TIME) {
                assert_eq!(rejected.reason(), Reason::Timeout);
                late.fetch_add(1, SeqCst);
            }
        })
    };
    drop(closed);
    patient.join().unwrap();
    hasty.join().unwrap();
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst) + late.load(SeqCst), 3);
}

/// The only worker would wait for a place that only it can free. Whether the task is refused
/// instead, or needs no place, is not the question here.
fn a_task_that_submits_never_waits() {
    let (ran, full) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
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
    pool.execute(adds_one(&ran)).unwrap();
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst) + full.load(SeqCst), 3);
}

/// What a worker has taken and does not run would be one more place, and out of everybody's sight.
fn a_busy_worker_has_taken_one_task_and_no_more() {
    let pool = Pool::new(1, 2).unwrap();
    let (closed, gate) = Gate::new();
    let accepted = (0..4).filter(|_| {
        let gate = gate.clone();
        pool.try_execute(move || gate.pass()).is_ok()
    });
    assert!(accepted.count() <= 3, "one runs, two are queued");
    drop(closed);
}
