//! Law 9: whichever workers come, leave or are retired, an accepted task finds one.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use crossbeam_channel::bounded;
use model_schedule::{models, working};
use parking_lot::Mutex;
use pool::{Builder, Lazy, Load, Moment, OnDemand, Pool, Reaper, Reason, Scaling};

use crate::common::{Gate, SOME_TIME, adds_one, submitter};

models![
    a_task_finds_a_worker_although_the_only_one_may_leave,
    a_task_finds_a_worker_although_the_policy_is_asked_meanwhile,
    two_submitters_find_workers_although_all_may_leave,
    a_task_may_wait_for_the_one_after_it,
    a_task_may_wait_for_one_of_another_submitter: [18313329743098072861],
    a_pool_that_grows_can_be_stopped,
    a_task_is_run_or_handed_back_by_a_pool_that_grows,
    a_worker_above_the_limit_leaves_no_task_behind,
    a_larger_pool_takes_what_is_queued,
    a_pool_made_larger_while_it_stops_leaves_no_thread_behind,
    an_idle_worker_may_be_retired_while_tasks_come,
    a_full_queue_gets_a_worker_or_a_task_comes_back,
    two_who_find_the_queue_full_get_a_worker_each,
    without_a_worker_a_task_is_run_or_comes_back,
    a_policy_may_let_go_of_its_pool,
    a_pool_that_may_shrink_to_nothing_may_be_dropped_by_its_own_task,
];

fn build(builder: Builder) -> Arc<Pool> {
    Arc::new(builder.build().unwrap())
}

/// A pool whose workers may leave at any moment.
fn restless(most: usize) -> Builder {
    Pool::builder().threads(0..=most).idle_timeout(SOME_TIME)
}

/// What is true of the counts when nothing runs.
fn check(pool: &Pool, tasks: usize, most: usize) {
    let stats = pool.stats();
    assert_eq!((stats.accepted, stats.completed), (tasks, tasks));
    assert_eq!(stats.live, stats.spawned - stats.retired);
    assert!(stats.live <= most && stats.peak <= most);
}

fn a_task_finds_a_worker_although_the_only_one_may_leave() {
    let (pool, ran) = (build(restless(1)), Arc::new(AtomicUsize::new(0)));
    for tasks in 1..=3 {
        pool.execute(adds_one(&ran)).unwrap();
        pool.wait_idle();
        assert_eq!(ran.load(SeqCst), tasks);
    }
    check(&pool, 3, 1);
    pool.shutdown();
    check(&pool, 3, 1);
    assert_eq!(pool.stats().live, 0);
}

/// The lock is open while a policy thinks, and this one thinks for a while.
#[derive(Debug)]
struct Thinks;

impl Scaling for Thinks {
    fn wanted(&self, moment: Moment, load: &Load) -> usize {
        thread::yield_now();
        OnDemand.wanted(moment, load)
    }
}

fn a_task_finds_a_worker_although_the_policy_is_asked_meanwhile() {
    let pool = build(restless(2).scaling(Thinks));
    two_submit_and_wait(&pool);
    pool.wait_idle();
    check(&pool, 4, 2);
}

fn two_submit_and_wait(pool: &Arc<Pool>) {
    let submitter = thread::spawn({
        let pool = Arc::clone(pool);
        move || submit_and_wait(&pool, 2)
    });
    submit_and_wait(pool, 2);
    submitter.join().unwrap();
}

fn submit_and_wait(pool: &Pool, tasks: usize) {
    let (group, ran) = (pool.group(), Arc::new(AtomicUsize::new(0)));
    for tasks in 1..=tasks {
        group.execute(adds_one(&ran)).unwrap();
        group.wait();
        assert_eq!(ran.load(SeqCst), tasks);
    }
}

fn two_submitters_find_workers_although_all_may_leave() {
    let pool = build(restless(2));
    two_submit_and_wait(&pool);
    pool.shutdown();
    check(&pool, 4, 2);
}

