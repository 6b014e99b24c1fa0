//! Law 9, with a queue for each worker: whoever leaves, nothing is left behind in its queue.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use model_schedule::{models, until_asleep};
use pool::{Builder, Load, Moment, OnDemand, Placement, Pool, Scaling, Stealing};

use crate::common::{Gate, SOME_TIME, adds_one, submitter};

models![
    nothing_is_left_in_the_queue_of_a_worker_whose_time_is_up,
    nothing_is_left_in_the_queue_of_a_worker_above_the_limit,
    what_a_task_has_submitted_does_not_leave_with_its_worker,
    what_a_task_submits_needs_no_place,
    a_task_goes_to_somebody_who_is_awake,
    a_task_finds_a_queue_while_nobody_is_awake,
    workers_that_share_a_queue_leave_nothing_in_it,
    a_worker_that_leaves_its_queue_to_another_does_not_stop_it,
    a_stop_hook_may_submit,
];

fn build(builder: Builder) -> Arc<Pool> {
    Arc::new(builder.build().unwrap())
}

/// What is true when nothing runs any more.
fn check(pool: &Pool, ran: &Arc<AtomicUsize>, tasks: usize) {
    pool.wait_idle();
    assert_eq!((ran.load(SeqCst), pool.queue_len()), (tasks, 0));
    pool.shutdown();
    assert_eq!(Arc::strong_count(ran), 1, "a task is still somewhere");
}

fn nothing_is_left_in_the_queue_of_a_worker_whose_time_is_up() {
    for stealing in [Stealing::Off, Stealing::Half] {
        let pool = Pool::builder().threads(0..=2).stealing(stealing);
        let pool = build(pool.idle_timeout(SOME_TIME));
        let ran = Arc::new(AtomicUsize::new(0));
        let other = submitter(&pool, &ran, 2);
        pool.execute(adds_one(&ran)).unwrap();
        other.join().unwrap();
        check(&pool, &ran, 3);
    }
}

fn nothing_is_left_in_the_queue_of_a_worker_above_the_limit() {
    for (stealing, placement) in [
        (Stealing::Off, Placement::RoundRobin),
        (Stealing::Half, Placement::LeastLoaded),
    ] {
        let pool = Pool::builder().threads(2).stealing(stealing);
        let pool = build(pool.placement(placement));
        let ran = Arc::new(AtomicUsize::new(0));
        let other = submitter(&pool, &ran, 4);
        pool.resize(1).unwrap();
        other.join().unwrap();
        check(&pool, &ran, 4);
        assert_eq!(pool.limits(), 1..=1);
    }
}

/// Nobody else puts anything into that queue, and without stealing nobody else takes anything out.
fn what_a_task_has_submitted_does_not_leave_with_its_worker() {
    for stealing in [Stealing::Off, Stealing::One] {
        let pool = build(Pool::builder().threads(2).stealing(stealing));
        let ran = Arc::new(AtomicUsize::new(0));
        for _ in 0..2 {
            let (own, ran) = (Arc::clone(&pool), Arc::clone(&ran));
            let task = move || {
                own.execute(adds_one(&ran)).unwrap();
                own.execute_batch([adds_one(&ran)]).unwrap();
            };
            pool.execute(task).unwrap();
        }
        pool.resize(1).unwrap();
        check(&pool, &ran, 4);
    }
}

/// The one place is taken, and stays so until the task is over.
fn what_a_task_submits_needs_no_place() {
    let pool = build(Pool::builder().threads(1).queue_capacity(1));
    let ran = Arc::new(AtomicUsize::new(0));
    let own = Arc::clone(&pool);
    let (count, (begin, begun)) = (Arc::clone(&ran), Gate::new());
    let task = move || {
        drop(begin);
        for _ in 0..2 {
            own.execute(adds_one(&count)).unwrap();
        }
        own.try_execute(adds_one(&count)).unwrap();
        own.execute_timeout(adds_one(&count), SOME_TIME).unwrap();
        assert_eq!(
            own.execute_batch([(); 2].map(|()| adds_one(&count)))
                .unwrap(),
            2
        );
        assert!(own.queue_len() >= 6);
    };
    pool.execute(task).unwrap();
    begun.pass();
    pool.execute(adds_one(&ran)).unwrap();
    check(&pool, &ran, 7);
}

