//! Tasks that borrow: a scope does not return before they are over, however it ends.

use std::cell::Cell;
use std::error::Error;
use std::mem;
use std::panic::panic_any;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use crate::common::{Gate, Watchdog, until};
use crate::scenes::{self, OnDrop, block, busy, on_worker, panic_of};
use v5_futures::{CancelToken, JoinError, Pool, Reason, RejectedSpawn, Scope};

/// What a scope says at its end of tasks that the pool has cancelled.
fn never_ran(tasks: usize) -> String {
    format!(
        "{tasks} tasks of a scope never ran: they were cancelled with their pool, and nobody has \
         asked about them"
    )
}

/// What the tasks borrow, and what their results would empty if anybody dropped them.
struct Alive<'a>(&'a Mutex<Vec<usize>>);

#[test]
fn tasks_of_a_scope_borrow_what_is_outside_and_change_it() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(3, 2).unwrap());
    let mut numbers: Vec<usize> = (0..1000).collect();
    let words = vec!["one".to_owned(), "two".to_owned()];
    let longest = pool.scope(|scope| {
        for part in numbers.chunks_mut(10) {
            drop(
                scope
                    .spawn(move || part.iter_mut().for_each(|number| *number *= 2))
                    .unwrap(),
            );
        }
        // A result may borrow as well.
        let handles = [0, 1].map(|n| {
            scope
                .spawn({
                    let words = &words;
                    move || words[n].as_str()
                })
                .unwrap()
        });
        handles.map(|handle| handle.join().unwrap())
    });
    assert_eq!(longest, ["one", "two"]);
    assert_eq!(
        numbers,
        (0..1000).map(|number| 2 * number).collect::<Vec<_>>()
    );
}

#[test]
fn a_scope_waits_for_its_tasks_when_its_body_panics() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 4).unwrap());
    let ran = AtomicUsize::new(0);
    let text = panic_of(|| {
        pool.scope(|scope| {
            let (gate, task) = (Gate::new(), &ran);
            let inside = gate.clone();
            let late = move || {
                inside.pass();
                // The body is unwinding. A scope that does not wait has the time to return.
                thread::sleep(Duration::from_millis(50));
                task.fetch_add(1, SeqCst)
            };
            drop(scope.spawn(late).unwrap());
            let _open = OnDrop::new(move || gate.open());
            for _ in 0..100 {
                drop(scope.spawn(|| ran.fetch_add(1, SeqCst)).unwrap());
            }
            panic!("the body");
        })
    });
    assert_eq!((text.as_str(), ran.into_inner()), ("the body", 101));
}

#[test]
fn a_scope_waits_for_a_task_that_runs() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 4).unwrap());
    let (gate, (tell, told)) = (Gate::new(), mpsc::channel());
    let (over, returned) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|threads| {
        threads.spawn(|| {
            pool.scope(|scope| {
                let task = || {
                    tell.send(()).unwrap();
                    gate.pass();
                    over.fetch_add(1, SeqCst);
                };
                drop(scope.spawn(task).unwrap());
            });
            returned.fetch_add(1, SeqCst);
            assert_eq!(over.load(SeqCst), 1);
        });
        told.recv().unwrap();
        thread::sleep(Duration::from_millis(10));
        assert_eq!(returned.load(SeqCst), 0);
        gate.open();
    });
}

/// All that the closure captured is gone, and not only what it did is done.
#[test]
fn a_scope_waits_until_what_its_tasks_captured_and_returned_is_dropped() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(3, 16).unwrap());
    for _ in 0..300 {
        let drops = AtomicUsize::new(0);
        let on_drop = || {
            OnDrop::new(|| {
                thread::yield_now();
                drops.fetch_add(1, SeqCst);
            })
        };
        pool.scope(|scope| {
            for n in 0..5 {
                let (captured, result) = (on_drop(), on_drop());
                let handle = scope
                    .spawn(move || {
                        drop(captured);
                        result
                    })
                    .unwrap();
                match n {
                    0 => drop(handle.join().unwrap()),
                    1 => _ = handle.cancel(),
                    2 => until(|| handle.is_finished()),
                    _ => drop(handle),
                }
            }
        });
        assert_eq!(drops.into_inner(), 10);
    }
}

