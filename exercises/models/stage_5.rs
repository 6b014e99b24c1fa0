//! Stage 5: shutting down.

use core::sync::atomic::AtomicUsize;
use std::sync::Arc;

use model_schedule::scenarios;
use pool::Reason;

use common::{Gate, adds_one, busy, join, join_all, pool, ran, spawn};

mod common;

scenarios! {
    shutdown_drains: [what_is_queued_runs_before_the_shutdown_returns],
    closed_means_closed: [a_task_beside_a_shutdown_runs_or_comes_back],
    shutdown_by_many: [whoever_returns_from_a_shutdown_finds_the_threads_gone],
    waiting_submitters_return: [
        submitters_that_wait_are_accepted_or_refused,
        submitters_that_wait_are_refused_before_any_place_comes_free,
    ],
    shutdown_by_a_task: [a_task_shuts_its_own_pool_down, a_task_drops_its_own_pool],
}

fn what_is_queued_runs_before_the_shutdown_returns() {
    let pool = pool(2, 3);
    let count = Arc::new(AtomicUsize::new(0));
    for _ in 0..3 {
        let accepted = pool.execute(adds_one(&count)).is_ok();
        assert!(accepted, "a task was refused");
    }
    pool.shutdown();
    ran(&count, 3, "when `shutdown` returned");
    pool.shutdown();
}

fn a_task_beside_a_shutdown_runs_or_comes_back() {
    let pool = pool(1, 1);
    let submitter = spawn("submitter", {
        let pool = Arc::clone(&pool);
        move || {
            let count = Arc::new(AtomicUsize::new(0));
            let mut accepted = 0;
            for _ in 0..3 {
                let Err(rejected) = pool.execute(adds_one(&count)) else {
                    accepted += 1;
                    continue;
                };
                let reason = rejected.reason();
                let right = matches!(reason, Reason::ShutDown);
                assert!(
                    right,
                    "the pool is shut down, and the reason says {reason:?}"
                );
            }
            (count, accepted)
        }
    });
    pool.shutdown();
    let (count, accepted) = join(submitter);
    ran(
        &count,
        accepted,
        "when `shutdown` and `execute` had returned",
    );
}

fn whoever_returns_from_a_shutdown_finds_the_threads_gone() {
    let pool = pool(2, 2);
    let count = Arc::new(AtomicUsize::new(0));
    assert!(pool.execute(adds_one(&count)).is_ok(), "a task was refused");
    let closers = [1, 2].map(|number| {
        let pool = Arc::clone(&pool);
        spawn(&format!("closer {number}"), move || {
            pool.shutdown();
            let threads = pool.threads();
            assert!(
                threads == 0,
                "`shutdown` returned, and `threads()` was {threads}"
            );
        })
    });
    join_all(closers);
    ran(&count, 1, "when two calls of `shutdown` had returned");
}

fn submitters_that_wait_are_accepted_or_refused() {
    let count = Arc::new(AtomicUsize::new(0));
    let (pool, closed) = busy(1);
    assert!(pool.execute(adds_one(&count)).is_ok(), "a task was refused");
    let submitters = [1, 2].map(|number| {
        let (pool, task) = (Arc::clone(&pool), adds_one(&count));
        let submits = move || usize::from(pool.execute(task).is_ok());
        spawn(&format!("submitter {number}"), submits)
    });
    let closer = spawn("closer", {
        let pool = Arc::clone(&pool);
        move || _ = pool.shutdown()
    });
    drop(closed);
    let accepted: usize = join_all(submitters).iter().sum();
    join(closer);
    ran(
        &count,
        1 + accepted,
        "when `shutdown` and `execute` had returned",
    );
}

/// The only worker is busy until they have all returned.
fn submitters_that_wait_are_refused_before_any_place_comes_free() {
    let (pool, closed) = busy(1);
    assert!(pool.execute(|| ()).is_ok(), "a task was refused");
    let submitters = [1, 2].map(|number| {
        let pool = Arc::clone(&pool);
        let submits = move || pool.execute(|| ()).is_ok();
        spawn(&format!("submitter {number}"), submits)
    });
    let closer = spawn("closer", {
        let pool = Arc::clone(&pool);
        move || _ = pool.shutdown()
    });
    for accepted in join_all(submitters) {
        assert!(!accepted, "a full queue has accepted a task");
    }
    drop(closed);
    join(closer);
}

fn a_task_shuts_its_own_pool_down() {
    let pool = pool(1, 2);
    let count = Arc::new(AtomicUsize::new(0));
    let (done, is_done) = Gate::new();
    let inside = Arc::clone(&pool);
    let task = move || {
        inside.shutdown();
        drop(inside);
        drop(done);
    };
    assert!(
        pool.execute(task).is_ok(),
        "an idle pool has refused a task"
    );
    let accepted = usize::from(pool.execute(adds_one(&count)).is_ok());
    is_done.pass();
    pool.shutdown();
    ran(&count, accepted, "when `shutdown` returned");
}

/// Nobody joins the threads then.
fn a_task_drops_its_own_pool() {
    let pool = pool(2, 2);
    let (done, is_done) = Gate::new();
    let inside = Arc::clone(&pool);
    let task = move || {
        drop(inside);
        drop(done);
    };
    assert!(
        pool.execute(task).is_ok(),
        "an idle pool has refused a task"
    );
    drop(pool);
    is_done.pass();
}
