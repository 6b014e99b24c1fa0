//! What holds where all that changes in a pool is one state under one lock: each look finds counts
//! that add up, and whatever happens while the lock is open, no task is queued that nobody runs.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use model_schedule::{models, until_asleep};
use parking_lot::Mutex;
use pool::{CancelToken, Lazy, Load, Moment, Pool, Reason, Scaling, Stats};

use crate::common::{Gate, SOME_TIME, adds_one, busy_pool, panics};

models![
    each_look_finds_counts_that_add_up,
    a_task_finds_a_worker_although_all_leave_while_the_policy_thinks_about_a_full_queue,
    a_task_is_refused_if_the_pool_is_closed_while_the_policy_thinks_about_a_full_queue,
    submitters_that_wait_are_woken_when_the_limits_are_raised,
    a_place_is_not_lost_with_a_submitter_that_is_cancelled_or_late,
    a_task_is_given_to_no_worker_that_has_begun,
    two_submitters_that_name_a_worker_start_no_more_than_may_be,
];

/// What is true of each look. Returns how many tasks have ended.
pub(crate) fn look(stats: Stats) -> usize {
    look_beside(stats, 0)
}

/// As [`look`], where so many tasks have left their queue, and neither run nor have ended.
pub(crate) fn look_beside(stats: Stats, others: usize) -> usize {
    let ended = stats.completed + stats.panicked + stats.cancelled + stats.returned;
    let left = stats.queued + stats.running + others;
    assert_eq!(stats.accepted, ended + left, "{stats:?}");
    assert_eq!(stats.live, stats.idle + stats.running, "{stats:?}");
    assert_eq!(stats.live, stats.spawned - stats.retired, "{stats:?}");
    ended
}

fn each_look_finds_counts_that_add_up() {
    let pool = Pool::builder().threads(0..=2).queue_capacity(1);
    let pool = Arc::new(pool.idle_timeout(SOME_TIME).build().unwrap());
    let token = CancelToken::new();
    let observer = thread::spawn({
        let pool = Arc::clone(&pool);
        move || {
            let mut before = 0;
            for _ in 0..6 {
                let ended = look(pool.stats());
                assert!(ended >= before, "{before} have ended, and then {ended}");
                before = ended;
            }
        }
    });
    let submitter = thread::spawn({
        let (pool, token) = (Arc::clone(&pool), token.clone());
        move || {
            // Each of them may be refused: the pool is closed meanwhile.
            let submitted = [
                pool.execute(panics),
                pool.execute_with(&token, || ()),
                pool.try_execute(|| ()),
                pool.execute_timeout(|| (), SOME_TIME),
            ];
            submitted.iter().filter(|one| one.is_ok()).count()
        }
    });
    token.cancel();
    let returned = pool.shutdown_now().len();
    let accepted = submitter.join().unwrap();
    pool.shutdown();
    let stats = pool.stats();
    assert_eq!((look(stats), stats.returned), (accepted, returned));
    observer.join().unwrap();
}

/// Wants no worker, and thinks about a full queue for so long that others go on.
#[derive(Debug)]
struct ThinksAboutAFullQueue;

impl Scaling for ThinksAboutAFullQueue {
    fn wanted(&self, moment: Moment, _load: &Load) -> usize {
        if moment == Moment::Full {
            (0..4).for_each(|_| thread::yield_now());
        }
        0
    }
}

/// A pool whose workers may leave at any moment, with one place in its queue.
fn thoughtful() -> Arc<Pool> {
    let pool = Pool::builder().threads(0..=2).idle_timeout(SOME_TIME);
    let pool = pool.queue_capacity(1).scaling(ThinksAboutAFullQueue);
    Arc::new(pool.build().unwrap())
}

/// Only what is queued after the policy has answered could be stranded: nothing is submitted later.
fn a_task_finds_a_worker_although_all_leave_while_the_policy_thinks_about_a_full_queue() {
    let (pool, ran) = (thoughtful(), Arc::new(AtomicUsize::new(0)));
    for _ in 0..3 {
        pool.execute(adds_one(&ran)).unwrap();
    }
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 3);
}

fn a_task_is_refused_if_the_pool_is_closed_while_the_policy_thinks_about_a_full_queue() {
    let (pool, ran) = (thoughtful(), Arc::new(AtomicUsize::new(0)));
    let submitter = thread::spawn({
        let (pool, ran) = (Arc::clone(&pool), Arc::clone(&ran));
        move || {
            let accepted = |_: &usize| match pool.execute(adds_one(&ran)) {
                Ok(()) => true,
                Err(rejected) => {
                    assert_eq!(rejected.reason(), Reason::ShutDown);
                    false
                }
            };
            (0..3).filter(accepted).count()
        }
    });
    pool.shutdown();
    assert_eq!((pool.threads(), pool.queue_len()), (0, 0));
    let accepted = submitter.join().unwrap();
    assert_eq!(ran.load(SeqCst), accepted);
    assert_eq!(look(pool.stats()), accepted);
}