#[test]
fn scopes_can_be_nested() {
    let watchdog = Watchdog::start();
    for threads in [1, 3] {
        let pool = watchdog.watch(Pool::new(threads, 1).unwrap());
        let numbers: Vec<usize> = (0..64).collect();
        fn sum(pool: &Pool, numbers: &[usize]) -> usize {
            if let [number] = numbers {
                return *number;
            }
            let (left, right) = numbers.split_at(numbers.len() / 2);
            pool.scope(|scope| {
                let left = scope.spawn(|| sum(pool, left)).unwrap();
                sum(pool, right) + left.join().unwrap()
            })
        }
        assert_eq!(sum(&pool, &numbers), 2016);
        assert_eq!(
            on_worker(&pool, |pool| sum(pool, &(0..64).collect::<Vec<_>>())),
            2016
        );
        pool.wait_idle();
        assert_eq!(pool.stats().accepted, pool.stats().completed);
    }
}

/// The worker is the only one. What it waits for, it has to run itself.
#[test]
fn a_scope_on_the_only_worker_runs_its_tasks_in_place() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 1).unwrap());
    let stranger = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&stranger);
    on_worker(&pool, move |pool| {
        pool.execute(scenes::counts(&count, ())).unwrap();
        let sum = AtomicUsize::new(0);
        let numbers: Vec<usize> = (0..200).collect();
        pool.scope(|scope| {
            for number in &numbers {
                drop(scope.spawn(|| sum.fetch_add(*number, SeqCst)).unwrap());
            }
            assert_eq!(sum.load(SeqCst), 0);
        });
        assert_eq!(sum.into_inner(), 19900);
        assert_eq!(
            count.load(SeqCst),
            0,
            "a task of somebody else has run on top"
        );
    });
    pool.wait_idle();
    assert_eq!((stranger.load(SeqCst), pool.stats().completed), (1, 202));
}

#[test]
fn tasks_spawn_others_in_their_scope_also_while_it_waits() {
    fn tree<'scope>(scope: &'scope Scope<'scope, '_>, count: &'scope AtomicUsize, depth: usize) {
        count.fetch_add(1, SeqCst);
        if depth > 0 {
            for _ in 0..2 {
                drop(scope.spawn(move || tree(scope, count, depth - 1)).unwrap());
            }
        }
    }
    let watchdog = Watchdog::start();
    for threads in [1, 3] {
        let pool = watchdog.watch(Pool::new(threads, 1).unwrap());
        let count = AtomicUsize::new(0);
        pool.scope(|scope| tree(scope, &count, 8));
        assert_eq!(count.into_inner(), 511);
        on_worker(&pool, |pool| {
            let count = AtomicUsize::new(0);
            pool.scope(|scope| tree(scope, &count, 8));
            assert_eq!(count.into_inner(), 511);
        });
    }
    // The first one runs elsewhere, and spawns when the scope sleeps.
    let pool = watchdog.watch(Pool::new(2, 1).unwrap());
    on_worker(&pool, |pool| {
        let (begun, begin) = mpsc::channel();
        let done = AtomicUsize::new(0);
        pool.scope(|scope| {
            let done = &done;
            let first = move || {
                begun.send(()).unwrap();
                thread::sleep(Duration::from_millis(10));
                for _ in 0..20 {
                    drop(scope.spawn(move || done.fetch_add(1, SeqCst)).unwrap());
                }
            };
            drop(scope.spawn(first).unwrap());
            begin.recv().unwrap();
        });
        assert_eq!(done.into_inner(), 20);
    });
}

