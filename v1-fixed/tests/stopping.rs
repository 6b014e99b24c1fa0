//! Stopping: every accepted task runs, every waiting submitter returns, every thread ends.

mod common;

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::Duration;

use common::{Gate, OpenOnDrop, Watchdog, adds_one, until};
use v1_fixed::{Pool, Reason};

#[test]
fn an_unused_pool_stops() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(3, 1).unwrap());
    pool.shutdown();
    pool.shutdown();
    assert_eq!((pool.threads(), pool.queue_len()), (0, 0));
}

#[test]
fn accepted_tasks_still_run_and_later_ones_come_back() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 64).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..64 {
        pool.execute(adds_one(&ran)).unwrap();
    }
    pool.shutdown();
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (64, 1));
    for reason in [
        pool.execute(|| ()).unwrap_err().reason(),
        pool.try_execute(|| ()).unwrap_err().reason(),
        pool.execute_timeout(|| (), Duration::MAX)
            .unwrap_err()
            .reason(),
        pool.group().execute(|| ()).unwrap_err().reason(),
    ] {
        assert_eq!(reason, Reason::ShutDown);
    }
    pool.wait_idle();
}

#[test]
fn dropping_a_pool_runs_what_was_accepted() {
    let _watchdog = Watchdog::start();
    let ran = Arc::new(AtomicUsize::new(0));
    let pool = Pool::new(2, 64).unwrap();
    for _ in 0..64 {
        pool.execute(adds_one(&ran)).unwrap();
    }
    drop(pool);
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (64, 1));
}

#[test]
fn submitters_that_wait_for_a_place_are_released_while_the_worker_is_still_busy() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 1).unwrap());
    let gate = Gate::new();
    gate.occupy(|task| pool.execute(task).unwrap());
    pool.execute(|| ()).unwrap();
    thread::scope(|scope| {
        let _open = OpenOnDrop(&gate);
        let submitters: Vec<_> = (0..8)
            .map(|_| {
                let pool = &pool;
                scope.spawn(move || {
                    let captured = Arc::new(());
                    let inside = Arc::clone(&captured);
                    let rejected = pool.execute(move || drop(inside)).unwrap_err();
                    assert_eq!(Arc::strong_count(&captured), 2);
                    rejected.reason()
                })
            })
            .collect();
        thread::sleep(Duration::from_millis(20));
        let stoppers: Vec<_> = (0..4).map(|_| scope.spawn(|| pool.shutdown())).collect();
        for submitter in submitters {
            assert_eq!(submitter.join().unwrap(), Reason::ShutDown);
        }
        assert!(stoppers.iter().all(|stopper| !stopper.is_finished()));
    });
    assert_eq!(pool.threads(), 0);
}

#[test]
fn nothing_is_lost_when_many_submit_and_many_stop() {
    let watchdog = Watchdog::start();
    for _ in 0..50 {
        let pool = watchdog.watch(Pool::new(3, 2).unwrap());
        let (ran, accepted, refused) = (
            Arc::new(AtomicUsize::new(0)),
            AtomicUsize::new(0),
            AtomicUsize::new(0),
        );
        let start = Barrier::new(12);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    start.wait();
                    for _ in 0..50 {
                        match pool.execute(adds_one(&ran)) {
                            Ok(()) => accepted.fetch_add(1, SeqCst),
                            Err(rejected) => {
                                assert_eq!(rejected.reason(), Reason::ShutDown);
                                refused.fetch_add(1, SeqCst)
                            }
                        };
                    }
                });
            }
            for n in 0..4 {
                let (pool, start) = (&pool, &start);
                scope.spawn(move || {
                    start.wait();
                    thread::sleep(Duration::from_micros(n * 100));
                    pool.shutdown();
                    assert_eq!(
                        pool.threads(),
                        0,
                        "shutdown returned before the threads were gone"
                    );
                });
            }
        });
        assert_eq!(ran.load(SeqCst), accepted.load(SeqCst));
        assert_eq!(accepted.load(SeqCst) + refused.load(SeqCst), 8 * 50);
    }
}

