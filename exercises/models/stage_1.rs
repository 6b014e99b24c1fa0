//! Stage 1: threads and a queue.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;

use model_schedule::scenarios;
use pool::Pool;

use common::{Gate, adds_one, end, join_all, pool, ran, spawn, two_tasks_meet};

mod common;

scenarios! {
    tasks_run: [a_task_runs_although_no_other_follows, a_task_submits_another],
    exactly_once: [each_task_runs_once_whoever_submits_it],
    all_threads_work: [two_tasks_run_at_the_same_time],
    drop_waits: [what_is_queued_runs_before_the_drop_returns, an_unused_pool_ends],
}

/// Each is waited for before the next: the workers may be awake, asleep, or about to fall asleep.
fn a_task_runs_although_no_other_follows() {
    let pool = pool(2, 4);
    for _ in 0..2 {
        submit_and_wait(&pool, || ());
    }
    end(pool);
}

/// Whatever a worker holds while it runs a task, a task of its own may need.
fn a_task_submits_another() {
    let pool = pool(1, 4);
    let inside = Arc::clone(&pool);
    let (child_done, is_done) = Gate::new();
    submit_and_wait(&pool, move || {
        let accepted = inside.execute(move || drop(child_done)).is_ok();
        assert!(accepted, "a task could not submit another one");
        drop(inside);
    });
    is_done.pass();
    end(pool);
}

/// Waits for a task, which must have run and not only been dropped.
#[track_caller]
fn submit_and_wait(pool: &Pool, task: impl FnOnce() + Send + 'static) {
    let count = Arc::new(AtomicUsize::new(0));
    let (done, is_done) = Gate::new();
    let counts = adds_one(&count);
    let task = move || {
        task();
        counts();
        drop(done);
    };
    assert!(pool.execute(task).is_ok(), "a task was refused");
    is_done.pass();
    let ran = count.load(SeqCst);
    assert!(ran == 1, "an accepted task has been dropped, and not run");
}

fn each_task_runs_once_whoever_submits_it() {
    let pool = pool(2, 4);
    let count = Arc::new(AtomicUsize::new(0));
    let submitters = [1, 2].map(|number| {
        let (pool, count) = (Arc::clone(&pool), Arc::clone(&count));
        spawn(&format!("submitter {number}"), move || {
            for _ in 0..2 {
                let accepted = pool.execute(adds_one(&count)).is_ok();
                assert!(accepted, "a task was refused");
            }
        })
    });
    join_all(submitters);
    end(pool);
    ran(&count, 4, "when the drop of the pool returned");
}

fn two_tasks_run_at_the_same_time() {
    let pool = pool(2, 4);
    two_tasks_meet(&pool);
    end(pool);
}

fn what_is_queued_runs_before_the_drop_returns() {
    let pool = pool(2, 4);
    let count = Arc::new(AtomicUsize::new(0));
    for _ in 0..3 {
        let accepted = pool.execute(adds_one(&count)).is_ok();
        assert!(accepted, "a task was refused");
    }
    end(pool);
    ran(&count, 3, "when the drop of the pool returned");
}

/// The workers may not have begun yet, or be about to fall asleep.
fn an_unused_pool_ends() {
    end(pool(2, 4));
}
