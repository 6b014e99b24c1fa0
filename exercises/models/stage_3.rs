//! Stage 3: back-pressure, and its time-out.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;
use std::time::Duration;

use model_schedule::{SOME_TIME, scenarios};
use pool::{Pool, Reason};

use common::{Gate, adds_one, busy, end, join, join_all, pool, ran, spawn};

mod common;

scenarios! {
    back_pressure: [
        submitters_that_wait_go_on_one_after_the_other,
        a_place_that_comes_free_is_noticed,
    ],
    a_timeout_is_kept: [a_submitter_gives_up_and_gets_its_task_back],
    no_ghosts: [whoever_gave_up_keeps_no_place_from_another],
    spares_workers: [a_task_that_submits_does_not_wait],
}

/// A pool that is busy, with a full queue.
#[track_caller]
fn full(count: &Arc<AtomicUsize>) -> (Arc<Pool>, common::Closed) {
    let (pool, closed) = busy(1);
    let accepted = pool.try_execute(adds_one(count)).is_ok();
    assert!(accepted, "an empty queue has refused a task");
    (pool, closed)
}

fn submitters_that_wait_go_on_one_after_the_other() {
    let count = Arc::new(AtomicUsize::new(0));
    let (pool, closed) = full(&count);
    let submitters = [1, 2].map(|number| {
        let (pool, task) = (Arc::clone(&pool), adds_one(&count));
        let submits = move || pool.execute(task).is_ok();
        spawn(&format!("submitter {number}"), submits)
    });
    drop(closed);
    for accepted in join_all(submitters) {
        assert!(
            accepted,
            "a submitter was refused, although places came free"
        );
    }
    end(pool);
    ran(&count, 3, "when the drop of the pool returned");
}

/// The only submitter, and a queue that is full or just not full any more.
fn a_place_that_comes_free_is_noticed() {
    let count = Arc::new(AtomicUsize::new(0));
    let pool = pool(1, 1);
    for _ in 0..3 {
        let accepted = pool.execute(adds_one(&count)).is_ok();
        assert!(accepted, "a task was refused");
    }
    end(pool);
    ran(&count, 3, "when the drop of the pool returned");
}

/// Nobody opens the gate meanwhile, so it cannot be accepted.
fn a_submitter_gives_up_and_gets_its_task_back() {
    let count = Arc::new(AtomicUsize::new(0));
    let refused = Arc::new(AtomicUsize::new(0));
    let (pool, closed) = full(&count);
    let Err(rejected) = pool.execute_timeout(adds_one(&refused), SOME_TIME) else {
        panic!("a full queue has accepted a task");
    };
    let reason = rejected.reason();
    let right = matches!(reason, Reason::Timeout);
    assert!(right, "the time was up, and the reason says {reason:?}");
    drop(closed);
    rejected.into_task().run();
    end(pool);
    ran(&count, 1, "when the drop of the pool returned");
    assert_eq!(refused.load(SeqCst), 1, "the refused task was run once");
}

fn whoever_gave_up_keeps_no_place_from_another() {
    let count = Arc::new(AtomicUsize::new(0));
    let (pool, closed) = full(&count);
    let gives_up = spawn("submitter with a time-out", {
        let (pool, task) = (Arc::clone(&pool), adds_one(&count));
        move || usize::from(pool.execute_timeout(task, SOME_TIME).is_ok())
    });
    let waits = spawn("submitter", {
        let (pool, task) = (Arc::clone(&pool), adds_one(&count));
        move || pool.execute(task).is_ok()
    });
    drop(closed);
    assert!(
        join(waits),
        "a submitter was refused, although places came free"
    );
    let accepted = 2 + join(gives_up);
    end(pool);
    ran(&count, accepted, "when the drop of the pool returned");
}

/// The place might be one that only this worker can free.
fn a_task_that_submits_does_not_wait() {
    let pool = pool(1, 1);
    let (done, is_done) = Gate::new();
    let inside = Arc::clone(&pool);
    let parent = move || {
        for _ in 0..2 {
            let _ = inside.execute(|| ());
        }
        // Nothing ends that, if it waits.
        let _ = inside.execute_timeout(|| (), Duration::MAX);
        drop(inside);
        drop(done);
    };
    assert!(
        pool.execute(parent).is_ok(),
        "an idle pool has refused a task"
    );
    is_done.pass();
    end(pool);
}
