//! Where the machine has no more threads: a pool that cannot grow loses nothing.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crossbeam_channel::bounded;
use model_schedule::{
    models, spawns_fail_after, spawns_may_fail, spawns_succeed, until_asleep, working,
};
use pool::{BuildError, Builder, Lazy, Pool, Reaper, Reason, Threshold, WarmUp};

use crate::common::{SOME_TIME, adds_one, busy_pool, submitter};

models![
    a_pool_without_its_clock_or_its_reserve_leaves_no_thread_behind,
    a_task_waits_for_a_worker_if_no_other_can_be_started,
    a_task_comes_back_if_there_is_no_worker_and_none_can_be_started,
    two_submitters_find_the_last_thread_or_have_their_tasks_back,
    submitters_that_wait_for_a_place_are_let_in_or_refused_when_all_workers_leave,
    a_full_queue_makes_its_submitters_wait_if_no_worker_can_be_started,
    a_pool_that_cannot_always_grow_can_be_stopped,
    a_pool_that_cannot_always_grow_hands_back_what_it_does_not_run,
    limits_that_cannot_be_met_hold_all_the_same,
    the_clock_tries_again,
];

fn build(builder: Builder) -> Arc<Pool> {
    Arc::new(builder.build().unwrap())
}

/// A pool whose workers may leave at any moment.
fn restless(most: usize) -> Builder {
    Pool::builder().threads(0..=most).idle_timeout(SOME_TIME)
}

/// Submits so many tasks. Whatever is not accepted comes back, for want of a worker; how many were.
fn submit(pool: &Pool, ran: &Arc<AtomicUsize>, tasks: usize) -> usize {
    let accepted = |_: &usize| match pool.execute(adds_one(ran)) {
        Ok(()) => true,
        Err(rejected) => {
            assert_eq!(rejected.reason(), Reason::NoWorker);
            false
        }
    };
    (0..tasks).filter(accepted).count()
}

fn submits(pool: &Arc<Pool>, ran: &Arc<AtomicUsize>, tasks: usize) -> JoinHandle<usize> {
    let (pool, ran) = (Arc::clone(pool), Arc::clone(ran));
    thread::spawn(move || submit(&pool, &ran, tasks))
}

/// What is true when every submitter has returned.
fn check(pool: &Pool, ran: &Arc<AtomicUsize>, accepted: usize) {
    pool.wait_idle();
    let stats = pool.stats();
    assert_eq!(ran.load(SeqCst), accepted);
    assert_eq!((stats.accepted, stats.completed), (accepted, accepted));
    assert_eq!(stats.live, stats.spawned - stats.retired);
    pool.shutdown();
    assert_eq!((pool.threads(), working()), (0, 0));
    assert_eq!(Arc::strong_count(ran), 1, "a task is still somewhere");
}

fn a_pool_without_its_clock_or_its_reserve_leaves_no_thread_behind() {
    let clock = || Pool::builder().scaling(Reaper::every(SOME_TIME));
    let reserve = || Pool::builder().scaling(WarmUp::new(2));
    for (started, builder) in [
        (0, clock().threads(0..=2)),
        (2, clock().threads(2)),
        (0, reserve().threads(0..=2)),
        (1, reserve().threads(1..=2)),
    ] {
        spawns_fail_after(started);
        let error = builder.build().unwrap_err();
        assert!(matches!(error, BuildError::Spawn(_)));
        assert_eq!(working(), 0);
    }
}

fn a_task_waits_for_a_worker_if_no_other_can_be_started() {
    let pool = build(Pool::builder().threads(1..=3).idle_timeout(SOME_TIME));
    let ran = Arc::new(AtomicUsize::new(0));
    spawns_fail_after(0);
    let other = submits(&pool, &ran, 2);
    assert_eq!(submit(&pool, &ran, 2) + other.join().unwrap(), 4);
    assert_eq!(pool.stats().live, 1);
    check(&pool, &ran, 4);
}

fn a_task_comes_back_if_there_is_no_worker_and_none_can_be_started() {
    let (pool, ran) = (build(restless(2)), Arc::new(AtomicUsize::new(0)));
    spawns_fail_after(0);
    let other = submits(&pool, &ran, 1);
    assert_eq!(submit(&pool, &ran, 1) + other.join().unwrap(), 0);
    assert_eq!(pool.stats().spawn_failures, 2);
    spawns_succeed();
    assert_eq!(submit(&pool, &ran, 1), 1);
    check(&pool, &ran, 1);
}

