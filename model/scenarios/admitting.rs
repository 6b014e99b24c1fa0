//! Law 4, from the first version that has signals of its own for those that wait: each place that
//! comes free is found by one of them. Only one is woken at a time, and sees to the next.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::fmt;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use model_schedule::{models, until_asleep};
use pool::{CancelToken, Load, Moment, Pool, Reason, Scaling};

use crate::common::{Closed, Gate, SOME_TIME, adds_one};

models![
    places_that_come_free_one_after_the_other_let_in_all_who_wait,
    places_that_come_free_at_once_let_in_all_who_wait,
    each_of_two_places_lets_in_one_although_nothing_else_happens,
    a_place_is_not_lost_with_somebody_whose_time_is_over,
    a_place_is_not_lost_with_somebody_whose_token_is_cancelled,
    a_place_is_not_lost_with_somebody_who_was_overtaken,
    a_place_is_not_lost_with_somebody_who_asks_for_a_worker,
    a_pool_that_hands_back_refuses_all_who_wait,
];

/// A pool of so many workers, busy until what is returned is dropped, and of so many queued tasks.
fn busy_pool(
    workers: usize,
    capacity: usize,
    queued: usize,
    ran: &Arc<AtomicUsize>,
) -> (Arc<Pool>, Closed) {
    let pool = Arc::new(Pool::new(workers, capacity).unwrap());
    let closed = fill(&pool, workers, queued, ran);
    (pool, closed)
}

/// A pool of so many workers, all busy, with a full queue.
fn full_pool(workers: usize, capacity: usize, ran: &Arc<AtomicUsize>) -> (Arc<Pool>, Closed) {
    busy_pool(workers, capacity, capacity, ran)
}

fn fill(pool: &Pool, workers: usize, queued: usize, ran: &Arc<AtomicUsize>) -> Closed {
    let (closed, gate) = Gate::new();
    for _ in 0..workers {
        let (begin, begun) = Gate::new();
        let gate = gate.clone();
        let task = move || {
            drop(begin);
            gate.pass();
        };
        pool.execute(task).unwrap();
        begun.pass();
    }
    for _ in 0..queued {
        pool.try_execute(adds_one(ran)).unwrap();
    }
    closed
}

fn waits(pool: &Arc<Pool>, ran: &Arc<AtomicUsize>) -> JoinHandle<()> {
    let (pool, task) = (Arc::clone(pool), adds_one(ran));
    thread::spawn(move || pool.execute(task).unwrap())
}

/// All submitters have got a place, and everything has run.
fn check<const N: usize>(
    pool: &Pool,
    ran: &Arc<AtomicUsize>,
    tasks: usize,
    who: [JoinHandle<()>; N],
) {
    for submitter in who {
        submitter.join().unwrap();
    }
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), tasks);
}

fn places_that_come_free_one_after_the_other_let_in_all_who_wait() {
    let ran = Arc::new(AtomicUsize::new(0));
    let (pool, closed) = full_pool(1, 1, &ran);
    let submitters = [(); 3].map(|()| waits(&pool, &ran));
    until_asleep(4); // the worker, too
    drop(closed);
    check(&pool, &ran, 4, submitters);
}

fn places_that_come_free_at_once_let_in_all_who_wait() {
    let ran = Arc::new(AtomicUsize::new(0));
    let (pool, closed) = full_pool(2, 2, &ran);
    let submitters = [(); 2].map(|()| waits(&pool, &ran));
    until_asleep(4); // the workers, too
    drop(closed);
    check(&pool, &ran, 4, submitters);
}

/// The tasks that free the places do not end before both have got one. So there is no later place
/// to make up for one of these.
fn each_of_two_places_lets_in_one_although_nothing_else_happens() {
    let ran = Arc::new(AtomicUsize::new(0));
    let (pool, closed) = busy_pool(2, 2, 0, &ran);
    let (all_closed, gate) = Gate::new();
    for _ in 0..2 {
        let gate = gate.clone();
        pool.try_execute(move || gate.pass()).unwrap();
    }
    let submitters = [(); 2].map(|()| waits(&pool, &ran));
    until_asleep(4); // the workers, too
    drop(closed);
    for submitter in submitters {
        submitter.join().unwrap();
    }
    drop(all_closed);
    check(&pool, &ran, 2, []);
}

