//! Batches: many tasks at once, and what comes back of them.

mod common;
mod sleepers;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use common::{Gate, OpenOnDrop, Watchdog, adds_one, meets, until};
use sleepers::Sleepers;
use v4_dedicated_queues::{CancelToken, Pool, Reason, Stealing, Task};

const ALL: [Stealing; 3] = [Stealing::Off, Stealing::One, Stealing::Half];

/// A pool of one worker that waits at the gate.
fn busy_pool(watchdog: &Watchdog, capacity: usize) -> (Arc<Pool>, Gate) {
    let pool = watchdog.watch(Pool::new(1, capacity).unwrap());
    let gate = Gate::new();
    gate.occupy(|task| pool.execute(task).unwrap());
    (pool, gate)
}

/// Waits until so many tasks are queued: a submitter of more sleeps, or looks for a place.
fn until_queued(pool: &Pool, tasks: usize) {
    until(|| pool.queue_len() == tasks);
}

#[test]
fn every_task_of_a_batch_runs_once_however_large_it_is() {
    let watchdog = Watchdog::start();
    for stealing in ALL {
        for (threads, capacity, size) in [(1, 1, 100), (3, 7, 1000), (4, 64, 64), (2, 2000, 999)] {
            let pool = Pool::builder().threads(threads).queue_capacity(capacity);
            let pool = watchdog.watch(pool.stealing(stealing).build().unwrap());
            let runs: Vec<_> = (0..size).map(|_| Arc::new(AtomicUsize::new(0))).collect();
            assert_eq!(pool.execute_batch(runs.iter().map(adds_one)).unwrap(), size);
            assert!(pool.queue_len() <= capacity);
            pool.wait_idle();
            let once = |runs: &Arc<AtomicUsize>| runs.load(SeqCst) == 1;
            assert!(runs.iter().all(once));
            assert_eq!(pool.stats().accepted, size);
        }
    }
}

#[test]
fn an_empty_batch_is_accepted_and_does_nothing_even_by_a_pool_that_is_shut_down() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::builder().threads(0..=1).build().unwrap());
    let none: [Task; 0] = [];
    assert_eq!(pool.execute_batch(none).unwrap(), 0);
    assert_eq!(pool.try_execute_batch(Vec::<Task>::new()).unwrap(), 0);
    assert_eq!(pool.group().execute_batch(Vec::<Task>::new()).unwrap(), 0);
    assert_eq!((pool.threads(), pool.stats().accepted), (0, 0));
    pool.shutdown();
    assert_eq!(pool.execute_batch(Vec::<Task>::new()).unwrap(), 0);
}

#[test]
fn as_many_are_accepted_as_there_are_places_and_the_others_come_back_in_their_order() {
    let watchdog = Watchdog::start();
    for queued in 0..=4 {
        let (pool, gate) = busy_pool(&watchdog, 4);
        let _open = OpenOnDrop(&gate);
        (0..queued).for_each(|_| pool.execute(|| ()).unwrap());
        let ran = Arc::new(Mutex::new(Vec::new()));
        let tasks = (0..10).map(|n| {
            let ran = Arc::clone(&ran);
            move || ran.lock().unwrap().push(n)
        });
        let rejected = pool.try_execute_batch(tasks).unwrap_err();
        assert_eq!(
            (rejected.accepted(), rejected.reason()),
            (4 - queued, Reason::Full)
        );
        assert_eq!(pool.queue_len(), 4);
        let back = rejected.into_tasks();
        assert_eq!((back.len(), Arc::strong_count(&ran)), (6 + queued, 11));
        back.into_iter().for_each(Task::run);
        let refused: Vec<_> = (4 - queued..10).collect();
        assert_eq!(
            *ran.lock().unwrap(),
            refused,
            "what was refused has not run before"
        );
        gate.open();
        pool.wait_idle();
        let all = ran.lock().unwrap().iter().copied().collect::<BTreeSet<_>>();
        assert!(all.len() == 10 && Arc::strong_count(&ran) == 1);
    }
}