#[test]
fn a_task_may_stop_its_own_pool() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 8).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let (tell, told) = mpsc::channel();
    for _ in 0..4 {
        let (inside, ran, tell) = (Arc::clone(&pool), Arc::clone(&ran), tell.clone());
        pool.execute(move || {
            inside.shutdown();
            ran.fetch_add(1, SeqCst);
            tell.send(inside.execute(|| ()).unwrap_err().reason())
                .unwrap();
        })
        .or_else(|rejected| match rejected.reason() {
            Reason::ShutDown => Ok(()),
            reason => Err(reason),
        })
        .unwrap();
    }
    assert_eq!(told.recv().unwrap(), Reason::ShutDown);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| pool.shutdown());
        }
    });
    assert_eq!(pool.threads(), 0);
    assert!(ran.load(SeqCst) >= 1);
}

#[test]
fn a_pool_dropped_by_its_own_task_ends_by_itself() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 8).unwrap());
    let (ran, ended) = (Arc::new(AtomicUsize::new(0)), Arc::default());
    let gate = Gate::new();
    let group = pool.group();
    let meeting = Arc::new(Barrier::new(2));
    for _ in 0..2 {
        let (meeting, value) = (Arc::clone(&meeting), CountOnDrop(Arc::clone(&ended)));
        let task = move || {
            meeting.wait();
            LOCAL.with(|local| local.borrow_mut().push(value));
        };
        group.execute(task).unwrap();
    }
    group.wait();
    let (last, at) = (Arc::clone(&pool), gate.clone());
    group
        .execute(move || {
            at.pass();
            drop(last);
        })
        .unwrap();
    for _ in 0..8 {
        group.execute(adds_one(&ran)).unwrap();
    }
    drop(pool);
    gate.open();
    group.wait();
    assert_eq!(ran.load(SeqCst), 8);
    // Nobody joins the threads, and they end.
    until(|| ended.load(SeqCst) == 2);
}

#[test]
fn an_owner_that_panics_still_runs_what_was_accepted() {
    let _watchdog = Watchdog::start();
    let ran = Arc::new(AtomicUsize::new(0));
    let inside = Arc::clone(&ran);
    let owner = thread::spawn(move || {
        let pool = Pool::new(2, 50).unwrap();
        for _ in 0..50 {
            pool.execute(adds_one(&inside)).unwrap();
        }
        panic!("the owner panics");
    });
    assert!(owner.join().is_err());
    assert_eq!(ran.load(SeqCst), 50);
}

/// Where a panic costs a worker, the last one to die drops what is left: nothing runs twice or is
/// kept.
#[test]
fn an_owner_that_panics_while_its_tasks_panic_too_ends_like_any_other() {
    let _watchdog = Watchdog::start();
    let (ran, panicked) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let counts = (Arc::clone(&ran), Arc::clone(&panicked));
    let owner = thread::spawn(move || {
        let (ran, panicked) = counts;
        let pool = Pool::new(2, 50).unwrap();
        let gate = Gate::new();
        for n in 0..50 {
            let (at, counts) = (gate.clone(), [adds_one(&ran), adds_one(&panicked)]);
            let task = move || {
                at.pass();
                thread::sleep(Duration::from_millis(1)); // for a drop that does not wait to show itself
                let [runs, panics] = counts;
                if n % 5 == 4 {
                    panics();
                    panic!("a task panics");
                }
                runs();
            };
            pool.execute(task).unwrap();
        }
        let _open = OpenOnDrop(&gate); // and then the pool is dropped
        panic!("the owner panics");
    });
    assert!(owner.join().is_err());
    // The first four run in any case, before any panic.
    assert!((4..=40).contains(&ran.load(SeqCst)));
    assert!((2..=10).contains(&panicked.load(SeqCst)));
    assert_eq!(
        (Arc::strong_count(&ran), Arc::strong_count(&panicked)),
        (1, 1)
    );
}

struct CountOnDrop(Arc<AtomicUsize>);

impl Drop for CountOnDrop {
    fn drop(&mut self) {
        thread::sleep(Duration::from_millis(5));
        self.0.fetch_add(1, SeqCst);
    }
}

std::thread_local! {
    static LOCAL: RefCell<Vec<CountOnDrop>> = const { RefCell::new(Vec::new()) };
}

