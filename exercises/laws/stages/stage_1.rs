//! Stage 1: threads and a queue.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use busy::{occupy, owned, pool};
use harness::{Gate, adds_one, doing, laws, spawn, until};

mod busy;

/// Tasks run, on threads of the pool.
fn tasks_run() {
    let pool = pool(2, 128);
    let (tell, told) = mpsc::channel();
    for n in 0..100 {
        let tell = tell.clone();
        let task = move || tell.send((n, thread::current().id())).unwrap_or_default();
        assert!(pool.execute(task).is_ok(), "task {n} was refused");
    }
    drop(tell);
    let came = doing("waits for word from 100 tasks", || {
        told.iter().take(100).collect::<Vec<_>>()
    });
    let ran = came.len();
    assert!(
        ran == 100,
        "of 100 accepted tasks {ran} ran, and the others were dropped"
    );
    let here = thread::current().id();
    let at_home = came.iter().filter(|(_, thread)| *thread == here).count();
    assert!(
        at_home == 0,
        "{at_home} tasks ran on the thread that called `execute`"
    );
}

/// As many tasks run at once as there are threads.
fn all_threads_work() {
    for threads in [2, 3, 5] {
        let pool = pool(threads, 8);
        let meeting = Arc::new(Barrier::new(threads));
        let (tell, told) = mpsc::channel();
        for _ in 0..threads {
            let (meeting, tell) = (Arc::clone(&meeting), tell.clone());
            let task = move || {
                let what = format!("runs a task that waits until {threads} run at the same time");
                doing(&what, || meeting.wait());
                tell.send(()).unwrap_or_default();
            };
            assert!(pool.execute(task).is_ok(), "a task was refused");
        }
        drop(tell);
        let what = format!("waits for {threads} tasks that meet, on {threads} threads");
        let met = doing(&what, || told.iter().count());
        assert!(met == threads, "{met} of {threads} tasks ran");
    }
}

/// Threads are used again, and there are no more than were asked for.
fn no_more_threads_than_asked() {
    let pool = pool(3, 256);
    let seen = Arc::new(Mutex::new((0, HashSet::new())));
    for _ in 0..200 {
        let seen = Arc::clone(&seen);
        let task = move || {
            let mut seen = seen.lock().unwrap();
            seen.0 += 1;
            seen.1.insert(thread::current().id());
        };
        assert!(pool.execute(task).is_ok(), "a task was refused");
    }
    until("waits until 200 accepted tasks have run", || {
        seen.lock().unwrap().0 == 200 || Arc::strong_count(&seen) == 1
    });
    let (ran, threads) = {
        let seen = seen.lock().unwrap();
        (seen.0, seen.1.len())
    };
    assert!(
        ran == 200,
        "of 200 accepted tasks {ran} ran, and the others were dropped"
    );
    assert!(
        threads <= 3,
        "200 tasks ran on {threads} threads, in a pool of 3"
    );
}

/// A pool that is dropped runs what it has accepted, and ends when that has ended.
fn drop_waits() {
    let (pool, gate) = (owned(2, 16), Gate::new());
    occupy(&pool, 2, &gate);
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..10 {
        let accepted = pool.execute(adds_one(&ran)).is_ok();
        assert!(accepted, "a task was refused, in a queue of 16");
    }
    let begun = AtomicBool::new(false);
    thread::scope(|scope| {
        let owner = spawn(scope, "the owner", || {
            begun.store(true, SeqCst);
            doing("drops the pool, with 10 tasks in its queue", || drop(pool));
        });
        // The queue is full of work when the drop begins, as far as that can be seen from here.
        while !begun.load(SeqCst) {
            thread::yield_now();
        }
        thread::sleep(Duration::from_millis(50));
        gate.open();
        while !owner.is_finished() {
            let ran = ran.load(SeqCst);
            let what =
                format!("waits for the drop of the pool: {ran} of 10 accepted tasks have run");
            doing(&what, || thread::sleep(Duration::from_millis(10)));
        }
    });
    let finished = ran.load(SeqCst);
    assert!(
        finished == 10,
        "when the drop of the pool returned, {finished} of 10 accepted tasks had run"
    );
    let kept = Arc::strong_count(&ran) - 1;
    assert!(
        kept == 0,
        "when the drop of the pool returned, {kept} closures still existed"
    );
}

/// Each accepted task runs once, whoever submits it.
fn exactly_once() {
    for round in 0..20 {
        let pool = owned(1 + round % 4, 400);
        let runs: Arc<Vec<AtomicUsize>> = Arc::new((0..400).map(|_| AtomicUsize::new(0)).collect());
        let start = Barrier::new(4);
        thread::scope(|scope| {
            for submitter in 0..4 {
                let (pool, runs, start) = (&pool, &runs, &start);
                spawn(scope, &format!("submitter {submitter}"), move || {
                    start.wait();
                    for n in submitter * 100..submitter * 100 + 100 {
                        let runs = Arc::clone(runs);
                        let task = move || _ = runs[n].fetch_add(1, SeqCst);
                        let accepted = doing("calls execute", || pool.execute(task).is_ok());
                        assert!(accepted, "task {n} was refused");
                    }
                });
            }
        });
        doing("drops the pool", || drop(pool));
        for (n, runs) in runs.iter().enumerate() {
            let runs = runs.load(SeqCst);
            assert!(
                runs == 1,
                "task {n} of round {round} ran {runs} times when the pool was gone"
            );
        }
    }
}

laws! {
    tasks_run,
    all_threads_work,
    no_more_threads_than_asked,
    drop_waits,
    exactly_once,
}