/// Nobody looks for it elsewhere, and nobody who sleeps wakes up by himself.
fn a_task_goes_to_somebody_who_is_awake() {
    for placement in [Placement::RoundRobin, Placement::LeastLoaded] {
        let pool = Pool::builder().threads(2).stealing(Stealing::Off);
        let pool = pool.placement(placement).idle_timeout(Duration::MAX);
        let (pool, ran) = (build(pool), Arc::new(AtomicUsize::new(0)));
        for _ in 0..3 {
            pool.execute(adds_one(&ran)).unwrap();
            pool.wait_idle();
        }
        check(&pool, &ran, 3);
    }
}

/// The lock is open while a policy thinks, and a worker that has asked it is neither awake nor
/// asleep.
#[derive(Debug)]
struct Thinks;

impl Scaling for Thinks {
    fn wanted(&self, moment: Moment, load: &Load) -> usize {
        thread::yield_now();
        OnDemand.wanted(moment, load)
    }
}

fn a_task_finds_a_queue_while_nobody_is_awake() {
    for stealing in [Stealing::Off, Stealing::Half] {
        let pool = Pool::builder().threads(1..=2).stealing(stealing);
        let pool = build(pool.scaling(Thinks).idle_timeout(SOME_TIME));
        let ran = Arc::new(AtomicUsize::new(0));
        for tasks in 1..=3 {
            pool.execute(adds_one(&ran)).unwrap();
            pool.wait_idle();
            assert_eq!(ran.load(SeqCst), tasks);
        }
        check(&pool, &ran, 3);
    }
}

/// A pool has no more queues than it had use for when it was built.
fn workers_that_share_a_queue_leave_nothing_in_it() {
    let pool = build(Pool::builder().threads(1).stealing(Stealing::Off));
    let ran = Arc::new(AtomicUsize::new(0));
    pool.resize(4).unwrap();
    let other = submitter(&pool, &ran, 4);
    pool.resize(1).unwrap();
    other.join().unwrap();
    check(&pool, &ran, 4);
}

/// Of four workers on two queues, those who sleep leave. Those who are busy are still found, each
/// by what it waits for.
fn a_worker_that_leaves_its_queue_to_another_does_not_stop_it() {
    let pool = build(Pool::builder().threads(1));
    pool.resize(3).unwrap();
    let ran = Arc::new(AtomicUsize::new(0));
    until_asleep(3);
    let (closed, gate) = Gate::new();
    pool.execute(move || gate.pass()).unwrap();
    pool.resize(2).unwrap();
    pool.execute(adds_one(&ran)).unwrap();
    pool.execute(move || drop(closed)).unwrap();
    check(&pool, &ran, 1);
}

/// Its queue may be another worker's by then.
fn a_stop_hook_may_submit() {
    for stealing in [Stealing::Off, Stealing::Half] {
        let ran = Arc::new(AtomicUsize::new(0));
        let place = Arc::new(parking_lot::Mutex::new(std::sync::Weak::<Pool>::new()));
        let (pool, count) = (Arc::clone(&place), Arc::clone(&ran));
        let left = AtomicUsize::new(0);
        let hook = move || {
            let pool = pool.lock().upgrade();
            if let Some(pool) = pool
                && left.fetch_add(1, SeqCst) == 0
            {
                pool.execute(adds_one(&count)).unwrap();
            }
        };
        let pool = Pool::builder().threads(2).stealing(stealing);
        let pool = build(pool.on_thread_stop(hook));
        *place.lock() = Arc::downgrade(&pool);
        pool.execute(adds_one(&ran)).unwrap();
        pool.resize(1).unwrap();
        while ran.load(SeqCst) < 2 {
            thread::yield_now();
        }
        pool.wait_idle();
    }
}