#[test]
fn thread_local_destructors_have_run_when_shutdown_returns() {
    let watchdog = Watchdog::start();
    let dropped = Arc::new(AtomicUsize::new(0));
    let pool = watchdog.watch(Pool::new(4, 4).unwrap());
    let meeting = Arc::new(Barrier::new(4));
    for _ in 0..4 {
        let (meeting, value) = (Arc::clone(&meeting), CountOnDrop(Arc::clone(&dropped)));
        pool.execute(move || {
            meeting.wait();
            LOCAL.with(|local| local.borrow_mut().push(value));
        })
        .unwrap();
    }
    pool.shutdown();
    assert_eq!(dropped.load(SeqCst), 4);
}

struct SubmitOnDrop(Arc<Pool>, mpsc::Sender<Reason>);

impl Drop for SubmitOnDrop {
    fn drop(&mut self) {
        // The worker is on its way out, and still a worker: it neither waits nor joins itself.
        self.0.shutdown();
        let reason = self.0.execute(|| ()).unwrap_err().reason();
        self.1.send(reason).unwrap();
    }
}

std::thread_local! {
    static LAST_WORDS: RefCell<Option<SubmitOnDrop>> = const { RefCell::new(None) };
}

#[test]
fn a_thread_local_destructor_may_call_the_pool() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 1).unwrap());
    let (tell, told) = mpsc::channel();
    let value = SubmitOnDrop(Arc::clone(&pool), tell);
    pool.execute(move || LAST_WORDS.with(|words| *words.borrow_mut() = Some(value)))
        .unwrap();
    pool.shutdown();
    assert_eq!(told.recv().unwrap(), Reason::ShutDown);
}

struct SubmitWhenDropped(Arc<Pool>, Arc<AtomicUsize>);

impl Drop for SubmitWhenDropped {
    fn drop(&mut self) {
        let _ = self.0.execute(adds_one(&self.1));
    }
}

#[test]
fn a_captured_value_may_submit_when_it_is_dropped() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 2).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let value = SubmitWhenDropped(Arc::clone(&pool), Arc::clone(&ran));
    pool.execute(move || drop(value)).unwrap();
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn no_thread_is_left_behind() {
    // Other tests of this file start threads as well, so count the ones with our name.
    fn ours() -> usize {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap();
        let name = |task: std::io::Result<std::fs::DirEntry>| {
            std::fs::read_to_string(task.ok()?.path().join("comm")).ok()
        };
        tasks
            .filter_map(name)
            .filter(|name| name.trim() == "counted")
            .count()
    }
    let watchdog = Watchdog::start();
    for _ in 0..20 {
        let pool = watchdog.watch(Pool::new(4, 4).unwrap());
        let meeting = Arc::new(Barrier::new(5));
        for _ in 0..4 {
            let meeting = Arc::clone(&meeting);
            pool.execute(move || {
                std::fs::write("/proc/thread-self/comm", "counted").unwrap();
                meeting.wait();
            })
            .unwrap();
        }
        meeting.wait();
        until(|| ours() == 4);
        pool.shutdown();
        // A joined thread is gone for the process; the kernel takes its entry away a moment later.
        until(|| ours() == 0);
    }
}

struct PanicAtTheEnd;

impl Drop for PanicAtTheEnd {
    fn drop(&mut self) {
        panic!("a thread-local destructor panics");
    }
}

std::thread_local! {
    static HOSTILE: RefCell<Option<PanicAtTheEnd>> = const { RefCell::new(None) };
}

#[cfg(unix)]
#[test]
fn a_thread_local_destructor_that_panics_aborts_the_process() {
    if common::is_child() {
        let pool = Pool::new(1, 1).unwrap();
        let value = PanicAtTheEnd;
        pool.execute(move || HOSTILE.with(|local| *local.borrow_mut() = Some(value)))
            .unwrap();
        pool.shutdown();
        return;
    }
    let test = "a_thread_local_destructor_that_panics_aborts_the_process";
    let child = common::in_child(test, "ulimit -c 0");
    assert_eq!(child.status.code(), None, "ended by a signal: {child:?}");
}
