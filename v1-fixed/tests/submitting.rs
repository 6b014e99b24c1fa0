//! Submitting: what is accepted, what is refused, and who waits.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use common::{Gate, OpenOnDrop, Watchdog, adds_one, until};
use v1_fixed::{Pool, Reason, Task};

/// A pool of one worker that waits at the gate, with `queued` tasks behind it.
fn busy_pool(watchdog: &Watchdog, capacity: usize, queued: usize) -> (Arc<Pool>, Gate) {
    let pool = watchdog.watch(Pool::new(1, capacity).unwrap());
    let gate = Gate::new();
    gate.occupy(|task| pool.execute(task).unwrap());
    for _ in 0..queued {
        pool.try_execute(|| ()).unwrap();
    }
    (pool, gate)
}

#[test]
fn every_task_runs_once() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(4, 8).unwrap());
    let runs: Arc<Vec<AtomicUsize>> = Arc::new((0..1000).map(|_| AtomicUsize::new(0)).collect());
    for n in 0..1000 {
        let runs = Arc::clone(&runs);
        pool.execute(move || {
            runs[n].fetch_add(1, SeqCst);
        })
        .unwrap();
    }
    pool.wait_idle();
    assert!(runs.iter().all(|runs| runs.load(SeqCst) == 1));
}

#[test]
fn tasks_of_one_submitter_start_in_the_order_submitted() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    let order = Arc::new(Mutex::new(Vec::new()));
    for n in 0..100 {
        let order = Arc::clone(&order);
        pool.execute(move || order.lock().unwrap().push(n)).unwrap();
    }
    pool.wait_idle();
    assert_eq!(*order.lock().unwrap(), (0..100).collect::<Vec<_>>());
}

#[test]
fn a_full_queue_refuses_at_once_and_gives_the_task_back() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy_pool(&watchdog, 3, 3);
    let _open = OpenOnDrop(&gate);
    assert_eq!((pool.queue_len(), pool.queue_capacity()), (3, 3));

    let ran = Arc::new(AtomicUsize::new(0));
    let rejected = pool.try_execute(adds_one(&ran)).unwrap_err();
    assert_eq!(rejected.reason(), Reason::Full);
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (0, 2));
    rejected.into_task().run();
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (1, 1));
}

#[test]
fn a_rejected_task_that_is_dropped_drops_what_it_captured() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy_pool(&watchdog, 1, 1);
    let _open = OpenOnDrop(&gate);
    let captured = Arc::new(());
    let inside = Arc::clone(&captured);
    drop(pool.try_execute(move || drop(inside)).unwrap_err());
    assert_eq!(Arc::strong_count(&captured), 1);
}

#[test]
fn a_task_that_came_back_can_be_submitted_as_it_is() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy_pool(&watchdog, 1, 1);
    let ran = Arc::new(AtomicUsize::new(0));
    let mut task = Task::from(adds_one(&ran));
    // Were each try wrapped around the one before, a hundred thousand would overflow the stack.
    for _ in 0..100_000 {
        task = pool.try_execute(task).unwrap_err().into_task();
    }
    gate.open();
    pool.execute(task).unwrap();
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 1);
}

#[test]
fn a_rejection_fits_into_any_error_box() {
    fn submit(pool: &Pool) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        pool.execute(|| ())?;
        Ok(())
    }
    let pool = Pool::new(1, 1).unwrap();
    submit(&pool).unwrap();
    pool.shutdown();
    let error = submit(&pool).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the task was refused: the pool is shut down"
    );
}

#[test]
fn execute_waits_on_a_full_queue_and_proceeds_when_a_place_frees() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy_pool(&watchdog, 2, 2);
    let accepted = AtomicUsize::new(0);
    thread::scope(|scope| {
        let _open = OpenOnDrop(&gate);
        for _ in 0..4 {
            scope.spawn(|| {
                pool.execute(|| ()).unwrap();
                accepted.fetch_add(1, SeqCst);
            });
        }
        // Time for a submitter that does not wait to show itself.
        thread::sleep(Duration::from_millis(50));
        assert_eq!((accepted.load(SeqCst), pool.queue_len()), (0, 2));
    });
    assert_eq!(accepted.load(SeqCst), 4);
}

#[test]
fn a_time_out_is_neither_early_nor_late_and_gives_the_task_back() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy_pool(&watchdog, 1, 1);
    let patience = Duration::from_millis(50);
    let captured = Arc::new(());
    let inside = Arc::clone(&captured);
    let start = Instant::now();
    let rejected = pool
        .execute_timeout(move || drop(inside), patience)
        .unwrap_err();
    let waited = start.elapsed();
    assert_eq!(rejected.reason(), Reason::Timeout);
    assert_eq!(Arc::strong_count(&captured), 2);
    assert!(waited >= patience, "gave up after {waited:?}");
    assert!(waited < Duration::from_secs(10), "gave up after {waited:?}");

    gate.open();
    pool.execute_timeout(rejected.into_task(), Duration::MAX)
        .unwrap();
    pool.wait_idle();
    assert_eq!(Arc::strong_count(&captured), 1);
}

#[test]
fn no_patience_gives_up_at_once_and_endless_patience_does_not() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy_pool(&watchdog, 1, 1);
    let rejected = pool.execute_timeout(|| (), Duration::ZERO).unwrap_err();
    assert_eq!(rejected.reason(), Reason::Timeout);
    thread::scope(|scope| {
        let _open = OpenOnDrop(&gate);
        let patient = scope.spawn(|| pool.execute_timeout(|| (), Duration::MAX));
        thread::sleep(Duration::from_millis(20));
        assert!(!patient.is_finished());
        gate.open();
        patient.join().unwrap().unwrap();
    });
    // With a place free, no patience is needed.
    pool.wait_idle();
    pool.execute_timeout(|| (), Duration::ZERO).unwrap();
}

