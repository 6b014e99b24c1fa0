//! Stopping with a deadline, and stopping with the tasks handed back.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use common::{Gate, LONG, OpenOnDrop, Watchdog, adds_one};
use v2_cancel_panic::{Pool, Reason};

/// A pool of one worker that waits at the gate, with `queued` tasks behind it.
fn busy_pool(watchdog: &Watchdog, queued: usize, ran: &Arc<AtomicUsize>) -> (Arc<Pool>, Gate) {
    let pool = watchdog.watch(Pool::new(1, 64).unwrap());
    let gate = Gate::new();
    gate.occupy(|task| pool.execute(task).unwrap());
    for _ in 0..queued {
        pool.execute(adds_one(ran)).unwrap();
    }
    (pool, gate)
}

#[test]
fn a_shutdown_that_times_out_says_what_is_left_and_can_be_continued() {
    let watchdog = Watchdog::start();
    let ran = Arc::new(AtomicUsize::new(0));
    let (pool, gate) = busy_pool(&watchdog, 3, &ran);
    let patience = Duration::from_millis(50);
    let start = Instant::now();
    let unfinished = pool.shutdown_timeout(patience).unwrap_err();
    assert!(start.elapsed() >= patience && start.elapsed() < LONG / 6);
    assert_eq!((unfinished.running, unfinished.queued), (1, 3));
    assert_eq!(
        unfinished.to_string(),
        "the pool did not stop in time: 1 tasks run, 3 are queued"
    );
    assert_eq!(pool.execute(|| ()).unwrap_err().reason(), Reason::ShutDown);
    assert!(pool.shutdown_timeout(Duration::ZERO).is_err());
    gate.open();
    pool.shutdown_timeout(LONG).unwrap();
    assert_eq!((ran.load(SeqCst), pool.threads()), (3, 0));
    pool.shutdown_timeout(Duration::ZERO).unwrap();
}

#[test]
fn endless_patience_is_a_plain_shutdown() {
    let watchdog = Watchdog::start();
    let ran = Arc::new(AtomicUsize::new(0));
    let (pool, gate) = busy_pool(&watchdog, 3, &ran);
    thread::scope(|scope| {
        let _open = OpenOnDrop(&gate);
        let stopper = scope.spawn(|| pool.shutdown_timeout(Duration::MAX));
        thread::sleep(Duration::from_millis(10));
        assert!(!stopper.is_finished());
        gate.open();
        stopper.join().unwrap().unwrap();
    });
    assert_eq!((ran.load(SeqCst), pool.threads()), (3, 0));
}

#[test]
fn a_drop_after_a_time_out_does_not_wait_and_the_workers_go_on() {
    let watchdog = Watchdog::start();
    let ran = Arc::new(AtomicUsize::new(0));
    let (pool, gate) = busy_pool(&watchdog, 3, &ran);
    let group = pool.group();
    pool.shutdown_timeout(Duration::ZERO).unwrap_err();
    drop(pool); // would hang here: the gate is shut
    gate.open();
    common::until(|| ran.load(SeqCst) == 3 && Arc::strong_count(&ran) == 1);
    drop(group);
}

#[test]
fn a_shutdown_after_one_that_timed_out_waits_for_the_rest() {
    let watchdog = Watchdog::start();
    let ran = Arc::new(AtomicUsize::new(0));
    let (pool, gate) = busy_pool(&watchdog, 3, &ran);
    pool.shutdown_timeout(Duration::ZERO).unwrap_err();
    gate.open();
    pool.shutdown();
    assert_eq!((pool.threads(), ran.load(SeqCst)), (0, 3));
}

#[test]
fn on_a_worker_a_shutdown_with_a_deadline_closes_the_door_and_says_what_runs() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    let (tell, told) = mpsc::channel();
    let inside = Arc::clone(&pool);
    pool.execute(move || tell.send(inside.shutdown_timeout(LONG)).unwrap())
        .unwrap();
    let unfinished = told.recv().unwrap().unwrap_err();
    assert_eq!((unfinished.running, unfinished.queued), (1, 0));
    pool.shutdown();
    assert_eq!(pool.threads(), 0);
}

/// A worker cannot wait for its own end, so what it asked for has not timed out.
#[test]
fn a_drop_waits_although_a_task_has_asked_for_a_shutdown_with_a_deadline() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    let (gate, ran) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
    let (tell, told) = mpsc::channel();
    let (inside, at, count) = (Arc::clone(&pool), gate.clone(), adds_one(&ran));
    pool.execute(move || {
        let result = inside.shutdown_timeout(Duration::MAX);
        drop(inside);
        tell.send(result).unwrap();
        at.pass();
        count();
    })
    .unwrap();
    told.recv().unwrap().unwrap_err();
    let owner = thread::spawn(move || {
        drop(pool);
        ran.load(SeqCst)
    });
    // Time for the drop to end, if it did not wait.
    thread::sleep(Duration::from_millis(20));
    gate.open();
    assert_eq!(owner.join().unwrap(), 1);
}

#[test]
fn shutdown_now_hands_back_what_is_queued_in_order_and_waits_for_nobody() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy_pool(&watchdog, 0, &Arc::default());
    let order = Arc::new(Mutex::new(Vec::new()));
    for n in 0..5 {
        let order = Arc::clone(&order);
        pool.execute(move || order.lock().unwrap().push(n)).unwrap();
    }
    let tasks = pool.shutdown_now();
    assert!(order.lock().unwrap().is_empty());
    assert_eq!(
        (tasks.len(), pool.stats().returned, pool.stats().running),
        (5, 5, 1)
    );
    tasks.into_iter().for_each(v2_cancel_panic::Task::run);
    assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3, 4]);
    assert!(pool.shutdown_now().is_empty());
    gate.open();
    pool.shutdown();
}

