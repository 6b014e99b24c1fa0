//! Tasks that submit others: without the lock of the state, or with it, and joined in any order.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::Duration;

use crate::common::{Gate, OpenOnDrop, Watchdog, meets, until};
use crate::scenes::{How, block, counts, how, on_worker};
use v5_futures::{Builder, CancelToken, JoinHandle, Pool, Reason, Stealing, Task};

/// A pool that may grow, one that may not, one with a single worker, and one in which nobody
/// steals.
fn pools(watchdog: &Watchdog) -> Vec<Arc<Pool>> {
    let settings: [fn(Builder) -> Builder; 6] = [
        |pool| pool.threads(0..=4),
        |pool| pool.threads(1..=2),
        |pool| pool.threads(3),
        |pool| pool.threads(1),
        |pool| pool.threads(1..=3).stealing(Stealing::Off),
        |pool| pool.threads(2).stealing(Stealing::Off),
    ];
    let build = |settings: fn(Builder) -> Builder| {
        let pool = settings(Pool::builder()).queue_capacity(4);
        watchdog.watch(pool.build().unwrap())
    };
    settings.into_iter().map(build).collect()
}

/// All numbers below this one, in an order that jumps about: 7 has no divisor in common with it.
const MANY: usize = 1000;

#[test]
fn a_thousand_children_may_be_joined_in_any_order() {
    let watchdog = Watchdog::start();
    let orders: [fn(usize) -> usize; 3] = [
        |n| n,                  // the oldest first
        |n| MANY - 1 - n,       // the newest first
        |n| (7 * n + 3) % MANY, // neither
    ];
    for pool in pools(&watchdog) {
        let before = pool.stats();
        for order in orders {
            let runs = Arc::new(AtomicUsize::new(0));
            let count = Arc::clone(&runs);
            on_worker(&pool, move |pool| {
                let mut children: Vec<_> = (0..MANY)
                    .map(|n| Some(pool.spawn(counts(&count, n)).unwrap()))
                    .collect();
                for n in (0..MANY).map(order) {
                    let child = children[n].take().unwrap();
                    assert_eq!(child.join().unwrap(), n);
                }
            });
            assert_eq!(runs.load(SeqCst), MANY);
            pool.wait_idle();
            assert_eq!((pool.queue_len(), pool.stats().running), (0, 0));
        }
        let stats = pool.stats();
        assert_eq!(stats.accepted - before.accepted, 3 * (MANY + 1));
        assert_eq!(stats.completed, stats.accepted);
    }
}

/// The one worker takes nothing else meanwhile, so the count is known at each step.
#[test]
fn each_join_takes_one_task_out_of_the_queue() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 1).unwrap());
    for order in [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [3, 0, 5, 1, 4, 2]] {
        on_worker(&pool, move |pool| {
            let mut children: [_; 6] =
                std::array::from_fn(|n| Some(pool.spawn(move || n).unwrap()));
            for (joined, n) in order.into_iter().enumerate() {
                assert_eq!(pool.queue_len(), 6 - joined);
                // As many as those that were joined, and the task itself has not ended.
                assert_eq!(pool.stats().running, 1);
                assert_eq!(children[n].take().unwrap().join().unwrap(), n);
            }
            assert_eq!(pool.queue_len(), 0);
        });
    }
}

/// They run at the same time, on as many workers as there may be.
#[test]
fn what_a_task_submits_makes_the_pool_grow() {
    let watchdog = Watchdog::start();
    for stealing in [Stealing::Off, Stealing::One, Stealing::Half] {
        // Without stealing, one that is there already could not get at what the parent submits.
        let most = if stealing == Stealing::Off { 1 } else { 2 };
        for min in 0..=most {
            let pool = Pool::builder().threads(min..=4).stealing(stealing);
            let pool = watchdog.watch(pool.queue_capacity(1).build().unwrap());
            let meeting = Arc::new(Barrier::new(4));
            on_worker(&pool, move |pool| {
                for _ in 0..3 {
                    pool.execute(meets(&meeting)).unwrap();
                }
                meeting.wait();
            });
            pool.wait_idle();
            assert_eq!((pool.stats().completed, pool.stats().peak), (4, 4));
        }
    }
}