/// There is one thread, once. Its worker may leave between any two tasks.
fn two_submitters_find_the_last_thread_or_have_their_tasks_back() {
    let (pool, ran) = (build(restless(2)), Arc::new(AtomicUsize::new(0)));
    spawns_fail_after(1);
    let other = submits(&pool, &ran, 2);
    let accepted = submit(&pool, &ran, 2) + other.join().unwrap();
    assert!(accepted >= 1);
    check(&pool, &ran, accepted);
    assert_eq!(pool.stats().spawned, 1);
}

fn submitters_that_wait_for_a_place_are_let_in_or_refused_when_all_workers_leave() {
    let (pool, closed) = busy_pool(1);
    let ran = Arc::new(AtomicUsize::new(0));
    assert_eq!(submit(&pool, &ran, 1), 1);
    // The worker leaves when it has nothing to do, and nobody can take its place.
    pool.resize(0..=1).unwrap();
    spawns_fail_after(0);
    let others = [(); 2].map(|()| submits(&pool, &ran, 1));
    until_asleep(3); // the worker, too
    drop(closed);
    let accepted = others.map(|other| other.join().unwrap());
    pool.wait_idle();
    let accepted = 1 + accepted.iter().sum::<usize>();
    assert_eq!(ran.load(SeqCst), accepted);
    assert_eq!(pool.stats().accepted, 1 + accepted);
}

fn a_full_queue_makes_its_submitters_wait_if_no_worker_can_be_started() {
    let pool = Pool::builder().threads(1..=2).queue_capacity(1);
    let pool = build(pool.scaling(Lazy));
    let ran = Arc::new(AtomicUsize::new(0));
    spawns_fail_after(0);
    let other = submits(&pool, &ran, 2);
    assert_eq!(submit(&pool, &ran, 2) + other.join().unwrap(), 4);
    check(&pool, &ran, 4);
}

fn a_pool_that_cannot_always_grow_can_be_stopped() {
    let (pool, ran) = (build(restless(2)), Arc::new(AtomicUsize::new(0)));
    spawns_may_fail();
    let others = [(); 2].map(|()| submitter(&pool, &ran, 2));
    pool.shutdown();
    assert_eq!((pool.threads(), working()), (0, 0));
    let accepted = others.map(|other| other.join().unwrap());
    check(&pool, &ran, accepted.iter().sum());
}

fn a_pool_that_cannot_always_grow_hands_back_what_it_does_not_run() {
    let (pool, ran) = (build(restless(2)), Arc::new(AtomicUsize::new(0)));
    spawns_may_fail();
    let other = submitter(&pool, &ran, 3);
    let back = pool.shutdown_now().len();
    let accepted = other.join().unwrap();
    pool.shutdown();
    assert_eq!(ran.load(SeqCst) + back, accepted);
    assert_eq!((pool.stats().live, working()), (0, 0));
}

/// Meanwhile somebody submits, and the workers that there are may leave.
fn limits_that_cannot_be_met_hold_all_the_same() {
    let (pool, ran) = (build(restless(1)), Arc::new(AtomicUsize::new(0)));
    spawns_may_fail();
    let other = submits(&pool, &ran, 2);
    let resized = pool.resize(1..=2);
    assert_eq!(pool.limits(), 1..=2);
    match resized {
        Ok(()) => assert!((1..=2).contains(&pool.stats().live)),
        Err(BuildError::Spawn(_)) => assert!(pool.stats().spawn_failures >= 1),
        Err(error) => panic!("{error}"),
    }
    let accepted = other.join().unwrap();
    check(&pool, &ran, accepted);
}

/// The first task waits for the second. At its submission no worker can be started, later one can,
/// and only the next tick tells.
fn the_clock_tries_again() {
    let pool = Pool::builder().threads(1..=2);
    let pool = build(pool.scaling(Threshold::new(1, SOME_TIME)));
    let (tell, told) = bounded(1);
    spawns_fail_after(0);
    pool.execute(move || told.recv().unwrap()).unwrap();
    pool.execute(move || tell.send(()).unwrap()).unwrap();
    spawns_succeed();
    pool.wait_idle();
    assert_eq!(pool.stats().completed, 2);
}
