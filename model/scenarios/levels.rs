//! What the priority branch adds: each level has its own places, and no level is forgotten.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use model_schedule::{models, until_asleep};
use pool::{CancelToken, Pool, Priority, Reason, Rejected, Task};

use crate::common::{Gate, SOME_TIME, adds_one, busy_pool};

models![
    every_task_finds_a_worker_whatever_its_level,
    each_of_two_tasks_wakes_a_worker_although_one_is_being_woken,
    submitters_that_wait_for_two_levels_get_their_places,
    a_place_of_one_level_is_not_lost_with_a_submitter_of_another,
    levels_that_are_submitted_to_while_a_pool_closes_lose_nothing,
    submitters_of_two_levels_are_accepted_or_refused_by_a_shutdown,
    tasks_of_two_levels_run_or_are_handed_back,
    tasks_of_two_levels_run_or_are_cancelled,
    a_cancel_finds_its_submitter_among_those_of_two_levels,
    a_submitter_that_is_cancelled_as_its_place_comes_free_passes_the_signal_on,
    tasks_of_one_level_start_in_the_order_of_their_submission,
    a_task_is_overtaken_by_no_more_than_the_bound_whoever_submits,
];

const TWO: [Priority; 2] = [Priority::Low, Priority::High];

fn counts(ran: &Arc<AtomicUsize>, level: Priority) -> Task {
    Task::from(adds_one(ran)).at(level)
}

type Submitter = JoinHandle<Result<(), Rejected>>;

/// Threads that each submit a task of their level, and wait for a place.
fn submitters<const N: usize>(
    pool: &Arc<Pool>,
    ran: &Arc<AtomicUsize>,
    levels: [Priority; N],
) -> [Submitter; N] {
    levels.map(|level| {
        let (pool, task) = (Arc::clone(pool), counts(ran, level));
        thread::spawn(move || pool.execute(task))
    })
}

/// A pool whose only worker is busy, with one place for each level, and no place is free.
fn full_pool(ran: &Arc<AtomicUsize>) -> (Arc<Pool>, crate::common::Closed) {
    let (pool, closed) = busy_pool(1);
    for level in TWO {
        pool.try_execute(counts(ran, level)).unwrap();
    }
    (pool, closed)
}

/// Who wakes a worker counts it, and who takes a task need not be the one that was woken.
fn every_task_finds_a_worker_whatever_its_level() {
    let ran = Arc::new(AtomicUsize::new(0));
    let pool = Arc::new(Pool::new(2, 1).unwrap());
    let submitters = submitters(&pool, &ran, TWO);
    pool.execute(adds_one(&ran)).unwrap();
    for submitter in submitters {
        submitter.join().unwrap().unwrap();
    }
    // Not a shutdown, which would wake all workers.
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 3);
}

/// The first task waits for the second, so one worker is not enough for both.
fn each_of_two_tasks_wakes_a_worker_although_one_is_being_woken() {
    let pool = Pool::new(2, 2).unwrap();
    until_asleep(2);
    let (closed, gate) = Gate::new();
    let first = Task::from(move || gate.pass());
    pool.execute(first.at(Priority::High)).unwrap();
    let second = Task::from(move || drop(closed));
    pool.execute(second.at(Priority::Low)).unwrap();
    pool.wait_idle();
}

/// Were there one signal for both, the place of one level could wake the submitter of the other.
fn submitters_that_wait_for_two_levels_get_their_places() {
    let ran = Arc::new(AtomicUsize::new(0));
    let (pool, closed) = full_pool(&ran);
    let submitters = submitters(&pool, &ran, TWO);
    until_asleep(3); // the worker, too
    drop(closed);
    for submitter in submitters {
        submitter.join().unwrap().unwrap();
    }
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 4);
}

/// Two submitters of one level: the one whose time is over has to pass on what it was woken for.
fn a_place_of_one_level_is_not_lost_with_a_submitter_of_another() {
    let ran = Arc::new(AtomicUsize::new(0));
    let (pool, closed) = full_pool(&ran);
    let patient = submitters(&pool, &ran, TWO);
    let hasty = TWO.map(|level| {
        let (pool, task) = (Arc::clone(&pool), counts(&ran, level));
        thread::spawn(move || pool.execute_timeout(task, SOME_TIME).is_ok())
    });
    drop(closed);
    for submitter in patient {
        submitter.join().unwrap().unwrap();
    }
    let in_time = hasty.map(|submitter| usize::from(submitter.join().unwrap()));
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 4 + in_time.iter().sum::<usize>());
}

fn levels_that_are_submitted_to_while_a_pool_closes_lose_nothing() {
    let ran = Arc::new(AtomicUsize::new(0));
    let pool = Arc::new(Pool::new(1, 1).unwrap());
    let submitters = TWO.map(|level| {
        let (pool, ran) = (Arc::clone(&pool), Arc::clone(&ran));
        thread::spawn(move || {
            let accepted = (0..2).filter(|_| pool.execute(counts(&ran, level)).is_ok());
            accepted.count()
        })
    });
    pool.shutdown();
    let accepted: usize = submitters
        .map(|submitter| submitter.join().unwrap())
        .iter()
        .sum();
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (accepted, 1));
}

fn submitters_of_two_levels_are_accepted_or_refused_by_a_shutdown() {
    let ran = Arc::new(AtomicUsize::new(0));
    let (pool, closed) = full_pool(&ran);
    let submitters = submitters(&pool, &ran, TWO);
    let closing = thread::spawn({
        let pool = Arc::clone(&pool);
        move || pool.shutdown()
    });
    drop(closed);
    let mut accepted = 2;
    for submitter in submitters {
        match submitter.join().unwrap() {
            Ok(()) => accepted += 1,
            Err(rejected) => assert_eq!(rejected.reason(), Reason::ShutDown),
        }
    }
    closing.join().unwrap();
    assert_eq!((ran.load(SeqCst), pool.queue_len()), (accepted, 0));
}

