//! Stage 7: cancelling.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use busy::{busy, pool};
use harness::{OpenOnDrop, adds_one, doing, laws, spawn, until};
use pool::{CancelToken, Pool, Reason};

mod busy;

fn execute_with(pool: &Pool, token: &CancelToken, task: impl FnOnce() + Send + 'static) {
    let accepted = doing("calls execute_with", || {
        pool.execute_with(token, task).is_ok()
    });
    assert!(accepted, "a task with a token was refused");
}

fn wait_idle(pool: &Pool) {
    doing("calls wait_idle", || pool.wait_idle());
}

/// A task that is cancelled in the queue does not run, and is dropped.
fn cancelled_in_the_queue() {
    let (pool, gate) = busy(1, 4);
    let (ran, others) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let token = CancelToken::new();
    for _ in 0..2 {
        execute_with(&pool, &token, adds_one(&ran));
    }
    let accepted = pool.execute(adds_one(&others)).is_ok();
    assert!(accepted, "a task without a token was refused");
    token.clone().cancel();
    assert!(token.is_cancelled(), "a clone of the token was cancelled");
    gate.open();
    wait_idle(&pool);
    let (ran, kept) = (ran.load(SeqCst), Arc::strong_count(&ran) - 1);
    assert!(ran == 0, "{ran} tasks ran that were cancelled in the queue");
    assert!(kept == 0, "{kept} closures of cancelled tasks still exist");
    let others = others.load(SeqCst);
    assert!(others == 1, "a task without a token has not run");
    let stats = pool.stats();
    assert!(
        stats.cancelled == 2,
        "`stats().cancelled` is {}, after 2",
        stats.cancelled
    );
}

/// Whoever comes with a cancelled token has the task back.
fn called_off_before() {
    let pool = pool(1, 4);
    let ran = Arc::new(AtomicUsize::new(0));
    let token = CancelToken::new();
    token.cancel();
    let Err(rejected) = pool.execute_with(&token, adds_one(&ran)) else {
        panic!("a task was accepted with a token that was cancelled");
    };
    let reason = rejected.reason();
    assert!(
        matches!(reason, Reason::Cancelled),
        "the token is cancelled, and the reason says {reason:?}"
    );
    rejected.into_task().run();
    assert!(ran.load(SeqCst) == 1, "the task that came back did not run");
}

/// A task that runs is not stopped: it can look at its token.
fn a_running_task_looks() {
    let pool = pool(1, 4);
    let token = CancelToken::new();
    let (tell, told) = mpsc::channel();
    let looks = token.clone();
    execute_with(&pool, &token, move || {
        tell.send(looks.is_cancelled()).unwrap_or_default();
        until("runs a task that looks at its token", || {
            looks.is_cancelled()
        });
    });
    let before = doing("waits until the task begins", || told.recv());
    assert!(before == Ok(false), "a new token says that it is cancelled");
    token.cancel();
    wait_idle(&pool);
    let stats = pool.stats();
    assert!(
        (stats.completed, stats.cancelled) == (1, 0),
        "a task that ran to its end counts as {stats:?}"
    );
}

/// A task runs or is cancelled, never both, never neither.
fn cancel_is_exclusive() {
    let pool = pool(2, 32);
    let ran = Arc::new(AtomicUsize::new(0));
    let mut accepted = 0;
    for n in 0..2_000 {
        let token = CancelToken::new();
        let submits = || pool.execute_with(&token, adds_one(&ran)).is_ok();
        accepted += usize::from(doing("calls execute_with", submits));
        for _ in 0..n % 50 {
            std::hint::spin_loop();
        }
        token.cancel();
    }
    wait_idle(&pool);
    let (stats, ran) = (pool.stats(), ran.load(SeqCst));
    assert!(
        stats.completed == ran,
        "{ran} tasks ran, and `stats().completed` is {}",
        stats.completed
    );
    assert!(
        (stats.accepted, stats.completed + stats.cancelled) == (accepted, accepted),
        "{accepted} tasks were accepted, and the pool has counted {stats:?}"
    );
}

/// A pool that is cancelled drops what is queued, and sends those away who wait for a place.
fn cancel_the_pool() {
    let (pool, gate) = busy(1, 2);
    let _open = OpenOnDrop(&gate);
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..2 {
        let accepted = pool.try_execute(adds_one(&ran)).is_ok();
        assert!(accepted, "a queue of 2 has refused one of 2 tasks");
    }
    thread::scope(|scope| {
        let submit = |n| {
            let (pool, task) = (&pool, adds_one(&ran));
            spawn(scope, &format!("submitter {n}"), move || {
                let submits = || pool.execute(task).map_err(|error| error.reason());
                doing("calls execute on a full queue", submits)
            })
        };
        let submitters: Vec<_> = (1..=4).map(submit).collect();
        thread::sleep(Duration::from_millis(20));
        doing("calls Pool::cancel", || pool.cancel());
        for submitter in submitters {
            let what = "waits for submitters that wait on a full queue, in a cancelled pool";
            let submitted = doing(what, || submitter.join().unwrap());
            assert!(
                matches!(submitted, Err(Reason::Cancelled)),
                "a submitter that waited in a cancelled pool got {submitted:?}"
            );
        }
    });
    gate.open();
    wait_idle(&pool);
    let (ran, kept) = (ran.load(SeqCst), Arc::strong_count(&ran) - 1);
    assert!(ran == 0, "{ran} queued tasks ran in a cancelled pool");
    assert!(kept == 0, "{kept} closures still exist in a cancelled pool");
}

/// What is queued comes back when a pool is shut down at once.
fn shutdown_now_hands_back() {
    let (pool, gate) = busy(1, 4);
    let _open = OpenOnDrop(&gate);
    let group = pool.group();
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..3 {
        assert!(group.execute(adds_one(&ran)).is_ok(), "a task was refused");
    }
    let tasks = doing("calls shutdown_now, while a task runs", || {
        pool.shutdown_now()
    });
    let back = tasks.len();
    assert!(back == 3, "of 3 queued tasks {back} came back");
    doing("waits for a group whose tasks came back", || {
        group.wait();
    });
    assert!(ran.load(SeqCst) == 0, "a task ran that came back");
    for task in tasks {
        task.run();
    }
    assert!(ran.load(SeqCst) == 3, "a task that came back did not run");
    gate.open();
    doing("calls shutdown", || pool.shutdown());
    let stats = pool.stats();
    assert!(
        (stats.accepted, stats.completed, stats.returned) == (4, 1, 3),
        "of 4 accepted tasks 1 ran and 3 came back, and the pool has counted {stats:?}"
    );
}

laws! {
    cancelled_in_the_queue,
    called_off_before,
    a_running_task_looks,
    cancel_is_exclusive,
    cancel_the_pool,
    shutdown_now_hands_back,
}
