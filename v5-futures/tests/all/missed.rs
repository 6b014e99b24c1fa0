//! What a scope misses at its end: tasks that nobody has asked about, and that have not done their
//! work. And what it does not miss.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::common::{OpenOnDrop, Watchdog, until};
use crate::scenes::{self, OnDrop, block, busy, on_worker, panic_of};
use v5_futures::{CancelToken, Pool, Reason};

/// Sixteen rows, of which none is written.
#[test]
fn a_scope_is_not_silent_when_its_tasks_never_ran() {
    let watchdog = Watchdog::start();
    let ends: [fn(&Pool); 2] = [Pool::cancel, |pool| assert!(pool.shutdown_now().is_empty())];
    for end in ends {
        let (pool, gate) = busy(&watchdog, 16);
        let mut rows = [0; 16];
        let (tell, told) = mpsc::channel();
        let text = thread::scope(|threads| {
            let (pool, rows) = (&pool, &mut rows);
            let waits = threads.spawn(move || {
                panic_of(|| {
                    pool.scope(|scope| {
                        for row in rows {
                            scope.execute(move || *row = 1).unwrap();
                        }
                        tell.send(()).unwrap();
                    });
                })
            });
            told.recv().unwrap();
            end(pool);
            gate.open();
            waits.join().unwrap()
        });
        assert!(text.starts_with("16 tasks of a scope never ran"), "{text}");
        assert_eq!(rows, [0; 16]);
    }
}

#[test]
fn only_those_are_missed_that_nobody_has_asked_about() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 16);
    let _open = OpenOnDrop(&gate);
    let text = panic_of(|| {
        pool.scope(|scope| {
            let asked = scope.spawn(|| ()).unwrap();
            scope.execute(|| ()).unwrap();
            drop(scope.spawn(|| ()).unwrap());
            pool.cancel();
            gate.open();
            let error = asked.join().unwrap_err();
            assert!(error.is_cancelled());
            assert_eq!(
                error.to_string(),
                "the task was cancelled with its pool before it started"
            );
        });
    });
    assert!(text.starts_with("2 tasks of a scope never ran"), "{text}");

    // All have been asked about.
    let (pool, gate) = busy(&watchdog, 16);
    let _open = OpenOnDrop(&gate);
    let cancelled = pool.scope(|scope| {
        let handles = [(); 5].map(|()| scope.spawn(|| ()).unwrap());
        pool.cancel();
        gate.open();
        handles.map(|handle| handle.join().unwrap_err().is_cancelled())
    });
    assert_eq!(cancelled, [true; 5]);
}

/// Whether the task was cancelled before its handle was dropped or after.
#[test]
fn a_task_is_missed_also_if_its_handle_is_dropped_when_it_has_been_cancelled() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 16);
    let _open = OpenOnDrop(&gate);
    let text = panic_of(|| {
        pool.scope(|scope| {
            let handle = scope.spawn(|| ()).unwrap();
            assert!(pool.shutdown_now().is_empty());
            assert!(handle.is_finished());
            drop(handle);
        });
    });
    assert!(text.starts_with("1 tasks of a scope never ran"), "{text}");
}

#[test]
fn what_its_owner_has_cancelled_is_not_missed() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 16);
    let _open = OpenOnDrop(&gate);
    let (token, ran) = (CancelToken::new(), AtomicUsize::new(0));
    let result = pool.scope(|scope| {
        let count = || _ = ran.fetch_add(1, SeqCst);
        let by_handle = scope.spawn(count).unwrap();
        assert!(by_handle.cancel());
        drop(by_handle);
        drop(scope.spawn_with(&token, count).unwrap());
        let asked = scope.spawn_with(&token, count).unwrap();
        token.cancel();
        scope.execute(count).unwrap();
        gate.open();
        let error = asked.join().unwrap_err();
        assert_eq!(
            error.to_string(),
            "the task was cancelled before it started"
        );
        42
    });
    assert_eq!((result, ran.into_inner()), (42, 1));
    pool.wait_idle();
    assert_eq!((pool.stats().cancelled, pool.stats().completed), (3, 2));
}

#[test]
fn a_token_that_is_cancelled_refuses_the_tasks_of_a_scope() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    let (token, other) = (CancelToken::new(), CancelToken::new());
    token.cancel();
    let ran = AtomicUsize::new(0);
    pool.scope(|scope| {
        let refused = scope.spawn_with(&token, || ran.fetch_add(1, SeqCst));
        assert_eq!(refused.unwrap_err().reason(), Reason::Cancelled);
        let accepted = scope.spawn_with(&other, || ran.fetch_add(1, SeqCst));
        assert_eq!(accepted.unwrap().join().unwrap(), 0);
    });
    // On a worker, where the scope runs its tasks itself.
    on_worker(&pool, |pool| {
        let (token, ran) = (CancelToken::new(), AtomicUsize::new(0));
        pool.scope(|scope| {
            for n in 0..10 {
                let task = || ran.fetch_add(1, SeqCst);
                if n % 2 == 0 {
                    drop(scope.spawn_with(&token, task).unwrap());
                } else {
                    drop(scope.spawn(task).unwrap());
                }
            }
            token.cancel();
        });
        assert_eq!(ran.into_inner(), 5);
    });
    pool.wait_idle();
    assert_eq!(pool.stats().cancelled, 5);
}

