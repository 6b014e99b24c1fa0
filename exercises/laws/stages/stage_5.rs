//! Stage 5: shutting down.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

use busy::{busy, occupy, owned, pool};
use harness::{Gate, LONG, OpenOnDrop, adds_one, doing, laws, spawn};
use pool::{Pool, Reason, Rejected};

mod busy;

/// What was accepted runs, and then the threads end.
fn shutdown_drains() {
    let (pool, gate) = busy(2, 16);
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..10 {
        let accepted = pool.execute(adds_one(&ran)).is_ok();
        assert!(accepted, "a task was refused, in a queue of 16");
    }
    gate.open();
    doing("calls shutdown, with 10 tasks in the queue", || {
        pool.shutdown();
    });
    let ran = ran.load(SeqCst);
    assert!(
        ran == 10,
        "when `shutdown` returned, {ran} of 10 accepted tasks had run"
    );
    let threads = pool.threads();
    assert!(
        threads == 0,
        "when `shutdown` had returned, `threads()` was {threads}"
    );
}

/// Afterwards everything is refused and comes back.
fn closed_means_closed() {
    let pool = pool(2, 4);
    let threads = pool.threads();
    assert!(threads == 2, "a pool of 2 says that it has {threads}");
    let group = pool.group();
    doing("calls shutdown", || pool.shutdown());
    let ran = Arc::new(AtomicUsize::new(0));
    let refused = |what: &str, submitted: Result<(), Rejected>| {
        let Err(rejected) = submitted else {
            panic!("`{what}` accepts a task after the shutdown");
        };
        let reason = rejected.reason();
        assert!(
            matches!(reason, Reason::ShutDown),
            "the pool is shut down, and the reason of `{what}` says {reason:?}"
        );
        rejected.into_task().run();
    };
    doing("submits to a pool that is shut down", || {
        refused("execute", pool.execute(adds_one(&ran)));
        refused("try_execute", pool.try_execute(adds_one(&ran)));
        let submitted = pool.execute_timeout(adds_one(&ran), LONG);
        refused("execute_timeout", submitted);
        refused("Group::execute", group.execute(adds_one(&ran)));
    });
    let ran = ran.load(SeqCst);
    assert!(ran == 4, "4 tasks came back and were run, and {ran} ran");
    doing("waits for the group", || group.wait());
    doing("calls wait_idle", || pool.wait_idle());
}

/// It may be called again, and by many at once: whoever returns finds the threads gone.
fn shutdown_by_many() {
    for _ in 0..20 {
        let (pool, gate) = busy(2, 4);
        thread::scope(|scope| {
            for n in 1..=4 {
                let pool = &pool;
                spawn(scope, &format!("closer {n}"), move || {
                    doing("calls shutdown", || pool.shutdown());
                    let threads = pool.threads();
                    assert!(
                        threads == 0,
                        "one of 4 calls of `shutdown` returned, and `threads()` was {threads}"
                    );
                });
            }
            thread::sleep(Duration::from_millis(2));
            gate.open();
        });
        doing("calls shutdown again", || pool.shutdown());
    }
}

/// Whoever waits for a place is sent away, although no place comes free.
fn waiting_submitters_return() {
    let (pool, gate) = busy(2, 1);
    let _open = OpenOnDrop(&gate);
    let (ran, accepted) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(1)));
    let queued = pool.try_execute(adds_one(&ran)).is_ok();
    assert!(queued, "an empty queue refuses");
    thread::scope(|scope| {
        let submit = |n| {
            let (pool, task, accepted) = (&pool, adds_one(&ran), adds_one(&accepted));
            spawn(scope, &format!("submitter {n}"), move || {
                let submits = || pool.execute(task);
                match doing("calls execute on a full queue", submits) {
                    Ok(()) => accepted(),
                    Err(rejected) => {
                        let reason = rejected.reason();
                        let right = matches!(reason, Reason::ShutDown);
                        assert!(right, "a submitter was sent away for {reason:?}");
                    }
                }
            })
        };
        let submitters: Vec<_> = (1..=6).map(submit).collect();
        thread::sleep(Duration::from_millis(20));
        spawn(scope, "closer", || {
            doing("calls shutdown, while two tasks run", || pool.shutdown());
        });
        // The gate is still shut.
        let what = "waits for submitters that wait on a full queue, in a pool that is shut down";
        doing(what, || {
            for submitter in submitters {
                assert!(submitter.join().is_ok());
            }
        });
        gate.open();
    });
    let (ran, accepted) = (ran.load(SeqCst), accepted.load(SeqCst));
    assert!(
        ran == accepted,
        "{accepted} tasks were accepted beside a shutdown, and {ran} ran"
    );
}

/// A task may shut its own pool down, and own it alone: its end is the pool's end.
fn shutdown_by_a_task() {
    for last in [false, true] {
        let pool = Arc::new(owned(2, 4));
        let gate = Gate::new();
        let (tell, told) = mpsc::channel();
        let (inside, at) = (Arc::clone(&pool), gate.clone());
        let task = move || {
            at.pass();
            if last {
                doing("drops the pool, in a task of it", || drop(inside));
            } else {
                doing("calls shutdown, in a task of it", || inside.shutdown());
            }
            tell.send(()).unwrap_or_default();
        };
        assert!(pool.execute(task).is_ok(), "an idle pool refuses");
        if last {
            drop(pool);
            gate.open();
        } else {
            gate.open();
            std::mem::forget(pool);
        }
        let ended = doing("waits for a task that ends its own pool", || {
            told.recv().is_ok()
        });
        assert!(ended, "a task that ends its own pool has panicked");
    }
}

/// For whoever is outside, the threads are gone on return, to their last destructor.
fn the_threads_are_gone() {
    struct Tells(Sender<()>);
    impl Drop for Tells {
        fn drop(&mut self) {
            // Time for somebody who does not join.
            thread::sleep(Duration::from_millis(20));
            self.0.send(()).unwrap_or_default();
        }
    }
    std::thread_local! {
        static LAST: RefCell<Option<Tells>> = const { RefCell::new(None) };
    }
    type End = fn(Pool);
    let ends: [(&str, End); 2] = [
        ("`shutdown`", |pool| {
            pool.shutdown();
            std::mem::forget(pool);
        }),
        ("the drop of the pool", drop),
    ];
    for (what, end) in ends {
        let (pool, gate) = (owned(2, 4), Gate::new());
        occupy(&pool, 1, &gate);
        let (tell, told) = mpsc::channel();
        let task = move || LAST.with(|last| *last.borrow_mut() = Some(Tells(tell)));
        assert!(pool.execute(task).is_ok(), "a task was refused");
        gate.open();
        doing("ends a pool", || end(pool));
        assert!(
            told.try_recv().is_ok(),
            "when {what} returned, a thread of the pool had not ended"
        );
    }
}

laws! {
    shutdown_drains,
    closed_means_closed,
    shutdown_by_many,
    waiting_submitters_return,
    shutdown_by_a_task,
    the_threads_are_gone,
}
