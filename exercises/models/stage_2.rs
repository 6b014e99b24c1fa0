//! Stage 2: refusing, and handing back.

use core::sync::atomic::AtomicUsize;
use std::sync::Arc;

use model_schedule::scenarios;
use pool::Reason;

use common::{adds_one, busy, end, join, pool, ran, spawn};

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
    let accepted: usize = submitters.map(join).iter().sum();
    drop(closed);
    assert!(
        accepted == 1,
        "with the worker busy, a queue of 1 has accepted {accepted} of 2 tasks"
    );
    end(pool);
    ran(&count, 1, "when the drop of the pool returned");
}

fn a_task_runs_or_comes_back() {
    let pool = pool(1, 1);
    let submitters = [1, 2].map(|number| {
        let pool = Arc::clone(&pool);
        spawn(&format!("submitter {number}"), move || {
            let count = Arc::new(AtomicUsize::new(0));
            let mut accepted = 0;
            for _ in 0..2 {
                let Err(rejected) = pool.try_execute(adds_one(&count)) else {
                    accepted += 1;
                    continue;
                };
                let reason = rejected.reason();
                let full = matches!(reason, Reason::Full);
                assert!(full, "the queue is full, and the reason says {reason:?}");
                drop(rejected.into_task());
            }
            (count, accepted)
        })
    });
    let submitted = submitters.map(join);
    end(pool);
    for (count, accepted) in submitted {
        ran(&count, accepted, "when the drop of the pool returned");
    }
}