/// Places that came free without anybody noticing are used, too: nobody adds up the counts for each
/// task.
#[test]
fn all_places_are_used_whatever_has_been_there_before() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 10).unwrap());
    for round in 0..20 {
        (0..1 + round % 10).for_each(|_| pool.execute(|| ()).unwrap());
        pool.wait_idle();
        let gates = [Gate::new(), Gate::new()];
        let _open = gates.each_ref().map(OpenOnDrop);
        for gate in &gates {
            gate.occupy(|task| pool.execute(task).unwrap());
        }
        let rejected = pool.try_execute_batch((0..11).map(|_| || ())).unwrap_err();
        assert_eq!((rejected.accepted(), pool.queue_len()), (10, 10));
        gates.iter().for_each(Gate::open);
        pool.wait_idle();
    }
}

#[test]
fn a_batch_larger_than_the_queue_waits_for_places_like_anybody() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy_pool(&watchdog, 3);
    let ran = Arc::new(AtomicUsize::new(0));
    thread::scope(|scope| {
        let _open = OpenOnDrop(&gate);
        let batch = scope.spawn(|| pool.execute_batch((0..50).map(|_| adds_one(&ran))));
        until_queued(&pool, 3);
        let single = scope.spawn(|| pool.execute(adds_one(&ran)));
        thread::sleep(Duration::from_millis(10));
        assert!(!batch.is_finished() && !single.is_finished());
        assert_eq!(pool.queue_len(), 3);
        gate.open();
        assert_eq!(batch.join().unwrap().unwrap(), 50);
        single.join().unwrap().unwrap();
    });
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 51);
}

/// How a batch of ten ends that waits for its fourth place, when this is done to its pool.
fn stopped(stop: impl Fn(&Pool)) -> (usize, Reason, usize, usize) {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy_pool(&watchdog, 3);
    let ran = Arc::new(AtomicUsize::new(0));
    thread::scope(|scope| {
        let open = OpenOnDrop(&gate);
        let batch = scope.spawn(|| pool.execute_batch((0..10).map(|_| adds_one(&ran))));
        until_queued(&pool, 3);
        // Time to fall asleep; if not, it is refused all the same.
        thread::sleep(Duration::from_millis(10));
        stop(&pool);
        let rejected = batch.join().unwrap().unwrap_err();
        drop(open);
        pool.wait_idle();
        let (accepted, reason) = (rejected.accepted(), rejected.reason());
        let before = ran.load(SeqCst);
        let back = rejected.into_tasks();
        let number = back.len();
        back.into_iter().for_each(Task::run);
        assert_eq!(ran.load(SeqCst), before + number);
        pool.shutdown();
        assert_eq!(Arc::strong_count(&ran), 1);
        (accepted, reason, number, before)
    })
}

#[test]
fn a_batch_that_waits_is_refused_from_there_on_by_a_shutdown_or_a_cancel() {
    let shut = stopped(|pool| assert!(pool.shutdown_timeout(Duration::ZERO).is_err()));
    assert_eq!(shut, (3, Reason::ShutDown, 7, 3));
    let cancelled = stopped(Pool::cancel);
    assert_eq!(cancelled, (3, Reason::Cancelled, 7, 0));
    let handed_back = stopped(|pool| assert_eq!(pool.shutdown_now().len(), 3));
    assert_eq!(handed_back, (3, Reason::ShutDown, 7, 0));
}

