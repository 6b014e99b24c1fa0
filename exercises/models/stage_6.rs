//! Stage 6: a panic costs one task.
//!
//! It asks for nothing that stage 1 did not have.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::panic::resume_unwind;
use std::sync::Arc;

use model_schedule::scenarios;

use common::{adds_one, end, pool, two_tasks_meet};

mod common;

scenarios! {
    a_panic_costs_one_task: [two_panics_leave_two_workers, what_is_queued_behind_a_panic_runs],
    hostile_values: [a_value_that_panics_when_it_is_dropped_costs_no_worker],
}

/// As that of `panic!`, of which nobody needs to read.
fn panics() {
    resume_unwind(Box::new("as it should"));
}

fn two_panics_leave_two_workers() {
    let pool = pool(2, 4);
    for _ in 0..2 {
        assert!(pool.execute(panics).is_ok(), "a task was refused");
    }
    two_tasks_meet(&pool);
    end(pool);
}

fn what_is_queued_behind_a_panic_runs() {
    let pool = pool(1, 4);
    let count = Arc::new(AtomicUsize::new(0));
    assert!(pool.execute(panics).is_ok(), "a task was refused");
    let accepted = pool.execute(adds_one(&count)).is_ok();
    assert!(
        accepted,
        "after a panic in a task, the pool refuses the next"
    );
    end(pool);
    let ran = count.load(SeqCst);
    assert!(
        ran == 1,
        "when the drop of the pool returned, the task after the panic had not run"
    );
}

struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panics();
    }
}

fn a_value_that_panics_when_it_is_dropped_costs_no_worker() {
    let pool = pool(2, 4);
    let value = PanicsWhenDropped;
    let task = move || drop(value);
    assert!(pool.execute(task).is_ok(), "a task was refused");
    let task = || resume_unwind(Box::new(PanicsWhenDropped));
    assert!(pool.execute(task).is_ok(), "a task was refused");
    two_tasks_meet(&pool);
    end(pool);
}
