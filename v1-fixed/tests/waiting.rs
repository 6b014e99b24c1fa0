//! Waiting for tasks: all of a pool, or those of a group.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use common::{Gate, OpenOnDrop, Watchdog, adds_one};
use v1_fixed::{Group, Pool, Reason, Task};

#[test]
fn waiting_for_an_unused_pool_or_group_returns() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 2).unwrap());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                pool.wait_idle();
                pool.wait_idle();
                let group = pool.group();
                group.wait();
                group.wait();
            });
        }
    });
}

#[test]
fn the_wait_ends_after_the_closures_are_dropped() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(4, 16).unwrap());
    for _ in 0..200 {
        let captured = Arc::new(());
        let group = pool.group();
        for _ in 0..4 {
            let inside = Arc::clone(&captured);
            group
                .execute(move || assert!(Arc::strong_count(&inside) > 1))
                .unwrap();
        }
        group.wait();
        assert_eq!(Arc::strong_count(&captured), 1);
        let inside = Arc::clone(&captured);
        pool.execute(move || drop(inside)).unwrap();
        pool.wait_idle();
        assert_eq!(Arc::strong_count(&captured), 1);
    }
}

#[test]
fn all_waiters_are_released_together() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    let group = pool.group();
    let gate = Gate::new();
    let at = gate.clone();
    group.execute(move || at.pass()).unwrap();
    thread::scope(|scope| {
        let _open = OpenOnDrop(&gate);
        let waiters: Vec<_> = (0..16)
            .map(|n| {
                let (pool, group) = (&pool, &group);
                scope.spawn(move || match n % 2 {
                    0 => pool.wait_idle(),
                    _ => {
                        group.wait();
                    }
                })
            })
            .collect();
        thread::sleep(Duration::from_millis(20));
        assert!(waiters.iter().all(|waiter| !waiter.is_finished()));
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_rest_releases_all_who_waited_for_it_although_new_tasks_follow_at_once() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 64).unwrap());
    let (first, later) = (Gate::new(), Gate::new());
    let at = first.clone();
    pool.execute(move || at.pass()).unwrap();
    thread::scope(|scope| {
        let _open = OpenOnDrop(&first);
        let _later = OpenOnDrop(&later);
        let (tell, told) = mpsc::channel();
        let waiters: Vec<_> = (0..8)
            .map(|_| {
                let (tell, at, pool) = (tell.clone(), later.clone(), &pool);
                scope.spawn(move || {
                    tell.send(common::this_thread()).unwrap();
                    pool.wait_idle();
                    // The others have been released as well, and must not wait for this.
                    pool.execute(move || at.pass()).unwrap();
                })
            })
            .collect();
        for _ in &waiters {
            common::until_asleep(&told.recv().unwrap());
        }
        first.open();
        for waiter in waiters {
            waiter.join().unwrap();
        }
    });
}

#[test]
fn what_a_task_submits_is_waited_for_too() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 64).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..100 {
        let (inside, leaf) = (Arc::clone(&pool), Arc::clone(&ran));
        pool.execute(move || {
            thread::yield_now();
            inside.execute(adds_one(&leaf)).unwrap();
        })
        .unwrap();
        pool.wait_idle();
    }
    assert_eq!(ran.load(SeqCst), 100);
}

#[test]
fn a_group_waits_for_its_own_tasks_only() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 8).unwrap());
    let gate = Gate::new();
    let _open = OpenOnDrop(&gate);
    let at = gate.clone();
    pool.execute(move || at.pass()).unwrap();
    let group = pool.group();
    let ran = Arc::new(AtomicUsize::new(0));
    for round in 1..=3 {
        group.execute(adds_one(&ran)).unwrap();
        group.wait();
        assert_eq!(ran.load(SeqCst), round, "a group can be used again");
    }
}

#[test]
fn a_refused_task_does_not_count_in_its_group() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 1).unwrap());
    let group = pool.group();
    pool.shutdown();
    assert_eq!(group.execute(|| ()).unwrap_err().reason(), Reason::ShutDown);
    group.wait();
}

#[test]
fn a_group_does_not_keep_the_pool_alive() {
    let watchdog = Watchdog::start();
    let pool = Pool::new(1, 1).unwrap();
    let group = pool.group();
    group.execute(|| ()).unwrap();
    drop(pool);
    group.wait();
    assert_eq!(group.execute(|| ()).unwrap_err().reason(), Reason::ShutDown);
    drop(watchdog);
}