#[test]
fn a_refused_closure_comes_back_with_what_it_borrows() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    pool.shutdown();
    let numbers = [1, 2, 3];
    let sum = pool.scope(|scope| {
        let refused = scope.submit(|| numbers.iter().sum::<i32>()).unwrap_err();
        assert_eq!(refused.reason(), Reason::ShutDown);
        let closure = refused.into_closure();
        let large = [7; 4000];
        let large = scope.submit(move || large.iter().sum::<i32>()).unwrap_err();
        assert_eq!(large.into_closure()(), 28_000);
        let large = [7; 4000];
        let large = scope
            .try_spawn(move || large.iter().sum::<i32>())
            .unwrap_err();
        assert_eq!(large.reason(), Reason::ShutDown);
        assert_eq!(large.into_closure()(), 28_000);
        closure()
    });
    assert_eq!(sum, 6);
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    pool.cancel();
    let reason = pool.scope(|scope| scope.submit(|| ()).unwrap_err().reason());
    assert_eq!(reason, Reason::Cancelled);
}

/// A closure cannot be printed, and what is refused with it can.
#[test]
fn whoever_gets_a_closure_back_may_unwrap_instead() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    let numbers = [1, 2, 3];
    let sum = pool.scope(|scope| {
        let first = scope.submit(|| numbers[0] + numbers[1]).unwrap();
        let last = scope.try_spawn(|| numbers[2]).unwrap();
        first.join().unwrap() + last.join().unwrap()
    });
    assert_eq!(sum, 6);
    pool.shutdown();
    let text = panic_of(|| pool.scope(|scope| drop(scope.submit(|| numbers[0]).unwrap())));
    assert!(text.contains("Refused { reason: ShutDown"), "{text}");
}

#[test]
fn a_refused_task_is_an_error_and_a_caller_that_lives_longer_gets_the_reason() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    pool.cancel();
    let drops = AtomicUsize::new(0);
    let refused: Result<(), RejectedSpawn> = pool.scope(|scope| {
        let captured = OnDrop::new(|| _ = drops.fetch_add(1, SeqCst));
        let refused = scope.submit(move || drop(captured)).unwrap_err();
        let error: &dyn Error = &refused;
        assert_eq!(
            error.to_string(),
            "the task was refused: its token is cancelled"
        );
        assert!(error.source().is_none());
        assert_eq!(drops.load(SeqCst), 0);
        Err(refused)?
    });
    assert_eq!(drops.load(SeqCst), 1);
    assert_eq!(refused.unwrap_err().reason(), Reason::Cancelled);
}

#[test]
fn a_refused_spawn_says_why_and_drops_the_closure() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    pool.shutdown();
    let (drops, ran) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let token = CancelToken::new();
    pool.scope(|scope| {
        let task = || {
            let captured = OnDrop::new(|| _ = drops.fetch_add(1, SeqCst));
            let ran = &ran;
            move || {
                drop(captured);
                ran.fetch_add(1, SeqCst);
            }
        };
        let refused = [
            scope.spawn(task()).map(drop).unwrap_err(),
            scope.spawn_with(&token, task()).map(drop).unwrap_err(),
            scope.execute(task()).unwrap_err(),
        ];
        for (n, refused) in refused.into_iter().enumerate() {
            assert_eq!(refused.reason(), Reason::ShutDown, "{n}");
            assert_eq!(
                refused.to_string(),
                "the task was refused: the pool is shut down"
            );
            assert!(format!("{refused:?}").contains("ShutDown"));
        }
        assert_eq!(drops.load(SeqCst), 3);
    });
    assert_eq!(ran.into_inner(), 0);
}