/// It may have been woken for the place, or for one of two.
fn a_place_is_not_lost_with_somebody_whose_time_is_over() {
    let (ran, late) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (pool, closed) = full_pool(2, 2, &ran);
    let hasty = [(); 2].map(|()| {
        let (pool, task, late) = (Arc::clone(&pool), adds_one(&ran), Arc::clone(&late));
        thread::spawn(move || {
            if let Err(rejected) = pool.execute_timeout(task, SOME_TIME) {
                assert_eq!(rejected.reason(), Reason::Timeout);
                late.fetch_add(1, SeqCst);
            }
        })
    });
    let patient = waits(&pool, &ran);
    drop(closed);
    hasty.into_iter().for_each(|one| one.join().unwrap());
    check(&pool, &ran, 5 - late.load(SeqCst), [patient]);
}

fn a_place_is_not_lost_with_somebody_whose_token_is_cancelled() {
    let (ran, left) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (pool, closed) = full_pool(1, 1, &ran);
    let token = CancelToken::new();
    let cancelled = thread::spawn({
        let (pool, token, left) = (Arc::clone(&pool), token.clone(), Arc::clone(&left));
        let task = adds_one(&ran);
        move || match pool.execute_with(&token, task) {
            Ok(()) => (),
            Err(rejected) => {
                assert_eq!(rejected.reason(), Reason::Cancelled);
                left.fetch_add(1, SeqCst);
            }
        }
    });
    let patient = waits(&pool, &ran);
    until_asleep(3); // the worker, too
    drop(closed);
    token.cancel();
    cancelled.join().unwrap();
    patient.join().unwrap();
    pool.wait_idle();
    assert_eq!(
        ran.load(SeqCst) + left.load(SeqCst) + pool.stats().cancelled,
        3
    );
}

/// One that does not wait takes the place before the one that was woken for it.
fn a_place_is_not_lost_with_somebody_who_was_overtaken() {
    let ran = Arc::new(AtomicUsize::new(0));
    let (pool, closed) = full_pool(1, 1, &ran);
    let submitters = [(); 2].map(|()| waits(&pool, &ran));
    until_asleep(3); // the worker, too
    drop(closed);
    let overtakes = (0..3).filter(|_| pool.try_execute(adds_one(&ran)).is_ok());
    let overtakers = overtakes.count();
    check(&pool, &ran, 3 + overtakers, submitters);
}

/// Wants no worker, and lets others go on while it thinks about it.
struct Thinks;

impl fmt::Debug for Thinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Thinks")
    }
}

impl Scaling for Thinks {
    fn wanted(&self, _moment: Moment, _load: &Load) -> usize {
        thread::yield_now();
        0
    }
}

/// The signal comes while it neither sleeps nor looks for a place.
fn a_place_is_not_lost_with_somebody_who_asks_for_a_worker() {
    let ran = Arc::new(AtomicUsize::new(0));
    let pool = Pool::builder().threads(1..=2).queue_capacity(1);
    let pool = Arc::new(pool.scaling(Thinks).build().unwrap());
    let closed = fill(&pool, 1, 1, &ran);
    let submitters = [(); 2].map(|()| waits(&pool, &ran));
    drop(closed);
    check(&pool, &ran, 3, submitters);
}

fn a_pool_that_hands_back_refuses_all_who_wait() {
    let ran = Arc::new(AtomicUsize::new(0));
    let (pool, closed) = full_pool(1, 2, &ran);
    let submitters = [(); 2].map(|()| {
        let (pool, task) = (Arc::clone(&pool), adds_one(&ran));
        thread::spawn(move || pool.execute(task).unwrap_err().reason())
    });
    assert_eq!(pool.shutdown_now().len(), 2);
    for submitter in submitters {
        assert_eq!(submitter.join().unwrap(), Reason::ShutDown);
    }
    drop(closed);
    pool.wait_idle();
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (0, 1));
}