fn a_task_may_wait_for_the_one_after_it() {
    for least in [0, 1] {
        let pool = Pool::builder().threads(least..=2).idle_timeout(SOME_TIME);
        let pool = build(pool);
        pool.execute(|| ()).unwrap(); // whoever runs this may be about to leave
        let (tell, told) = bounded(1);
        pool.execute(move || told.recv().unwrap()).unwrap();
        pool.execute(move || tell.send(()).unwrap()).unwrap();
        pool.wait_idle();
        check(&pool, 3, 2);
    }
}

fn a_task_may_wait_for_one_of_another_submitter() {
    let pool = build(restless(2));
    let (tell, told) = bounded(1);
    let submitter = thread::spawn({
        let pool = Arc::clone(&pool);
        move || pool.execute(move || tell.send(()).unwrap()).unwrap()
    });
    pool.execute(move || told.recv().unwrap()).unwrap();
    submitter.join().unwrap();
    pool.wait_idle();
    check(&pool, 2, 2);
}

fn a_pool_that_grows_can_be_stopped() {
    let (pool, ran) = (build(restless(2)), Arc::new(AtomicUsize::new(0)));
    let submitter = submitter(&pool, &ran, 3);
    pool.shutdown();
    let accepted = submitter.join().unwrap();
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (accepted, 1));
    check(&pool, accepted, 2);
    assert_eq!(pool.stats().live, 0);
}

fn a_task_is_run_or_handed_back_by_a_pool_that_grows() {
    let (pool, ran) = (build(restless(2)), Arc::new(AtomicUsize::new(0)));
    let submitter = submitter(&pool, &ran, 3);
    let back = pool.shutdown_now().len();
    let accepted = submitter.join().unwrap();
    pool.shutdown();
    assert_eq!(ran.load(SeqCst) + back, accepted);
    assert_eq!(pool.stats().live, 0);
}

/// Two are busy, tasks are queued, and there may be only one from now on: the one that leaves must
/// not rely on one that sleeps.
fn a_worker_above_the_limit_leaves_no_task_behind() {
    let pool = Pool::builder().threads(2).queue_capacity(4);
    let (pool, ran) = (build(pool), Arc::new(AtomicUsize::new(0)));
    let (closed, gate) = Gate::new();
    pool.execute(move || gate.pass()).unwrap();
    pool.execute(adds_one(&ran)).unwrap();
    let resizer = thread::spawn({
        let pool = Arc::clone(&pool);
        move || pool.resize(1).unwrap()
    });
    pool.execute(adds_one(&ran)).unwrap();
    drop(closed);
    resizer.join().unwrap();
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 2);
    pool.execute(adds_one(&ran)).unwrap();
    pool.wait_idle();
    assert_eq!(pool.limits(), 1..=1);
    pool.shutdown();
    check(&pool, 4, 2);
}

fn a_larger_pool_takes_what_is_queued() {
    let (pool, (tell, told)) = (build(restless(1)), bounded(1));
    // With one worker the first task would wait for ever.
    pool.execute(move || told.recv().unwrap()).unwrap();
    let resizer = thread::spawn({
        let pool = Arc::clone(&pool);
        move || pool.resize(0..=2).unwrap()
    });
    pool.execute(move || tell.send(()).unwrap()).unwrap();
    resizer.join().unwrap();
    pool.wait_idle();
    check(&pool, 2, 2);
}

fn a_pool_made_larger_while_it_stops_leaves_no_thread_behind() {
    let (pool, ran) = (build(restless(1)), Arc::new(AtomicUsize::new(0)));
    let submitter = submitter(&pool, &ran, 2);
    let resizer = thread::spawn({
        let pool = Arc::clone(&pool);
        move || pool.resize(2).unwrap()
    });
    pool.shutdown();
    assert_eq!((pool.threads(), working()), (0, 0));
    resizer.join().unwrap();
    let accepted = submitter.join().unwrap();
    assert_eq!((pool.limits(), working()), (2..=2, 0));
    check(&pool, accepted, 2);
}

fn an_idle_worker_may_be_retired_while_tasks_come() {
    let policy = (OnDemand, Reaper::every(Duration::ZERO));
    let pool = build(Pool::builder().threads(0..=2).scaling(policy));
    submit_and_wait(&pool, 3);
    pool.shutdown();
    check(&pool, 3, 2);
    assert_eq!(pool.stats().live, 0);
}

