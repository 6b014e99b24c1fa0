//! Law 7: a panic costs one task.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;

use model_schedule::models;
use pool::Pool;

use crate::common::{Gate, adds_one, panics};

models![
    a_panic_leaves_the_pool_at_strength,
    a_panic_in_a_drop_leaves_the_pool_at_strength,
    the_first_panic_of_a_group_that_fails_fast_calls_off_the_rest,
];

/// Two tasks that end only if both run at the same time.
fn run_two_at_once(pool: &Pool) {
    let ((one, one_runs), (other, other_runs)) = (Gate::new(), Gate::new());
    for (mine, runs) in [(one, other_runs), (other, one_runs)] {
        let task = move || {
            drop(mine);
            runs.pass();
        };
        pool.execute(task).unwrap();
    }
    pool.wait_idle();
}

/// The handler panics as well, and so does one payload when it is dropped.
fn a_panic_leaves_the_pool_at_strength() {
    let told = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&told);
    let pool = Pool::builder()
        .threads(2)
        .queue_capacity(1)
        .panic_handler(move |_| {
            count.fetch_add(1, SeqCst);
            panics();
        })
        .build()
        .unwrap();
    pool.execute(panics).unwrap();
    pool.execute(|| resume_unwind(Box::new(PanicsInDrop)))
        .unwrap();
    pool.execute(panics).unwrap();
    run_two_at_once(&pool);
    let stats = pool.stats();
    assert_eq!((stats.completed, stats.panicked), (2, 3));
    assert_eq!((pool.threads(), told.load(SeqCst)), (2, 3));
}

struct PanicsInDrop;

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        panics();
    }
}

fn a_panic_in_a_drop_leaves_the_pool_at_strength() {
    let pool = Pool::new(2, 2).unwrap();
    let (queued, running) = (PanicsInDrop, PanicsInDrop);
    pool.execute(move || drop(running)).unwrap();
    let token = pool::CancelToken::new();
    pool.execute_with(&token, move || drop(queued)).unwrap();
    token.cancel();
    run_two_at_once(&pool);
    let stats = pool.stats();
    // What a task was dropped with does not change how it ended.
    assert_eq!(stats.panicked + stats.cancelled, 2);
    assert_eq!((stats.completed, pool.threads()), (2, 2));
}

fn the_first_panic_of_a_group_that_fails_fast_calls_off_the_rest() {
    let pool = Pool::new(2, 2).unwrap();
    let group = Arc::new(pool.group().fail_fast());
    let ran = Arc::new(AtomicUsize::new(0));
    group.execute(panics).unwrap();
    let submitter = thread::spawn({
        let (group, ran) = (Arc::clone(&group), Arc::clone(&ran));
        move || {
            (0..3)
                .filter(|_| group.execute(adds_one(&ran)).is_ok())
                .count()
        }
    });
    let accepted = submitter.join().unwrap();
    let report = group.wait();
    assert!(group.cancel_token().is_cancelled());
    assert_eq!((report.panicked, report.completed), (1, ran.load(SeqCst)));
    assert_eq!(report.completed + report.cancelled, accepted);
}