/// The closure borrows, and cannot be sent to another thread by reference. The error does neither.
#[test]
fn a_question_mark_takes_a_refused_spawn_into_any_error_box() {
    /// As one writes it for a program.
    #[derive(Debug, thiserror::Error)]
    enum Failed {
        #[error("no task: {0}")]
        Refused(#[from] RejectedSpawn),
        #[error(transparent)]
        Join(#[from] JoinError),
    }

    /// As `anyhow` does it.
    struct Anyhow(Box<dyn Error + Send + Sync + 'static>);

    impl<E: Error + Send + Sync + 'static> From<E> for Anyhow {
        fn from(error: E) -> Anyhow {
            Anyhow(Box::new(error))
        }
    }

    fn boxed(pool: &Pool, words: &[&str]) -> Result<usize, Box<dyn Error>> {
        let local = Cell::new(1);
        pool.scope(|scope| Ok(scope.spawn(move || words.len() + local.get())?.join()?))
    }
    fn sent(pool: &Pool, words: &[&str]) -> Result<usize, Box<dyn Error + Send + Sync>> {
        let local = Cell::new(1);
        pool.scope(|scope| Ok(scope.spawn(move || words.len() + local.get())?.join()?))
    }
    fn listed(pool: &Pool, words: &[&str]) -> Result<usize, Failed> {
        pool.scope(|scope| {
            scope.execute(|| assert_eq!(words.len(), 2))?;
            Ok(scope.spawn(|| words.len() + 1)?.join()?)
        })
    }
    fn any(pool: &Pool, words: &[&str]) -> Result<usize, Anyhow> {
        let token = CancelToken::new();
        pool.scope(|scope| Ok(scope.spawn_with(&token, || words.len() + 1)?.join()?))
    }
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    let words = ["one".to_owned(), "two".to_owned()];
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    assert_eq!(boxed(&pool, &words).unwrap(), 3);
    assert_eq!(sent(&pool, &words).unwrap(), 3);
    assert_eq!(listed(&pool, &words).unwrap(), 3);
    assert_eq!(any(&pool, &words).map_err(|error| error.0).unwrap(), 3);
    pool.shutdown();
    let refused = "the task was refused: the pool is shut down";
    assert_eq!(boxed(&pool, &words).unwrap_err().to_string(), refused);
    assert_eq!(sent(&pool, &words).unwrap_err().to_string(), refused);
    assert_eq!(
        listed(&pool, &words).unwrap_err().to_string(),
        format!("no task: {refused}")
    );
    let error = any(&pool, &words).map_err(|error| error.0).unwrap_err();
    assert_eq!(error.to_string(), refused);
    let refused = error.downcast::<RejectedSpawn>().unwrap();
    assert_eq!(refused.reason(), Reason::ShutDown);
}

/// If it is dropped and not called, that is the caller's business as well.
#[test]
fn a_refused_closure_that_panics_when_dropped_does_so_in_the_body() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    let (open, gate) = (AtomicUsize::new(0), Gate::new());
    let text = panic_of(|| {
        pool.scope(|scope| {
            let task = || {
                gate.pass();
                open.fetch_add(1, SeqCst);
            };
            drop(scope.spawn(task).unwrap());
            // It is queued or runs; from now on all others are refused.
            assert!(pool.shutdown_timeout(Duration::ZERO).is_err());
            let captured = OnDrop::new(|| panic!("captured"));
            gate.open();
            _ = scope.execute(move || drop(captured));
        });
    });
    assert_eq!((text.as_str(), open.into_inner()), ("captured", 1));
}

/// They borrow from a stack: whoever had them in a vector could keep them for too long.
#[test]
fn tasks_of_a_scope_are_cancelled_and_not_handed_back() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 100);
    let drops = AtomicUsize::new(0);
    let returned = pool.scope(|scope| {
        let handles: Vec<_> = (0..10)
            .map(|_| {
                let captured = OnDrop::new(|| _ = drops.fetch_add(1, SeqCst));
                scope.spawn(move || drop(captured)).unwrap()
            })
            .collect();
        let own = pool.spawn(|| ()).unwrap();
        let returned = pool.shutdown_now();
        assert_eq!((returned.len(), drops.load(SeqCst)), (1, 10));
        for handle in handles {
            assert!(handle.join().unwrap_err().is_cancelled());
        }
        drop(own);
        returned
    });
    let stats = pool.stats();
    assert_eq!((stats.cancelled, stats.returned, stats.queued), (10, 1, 0));
    gate.open();
    drop(returned);
}

/// Spawns so many in a scope and lets their handles go. Returns how many of them have run, and what
/// the scope panicked with.
fn scope_of(pool: &Pool, tasks: usize, then: impl FnOnce()) -> (usize, String) {
    let ran = AtomicUsize::new(0);
    let text = panic_of(|| {
        pool.scope(|scope| {
            for n in 0..tasks {
                let count = || _ = ran.fetch_add(1, SeqCst);
                match n % 2 {
                    0 => drop(scope.spawn(count).unwrap()),
                    _ => scope.execute(count).unwrap(),
                }
            }
            then();
        });
    });
    (ran.into_inner(), text)
}

