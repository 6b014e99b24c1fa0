//! Law 4, where a submitter is woken for many places at a time, and for a single one only when it
//! has been patient for long enough.
//!
//! A queued task here often waits for what its submitter does next, so it frees one place and no
//! more. A topic of v4.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Sender, bounded};
use model_schedule::models;
use pool::{CancelToken, Pool, Reason, Rejected, Task};

use crate::common::{SOME_TIME, adds_one};

models![
    a_task_waits_for_the_next_submission_of_its_submitter,
    a_batch_goes_on_although_its_first_task_waits_for_its_end,
    each_of_two_that_wait_gets_a_place_from_one_task,
    two_that_wait_get_one_place_after_the_other,
    a_single_place_is_not_lost_with_one_that_is_late_or_cancelled,
    two_that_wait_are_refused_or_let_in_by_a_pool_that_stops,
    those_that_wait_are_let_in_beside_those_that_do_not,
];

/// A pool with one worker, and as many tasks as there are places. The first one waits for so many
/// messages, so the worker frees one place when it takes that, and no more.
fn full_pool(capacity: usize, messages: usize, ran: &Arc<AtomicUsize>) -> (Arc<Pool>, Sender<()>) {
    let pool = Arc::new(Pool::new(1, capacity).unwrap());
    let (tell, told) = bounded(8);
    let first = move || (0..messages).for_each(|_| told.recv().unwrap());
    pool.execute(first).unwrap();
    for _ in 1..capacity {
        pool.execute(adds_one(ran)).unwrap();
    }
    (pool, tell)
}

/// Another thread that submits a task, and tells when that is accepted. How many were refused, for
/// one of these reasons?
fn submits(
    submit: impl FnOnce() -> Result<(), Rejected> + Send + 'static,
    tell: &Sender<()>,
    reasons: &'static [Reason],
) -> JoinHandle<usize> {
    let tell = tell.clone();
    thread::spawn(move || match submit() {
        Ok(()) => {
            let _ = tell.send(());
            0
        }
        Err(rejected) => {
            assert!(reasons.contains(&rejected.reason()), "{rejected}");
            1
        }
    })
}

/// Everything has run that was not refused.
fn check(pool: &Pool, ran: &Arc<AtomicUsize>) {
    pool.wait_idle();
    let stats = pool.stats();
    assert_eq!((stats.queued, stats.running), (0, 0));
    assert_eq!(stats.completed + stats.cancelled, stats.accepted);
    assert_eq!(ran.load(SeqCst) + 1, stats.completed);
}

/// The worker takes the first task, and so frees one place of several. It goes on when the last
/// task has been accepted.
fn a_task_waits_for_the_next_submission_of_its_submitter() {
    for capacity in [1, 2, 4] {
        let ran = Arc::new(AtomicUsize::new(0));
        let (pool, tell) = full_pool(capacity, 1, &ran);
        pool.execute(adds_one(&ran)).unwrap();
        tell.send(()).unwrap();
        check(&pool, &ran);
    }
}

fn a_batch_goes_on_although_its_first_task_waits_for_its_end() {
    for capacity in [2, 4] {
        let pool = Pool::new(1, capacity).unwrap();
        let ran = Arc::new(AtomicUsize::new(0));
        let (tell, told) = bounded(1);
        let mut tasks = vec![Task::from(move || told.recv().unwrap())];
        tasks.extend((0..capacity).map(|_| Task::from(adds_one(&ran))));
        pool.execute_batch(tasks).unwrap();
        tell.send(()).unwrap();
        check(&pool, &ran);
    }
}

/// The first task frees a place, and waits until both are let in. So the second one gets the place
/// of another task: there are two workers.
fn each_of_two_that_wait_gets_a_place_from_one_task() {
    for capacity in [1, 4] {
        let ran = Arc::new(AtomicUsize::new(0));
        let (pool, tell) = full_pool(capacity, 2, &ran);
        pool.resize(2).unwrap();
        let submitters = [(); 2].map(|()| {
            let (pool, task) = (Arc::clone(&pool), adds_one(&ran));
            submits(move || pool.execute(task), &tell, &[])
        });
        for submitter in submitters {
            assert_eq!(submitter.join().unwrap(), 0);
        }
        check(&pool, &ran);
    }
}

