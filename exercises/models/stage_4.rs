//! Stage 4: waiting.

use core::sync::atomic::AtomicUsize;
use std::sync::Arc;

use model_schedule::scenarios;

use common::{Gate, adds_one, end, join_all, pool, ran, spawn};

mod common;

scenarios! {
    unused_is_idle: [a_wait_for_nothing_returns],
    done_means_done: [
        a_wait_finds_the_tasks_done_and_dropped,
        a_wait_of_a_group_finds_its_tasks_done_and_dropped,
    ],
    all_waiters_wake: [all_who_wait_for_the_pool_wake, all_who_wait_for_a_group_wake],
    a_group_is_its_own: [a_group_is_waited_for_while_another_task_runs],
    children_count: [what_a_task_submits_is_waited_for],
}

fn a_wait_for_nothing_returns() {
    let pool = pool(1, 1);
    let group = pool.group();
    pool.wait_idle();
    group.wait();
    assert!(
        pool.execute(|| ()).is_ok(),
        "an idle pool has refused a task"
    );
    pool.wait_idle();
    drop(group);
    end(pool);
}

fn a_wait_finds_the_tasks_done_and_dropped() {
    let pool = pool(2, 2);
    let count = Arc::new(AtomicUsize::new(0));
    for _ in 0..3 {
        let accepted = pool.execute(adds_one(&count)).is_ok();
        assert!(accepted, "a task was refused");
    }
    pool.wait_idle();
    ran(&count, 3, "when `wait_idle` returned");
    end(pool);
}

fn a_wait_of_a_group_finds_its_tasks_done_and_dropped() {
    let pool = pool(2, 2);
    let group = pool.group();
    let count = Arc::new(AtomicUsize::new(0));
    for _ in 0..2 {
        let accepted = group.execute(adds_one(&count)).is_ok();
        assert!(accepted, "a task was refused");
    }
    group.wait();
    ran(&count, 2, "when the wait of the group returned");
    drop(group);
    end(pool);
}

fn all_who_wait_for_the_pool_wake() {
    let pool = pool(1, 2);
    let (closed, gate) = Gate::new();
    let task = move || gate.pass();
    assert!(
        pool.execute(task).is_ok(),
        "an idle pool has refused a task"
    );
    let waiters = [1, 2].map(|number| {
        let pool = Arc::clone(&pool);
        spawn(&format!("waiter {number}"), move || _ = pool.wait_idle())
    });
    drop(closed);
    join_all(waiters);
    end(pool);
}

fn all_who_wait_for_a_group_wake() {
    let pool = pool(1, 2);
    let group = Arc::new(pool.group());
    let (closed, gate) = Gate::new();
    let task = move || gate.pass();
    assert!(
        group.execute(task).is_ok(),
        "an idle pool has refused a task"
    );
    let waiters = [1, 2].map(|number| {
        let group = Arc::clone(&group);
        spawn(&format!("waiter {number}"), move || _ = group.wait())
    });
    drop(closed);
    join_all(waiters);
    drop(group);
    end(pool);
}

fn a_group_is_waited_for_while_another_task_runs() {
    let pool = pool(2, 2);
    let (closed, gate) = Gate::new();
    let task = move || gate.pass();
    assert!(
        pool.execute(task).is_ok(),
        "an idle pool has refused a task"
    );
    let group = pool.group();
    let count = Arc::new(AtomicUsize::new(0));
    for round in 1..=2 {
        let accepted = group.execute(adds_one(&count)).is_ok();
        assert!(accepted, "a task was refused");
        group.wait();
        ran(&count, round, "when the wait of the group returned");
    }
    drop(closed);
    drop(group);
    end(pool);
}

fn what_a_task_submits_is_waited_for() {
    let pool = pool(2, 2);
    let count = Arc::new(AtomicUsize::new(0));
    let (inside, child) = (Arc::clone(&pool), adds_one(&count));
    let parent = move || {
        let accepted = inside.execute(child).is_ok();
        assert!(accepted, "a task could not submit another one");
    };
    assert!(
        pool.execute(parent).is_ok(),
        "an idle pool has refused a task"
    );
    pool.wait_idle();
    ran(&count, 1, "when `wait_idle` returned");
    end(pool);
}