#[test]
fn a_batch_of_a_group_is_waited_for_counted_and_cancelled_with_it() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(3, 4).unwrap());
    for _ in 0..50 {
        let (captured, group) = (Arc::new(()), pool.group());
        let tasks = (0..20).map(|n| {
            let inside = Arc::clone(&captured);
            move || {
                assert!(n % 4 != 0, "one of four panics");
                drop(inside);
            }
        });
        assert_eq!(group.execute_batch(tasks).unwrap(), 20);
        let report = group.wait();
        assert_eq!((report.completed, report.panicked), (15, 5));
        assert_eq!(Arc::strong_count(&captured), 1);
    }

    let (pool, gate) = busy_pool(&watchdog, 3);
    let (group, ran) = (pool.group(), Arc::new(AtomicUsize::new(0)));
    thread::scope(|scope| {
        let _open = OpenOnDrop(&gate);
        let batch = scope.spawn(|| group.execute_batch((0..10).map(|_| adds_one(&ran))));
        until_queued(&pool, 3);
        group.cancel_token().cancel();
        let rejected = batch.join().unwrap().unwrap_err();
        assert_eq!(
            (rejected.accepted(), rejected.reason()),
            (3, Reason::Cancelled)
        );
        assert_eq!(rejected.into_tasks().len(), 7);
    });
    let report = group.wait();
    assert_eq!((report.cancelled, ran.load(SeqCst)), (3, 0));
    pool.execute(|| ()).unwrap();
}

#[test]
fn a_batch_from_a_worker_needs_no_places() {
    let watchdog = Watchdog::start();
    for stealing in ALL {
        let pool = Pool::builder().threads(2).queue_capacity(1);
        let pool = watchdog.watch(pool.stealing(stealing).build().unwrap());
        let (tell, told) = mpsc::channel();
        let (inside, ran) = (Arc::clone(&pool), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&ran);
        let task = move || {
            let tasks = || (0..100).map(|_| adds_one(&count));
            let group = inside.group();
            let accepted = [
                inside.execute_batch(tasks()),
                inside.try_execute_batch(tasks()),
                group.execute_batch(tasks()),
            ];
            tell.send(accepted.map(Result::unwrap)).unwrap();
        };
        pool.execute(task).unwrap();
        assert_eq!(told.recv().unwrap(), [100; 3]);
        pool.wait_idle();
        assert_eq!(ran.load(SeqCst), 300);
    }
}

/// One sleeping worker is woken, and that is enough for all of them to come.
#[test]
fn all_workers_come_to_a_batch() {
    let watchdog = Watchdog::start();
    for stealing in [Stealing::One, Stealing::Half] {
        for threads in [4..=4, 0..=4] {
            let pool = Pool::builder().threads(threads).stealing(stealing);
            let pool = watchdog.watch(pool.build().unwrap());
            for round in 0..100 {
                if round % 10 == 0 {
                    thread::sleep(Duration::from_millis(1));
                }
                let meeting = Arc::new(Barrier::new(4));
                pool.execute_batch((0..4).map(|_| meets(&meeting))).unwrap();
                pool.wait_idle();
            }
        }
    }
}

/// One worker has just run a task and looks for another one, and the second worker sleeps: when a
/// batch comes then, the first one is not enough.
#[test]
fn a_sleeping_worker_is_woken_for_a_batch_although_another_one_is_awake_and_idle() {
    let watchdog = Watchdog::start();
    for stealing in [Stealing::One, Stealing::Half] {
        let sleepers = Sleepers::new(&watchdog, 2, Pool::builder().stealing(stealing));
        let pool = &sleepers.pool;
        for round in 0..500 {
            sleepers.fall_asleep();
            let (tell, told) = mpsc::channel();
            pool.execute(move || tell.send(()).unwrap()).unwrap();
            told.recv().unwrap();
            (0..round % 50 * 20).for_each(|_| std::hint::spin_loop());
            let meeting = Arc::new(Barrier::new(2));
            pool.execute_batch((0..2).map(|_| meets(&meeting))).unwrap();
            pool.wait_idle();
        }
    }
}

/// The tasks are taken out of the iterator before the first one is submitted.
#[test]
fn an_iterator_that_panics_or_uses_the_pool_loses_nothing() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 4).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let panics = (0..100).map(|n| {
        assert!(n < 50, "no more tasks");
        adds_one(&ran)
    });
    let caught = catch_unwind(AssertUnwindSafe(|| pool.execute_batch(panics)));
    assert!(caught.is_err());
    assert_eq!((Arc::strong_count(&ran), pool.stats().accepted), (1, 0));
    let submits = (0..20).map(|_| {
        pool.execute(adds_one(&ran)).unwrap();
        pool.wait_idle();
        adds_one(&ran)
    });
    assert_eq!(pool.execute_batch(submits).unwrap(), 20);
    pool.wait_idle();
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (40, 1));
}