/// What a task says when it waits for its own pool: the message of the panic.
fn said(pool: &Arc<Pool>, wait: impl FnOnce() + Send + 'static) -> String {
    let (tell, told) = mpsc::channel();
    pool.execute(move || {
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(wait)).unwrap_err();
        tell.send(*panic.downcast::<String>().unwrap()).unwrap();
    })
    .unwrap();
    told.recv().unwrap()
}

#[test]
fn a_task_that_panicked_is_over_like_any_other() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 8).unwrap());
    let group = pool.group();
    let captured = Arc::new(());
    let inside = Arc::clone(&captured);
    group
        .execute(move || {
            let _inside = inside;
            panic!("a task panics");
        })
        .unwrap();
    group.wait();
    pool.wait_idle();
    assert_eq!(Arc::strong_count(&captured), 1);
}

#[test]
fn waiting_for_its_own_pool_on_a_worker_panics_at_once_and_the_pool_lives_on() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    let inside = Arc::clone(&pool);
    assert!(said(&pool, move || inside.wait_idle()).contains("Pool::wait_idle"));
    let group = pool.group();
    assert!(
        said(&pool, move || {
            group.wait();
        })
        .contains("Group::wait")
    );
    pool.execute(|| ()).unwrap();
    pool.wait_idle();
    assert_eq!(pool.threads(), 1);
}

/// In a destructor of a thread-local value nobody can catch the panic.
#[cfg(unix)]
#[test]
fn waiting_for_its_own_pool_at_the_end_of_a_worker_aborts_and_does_not_hang() {
    let _watchdog = Watchdog::start();
    if common::is_child() {
        let pool = Arc::new(Pool::new(1, 1).unwrap());
        let inside = Arc::clone(&pool);
        pool.execute(move || common::at_exit(move || inside.wait_idle()))
            .unwrap();
        pool.shutdown();
        return;
    }
    let test = "waiting_for_its_own_pool_at_the_end_of_a_worker_aborts_and_does_not_hang";
    let child = common::in_child(test, "ulimit -c 0");
    assert_eq!(child.status.code(), None, "ended by a signal: {child:?}");
    // It was not the watchdog that ended it.
    assert!(!String::from_utf8_lossy(&child.stderr).contains("hangs"));
}

/// The time that these threads have spent on a core so far.
#[cfg(target_os = "linux")]
fn cpu_time(threads: &[std::path::PathBuf]) -> Duration {
    let nanos = threads.iter().map(|thread| {
        let stat = std::fs::read_to_string(thread.with_file_name("schedstat")).unwrap();
        stat.split(' ').next().unwrap().parse::<u64>().unwrap()
    });
    Duration::from_nanos(nanos.sum())
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "two seconds of doing nothing: run by `cargo deep`"]
fn sixteen_workers_that_wait_for_tasks_use_next_to_no_cpu() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(16, 16).unwrap());
    let meeting = Arc::new(std::sync::Barrier::new(16));
    let (tell, told) = mpsc::channel();
    for _ in 0..16 {
        let (tell, meeting) = (tell.clone(), Arc::clone(&meeting));
        let task = move || {
            meeting.wait();
            tell.send(common::this_thread()).unwrap();
        };
        pool.execute(task).unwrap();
    }
    let threads: Vec<_> = (0..16).map(|_| told.recv().unwrap()).collect();
    threads
        .iter()
        .for_each(|thread| common::until_asleep(thread));
    let before = cpu_time(&threads);
    thread::sleep(Duration::from_secs(2));
    let used = cpu_time(&threads) - before;
    assert!(used < Duration::from_millis(10), "{used:?}");
}

/// Becomes a task once those before it have ended.
struct AfterTheOthers<'a>(&'a Pool, &'a Group);

impl From<AfterTheOthers<'_>> for Task {
    fn from(AfterTheOthers(pool, group): AfterTheOthers<'_>) -> Task {
        pool.wait_idle();
        group.wait();
        Task::from(|| ())
    }
}

#[test]
fn what_is_about_to_become_a_task_is_not_waited_for() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 1).unwrap());
    let group = pool.group();
    pool.execute(AfterTheOthers(&pool, &group)).unwrap();
    // Would hang in its own conversion if it were counted before that.
    group.execute(AfterTheOthers(&pool, &group)).unwrap();
    group.wait();
}