#[test]
fn a_scope_that_waits_ends_when_the_pool_is_emptied_and_says_that_tasks_are_missing() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 100).unwrap());
    let gates = [(); 2].map(|()| block(&pool));
    let (tell, told) = mpsc::channel();
    thread::scope(|threads| {
        let waits = threads.spawn(|| scope_of(&pool, 20, || tell.send(()).unwrap()));
        told.recv().unwrap();
        // Time to fall asleep.
        thread::sleep(Duration::from_millis(5));
        assert!(pool.shutdown_now().is_empty());
        assert_eq!(waits.join().unwrap(), (0, never_ran(20)));
    });
    assert_eq!(pool.stats().cancelled, 20);
    gates.iter().for_each(Gate::open);
}

#[test]
fn a_scope_on_a_worker_whose_pool_is_emptied_runs_nothing_more_and_says_so() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 100).unwrap());
    let inside = Arc::clone(&pool);
    let (tell, told) = mpsc::channel();
    let scope = pool
        .spawn(move || {
            scope_of(&inside, 20, || {
                tell.send(()).unwrap();
                until(|| inside.queue_len() == 0);
            })
        })
        .unwrap();
    told.recv().unwrap();
    assert!(pool.shutdown_now().is_empty());
    assert_eq!(scope.join().unwrap(), (0, never_ran(20)));
    assert_eq!(pool.stats().cancelled, 20);
}

#[test]
fn a_panic_whose_handle_was_dropped_comes_out_of_the_scope() {
    let watchdog = Watchdog::start();
    let (told, handler) = scenes::counting_handler();
    let pool = Pool::builder().threads(1).panic_handler(handler);
    let pool = watchdog.watch(pool.build().unwrap());
    let ran = AtomicUsize::new(0);
    let text = panic_of(|| {
        pool.scope(|scope| {
            drop(scope.spawn(|| panic!("first")).unwrap());
            drop(scope.spawn(|| panic!("second")).unwrap());
            drop(scope.spawn(|| ran.fetch_add(1, SeqCst)).unwrap());
        });
    });
    assert_eq!((text.as_str(), ran.load(SeqCst)), ("first", 1));
    // Also if it had panicked before the handle was dropped.
    let text = panic_of(|| {
        pool.scope(|scope| {
            let handle = scope.spawn(|| panic!("early")).unwrap();
            until(|| handle.is_finished());
            drop(handle);
            ran.fetch_add(1, SeqCst);
        });
    });
    assert_eq!((text.as_str(), ran.load(SeqCst)), ("early", 2));
    // Whoever has the handle has the panic.
    pool.scope(|scope| {
        let handle = scope.spawn(|| panic!("joined")).unwrap();
        assert_eq!(
            handle.join().unwrap_err().to_string(),
            "the task panicked: joined"
        );
    });
    // The panic of the body is the one that counts.
    let text = panic_of(|| {
        pool.scope(|scope| {
            drop(scope.spawn(|| panic!("a task")).unwrap());
            panic!("the body");
        });
    });
    assert_eq!(text, "the body");
    pool.wait_idle(); // a scope returns before the pool has counted its last task
    assert_eq!((told.load(SeqCst), pool.stats().panicked), (0, 5));
}

#[test]
fn payloads_that_panic_when_dropped_do_not_come_out_of_a_scope_twice() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic_any(Bomb);
        }
    }
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 8).unwrap());
    let text = panic_of(|| {
        pool.scope(|scope| {
            drop(scope.spawn(|| panic!("first")).unwrap());
            (0..3).for_each(|_| drop(scope.spawn(|| panic_any(Bomb)).unwrap()));
        });
    });
    assert_eq!(text, "first");
    let text = panic_of(|| {
        pool.scope(|scope| {
            drop(scope.spawn(|| panic_any(Bomb)).unwrap());
            panic!("the body");
        });
    });
    assert_eq!(text, "the body");
    assert_eq!(pool.spawn(|| 42).unwrap().join().unwrap(), 42);
}

