//! A submitter that insists.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use harness::{Gate, OpenOnDrop, adds_one, doing, laws, spawn};
use pool::{Pool, Reason};

const A_WHILE: Duration = Duration::from_millis(20);
const AN_HOUR: Duration = Duration::from_secs(3600);

/// A pool whose only worker waits at the gate, and whose only place is taken.
fn full(gate: &Gate) -> Pool {
    let pool = Pool::new(1, 1).unwrap();
    gate.occupy(|task| pool.execute(task).unwrap());
    pool.execute(|| ()).unwrap();
    pool
}

/// With a place in the queue, the first try is enough, and the task runs once.
fn an_accepted_task_runs_once() {
    let pool = Pool::new(2, 4).unwrap();
    let ran = Arc::new(AtomicUsize::new(0));
    let accepted = doing("calls `insist`, with places in the queue", || {
        pool.insist(adds_one(&ran), 3, AN_HOUR)
    });
    assert!(accepted.is_ok(), "the task was refused, in an empty queue");
    pool.shutdown();
    let ran = ran.load(SeqCst);
    assert!(ran == 1, "the task ran {ran} times");
}

/// With a full queue it returns after so many tries, with pauses between them.
fn it_gives_up() {
    let gate = Gate::new();
    let pool = full(&gate);
    let _open = OpenOnDrop(&gate);
    let start = Instant::now();
    let refused = doing("calls `insist` for three tries, on a full queue", || {
        pool.insist(|| (), 3, A_WHILE)
    });
    let took = start.elapsed();
    let refused = refused.expect_err("a task got a place that was not there");
    assert!(
        refused.reason() == Reason::Full,
        "the reason is {:?}, and the queue was full",
        refused.reason()
    );
    assert!(
        took >= 2 * A_WHILE,
        "three tries with two pauses of {A_WHILE:?} took {took:?}"
    );
}

/// After the last try nobody waits: there is nothing to wait for.
fn no_pause_follows_the_last_try() {
    let gate = Gate::new();
    let pool = full(&gate);
    let _open = OpenOnDrop(&gate);
    for tries in [0, 1] {
        let what = format!("calls `insist` for {tries} tries, with pauses of an hour");
        let refused = doing(&what, || pool.insist(|| (), tries, AN_HOUR));
        assert!(refused.is_err(), "a task got a place that was not there");
    }
}

/// A place that frees up between two tries is taken.
fn a_place_that_frees_up_is_taken() {
    let gate = Gate::new();
    let pool = full(&gate);
    let ran = Arc::new(AtomicUsize::new(0));
    thread::scope(|scope| {
        let insisting = spawn(scope, "a submitter", || {
            let pause = Duration::from_millis(1);
            doing("insists, until there is a place", || {
                pool.insist(adds_one(&ran), usize::MAX, pause)
            })
        });
        // So that it has tried, most likely. Right code passes either way.
        thread::sleep(A_WHILE);
        gate.open();
        let accepted = insisting.join().is_ok_and(|submitted| submitted.is_ok());
        assert!(accepted, "the task was refused, although a place came free");
    });
    pool.shutdown();
    let ran = ran.load(SeqCst);
    assert!(ran == 1, "the task ran {ran} times");
}

/// If all tries fail, the task is in the error, and has not run.
fn the_task_comes_back() {
    let gate = Gate::new();
    let pool = full(&gate);
    let _open = OpenOnDrop(&gate);
    let ran = Arc::new(AtomicUsize::new(0));
    let refused = pool.insist(adds_one(&ran), 2, Duration::ZERO);
    let refused = refused.expect_err("a task got a place that was not there");
    assert!(ran.load(SeqCst) == 0, "a refused task has run");
    refused.into_task().run();
    assert!(
        ran.load(SeqCst) == 1,
        "what came back is another task: it ran, and the submitted one did not"
    );
}

/// A pool that is shut down refuses for good, so there is no second try.
fn a_refusal_for_good_is_the_last() {
    let pool = Pool::new(1, 1).unwrap();
    pool.shutdown();
    let what = "calls `insist` on a pool that is shut down, with pauses of an hour";
    let refused = doing(what, || pool.insist(|| (), usize::MAX, AN_HOUR));
    let refused = refused.expect_err("a pool that is shut down has accepted a task");
    assert!(
        refused.reason() == Reason::ShutDown,
        "the reason is {:?}, and the pool was shut down",
        refused.reason()
    );
}

/// The task that comes back from many tries is as it was: boxed once. If each try wraps it, to run
/// it takes a stack as deep as there were tries.
fn nothing_is_wrapped_again() {
    let gate = Gate::new();
    let pool = full(&gate);
    let _open = OpenOnDrop(&gate);
    let ran = Arc::new(AtomicUsize::new(0));
    let refused = doing("calls `insist` for 200000 tries, without a pause", || {
        pool.insist(adds_one(&ran), 200_000, Duration::ZERO)
    });
    let refused = refused.expect_err("a task got a place that was not there");
    doing("runs the task that came back", || refused.into_task().run());
    assert!(ran.load(SeqCst) == 1, "it has not run");
}

laws! {
    an_accepted_task_runs_once,
    it_gives_up,
    no_pause_follows_the_last_try,
    a_place_that_frees_up_is_taken,
    the_task_comes_back,
    a_refusal_for_good_is_the_last,
    nothing_is_wrapped_again,
}
