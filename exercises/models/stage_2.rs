//! Stage 2: refusing, and handing back.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;

use model_schedule::scenarios;
use pool::{Reason, Rejected};

use common::{adds_one, busy, end, join_all, pool, ran, spawn};

mod common;

scenarios! {
    bounded: [two_submitters_share_one_place],
    handed_back: [a_task_runs_or_comes_back],
}

fn two_submitters_share_one_place() {
    let (pool, closed) = busy(1);
    let count = Arc::new(AtomicUsize::new(0));
    let submitters = [1, 2].map(|number| {
        let (pool, task) = (Arc::clone(&pool), adds_one(&count));
        let submits = move || usize::from(pool.try_execute(task).is_ok());
        spawn(&format!("submitter {number}"), submits)
    });
    let accepted: usize = join_all(submitters).iter().sum();
    drop(closed);
    assert!(
        accepted == 1,
        "with the worker busy, a queue of 1 has accepted {accepted} of 2 tasks"
    );
    end(pool);
    ran(&count, 1, "when the drop of the pool returned");
}

/// What comes back is the task itself, which can still be run.
fn a_task_runs_or_comes_back() {
    let pool = pool(1, 1);
    let submitters = [1, 2].map(|number| {
        let pool = Arc::clone(&pool);
        spawn(&format!("submitter {number}"), move || {
            let mut accepted = Vec::new();
            for _ in 0..2 {
                let count = Arc::new(AtomicUsize::new(0));
                match pool.try_execute(adds_one(&count)) {
                    Ok(()) => accepted.push(count),
                    Err(rejected) => comes_back(rejected, &count),
                }
            }
            accepted
        })
    });
    let accepted = join_all(submitters);
    end(pool);
    for count in accepted.iter().flatten() {
        ran(count, 1, "when the drop of the pool returned");
    }
}

fn comes_back(rejected: Rejected, count: &Arc<AtomicUsize>) {
    let reason = rejected.reason();
    let full = matches!(reason, Reason::Full);
    assert!(full, "the queue is full, and the reason says {reason:?}");
    let before = count.load(SeqCst);
    assert!(before == 0, "a refused task has run in the pool");
    rejected.into_task().run();
    ran(count, 1, "when a refused task had been run by hand");
}