#[test]
fn a_group_counts_tasks_as_returned_at_once_although_they_are_kept() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy_pool(&watchdog, 0, &Arc::default());
    let _open = OpenOnDrop(&gate);
    let group = pool.group();
    for _ in 0..3 {
        group.execute(|| ()).unwrap();
    }
    let kept = pool.shutdown_now();
    let report = group.wait();
    assert_eq!((report.returned, report.completed), (3, 0));
    assert_eq!(kept.len(), 3);
}

#[test]
fn shutdown_now_on_a_worker_hands_back_too() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 8).unwrap());
    let gate = Gate::new();
    let (tell, told) = mpsc::channel();
    let (inside, at) = (Arc::clone(&pool), gate.clone());
    pool.execute(move || {
        at.pass();
        tell.send(inside.shutdown_now().len()).unwrap();
    })
    .unwrap();
    for _ in 0..4 {
        pool.execute(|| ()).unwrap();
    }
    gate.open();
    assert_eq!(told.recv().unwrap(), 4);
    pool.shutdown();
}

#[test]
fn every_task_runs_or_comes_back_when_many_submit_and_many_stop() {
    let watchdog = Watchdog::start();
    for round in 0..50 {
        let pool = watchdog.watch(Pool::new(3, 4).unwrap());
        let ran = Arc::new(AtomicUsize::new(0));
        let (accepted, refused, returned) = (
            AtomicUsize::new(0),
            AtomicUsize::new(0),
            AtomicUsize::new(0),
        );
        let start = Barrier::new(11);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    start.wait();
                    for _ in 0..50 {
                        match pool.execute(adds_one(&ran)) {
                            Ok(()) => accepted.fetch_add(1, SeqCst),
                            Err(_) => refused.fetch_add(1, SeqCst),
                        };
                    }
                });
            }
            for n in 0..3 {
                let (pool, start, returned) = (&pool, &start, &returned);
                scope.spawn(move || {
                    start.wait();
                    thread::sleep(Duration::from_micros(round * 10));
                    match n {
                        0 => pool.shutdown(),
                        1 => pool.shutdown_timeout(LONG).unwrap(),
                        _ => {
                            returned.fetch_add(pool.shutdown_now().len(), SeqCst);
                        }
                    }
                });
            }
        });
        pool.wait_idle();
        let stats = pool.stats();
        assert_eq!(stats.accepted, accepted.load(SeqCst));
        assert_eq!(stats.completed, ran.load(SeqCst));
        assert_eq!(stats.returned, returned.load(SeqCst));
        assert_eq!(stats.accepted, stats.completed + stats.returned);
        assert_eq!(accepted.load(SeqCst) + refused.load(SeqCst), 8 * 50);
    }
}

#[test]
fn an_owner_that_panics_still_runs_what_was_accepted_although_some_of_it_panics() {
    let _watchdog = Watchdog::start();
    let ran = Arc::new(AtomicUsize::new(0));
    let inside = Arc::clone(&ran);
    let (tell, told) = mpsc::channel();
    let owner = thread::spawn(move || {
        let pool = Pool::new(2, 50).unwrap();
        let (gate, group) = (Gate::new(), pool.group());
        for n in 0..50 {
            let (at, task) = (gate.clone(), adds_one(&inside));
            group
                .execute(move || {
                    at.pass();
                    thread::sleep(Duration::from_millis(1)); // for a drop that does not wait to show itself
                    assert_ne!(n % 5, 4, "a task panics");
                    task();
                })
                .unwrap();
        }
        tell.send(group).unwrap();
        let _open = OpenOnDrop(&gate); // and then the pool is dropped
        panic!("the owner panics");
    });
    assert!(owner.join().is_err());
    // The pool is gone, so this does not wait.
    let report = told.recv().unwrap().wait();
    assert_eq!((report.completed, report.panicked), (40, 10));
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (40, 1));
}

#[test]
fn a_deadline_in_a_thousand_years_is_waited_for() {
    let watchdog = Watchdog::start();
    for seconds in [1 << 35, 1 << 62, i64::MAX as u64, u64::MAX] {
        let ran = Arc::new(AtomicUsize::new(0));
        let (pool, gate) = busy_pool(&watchdog, 1, &ran);
        thread::scope(|scope| {
            let _open = OpenOnDrop(&gate);
            let time = Duration::from_secs(seconds);
            let pool = &pool;
            let stopper = scope.spawn(move || pool.shutdown_timeout(time));
            thread::sleep(Duration::from_millis(5));
            assert!(!stopper.is_finished(), "{seconds}");
            gate.open();
            stopper.join().unwrap().unwrap();
        });
        assert_eq!(ran.load(SeqCst), 1);
    }
}

struct PassOnDrop(Gate);

impl Drop for PassOnDrop {
    fn drop(&mut self) {
        self.0.pass();
    }
}

std::thread_local! {
    static LAST: std::cell::RefCell<Option<PassOnDrop>> = const { std::cell::RefCell::new(None) };
}

#[test]
fn what_a_thread_does_after_its_tasks_is_not_under_the_deadline() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 1).unwrap());
    let gate = Gate::new();
    let value = PassOnDrop(gate.clone());
    pool.execute(move || LAST.with(|last| *last.borrow_mut() = Some(value)))
        .unwrap();
    thread::scope(|scope| {
        let _open = OpenOnDrop(&gate);
        let stopper = scope.spawn(|| pool.shutdown_timeout(Duration::from_secs(1)));
        common::until(|| pool.threads() == 0);
        thread::sleep(Duration::from_millis(20));
        assert!(!stopper.is_finished(), "the thread is not gone yet");
        gate.open();
        stopper.join().unwrap().unwrap();
    });
}
