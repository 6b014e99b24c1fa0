//! Stage 7: cancelling.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;

use model_schedule::scenarios;
use pool::{CancelToken, Reason};

use common::{adds_one, busy, end, join, join_all, pool, ran, spawn};

mod common;

scenarios! {
    cancel_is_exclusive: [a_task_runs_or_is_cancelled],
    a_cancelled_pool_lets_go: [
        a_cancelled_pool_drops_what_is_queued_and_still_stops,
        submitters_that_wait_are_sent_away_by_a_cancel,
    ],
}

fn a_task_runs_or_is_cancelled() {
    let pool = pool(2, 1);
    let token = CancelToken::new();
    let count = Arc::new(AtomicUsize::new(0));
    let canceller = spawn("canceller", {
        let token = token.clone();
        move || _ = token.cancel()
    });
    let mut accepted = 0;
    for _ in 0..3 {
        match pool.execute_with(&token, adds_one(&count)) {
            Ok(()) => accepted += 1,
            Err(rejected) => {
                let reason = rejected.reason();
                let right = matches!(reason, Reason::Cancelled);
                assert!(
                    right,
                    "the token is cancelled, and the reason says {reason:?}"
                );
            }
        }
    }
    pool.wait_idle();
    let stats = pool.stats();
    let (completed, cancelled) = (stats.completed, stats.cancelled);
    assert_eq!(
        completed,
        count.load(SeqCst),
        "completed tasks, and tasks that ran"
    );
    assert_eq!(
        completed + cancelled,
        accepted,
        "tasks that ended, and accepted ones"
    );
    ran(&count, completed, "when `wait_idle` returned");
    join(canceller);
    end(pool);
}

fn a_cancelled_pool_drops_what_is_queued_and_still_stops() {
    let pool = pool(1, 2);
    let kept = Arc::new(AtomicUsize::new(0));
    let canceller = spawn("canceller", {
        let pool = Arc::clone(&pool);
        move || _ = pool.cancel()
    });
    for _ in 0..3 {
        let _ = pool.execute(adds_one(&kept));
    }
    pool.shutdown();
    let left = Arc::strong_count(&kept) - 1;
    assert!(
        left == 0,
        "when `shutdown` returned, {left} closures still existed"
    );
    join(canceller);
    end(pool);
}

/// The only worker is busy until they have all returned.
fn submitters_that_wait_are_sent_away_by_a_cancel() {
    let (pool, closed) = busy(1);
    assert!(pool.execute(|| ()).is_ok(), "a task was refused");
    let submitters = [1, 2].map(|number| {
        let pool = Arc::clone(&pool);
        let submits = move || pool.execute(|| ()).is_ok();
        spawn(&format!("submitter {number}"), submits)
    });
    pool.cancel();
    for accepted in join_all(submitters) {
        assert!(!accepted, "a cancelled pool has accepted a task");
    }
    drop(closed);
    end(pool);
}