/// The pool grows only when a task finds the queue full, and nobody submits any more. So each of
/// those that wait has to ask again.
fn submitters_that_wait_are_woken_when_the_limits_are_raised() {
    let pool = Pool::builder().threads(1).queue_capacity(1);
    let pool = pool.idle_timeout(Duration::MAX).scaling(Lazy);
    let pool = Arc::new(pool.build().unwrap());
    let (closed, gate) = Gate::new();
    let (begin, begun) = Gate::new();
    let waits = || {
        let gate = gate.clone();
        move || gate.pass()
    };
    let first = waits();
    let first = move || {
        drop(begin);
        first();
    };
    pool.execute(first).unwrap();
    begun.pass();
    pool.execute(waits()).unwrap();
    let submitters = [(); 2].map(|()| {
        let (pool, task) = (Arc::clone(&pool), waits());
        thread::spawn(move || pool.execute(task).unwrap())
    });
    until_asleep(3); // the worker, too
    pool.resize(1..=3).unwrap();
    for submitter in submitters {
        submitter.join().unwrap();
    }
    assert_eq!((pool.threads(), pool.queue_len()), (3, 1));
    drop(closed);
    pool.wait_idle();
}

/// The one that is cancelled, or whose time is over, may have taken the signal for the place.
fn a_place_is_not_lost_with_a_submitter_that_is_cancelled_or_late() {
    let (pool, closed) = busy_pool(1);
    let ran = Arc::new(AtomicUsize::new(0));
    pool.execute(adds_one(&ran)).unwrap();
    let token = CancelToken::new();
    let left = thread::spawn({
        let (pool, token, task) = (Arc::clone(&pool), token.clone(), adds_one(&ran));
        move || usize::from(pool.execute_with(&token, task).is_err())
    });
    let late = thread::spawn({
        let (pool, task) = (Arc::clone(&pool), adds_one(&ran));
        move || usize::from(pool.execute_timeout(task, SOME_TIME).is_err())
    });
    let stays = thread::spawn({
        let (pool, task) = (Arc::clone(&pool), adds_one(&ran));
        move || pool.execute(task).unwrap()
    });
    until_asleep(3); // the worker, too, and all but the one that is late
    drop(closed);
    token.cancel();
    stays.join().unwrap();
    let gone = left.join().unwrap() + late.join().unwrap();
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst) + gone + pool.stats().cancelled, 4);
}

/// Wants three workers when the queue is full, and otherwise none.
#[derive(Debug)]
struct Three;

impl Scaling for Three {
    fn wanted(&self, moment: Moment, _load: &Load) -> usize {
        if moment == Moment::Full { 3 } else { 0 }
    }
}

/// Two workers are missing, one is started, and while the other gets its name there may be no more.
/// The one that has been started has begun by then.
fn a_task_is_given_to_no_worker_that_has_begun() {
    let place: Arc<Mutex<Option<Arc<Pool>>>> = Arc::default();
    let owner = Arc::clone(&place);
    let name = move |number| {
        let pool = owner.lock().take();
        match pool {
            Some(pool) if number == 3 => pool.resize(1..=2).unwrap(),
            pool => *owner.lock() = pool,
        }
        format!("worker-{number}")
    };
    let (begin, begun) = Gate::new();
    let (closed, gate) = Gate::new();
    let pool = Pool::builder().threads(1..=3).queue_capacity(2);
    let pool = Arc::new(pool.thread_name(name).scaling(Three).build().unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let first = move || {
        drop(begin);
        gate.pass();
    };
    pool.execute(first).unwrap();
    begun.pass();
    pool.execute(adds_one(&ran)).unwrap();
    pool.execute(adds_one(&ran)).unwrap();
    *place.lock() = Some(Arc::clone(&pool));
    let _ = pool.try_execute(adds_one(&ran));
    drop(closed);
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst) + 1, pool.stats().accepted);
}

/// Two submitters find a pool without workers, and each makes a name for one with the lock open.
fn two_submitters_that_name_a_worker_start_no_more_than_may_be() {
    let name = |number| {
        thread::yield_now();
        format!("worker-{number}")
    };
    let pool = Pool::builder().threads(0..=1).thread_name(name);
    let (pool, ran) = (
        Arc::new(pool.build().unwrap()),
        Arc::new(AtomicUsize::new(0)),
    );
    let other = thread::spawn({
        let (pool, ran) = (Arc::clone(&pool), Arc::clone(&ran));
        move || pool.execute(adds_one(&ran)).unwrap()
    });
    pool.execute(adds_one(&ran)).unwrap();
    other.join().unwrap();
    pool.wait_idle();
    assert_eq!((ran.load(SeqCst), pool.stats().peak), (2, 1));
}