/// A handle that is never dropped keeps its cell for ever, and nothing that could be reached.
#[test]
fn leaked_handles_leave_nothing_that_uses_what_was_borrowed() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 4).unwrap());
    for _ in 0..200 {
        let numbers = Mutex::new((0..10).collect::<Vec<usize>>());
        let drops = AtomicUsize::new(0);
        pool.scope(|scope| {
            for _ in 0..8 {
                let (alive, captured) = (
                    Alive(&numbers),
                    OnDrop::new(|| _ = drops.fetch_add(1, SeqCst)),
                );
                let task = move || {
                    alive.0.lock().unwrap().push(1);
                    drop(captured);
                    OnDrop::new(move || alive.0.lock().unwrap().clear())
                };
                mem::forget(scope.spawn(task).unwrap());
            }
        });
        // The results were leaked with the handles: nobody has dropped them.
        assert_eq!(
            (numbers.into_inner().unwrap().len(), drops.into_inner()),
            (18, 8)
        );
    }
    pool.wait_idle();
    assert_eq!(pool.stats().completed, 1600);
}

#[test]
fn a_task_of_a_scope_can_be_cancelled_and_looked_at() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 1);
    let ran = AtomicUsize::new(0);
    pool.scope(|scope| {
        let handle = scope.spawn(|| ran.fetch_add(1, SeqCst)).unwrap();
        assert!(!handle.is_finished() && format!("{handle:?}").contains("false"));
        assert_eq!(pool.try_spawn(|| ()).unwrap_err().reason(), Reason::Full);
        assert!(handle.cancel() && !handle.cancel() && handle.is_finished());
        assert!(handle.join().unwrap_err().is_cancelled());
        let handle = scope.spawn(|| ran.fetch_add(1, SeqCst)).unwrap();
        gate.open();
        assert_eq!(handle.join().unwrap(), 0);
        assert!(format!("{scope:?}").starts_with("Scope"));
    });
    assert_eq!(ran.into_inner(), 1);
}

#[test]
fn a_pool_that_is_cancelled_cancels_the_tasks_of_a_scope_which_says_so() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 8);
    let ended = scope_of(&pool, 5, || {
        pool.cancel();
        gate.open();
    });
    pool.wait_idle();
    assert_eq!((ended, pool.stats().cancelled), ((0, never_ran(5)), 5));
    // Also those that the scope runs itself.
    let pool = watchdog.watch(Pool::new(1, 8).unwrap());
    let ended = on_worker(&pool, |pool| scope_of(pool, 5, || pool.cancel()));
    pool.wait_idle();
    assert_eq!((ended, pool.stats().cancelled), ((0, never_ran(5)), 5));
    // And by a token that the pool was built with.
    let token = CancelToken::new();
    let pool = Pool::builder().threads(1).cancel_token(token.child());
    let pool = watchdog.watch(pool.build().unwrap());
    let gate = block(&pool);
    let ended = scope_of(&pool, 5, || {
        token.cancel();
        gate.open();
    });
    assert_eq!(ended, (0, never_ran(5)));
}

/// Many scopes at a time, from outside and on workers, with thieves.
#[test]
fn many_scopes_share_a_pool() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(3, 4).unwrap());
    thread::scope(|threads| {
        for n in 0..4 {
            let pool = &pool;
            threads.spawn(move || {
                for round in 0..50 {
                    let mut squares = vec![0; 20];
                    pool.scope(|scope| {
                        for (at, square) in squares.iter_mut().enumerate() {
                            drop(scope.spawn(move || *square = at * at + n + round).unwrap());
                        }
                    });
                    let expected: Vec<_> = (0..20).map(|at| at * at + n + round).collect();
                    assert_eq!(squares, expected);
                }
            });
        }
    });
    pool.wait_idle();
    assert_eq!(pool.stats().completed, 4 * 50 * 20);
}
