//! Give the boxes back.

use std::sync::{Arc, mpsc};

use harness::{Gate, OpenOnDrop, doing, laws};
use pool::Pool;

/// So many boxes a worker gathers before it takes them to the depot.
const LOAD: usize = 64;

/// Has the only worker run so many tasks, which were queued together. In the end their boxes lie in
/// the depot.
fn run(pool: &Pool, loads: usize) {
    let gate = Gate::new();
    let open = OpenOnDrop(&gate);
    gate.occupy(|task| pool.execute(task).unwrap());
    // One task is at the gate.
    for _ in 1..LOAD * loads {
        pool.execute(|| ()).unwrap();
    }
    drop(open);
    doing("waits until the pool is idle", || pool.wait_idle());
}

fn free_boxes(pool: &Pool) -> usize {
    doing("calls `free_boxes`", || pool.free_boxes())
}

/// What workers have left in the depot is freed, and counted.
fn the_depot_is_emptied() {
    let pool = Pool::new(1, 1_000).unwrap();
    run(&pool, 3);
    let (freed, right) = (free_boxes(&pool), 3 * LOAD);
    assert!(
        freed == right,
        "{right} boxes were in the depot, and {freed} were freed"
    );
}

/// What submitters have fetched is freed, too, while workers have left more in the depot.
fn what_was_fetched_is_freed() {
    let pool = Pool::new(1, 1_000).unwrap();
    run(&pool, 3);
    // The first submission fetches three loads, and each frees a box.
    run(&pool, 1);
    let (freed, right) = (free_boxes(&pool), 3 * LOAD);
    assert!(
        freed == right,
        "submitters had {} boxes, {LOAD} more were in the depot, and {freed} were freed",
        2 * LOAD
    );
}

/// A second call finds nothing.
fn what_is_freed_is_gone() {
    let pool = Pool::new(1, 1_000).unwrap();
    run(&pool, 2);
    let freed = free_boxes(&pool);
    let again = free_boxes(&pool);
    assert!(
        again == 0,
        "the first call freed {freed} boxes, and the second one {again}"
    );
}

/// A task that runs is not waited for, and it may call it itself.
fn nobody_is_waited_for() {
    let gate = Gate::new();
    let pool = Arc::new(Pool::new(1, 8).unwrap());
    let _open = OpenOnDrop(&gate);
    gate.occupy(|task| pool.execute(task).unwrap());
    let freed = free_boxes(&pool);
    assert!(
        freed == 0,
        "no task has ended, and {freed} boxes were freed"
    );
    gate.open();
    let (tell, told) = mpsc::channel();
    let inside = Arc::clone(&pool);
    let task = move || {
        let freed = free_boxes(&inside);
        drop(inside);
        tell.send(freed).unwrap();
    };
    pool.execute(task).unwrap();
    let freed = doing("waits for a task that calls `free_boxes`", || told.recv());
    assert!(freed.is_ok(), "a task that calls `free_boxes` has panicked");
}

/// The boxes of later tasks come back as before.
fn the_pool_goes_on() {
    let pool = Pool::new(1, 1_000).unwrap();
    for round in 1..=5 {
        run(&pool, round);
        let (freed, right) = (free_boxes(&pool), round * LOAD);
        assert!(
            freed == right,
            "in round {round}, {right} boxes came back, and {freed} were freed"
        );
    }
}

laws! {
    the_depot_is_emptied,
    what_was_fetched_is_freed,
    what_is_freed_is_gone,
    nobody_is_waited_for,
    the_pool_goes_on,
}