fn a_full_queue_gets_a_worker_or_a_task_comes_back() {
    let pool = restless(2).queue_capacity(1).scaling(Lazy);
    let (pool, ran) = (build(pool), Arc::new(AtomicUsize::new(0)));
    let submitter = thread::spawn({
        let (pool, ran) = (Arc::clone(&pool), Arc::clone(&ran));
        move || {
            (0..2)
                .filter(|_| pool.try_execute(adds_one(&ran)).is_ok())
                .count()
        }
    });
    pool.execute(adds_one(&ran)).unwrap();
    pool.execute(adds_one(&ran)).unwrap();
    let accepted = 2 + submitter.join().unwrap();
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), accepted);
    check(&pool, accepted, 2);
}

fn two_who_find_the_queue_full_get_a_worker_each() {
    let pool = Pool::builder().threads(1..=3).queue_capacity(1);
    let pool = build(pool.scaling(Lazy));
    let (closed, gate) = Gate::new();
    let (begin, begun) = Gate::new();
    let (at, waits) = (gate.clone(), gate.clone());
    let first = move || {
        drop(begin);
        at.pass();
    };
    pool.execute(first).unwrap();
    begun.pass();
    pool.execute(move || waits.pass()).unwrap();
    let submitters = [(); 2].map(|()| {
        let (pool, gate) = (Arc::clone(&pool), gate.clone());
        thread::spawn(move || pool.try_execute(move || gate.pass()).is_ok())
    });
    assert!(submitters.into_iter().all(|one| one.join().unwrap()));
    drop(closed);
    pool.wait_idle();
    check(&pool, 4, 3);
}

/// Knows its pool, and looks for it at each question.
#[derive(Debug)]
struct Knows(Arc<Mutex<Weak<Pool>>>);

impl Scaling for Knows {
    fn wanted(&self, _moment: Moment, load: &Load) -> usize {
        let pool = self.0.lock().upgrade();
        thread::yield_now();
        drop(pool);
        load.unfinished()
    }

    fn period(&self) -> Option<Duration> {
        Some(SOME_TIME)
    }
}

/// The owner drops it meanwhile, and the last owner is the policy: on a worker, or at a tick.
fn a_policy_may_let_go_of_its_pool() {
    let (place, ran) = (
        Arc::new(Mutex::new(Weak::new())),
        Arc::new(AtomicUsize::new(0)),
    );
    let pool = build(restless(1).scaling(Knows(Arc::clone(&place))));
    *place.lock() = Arc::downgrade(&pool);
    pool.execute(adds_one(&ran)).unwrap();
    pool.wait_idle();
    drop(pool);
    // The threads end by themselves; the model fails if one does not.
}

/// The first thread cannot be started, and later ones can.
fn without_a_worker_a_task_is_run_or_comes_back() {
    let name = |number| if number == 1 { "b\0d" } else { "good" }.to_owned();
    let (pool, ran) = (
        build(restless(2).thread_name(name)),
        Arc::new(AtomicUsize::new(0)),
    );
    let submit = |pool: &Pool, ran: &Arc<AtomicUsize>| match pool.execute(adds_one(ran)) {
        Ok(()) => 1,
        Err(rejected) => {
            assert_eq!(rejected.reason(), Reason::NoWorker);
            0
        }
    };
    let submitter = thread::spawn({
        let (pool, ran) = (Arc::clone(&pool), Arc::clone(&ran));
        move || submit(&pool, &ran)
    });
    let accepted = submit(&pool, &ran) + submitter.join().unwrap();
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), accepted);
    check(&pool, accepted, 2);
}

fn a_pool_that_may_shrink_to_nothing_may_be_dropped_by_its_own_task() {
    let (pool, ran) = (build(restless(2)), Arc::new(AtomicUsize::new(0)));
    let (begin, begun) = Gate::new();
    let (owner, count) = (Arc::clone(&pool), Arc::clone(&ran));
    let task = move || {
        owner.execute(adds_one(&count)).unwrap();
        drop(owner);
        drop(begin);
    };
    pool.execute(task).unwrap();
    drop(pool);
    begun.pass();
    // The threads end by themselves; the model fails if one does not.
}
