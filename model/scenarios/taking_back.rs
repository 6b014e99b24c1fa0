//! Claim-on-join at the ends of a queue: the joiner takes its task out of its own queue there, and
//! leaves a tombstone everywhere else, while thieves take from the front. A topic of v5.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;
use std::thread;

use crossbeam_channel::bounded;
use model_schedule::models;
use pool::{JoinHandle, Pool, Stealing};

use crate::adding_up::looks;
use crate::common::adds_one;
use crate::one_state::look;
use crate::unlocked::look_beside_nested;

models![
    a_joiner_takes_both_ends_while_thieves_take_the_front,
    a_joiner_takes_an_end_while_what_is_beside_it_is_cancelled,
    a_joiner_finds_its_task_at_an_end_once_a_tombstone_is_gone,
    a_joiner_takes_an_end_while_its_task_is_cancelled,
    counts_add_up_while_tasks_run_on_top_of_others,
];

/// What is true once nothing is left to do.
fn check(pool: &Pool, ran: &Arc<AtomicUsize>, runs: usize, accepted: usize) {
    pool.wait_idle();
    let stats = pool.stats();
    assert_eq!((ran.load(SeqCst), Arc::strong_count(ran)), (runs, 1));
    assert_eq!((look(stats), stats.accepted), (accepted, accepted));
    assert_eq!((stats.queued, stats.running), (0, 0));
}

/// The newest first, then the oldest. What is between them is nobody else's to take out. Half of it
/// all, or one, may have been stolen by then, or be moved at this moment.
fn a_joiner_takes_both_ends_while_thieves_take_the_front() {
    for (workers, stealing) in [(2, Stealing::Half), (3, Stealing::One), (1, Stealing::Off)] {
        let pool = Pool::builder().threads(workers).stealing(stealing);
        let pool = Arc::new(pool.build().unwrap());
        let ran = Arc::new(AtomicUsize::new(0));
        let (own, count) = (Arc::clone(&pool), Arc::clone(&ran));
        let task = move || {
            let first = own.spawn(adds_one(&count)).unwrap();
            own.execute(adds_one(&count)).unwrap();
            let third = own.spawn(adds_one(&count)).unwrap();
            [third, first].map(|handle| handle.join().unwrap())
        };
        pool.spawn(task).unwrap().join().unwrap();
        check(&pool, &ran, 3, 4);
    }
}

/// By a thread that is no worker. What it cancels may be at the end by now, or in another queue.
fn a_joiner_takes_an_end_while_what_is_beside_it_is_cancelled() {
    let (hand_over, handed_over) = bounded::<JoinHandle<()>>(1);
    let canceller = thread::spawn(move || {
        let handle = handed_over.recv().unwrap();
        usize::from(handle.cancel())
    });
    let pool = Arc::new(Pool::new(2, 4).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let (own, count) = (Arc::clone(&pool), Arc::clone(&ran));
    let task = move || {
        let [first, second, third] = [(); 3].map(|()| own.spawn(adds_one(&count)).unwrap());
        hand_over.send(second).unwrap();
        third.join().unwrap();
        first.join().unwrap();
    };
    pool.spawn(task).unwrap().join().unwrap();
    let cancelled = canceller.join().unwrap();
    check(&pool, &ran, 3 - cancelled, 4);
    assert_eq!(pool.stats().cancelled, cancelled);
}

/// With one place, every second tombstone has the queues swept, while somebody steals.
fn a_joiner_finds_its_task_at_an_end_once_a_tombstone_is_gone() {
    for workers in [1, 2] {
        let pool = Arc::new(Pool::new(workers, 1).unwrap());
        let ran = Arc::new(AtomicUsize::new(0));
        let (own, count) = (Arc::clone(&pool), Arc::clone(&ran));
        let task = move || {
            let [first, second, third, last] =
                [(); 4].map(|()| own.spawn(adds_one(&count)).unwrap());
            // Two tombstones in the middle, and then the ends.
            [third, second, first, last].map(|handle| handle.join().unwrap())
        };
        pool.spawn(task).unwrap().join().unwrap();
        check(&pool, &ran, 4, 5);
    }
}

/// A token is cancelled, so the joiner takes it out, and does not run it.
fn a_joiner_takes_an_end_while_its_task_is_cancelled() {
    let pool = Arc::new(Pool::new(2, 4).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let group = Arc::new(pool.group());
    let (own, count) = (Arc::clone(&group), Arc::clone(&ran));
    let task = move || {
        let Ok(child) = own.spawn(adds_one(&count)) else {
            return (0, 0);
        };
        match child.join() {
            Ok(()) => (1, 1),
            Err(error) => (1, usize::from(!error.is_cancelled())),
        }
    };
    let task = pool.spawn(task).unwrap();
    group.cancel();
    let (accepted, runs) = task.join().unwrap();
    let report = group.wait();
    assert_eq!(
        (report.completed, report.cancelled),
        (runs, accepted - runs)
    );
    check(&pool, &ran, runs, 1 + accepted);
}

/// One that is joined counts as taken before it is gone from its queue, and its worker runs one
/// task all the time.
fn counts_add_up_while_tasks_run_on_top_of_others() {
    let pool = Arc::new(Pool::new(2, 2).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let observer = looks(&pool, look_beside_nested);
    let (own, count) = (Arc::clone(&pool), Arc::clone(&ran));
    let task = move || {
        let inner = Arc::clone(&own);
        let child = own.spawn(move || inner.spawn(adds_one(&count)).unwrap().join().unwrap());
        child.unwrap().join().unwrap();
    };
    pool.spawn(task).unwrap().join().unwrap();
    observer.join().unwrap();
    check(&pool, &ran, 1, 3);
}