/// Nobody takes the lock of the state, and those who sleep hear of the tasks all the same.
#[test]
fn what_a_task_submits_wakes_those_who_sleep() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(4, 4).unwrap());
    for round in 0..300_u64 {
        if round % 3 > 0 {
            pool.wait_idle();
            // Some sleep by then, or are about to.
            thread::sleep(Duration::from_micros(round * 7 % 200));
        }
        let meeting = Arc::new(Barrier::new(4));
        on_worker(&pool, move |pool| {
            let others = [(); 3].map(|()| pool.spawn(meets(&meeting)).unwrap());
            meeting.wait();
            others.into_iter().for_each(|other| other.join().unwrap());
        });
    }
    pool.wait_idle();
    assert_eq!(pool.stats().completed, 1200);
}

/// As long as its worker is busy. Whoever joins it is another matter.
#[test]
fn without_stealing_what_a_task_submits_waits_for_its_own_worker() {
    let watchdog = Watchdog::start();
    let pool = Pool::builder().threads(2).stealing(Stealing::Off);
    let pool = watchdog.watch(pool.queue_capacity(4).build().unwrap());
    let gate = Gate::new();
    let _open = OpenOnDrop(&gate);
    let (tell, told) = mpsc::channel::<JoinHandle<thread::ThreadId>>();
    let (inside, at) = (Arc::clone(&pool), gate.clone());
    let parent = pool
        .spawn(move || {
            tell.send(inside.spawn(|| thread::current().id()).unwrap())
                .unwrap();
            at.pass();
            thread::current().id()
        })
        .unwrap();
    let child = told.recv().unwrap();
    // The other worker is idle, and leaves it there.
    let child = child.join_timeout(Duration::from_millis(10)).unwrap_err();
    assert_eq!((pool.queue_len(), pool.stats().idle), (1, 1));
    gate.open();
    assert_eq!(child.join().unwrap(), parent.join().unwrap());
}

/// Law 10: it need not wait for its parent.
#[test]
fn with_stealing_a_child_runs_beside_its_parent_that_is_busy() {
    let watchdog = Watchdog::start();
    for stealing in [Stealing::One, Stealing::Half] {
        let pool = Pool::builder().threads(2).stealing(stealing);
        let pool = watchdog.watch(pool.build().unwrap());
        for _ in 0..100 {
            on_worker(&pool, |pool| {
                let (send, result) = mpsc::channel();
                pool.execute(move || send.send(42).unwrap()).unwrap();
                // Not a join: another worker has to come for it.
                assert_eq!(result.recv().unwrap(), 42);
            });
        }
    }
}

#[test]
fn a_worker_is_refused_for_the_reasons_that_outsiders_are() {
    let watchdog = Watchdog::start();
    for pool in pools(&watchdog) {
        let reasons = on_worker(&pool, |pool| {
            let (token, runs) = (CancelToken::new(), Arc::new(AtomicUsize::new(0)));
            token.cancel();
            let mut reasons = Vec::new();
            let refused = pool.spawn_with(&token, counts(&runs, ())).unwrap_err();
            reasons.push(refused.reason());
            // Those that are accepted are run, also after the end.
            let accepted = pool.spawn(counts(&runs, ())).unwrap();
            pool.shutdown();
            let refused = pool.spawn(counts(&runs, ())).unwrap_err();
            reasons.push(refused.reason());
            refused.into_task().run();
            accepted.join().unwrap();
            assert_eq!(runs.load(SeqCst), 2);
            reasons
        });
        assert_eq!(reasons, [Reason::Cancelled, Reason::ShutDown]);
        pool.shutdown();
        assert_eq!((pool.stats().accepted, pool.stats().completed), (2, 2));
    }
    for pool in pools(&watchdog) {
        let reason = on_worker(&pool, |pool| {
            pool.cancel();
            pool.spawn(|| ()).unwrap_err().reason()
        });
        assert_eq!(reason, Reason::Cancelled);
    }
}

/// It is accepted, counted, and not queued.
#[test]
fn a_worker_may_submit_what_was_cancelled_before() {
    let watchdog = Watchdog::start();
    for pool in pools(&watchdog) {
        let group = pool.group();
        let hows = on_worker(&pool, move |pool| {
            let (task, handle) = Task::with_handle(|| ());
            assert!(handle.cancel());
            pool.execute(task).unwrap();
            let (task, in_group) = Task::with_handle(|| ());
            assert!(in_group.cancel());
            group.execute(task).unwrap();
            assert_eq!(pool.queue_len(), 0);
            [how(handle), how(in_group)]
        });
        assert_eq!(hows, [How::Cancelled; 2]);
        pool.wait_idle();
        let stats = pool.stats();
        assert_eq!(
            (stats.accepted, stats.cancelled, stats.completed),
            (3, 2, 1)
        );
    }
}