/// Who waits for a place in the queue hears of the token.
#[test]
fn a_token_releases_a_scope_that_waits_for_a_place() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 1);
    let _open = OpenOnDrop(&gate);
    let token = CancelToken::new();
    let reason = thread::scope(|threads| {
        let (pool, token) = (&pool, &token);
        let submitter = threads.spawn(move || {
            pool.scope(|scope| {
                let queued = scope.spawn(|| ()).unwrap();
                let refused = scope.spawn_with(token, || ()).map(drop).unwrap_err();
                assert!(queued.cancel());
                refused.reason()
            })
        });
        until(|| pool.queue_len() == 1);
        thread::sleep(Duration::from_millis(5)); // time to fall asleep
        token.cancel();
        submitter.join().unwrap()
    });
    assert_eq!(reason, Reason::Cancelled);
}

/// A panic says more than the tasks that came to nothing because of it.
#[test]
fn the_panic_of_a_task_comes_before_those_that_were_cancelled() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 16).unwrap());
    let text = panic_of(|| {
        pool.scope(|scope| {
            let fails = scope.spawn(|| panic!("a task")).unwrap();
            until(|| fails.is_finished());
            let gate = block(&pool);
            scope.execute(|| ()).unwrap();
            assert!(pool.shutdown_now().is_empty());
            let _: &v5_futures::ScopedJoinHandle<'_, ()> = &fails;
            drop(fails);
            gate.open();
        });
    });
    assert_eq!(text, "a task");

    // And that of the body comes first.
    let (pool, gate) = busy(&watchdog, 16);
    let _open = OpenOnDrop(&gate);
    let text = panic_of(|| {
        pool.scope(|scope| {
            scope.execute(|| ()).unwrap();
            assert!(pool.shutdown_now().is_empty());
            panic!("the body");
        })
    });
    assert_eq!(text, "the body");
}

/// It is a task of the outer scope that panics, and it is missed there.
#[test]
fn a_scope_that_misses_its_tasks_is_missed_by_the_scope_around_it() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 16).unwrap());
    let text = panic_of(|| {
        pool.scope(|outer| {
            let nested = || {
                pool.scope(|inner| {
                    inner.execute(|| ()).unwrap();
                    pool.cancel();
                });
            };
            outer.execute(nested).unwrap();
        });
    });
    assert!(text.starts_with("1 tasks of a scope never ran"), "{text}");
}

#[test]
fn whoever_executes_in_a_scope_has_no_handle_and_hears_of_a_panic_at_its_end() {
    let watchdog = Watchdog::start();
    let (told, handler) = scenes::counting_handler();
    let pool = Pool::builder().threads(2).panic_handler(handler);
    let pool = watchdog.watch(pool.build().unwrap());
    let mut numbers = [1, 2, 3];
    let text = panic_of(|| {
        pool.scope(|scope| {
            for number in &mut numbers {
                scope.execute(|| *number *= 2).unwrap();
            }
            scope.execute(|| panic!("executed")).unwrap();
        });
    });
    assert_eq!((text.as_str(), numbers), ("executed", [2, 4, 6]));
    assert_eq!(told.load(SeqCst), 0, "the scope was told, and nobody else");
}

#[test]
fn try_spawn_in_a_scope_never_waits_and_gives_the_closure_back() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 1);
    let _open = OpenOnDrop(&gate);
    let drops = AtomicUsize::new(0);
    let text = pool.scope(|scope| {
        let captured = OnDrop::new(|| _ = drops.fetch_add(1, SeqCst));
        let first = scope.try_spawn(|| "queued").unwrap();
        let refused = scope
            .try_spawn(move || {
                drop(captured);
                "refused"
            })
            .unwrap_err();
        assert_eq!((refused.reason(), drops.load(SeqCst)), (Reason::Full, 0));
        gate.open();
        [first.join().unwrap(), refused.into_closure()()]
    });
    assert_eq!((text, drops.into_inner()), (["queued", "refused"], 1));
    // On a worker there is always a place.
    on_worker(&pool, |pool| {
        let done = AtomicUsize::new(0);
        pool.scope(|scope| {
            for _ in 0..100 {
                drop(scope.try_spawn(|| done.fetch_add(1, SeqCst)).unwrap());
            }
        });
        assert_eq!(done.into_inner(), 100);
    });
}

/// A scope that refused a task does not wait for it.
#[test]
fn a_scope_whose_tasks_were_all_refused_returns() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    pool.cancel();
    let number = pool.scope(|scope| {
        assert!(scope.execute(|| ()).is_err());
        assert!(scope.spawn(|| ()).is_err());
        assert!(scope.submit(|| ()).is_err());
        assert!(scope.try_spawn(|| ()).is_err());
        assert!(scope.map(0..3, |n| n).all(|result| result.is_err()));
        7
    });
    assert_eq!(
        number, 7,
        "a refusal was told to the body, and is not missed"
    );
}
