//! Laws 1 to 4, for batches: what is accepted and what comes back are the whole batch, and places
//! bound it.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use model_schedule::models;
use pool::{Pool, Reason, RejectedBatch, Stealing, Task};

use crate::common::{Gate, adds_one, busy_pool};

models![
    a_batch_is_accepted_or_handed_back_by_a_pool_that_stops,
    a_batch_is_run_or_handed_back_by_a_pool_that_hands_back,
    a_batch_is_run_or_called_off_with_its_group,
    a_batch_larger_than_the_queue_waits_for_places,
    two_batches_wait_for_the_same_places,
    a_batch_waits_beside_a_task,
    a_batch_takes_the_places_that_there_are_and_no_more,
    a_batch_is_spread_over_workers_that_do_not_steal,
    a_batch_finds_a_worker_although_all_may_leave,
];

/// A batch of so many tasks, each of which adds one.
fn batch(ran: &Arc<AtomicUsize>, tasks: usize) -> Vec<Task> {
    (0..tasks).map(|_| Task::from(adds_one(ran))).collect()
}

/// How many tasks of a batch were accepted. The others have come back, for this reason.
fn accepted(result: Result<usize, RejectedBatch>, tasks: usize, reason: Reason) -> usize {
    match result {
        Ok(accepted) => {
            assert_eq!(accepted, tasks);
            accepted
        }
        Err(rejected) => {
            assert_eq!(rejected.reason(), reason);
            let accepted = rejected.accepted();
            assert_eq!(accepted + rejected.into_tasks().len(), tasks);
            accepted
        }
    }
}

/// Another thread that submits a batch, and returns how many were accepted.
fn submits(
    pool: &Arc<Pool>,
    ran: &Arc<AtomicUsize>,
    tasks: usize,
    reason: Reason,
) -> JoinHandle<usize> {
    let (pool, batch) = (Arc::clone(pool), batch(ran, tasks));
    thread::spawn(move || accepted(pool.execute_batch(batch), tasks, reason))
}

fn a_batch_is_accepted_or_handed_back_by_a_pool_that_stops() {
    let pool = Arc::new(Pool::new(2, 2).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let submitters = [3, 2].map(|tasks| submits(&pool, &ran, tasks, Reason::ShutDown));
    pool.shutdown();
    let accepted = submitters.map(|submitter| submitter.join().unwrap());
    let accepted = accepted.iter().sum::<usize>();
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (accepted, 1));
    assert_eq!(pool.stats().accepted, accepted);
}

fn a_batch_is_run_or_handed_back_by_a_pool_that_hands_back() {
    let pool = Arc::new(Pool::new(2, 2).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let submitter = submits(&pool, &ran, 4, Reason::ShutDown);
    let back = pool.shutdown_now().len();
    let accepted = submitter.join().unwrap();
    pool.shutdown();
    let stats = pool.stats();
    assert_eq!((stats.accepted, stats.returned), (accepted, back));
    assert_eq!(
        (ran.load(SeqCst), Arc::strong_count(&ran)),
        (accepted - back, 1)
    );
}

fn a_batch_is_run_or_called_off_with_its_group() {
    let pool = Arc::new(Pool::new(1, 2).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let group = Arc::new(pool.group());
    let canceller = thread::spawn({
        let group = Arc::clone(&group);
        move || group.cancel()
    });
    let accepted = accepted(group.execute_batch(batch(&ran, 4)), 4, Reason::Cancelled);
    let report = group.wait();
    assert_eq!(report.completed + report.cancelled, accepted);
    assert_eq!(
        (ran.load(SeqCst), Arc::strong_count(&ran)),
        (report.completed, 1)
    );
    canceller.join().unwrap();
}

fn a_batch_larger_than_the_queue_waits_for_places() {
    for capacity in [1, 2] {
        let pool = Pool::new(2, capacity).unwrap();
        let ran = Arc::new(AtomicUsize::new(0));
        assert_eq!(pool.execute_batch(batch(&ran, 4)).unwrap(), 4);
        pool.wait_idle();
        assert_eq!(ran.load(SeqCst), 4);
    }
}

fn two_batches_wait_for_the_same_places() {
    let (pool, closed) = busy_pool(2);
    let ran = Arc::new(AtomicUsize::new(0));
    let submitters = [(); 2].map(|()| submits(&pool, &ran, 3, Reason::ShutDown));
    drop(closed);
    let accepted = submitters.map(|submitter| submitter.join().unwrap());
    pool.wait_idle();
    assert_eq!((accepted, ran.load(SeqCst)), ([3, 3], 6));
}

/// The batch takes several places at once, and whoever else waits gets what it leaves.
fn a_batch_waits_beside_a_task() {
    let (pool, closed) = busy_pool(2);
    let ran = Arc::new(AtomicUsize::new(0));
    pool.execute_batch(batch(&ran, 2)).unwrap();
    let submitter = submits(&pool, &ran, 2, Reason::ShutDown);
    let other = thread::spawn({
        let (pool, task) = (Arc::clone(&pool), adds_one(&ran));
        move || pool.execute(task).unwrap()
    });
    drop(closed);
    other.join().unwrap();
    assert_eq!(submitter.join().unwrap(), 2);
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 5);
}

fn a_batch_takes_the_places_that_there_are_and_no_more() {
    let pool = Arc::new(Pool::new(1, 2).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let (closed, gate) = Gate::new();
    let submitters = [(); 2].map(|()| {
        let (pool, gate) = (Arc::clone(&pool), gate.clone());
        thread::spawn(move || {
            let tasks = [(); 3].map(|()| {
                let gate = gate.clone();
                move || gate.pass()
            });
            let accepted = accepted(pool.try_execute_batch(tasks), 3, Reason::Full);
            assert!(pool.queue_len() <= 2);
            accepted
        })
    });
    let accepted = submitters.map(|submitter| submitter.join().unwrap());
    let accepted = accepted.iter().sum::<usize>();
    assert!((2..=3).contains(&accepted), "one runs, two are queued");
    drop(closed);
    pool.execute(adds_one(&ran)).unwrap();
    pool.wait_idle();
    assert_eq!(pool.stats().completed, accepted + 1);
}

fn a_batch_is_spread_over_workers_that_do_not_steal() {
    let pool = Pool::builder().threads(2).stealing(Stealing::Off);
    let pool = Arc::new(pool.build().unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let submitter = submits(&pool, &ran, 3, Reason::ShutDown);
    pool.execute_batch(batch(&ran, 2)).unwrap();
    assert_eq!(submitter.join().unwrap(), 3);
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 5);
}

fn a_batch_finds_a_worker_although_all_may_leave() {
    let pool = Pool::builder().threads(0..=2);
    let pool = pool.idle_timeout(crate::common::SOME_TIME).build().unwrap();
    let ran = Arc::new(AtomicUsize::new(0));
    for tasks in [2, 4] {
        pool.execute_batch(batch(&ran, 2)).unwrap();
        pool.wait_idle();
        assert_eq!(ran.load(SeqCst), tasks);
    }
}
