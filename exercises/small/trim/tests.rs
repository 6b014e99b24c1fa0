//! Who is idle leaves at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Barrier, mpsc};
use std::thread;
use std::time::Duration;

use harness::{Gate, OpenOnDrop, adds_one, doing, laws, until};
use pool::Pool;

const AN_HOUR: Duration = Duration::from_secs(3600);

/// A pool of `min` to 4 workers, which have an hour to be idle.
fn pool(min: usize) -> Pool {
    let pool = Pool::builder().threads(min..=4).idle_timeout(AN_HOUR);
    pool.build().unwrap()
}

/// Has all four workers run at the same time, and waits until they are done.
fn grow(pool: &Pool) {
    let meeting = Arc::new(Barrier::new(4));
    for _ in 0..4 {
        let meeting = Arc::clone(&meeting);
        let task = move || {
            doing("runs a task that waits for three others", || meeting.wait());
        };
        pool.execute(task).unwrap();
    }
    doing("waits for four tasks that meet", || pool.wait_idle());
    let live = pool.threads();
    assert!(
        live == 4,
        "four tasks have met, and there are {live} workers"
    );
}

/// Trims until there are so many workers: one that has just ended its task need not sleep yet.
fn trim_to(pool: &Pool, least: usize) -> usize {
    let mut left = 0;
    let what = format!("calls `trim` again and again, until {least} workers are left");
    until(&what, || {
        left += pool.trim();
        pool.threads() <= least
    });
    left
}

/// The idle ones leave, and it says how many.
fn it_says_how_many() {
    let pool = pool(1);
    let none = pool.trim();
    assert!(
        none == 0,
        "there is one worker, the least, and {none} have left"
    );
    grow(&pool);
    let left = trim_to(&pool, 1);
    assert!(
        left == 3,
        "of 4 workers 1 is there, and {left} have left by its word"
    );
}

/// There are never fewer than the least number.
fn min_stays() {
    let pool = pool(2);
    grow(&pool);
    trim_to(&pool, 2);
    for _ in 0..20 {
        pool.trim();
        // Gives both the time to fall asleep.
        thread::sleep(Duration::from_millis(1));
    }
    let live = pool.threads();
    assert!(live == 2, "a pool of 2 to 4 has {live} workers");
}

/// Whoever runs a task stays, and ends it.
fn the_busy_stay() {
    let pool = pool(0);
    let gate = Gate::new();
    let _open = OpenOnDrop(&gate);
    gate.occupy(|task| pool.execute(task).unwrap());
    for _ in 0..100 {
        pool.trim();
    }
    let live = pool.threads();
    assert!(live == 1, "one runs a task, and there are {live} workers");
    gate.open();
    doing("waits for the task", || pool.wait_idle());
}

/// What comes later finds as many workers as before.
fn it_grows_again() {
    let pool = pool(0);
    grow(&pool);
    trim_to(&pool, 0);
    let limits = pool.limits();
    assert!(
        limits == (0..=4),
        "the limits were 0..=4, and are {limits:?} after a `trim`"
    );
    grow(&pool);
}

/// The threads of those that left end, and so does a shutdown.
fn a_shutdown_does_not_wait_for_idle_times() {
    let (tell, told) = mpsc::channel();
    let pool = Pool::builder().threads(1..=4).idle_timeout(AN_HOUR);
    let pool = pool.on_thread_stop(move || tell.send(()).unwrap_or_default());
    let pool = pool.build().unwrap();
    grow(&pool);
    trim_to(&pool, 1);
    doing("shuts the pool down", || pool.shutdown());
    drop(pool);
    let ended = told.iter().count();
    assert!(ended == 4, "{ended} of 4 threads have come to their end");
}

/// Nothing is stranded, however often somebody trims meanwhile.
fn no_task_is_stranded() {
    let pool = pool(0);
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..2000 {
        pool.execute(adds_one(&ran)).unwrap();
        pool.trim();
    }
    doing("waits until the pool is idle", || pool.wait_idle());
    let ran = ran.load(SeqCst);
    assert!(ran == 2000, "of 2000 tasks {ran} ran");
}

laws! {
    a_shutdown_does_not_wait_for_idle_times,
    min_stays,
    it_grows_again,
    it_says_how_many,
    the_busy_stay,
    no_task_is_stranded,
}
