//! Join without waiting.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::thread;

use harness::{Gate, OpenOnDrop, adds_one, doing, laws, until};
use pool::{JoinHandle, Pool};

/// A task that has begun, and returns 42 when the gate is opened.
fn begun(pool: &Pool, gate: &Gate) -> JoinHandle<u8> {
    let (begin, has_begun) = mpsc::channel();
    let at = gate.clone();
    let handle = pool.spawn(move || {
        begin.send(()).unwrap();
        doing("runs a task that waits until it is let go on", || at.pass());
        42
    });
    doing("waits until the task has begun", || has_begun.recv()).unwrap();
    handle.unwrap()
}

/// On a worker, a task that nobody has begun runs at once, on the same thread.
fn what_has_not_begun_runs_here() {
    let pool = Arc::new(Pool::new(1, 8).unwrap());
    let inside = Arc::clone(&pool);
    let parent = pool.spawn(move || {
        let child = inside.spawn(|| thread::current().id()).unwrap();
        match doing("calls `join_here`, on a task in its queue", || {
            child.join_here()
        }) {
            Ok(Ok(id)) if id == thread::current().id() => "as asked".to_owned(),
            Ok(Ok(id)) => format!("it ran on {id:?}"),
            Ok(Err(error)) => format!("there is no result: {error}"),
            Err(_) => "the handle came back".to_owned(),
        }
    });
    let parent = parent.unwrap();
    let found = doing("waits for the task that joins", || parent.join()).unwrap();
    assert!(
        found == "as asked",
        "nobody else could have begun the task, and {found}"
    );
}

/// If another worker has begun the task, the handle comes back at once. It is as good as before.
fn what_has_begun_comes_back() {
    let gate = Gate::new();
    let pool = Pool::new(2, 8).unwrap();
    let _open = OpenOnDrop(&gate);
    let child = begun(&pool, &gate);
    let parent = pool.spawn(move || {
        doing(
            "calls `join_here`, on a task that another worker runs",
            || child.join_here(),
        )
    });
    let parent = parent.unwrap();
    let answer = doing("waits for the task that joins", || parent.join()).unwrap();
    let handle = answer.expect_err("the task runs, and `join_here` has a result");
    gate.open();
    let result = doing("joins the task, which may go on", || handle.join());
    let is_right = result.as_ref().is_ok_and(|number| *number == 42);
    assert!(
        is_right,
        "later the handle has given {result:?}, and not 42"
    );
}

/// A thread that is no worker of the pool runs nothing, and gets the handle back at once. A worker
/// of another pool is one of them.
fn from_outside_nothing_runs() {
    let gate = Gate::new();
    let (pool, other) = (Pool::new(1, 8).unwrap(), Pool::new(1, 8).unwrap());
    let _open = OpenOnDrop(&gate);
    let busy = begun(&pool, &gate);
    let ran = Arc::new(AtomicUsize::new(0));
    let queued = pool.spawn(adds_one(&ran)).unwrap();
    let what = "calls `join_here` outside of the pool, on a task that is queued";
    let answer = doing(what, || queued.join_here());
    let queued =
        answer.expect_err("outside of the pool, `join_here` has a result of a queued task");
    let there = other.spawn(move || {
        doing("calls `join_here` on a task of another pool", || {
            queued.join_here()
        })
    });
    let there = there.unwrap();
    let answer = doing("waits for a task of another pool", || there.join()).unwrap();
    let queued = answer.expect_err("on a worker of another pool, `join_here` has a result");
    let early = ran.load(SeqCst);
    assert!(early == 0, "the task ran outside of its pool");
    gate.open();
    let (first, second) = doing("joins the tasks", || (busy.join(), queued.join()));
    assert!(
        first.is_ok() && second.is_ok(),
        "they ended with {first:?} and {second:?}"
    );
    let ran = ran.load(SeqCst);
    assert!(ran == 1, "in the end, the task ran {ran} times");
}

/// Other tasks of the queue do not run meanwhile: the caller may hold what they want.
fn nothing_else_runs_here() {
    let gate = Gate::new();
    let pool = Arc::new(Pool::new(1, 16).unwrap());
    let _open = OpenOnDrop(&gate);
    let others = Arc::new(AtomicUsize::new(0));
    let (begin, has_begun) = mpsc::channel();
    let (inside, at, seen) = (Arc::clone(&pool), gate.clone(), Arc::clone(&others));
    let parent = pool.spawn(move || {
        let child = inside.spawn(|| 42).unwrap();
        begin.send(()).unwrap();
        doing("waits until others are queued", || at.pass());
        let result = doing("calls `join_here`, on a task in its queue", || {
            child.join_here()
        });
        (result.is_ok(), seen.load(SeqCst))
    });
    let parent = parent.unwrap();
    doing("waits until the task has begun", || has_begun.recv()).unwrap();
    for _ in 0..8 {
        pool.execute(adds_one(&others)).unwrap();
    }
    gate.open();
    let (is_here, ran) = doing("waits for the task that joins", || parent.join()).unwrap();
    assert!(
        is_here,
        "the task was in the middle of the queue, and did not run"
    );
    assert!(ran == 0, "{ran} other tasks ran while one was joined");
}

/// A task that has ended is joined, on any thread, however it has ended.
fn what_has_ended_is_joined() {
    let pool = Pool::new(1, 8).unwrap();
    let right = pool.spawn(|| 42).unwrap();
    let panics = pool.spawn(|| -> u8 { panic!("the disk is full") }).unwrap();
    until("waits until both tasks have ended", || {
        right.is_finished() && panics.is_finished()
    });
    let result = right
        .join_here()
        .expect("the task has ended, and its handle came back");
    let is_right = result.as_ref().is_ok_and(|number| *number == 42);
    assert!(is_right, "the task returned 42, and `join_here` {result:?}");
    let result = panics
        .join_here()
        .expect("the task has panicked, and its handle came back");
    let is_panic = result.as_ref().is_err_and(|error| error.is_panic());
    assert!(
        is_panic,
        "the task panicked, and `join_here` returned {result:?}"
    );
}

/// Each task runs once, also if another worker takes it at the same moment.
fn it_runs_once() {
    let pool = Arc::new(Pool::new(2, 64).unwrap());
    for n in 0..500 {
        let ran = Arc::new(AtomicUsize::new(0));
        let (inside, task) = (Arc::clone(&pool), adds_one(&ran));
        let parent = pool.spawn(move || {
            let child = inside.spawn(task).unwrap();
            child.join_here().unwrap_or_else(JoinHandle::join)
        });
        let parent = parent.unwrap();
        let result = doing("waits for a task that joins", || parent.join()).unwrap();
        let ran = ran.load(SeqCst);
        assert!(
            ran == 1 && result.is_ok(),
            "task {n} ran {ran} times, and its joiner got {result:?}"
        );
    }
}

laws! {
    what_has_not_begun_runs_here,
    what_has_begun_comes_back,
    from_outside_nothing_runs,
    nothing_else_runs_here,
    what_has_ended_is_joined,
    it_runs_once,
}