/// Tasks of a batch and of a group go the same way as others.
#[test]
fn a_worker_may_submit_in_every_way() {
    let watchdog = Watchdog::start();
    for pool in pools(&watchdog) {
        let runs = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&runs);
        let group = Arc::new(pool.group());
        let inside = Arc::clone(&group);
        on_worker(&pool, move |pool| {
            let task = || counts(&count, ());
            for _ in 0..10 {
                pool.execute(task()).unwrap();
                pool.try_execute(task()).unwrap();
                pool.execute_timeout(task(), Duration::ZERO).unwrap();
                pool.execute_with(&CancelToken::new(), task()).unwrap();
                inside.execute(task()).unwrap();
                drop(inside.spawn(task()).unwrap());
                drop(pool.spawn(task()).unwrap());
                drop(pool.try_spawn(task()).unwrap());
                assert_eq!(pool.execute_batch([task(), task()]).unwrap(), 2);
            }
        });
        assert_eq!(group.wait().completed, 20);
        pool.wait_idle();
        assert_eq!((runs.load(SeqCst), pool.stats().completed), (100, 101));
    }
}

/// Whoever waits is released by the last of them, whichever way it was submitted and by whom.
#[test]
fn a_pool_is_idle_when_the_last_child_has_ended() {
    let watchdog = Watchdog::start();
    for pool in pools(&watchdog) {
        for round in 0..200 {
            let runs = Arc::new(AtomicUsize::new(0));
            let (inside, count) = (Arc::clone(&pool), Arc::clone(&runs));
            pool.execute(move || {
                for _ in 0..round % 5 {
                    let (inside2, count2) = (Arc::clone(&inside), Arc::clone(&count));
                    inside
                        .execute(move || inside2.execute(counts(&count2, ())).unwrap())
                        .unwrap();
                }
            })
            .unwrap();
            pool.wait_idle();
            assert_eq!(runs.load(SeqCst), round % 5);
        }
    }
}

/// A worker submits without looking at the others, while the limits change and workers come and go.
#[test]
fn no_child_is_stranded_while_workers_come_and_go() {
    let watchdog = Watchdog::start();
    for stealing in [Stealing::Off, Stealing::Half] {
        let pool = Pool::builder().threads(0..=3).stealing(stealing);
        let pool = pool.idle_timeout(Duration::from_micros(20)).build();
        let pool = watchdog.watch(pool.unwrap());
        let runs = Arc::new(AtomicUsize::new(0));
        for round in 0..1000 {
            let max = 1 + round % 3;
            pool.resize(0..=max).unwrap();
            let count = Arc::clone(&runs);
            let inside = Arc::clone(&pool);
            let parent = pool.spawn(move || {
                let children = [(); 4].map(|()| inside.spawn(counts(&count, ())).unwrap());
                let [one, two, three, four] = children;
                drop(one);
                three.join().unwrap();
                drop(four.cancel_on_drop());
                two
            });
            let child = parent.unwrap().join().unwrap();
            child.join().unwrap();
        }
        pool.wait_idle();
        let stats = pool.stats();
        assert_eq!(stats.completed, 1000 + runs.load(SeqCst));
        assert_eq!(stats.completed + stats.cancelled, 5000);
        until(|| pool.threads() == 0);
    }
}

/// A task of another pool is submitted as by anybody from outside: with a bound.
#[test]
fn to_another_pool_a_worker_is_an_outsider() {
    let watchdog = Watchdog::start();
    let one = watchdog.watch(Pool::new(1, 1).unwrap());
    let other = watchdog.watch(Pool::new(1, 1).unwrap());
    let gate = block(&other);
    let _open = OpenOnDrop(&gate);
    let abroad = Arc::clone(&other);
    let reason = on_worker(&one, move |_| {
        abroad.execute(|| ()).unwrap();
        abroad.try_execute(|| ()).unwrap_err().reason()
    });
    assert_eq!(reason, Reason::Full);
    gate.open();
}
