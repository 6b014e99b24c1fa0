//! Stage 8: growing and shrinking.

use std::mem;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use harness::{adds_one, doing, laws, spawn, until};
use pool::Pool;

/// A pool that is never dropped.
fn pool(threads: RangeInclusive<usize>, capacity: usize, idle: Duration) -> Arc<Pool> {
    let builder = Pool::builder().threads(threads.clone());
    let builder = builder.queue_capacity(capacity).idle_timeout(idle);
    let Ok(pool) = builder.build() else {
        panic!("a pool of {threads:?} threads was refused");
    };
    let pool = Arc::new(pool);
    mem::forget(Arc::clone(&pool));
    pool
}

fn execute(pool: &Pool, task: impl FnOnce() + Send + 'static) {
    let accepted = doing("calls execute", || pool.execute(task).is_ok());
    assert!(accepted, "a task was refused");
}

/// So many tasks run at the same time.
fn meet(pool: &Pool, number: usize) {
    let meeting = Arc::new(Barrier::new(number));
    for _ in 0..number {
        let meeting = Arc::clone(&meeting);
        execute(pool, move || {
            let what = format!("runs a task that waits until {number} run at the same time");
            doing(&what, || meeting.wait());
        });
    }
    let what = format!("calls wait_idle, for {number} tasks that meet");
    doing(&what, || pool.wait_idle());
}

/// Where nobody is idle, a new thread runs the task, up to the largest number.
fn grows_on_demand() {
    let pool = pool(0..=3, 8, Duration::from_secs(60));
    let threads = pool.threads();
    assert!(
        threads == 0,
        "a new pool of 0..=3 threads has {threads} before it has anything to do"
    );
    meet(&pool, 1);
    meet(&pool, 2);
    meet(&pool, 3);
    let stats = pool.stats();
    assert!(
        stats.peak <= 3 && stats.spawned <= 3,
        "a pool of 0..=3 threads, of which none has left, has counted {stats:?}"
    );
}

/// Never more than the largest number.
fn never_more_than_max() {
    let pool = pool(0..=2, 16, Duration::from_millis(1));
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    thread::scope(|scope| {
        for n in 1..=4 {
            let (pool, running, most) = (&pool, &running, &most);
            spawn(scope, &format!("submitter {n}"), move || {
                for _ in 0..100 {
                    let (running, most) = (Arc::clone(running), Arc::clone(most));
                    execute(pool, move || {
                        most.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
                        thread::yield_now();
                        running.fetch_sub(1, SeqCst);
                    });
                }
            });
        }
    });
    doing("calls wait_idle", || pool.wait_idle());
    let (most, stats) = (most.load(SeqCst), pool.stats());
    assert!(most <= 2, "{most} tasks ran at once, in a pool of 0..=2");
    assert!(
        stats.peak <= 2,
        "a pool of 0..=2 threads has counted {stats:?}"
    );
}

/// Whoever has been idle for long enough leaves, down to the smallest number.
fn shrinks_when_idle() {
    let pool = pool(1..=4, 8, Duration::from_millis(5));
    meet(&pool, 4);
    until("waits until 3 of 4 idle threads have left", || {
        pool.threads() == 1
    });
    thread::sleep(Duration::from_millis(30));
    let threads = pool.threads();
    assert!(threads == 1, "a pool of 1..=4 threads has {threads}");
    meet(&pool, 4);
    let stats = pool.stats();
    assert!(
        stats.live == stats.spawned - stats.retired,
        "who lives is who came and has not left, and the pool has counted {stats:?}"
    );
}

/// Whoever leaves, and whenever, an accepted task finds a worker.
fn no_stranded_task() {
    let idle = Duration::from_micros(200);
    for max in [1, 2, 3] {
        let pool = pool(0..=max, 4, idle);
        let ran = Arc::new(AtomicUsize::new(0));
        let start = Instant::now();
        let accepted: usize = thread::scope(|scope| {
            let submitter = |n: u32| {
                let (pool, ran) = (&pool, &ran);
                let sweep = move || {
                    let mut accepted = 0;
                    while start.elapsed() < Duration::from_millis(100) {
                        let group = pool.group();
                        for _ in 0..=accepted % 3 {
                            let task = adds_one(ran);
                            let taken = doing("calls Group::execute", || group.execute(task));
                            assert!(taken.is_ok(), "a task was refused");
                            accepted += 1;
                        }
                        let what = "waits for its tasks, while threads leave";
                        doing(what, || {
                            group.wait();
                        });
                        // From a half of the idle timeout to one and a half of it.
                        let step = (accepted as u32 * 7 + n * 90) % 200;
                        let pause = Instant::now() + idle / 2 + idle * step / 200;
                        while Instant::now() < pause {
                            thread::yield_now();
                        }
                    }
                    accepted
                };
                spawn(scope, &format!("submitter {n}"), sweep)
            };
            let submitters = [submitter(1), submitter(2)];
            submitters.map(|one| one.join().unwrap()).iter().sum()
        });
        let ran = ran.load(SeqCst);
        assert!(ran == accepted, "{accepted} tasks were accepted, {ran} ran");
    }
}

/// The limits can be changed meanwhile, and those that are too many leave at once.
fn resize_is_kept() {
    let idle = pool(1..=4, 8, Duration::from_secs(60));
    meet(&idle, 4);
    assert!(idle.resize(1..=2).is_ok(), "1..=2 threads were refused");
    let what = "waits until 2 of 4 idle threads have left, since 2 are the limit now";
    until(what, || idle.threads() == 2);
    let pool = pool(1..=4, 4, Duration::ZERO);
    let ran = Arc::new(AtomicUsize::new(0));
    thread::scope(|scope| {
        spawn(scope, "submitter", || {
            for n in 0..500 {
                execute(&pool, adds_one(&ran));
                let live = pool.threads();
                assert!(
                    (1..=4).contains(&live),
                    "after {n} tasks, a pool of at least 1 and at most 4 has {live} threads"
                );
            }
        });
        spawn(scope, "resizer", || {
            for n in 0..100 {
                let resized = pool.resize(1..=1 + n % 4).is_ok();
                assert!(resized, "1..={} threads were refused", 1 + n % 4);
                thread::yield_now();
            }
        });
    });
    doing("calls wait_idle", || pool.wait_idle());
    assert!(pool.resize(2..=2).is_ok(), "2..=2 threads were refused");
    until("waits until an idle pool has its 2 threads", || {
        pool.threads() == 2
    });
    let ran = ran.load(SeqCst);
    assert!(ran == 500, "500 tasks were accepted, {ran} ran");
}

/// All who came have left when the pool is shut down.
fn all_who_came_have_left() {
    let pool = pool(0..=3, 8, Duration::from_millis(1));
    for _ in 0..20 {
        meet(&pool, 3);
        thread::sleep(Duration::from_millis(1));
    }
    doing("calls shutdown", || pool.shutdown());
    let stats = pool.stats();
    assert!(
        (stats.live, stats.retired) == (0, stats.spawned),
        "the pool is shut down, and has counted {stats:?}"
    );
}

laws! {
    grows_on_demand,
    never_more_than_max,
    shrinks_when_idle,
    no_stranded_task,
    resize_is_kept,
    all_who_came_have_left,
}