/// Each of the first two tasks frees a place when it begins, and ends when that has been taken.
fn two_that_wait_get_one_place_after_the_other() {
    let pool = Arc::new(Pool::new(1, 4).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let (tell, told) = bounded(8);
    for _ in 0..2 {
        let told = told.clone();
        pool.execute(move || told.recv().unwrap()).unwrap();
    }
    for _ in 0..2 {
        pool.execute(adds_one(&ran)).unwrap();
    }
    let submitters = [(); 2].map(|()| {
        let (pool, task) = (Arc::clone(&pool), adds_one(&ran));
        submits(move || pool.execute(task), &tell, &[])
    });
    for submitter in submitters {
        assert_eq!(submitter.join().unwrap(), 0);
    }
    pool.wait_idle();
    assert_eq!((ran.load(SeqCst), pool.stats().completed), (4, 6));
}

/// Whichever of three submitters gets the one place, the first task goes on.
fn a_single_place_is_not_lost_with_one_that_is_late_or_cancelled() {
    for capacity in [1, 2] {
        let ran = Arc::new(AtomicUsize::new(0));
        let (pool, tell) = full_pool(capacity, 1, &ran);
        let token = CancelToken::new();
        let cancelled = {
            let (pool, token, task) = (Arc::clone(&pool), token.clone(), adds_one(&ran));
            let submit = move || pool.execute_with(&token, task);
            submits(submit, &tell, &[Reason::Cancelled])
        };
        let late = {
            let (pool, task) = (Arc::clone(&pool), adds_one(&ran));
            let submit = move || pool.execute_timeout(task, SOME_TIME);
            submits(submit, &tell, &[Reason::Timeout])
        };
        let stays = {
            let (pool, task) = (Arc::clone(&pool), adds_one(&ran));
            submits(move || pool.execute(task), &tell, &[])
        };
        token.cancel();
        assert_eq!(stays.join().unwrap(), 0);
        cancelled.join().unwrap();
        late.join().unwrap();
        check(&pool, &ran);
    }
}

fn two_that_wait_are_refused_or_let_in_by_a_pool_that_stops() {
    for (capacity, hand_back) in [(1, true), (2, false), (4, true)] {
        let ran = Arc::new(AtomicUsize::new(0));
        let (pool, tell) = full_pool(capacity, 1, &ran);
        let submitters = [(); 2].map(|()| {
            let (pool, task) = (Arc::clone(&pool), adds_one(&ran));
            submits(move || pool.execute(task), &tell, &[Reason::ShutDown])
        });
        let stopper = thread::spawn({
            let pool = Arc::clone(&pool);
            move || {
                if hand_back {
                    pool.shutdown_now().into_iter().for_each(Task::run);
                } else {
                    pool.shutdown();
                }
            }
        });
        let _ = tell.send(()); // or one of them has told already, and the first task is over
        let refused = submitters.map(|one| one.join().unwrap());
        stopper.join().unwrap();
        pool.shutdown();
        let stats = pool.stats();
        assert_eq!(stats.completed + stats.returned, stats.accepted);
        assert_eq!(stats.accepted, capacity + 2 - refused.iter().sum::<usize>());
        assert_eq!((pool.queue_len(), Arc::strong_count(&ran)), (0, 1));
    }
}

/// They take places that those that wait have been woken for.
fn those_that_wait_are_let_in_beside_those_that_do_not() {
    for capacity in [1, 2] {
        let ran = Arc::new(AtomicUsize::new(0));
        let (pool, tell) = full_pool(capacity, 1, &ran);
        let submitters = [(); 2].map(|()| {
            let (pool, task) = (Arc::clone(&pool), adds_one(&ran));
            submits(move || pool.execute(task), &tell, &[])
        });
        for _ in 0..3 {
            if pool.try_execute(adds_one(&ran)).is_ok() {
                let _ = tell.send(());
            }
        }
        for submitter in submitters {
            assert_eq!(submitter.join().unwrap(), 0);
        }
        check(&pool, &ran);
    }
}