fn tasks_of_two_levels_run_or_are_handed_back() {
    let ran = Arc::new(AtomicUsize::new(0));
    let pool = Arc::new(Pool::new(1, 1).unwrap());
    let submitters = submitters(&pool, &ran, TWO);
    let returned = pool.shutdown_now();
    let accepted = submitters.map(|submitter| usize::from(submitter.join().unwrap().is_ok()));
    pool.shutdown();
    let accepted = accepted.iter().sum::<usize>();
    assert_eq!(ran.load(SeqCst) + returned.len(), accepted);
    let levels: Vec<_> = returned.iter().map(Task::priority).collect();
    assert!(levels.iter().rev().is_sorted(), "{levels:?}");
}

fn tasks_of_two_levels_run_or_are_cancelled() {
    let ran = Arc::new(AtomicUsize::new(0));
    let pool = Arc::new(Pool::new(1, 1).unwrap());
    let token = CancelToken::new();
    let submitters = TWO.map(|level| {
        let (pool, token, task) = (Arc::clone(&pool), token.clone(), counts(&ran, level));
        thread::spawn(move || usize::from(pool.execute_with(&token, task).is_ok()))
    });
    token.cancel();
    let accepted = submitters.map(|submitter| submitter.join().unwrap());
    pool.wait_idle();
    let stats = pool.stats();
    assert_eq!(stats.completed, ran.load(SeqCst));
    assert_eq!(
        stats.completed + stats.cancelled,
        accepted.iter().sum::<usize>()
    );
    assert_eq!(Arc::strong_count(&ran), 1);
}

/// The submitter that is not cancelled gets its place, whatever the other was woken for.
fn a_cancel_finds_its_submitter_among_those_of_two_levels() {
    let ran = Arc::new(AtomicUsize::new(0));
    let (pool, closed) = full_pool(&ran);
    let token = CancelToken::new();
    let cancelled = TWO.map(|level| {
        let (pool, token, task) = (Arc::clone(&pool), token.clone(), counts(&ran, level));
        thread::spawn(move || pool.execute_with(&token, task).unwrap_err().reason())
    });
    let others = submitters(&pool, &ran, TWO);
    token.cancel();
    for submitter in cancelled {
        assert_eq!(submitter.join().unwrap(), Reason::Cancelled);
    }
    drop(closed);
    for submitter in others {
        submitter.join().unwrap().unwrap();
    }
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 4);
}

/// It has taken the signal, and then it takes no place: nobody else will give another signal.
fn a_submitter_that_is_cancelled_as_its_place_comes_free_passes_the_signal_on() {
    let ran = Arc::new(AtomicUsize::new(0));
    let (pool, closed) = busy_pool(1);
    pool.try_execute(counts(&ran, Priority::High)).unwrap();
    let token = CancelToken::new();
    let cancelled = thread::spawn({
        let (pool, token, task) = (
            Arc::clone(&pool),
            token.clone(),
            counts(&ran, Priority::High),
        );
        move || usize::from(pool.execute_with(&token, task).is_ok())
    });
    let [other] = submitters(&pool, &ran, [Priority::High]);
    until_asleep(3); // the worker, too
    drop(closed);
    token.cancel();
    let accepted = cancelled.join().unwrap();
    other.join().unwrap().unwrap();
    pool.wait_idle();
    let cancelled = pool.stats().cancelled;
    assert_eq!(ran.load(SeqCst) + cancelled, 2 + accepted);
}

/// Whatever others submit meanwhile.
fn tasks_of_one_level_start_in_the_order_of_their_submission() {
    let pool = Pool::builder()
        .threads(1)
        .queue_capacity(2)
        .ageing(1)
        .build();
    let pool = Arc::new(pool.unwrap());
    let submitters = TWO.map(|level| {
        let (pool, next) = (Arc::clone(&pool), Arc::new(AtomicUsize::new(0)));
        thread::spawn(move || {
            for number in 0..3 {
                let next = Arc::clone(&next);
                let task = move || assert_eq!(next.fetch_add(1, SeqCst), number);
                pool.execute(Task::from(task).at(level)).unwrap();
            }
        })
    });
    for submitter in submitters {
        submitter.join().unwrap();
    }
    pool.wait_idle();
    assert_eq!(pool.stats().completed, 6);
}

/// A low task is accepted first. Others submit urgent ones meanwhile, and one worker takes them.
fn a_task_is_overtaken_by_no_more_than_the_bound_whoever_submits() {
    let pool = Pool::builder()
        .threads(1)
        .queue_capacity(3)
        .ageing(1)
        .build();
    let pool = Arc::new(pool.unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let (before, seen) = (Arc::clone(&ran), Arc::new(AtomicUsize::new(0)));
    let saw = Arc::clone(&seen);
    let low = Task::from(move || saw.store(before.load(SeqCst), SeqCst));
    pool.execute(low.at(Priority::Low)).unwrap();
    let others = [(); 2].map(|()| {
        let (pool, ran) = (Arc::clone(&pool), Arc::clone(&ran));
        thread::spawn(move || {
            for _ in 0..2 {
                pool.execute(counts(&ran, Priority::High)).unwrap();
            }
        })
    });
    for other in others {
        other.join().unwrap();
    }
    pool.wait_idle();
    assert!(seen.load(SeqCst) <= 2, "overtaken by {}", seen.load(SeqCst));
}