#[test]
fn what_comes_back_can_be_submitted_as_it_is() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 3).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let mut left: Vec<Task> = (0..100).map(|_| adds_one(&ran).into()).collect();
    let mut accepted = 0;
    while !left.is_empty() {
        match pool.try_execute_batch(left) {
            Ok(all) => {
                accepted += all;
                break;
            }
            Err(rejected) => {
                accepted += rejected.accepted();
                left = rejected.into_tasks();
                thread::yield_now();
            }
        }
    }
    pool.wait_idle();
    assert_eq!((accepted, ran.load(SeqCst)), (100, 100));
}

#[test]
fn many_submit_batches_while_somebody_stops_the_pool_and_every_task_has_one_end() {
    let watchdog = Watchdog::start();
    for round in 0..60 {
        let pool = Pool::builder()
            .threads(1 + round % 4)
            .queue_capacity(1 + round % 9);
        let pool = watchdog.watch(pool.stealing(ALL[round % 3]).build().unwrap());
        let ran = Arc::new(AtomicUsize::new(0));
        let (accepted, back) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for submitter in 0..4 {
                let (pool, ran, accepted, back) = (&pool, &ran, &accepted, &back);
                scope.spawn(move || {
                    for size in 0..20 {
                        let tasks = (0..size).map(|_| adds_one(ran));
                        let submitted = match submitter % 2 {
                            0 => pool.execute_batch(tasks),
                            _ => pool.try_execute_batch(tasks),
                        };
                        let (taken, left) = match submitted {
                            Ok(all) => (all, 0),
                            Err(rejected) => (rejected.accepted(), rejected.into_tasks().len()),
                        };
                        assert_eq!(taken + left, size);
                        accepted.fetch_add(taken, SeqCst);
                        back.fetch_add(left, SeqCst);
                    }
                });
            }
            thread::sleep(Duration::from_micros(round as u64 * 20));
            match round % 3 {
                0 => pool.cancel(),
                1 => pool.shutdown(),
                _ => drop(pool.shutdown_now()),
            }
        });
        pool.shutdown();
        let stats = pool.stats();
        assert_eq!(stats.accepted, accepted.load(SeqCst));
        assert_eq!(stats.completed, ran.load(SeqCst));
        let ended = stats.completed + stats.cancelled + stats.returned;
        assert_eq!((ended, Arc::strong_count(&ran)), (stats.accepted, 1));
        assert_eq!(accepted.load(SeqCst) + back.load(SeqCst), 4 * 190);
    }
}

#[test]
fn a_rejected_batch_is_an_error_like_any_other() {
    fn submit(pool: &Pool) -> Result<usize, Box<dyn std::error::Error + Send + Sync>> {
        Ok(pool.execute_batch([|| (), || ()])?)
    }
    let watchdog = Watchdog::start();
    let token = CancelToken::new();
    let pool = Pool::builder().threads(1).cancel_token(token.clone());
    let pool = watchdog.watch(pool.build().unwrap());
    assert_eq!(submit(&pool).unwrap(), 2);
    token.cancel();
    let error = submit(&pool).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("after 0 tasks of a batch the others were refused")
    );
    let printed = format!("{error:?}");
    assert!(
        printed.contains("accepted: 0") && printed.contains("Cancelled"),
        "{printed}"
    );
}

/// The tasks that the iterator has made so far are not submitted yet: nobody has to wait for them.
#[test]
fn the_iterator_of_a_batch_may_wait_for_the_group() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    let (group, ran) = (pool.group(), Arc::new(AtomicUsize::new(0)));
    let tasks = (0..3).map(|_| {
        group.wait();
        adds_one(&ran)
    });
    assert_eq!(group.execute_batch(tasks).unwrap(), 3);
    assert_eq!(group.wait().completed, 3);
}