#[test]
fn submitters_that_timed_out_leave_no_ghost_behind() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy_pool(&watchdog, 1, 1);
    let _open = OpenOnDrop(&gate);
    thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                let time = Duration::from_millis(20);
                let rejected = pool.execute_timeout(|| (), time).unwrap_err();
                assert_eq!(rejected.reason(), Reason::Timeout);
            });
        }
    });
    gate.open();
    pool.wait_idle();
    pool.try_execute(|| ()).unwrap();
    pool.wait_idle();
}

#[test]
fn after_twenty_time_outs_one_free_place_is_one_free_place() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy_pool(&watchdog, 1, 0);
    let next = Gate::new();
    let _open = (OpenOnDrop(&gate), OpenOnDrop(&next));
    let at = next.clone();
    pool.try_execute(move || at.pass()).unwrap();
    thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                let time = Duration::from_millis(20);
                pool.execute_timeout(|| (), time).unwrap_err();
            });
        }
    });
    // The worker takes the one task that is queued, and waits in it.
    gate.open();
    until(|| pool.queue_len() == 0);
    let ran = Arc::new(AtomicUsize::new(0));
    pool.try_execute(adds_one(&ran)).unwrap();
    assert_eq!(pool.try_execute(|| ()).unwrap_err().reason(), Reason::Full);
    next.open();
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 1);
}

/// Some of these times end before the end of the clock, and some after it.
#[test]
fn a_time_of_a_thousand_years_and_more_is_waited_for() {
    let watchdog = Watchdog::start();
    for seconds in [1 << 35, 1 << 53, 1 << 62, i64::MAX as u64, u64::MAX] {
        let (pool, gate) = busy_pool(&watchdog, 1, 1);
        let time = Duration::from_secs(seconds);
        thread::scope(|scope| {
            let _open = OpenOnDrop(&gate);
            let patient = scope.spawn(|| pool.execute_timeout(|| (), time));
            thread::sleep(Duration::from_millis(5));
            assert!(!patient.is_finished(), "{seconds}");
            gate.open();
            patient.join().unwrap().unwrap();
        });
    }
}

#[test]
fn a_refused_task_that_its_caller_runs_panics_in_the_caller() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy_pool(&watchdog, 1, 1);
    let _open = OpenOnDrop(&gate);
    let rejected = pool.try_execute(|| panic!("the caller's own")).unwrap_err();
    let caller = thread::spawn(move || rejected.into_task().run());
    let payload = caller.join().unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"the caller's own"));
    gate.open();
    pool.wait_idle();
    assert_eq!(pool.threads(), 1);
}

#[test]
fn one_free_place_lets_one_waiting_submitter_in_and_all_of_them_in_the_end() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy_pool(&watchdog, 1, 1);
    let ran = Arc::new(AtomicUsize::new(0));
    thread::scope(|scope| {
        let _open = OpenOnDrop(&gate);
        for n in 0..64 {
            let (pool, ran) = (&pool, Arc::clone(&ran));
            scope.spawn(move || {
                let task = adds_one(&ran);
                match n % 2 {
                    0 => pool.execute(task).unwrap(),
                    _ => pool.execute_timeout(task, common::LONG).unwrap(),
                }
            });
        }
        thread::sleep(Duration::from_millis(20));
        gate.open();
    });
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 64);
}

#[test]
fn a_worker_of_another_pool_waits_like_anybody() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy_pool(&watchdog, 1, 1);
    let other = watchdog.watch(Pool::new(1, 1).unwrap());
    let (tell, told) = mpsc::channel();
    let inside = Arc::clone(&pool);
    other
        .execute(move || tell.send(inside.execute(|| ()).is_ok()).unwrap())
        .unwrap();
    thread::sleep(Duration::from_millis(20));
    assert!(told.try_recv().is_err());
    gate.open();
    assert!(told.recv().unwrap());
}

#[test]
fn no_more_tasks_run_at_a_time_than_there_are_threads() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(3, 64).unwrap());
    let running = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    for _ in 0..200 {
        let (running, most) = (Arc::clone(&running), Arc::clone(&most));
        pool.execute(move || {
            most.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
            thread::yield_now();
            running.fetch_sub(1, SeqCst);
        })
        .unwrap();
    }
    pool.wait_idle();
    assert!((1..=3).contains(&most.load(SeqCst)));
}

#[test]
fn as_many_tasks_as_threads_run_at_the_same_time() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(8, 8).unwrap());
    let meeting = Arc::new(std::sync::Barrier::new(8));
    for _ in 0..8 {
        let meeting = Arc::clone(&meeting);
        pool.execute(move || {
            meeting.wait();
        })
        .unwrap();
    }
    pool.wait_idle();
    assert_eq!(pool.threads(), 8);
}

#[test]
fn everything_can_be_printed() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy_pool(&watchdog, 2, 1);
    let _open = OpenOnDrop(&gate);
    let printed = format!("{pool:?}");
    for part in ["Pool", "threads: 1", "queue_len: 1", "queue_capacity: 2"] {
        assert!(printed.contains(part), "{part} in {printed}");
    }
    assert!(format!("{:?}", pool.group()).contains("Group"));
    assert!(format!("{:?}", Task::from(|| ())).contains("Task"));
    pool.try_execute(|| ()).unwrap();
    let rejected = pool.try_execute(|| ()).unwrap_err();
    assert!(format!("{rejected:?}").contains("Rejected { reason: Full"));
}
