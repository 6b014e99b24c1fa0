//! Waiting for a task on a worker: it runs that task and no other, so it cannot deadlock, and does
//! not meet what it holds itself.

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use crate::common::{Gate, LONG, OpenOnDrop, Watchdog, at_exit, until};
use crate::scenes::{self, How, OnDrop, block, busy, counts, how, on_worker};
use v5_futures::{Builder, JoinError, JoinHandle, Placement, Pool, Reason, Stealing, Task};

const ALL: [Stealing; 3] = [Stealing::Off, Stealing::One, Stealing::Half];

fn fib(pool: &Arc<Pool>, n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let inside = Arc::clone(pool);
    let other = pool.spawn(move || fib(&inside, n - 2)).unwrap();
    fib(pool, n - 1) + other.join().unwrap()
}

#[test]
fn fork_join_needs_no_more_than_a_worker_and_two_places() {
    let watchdog = Watchdog::start();
    for threads in [1, 2, 4] {
        let pool = watchdog.watch(Pool::new(threads, 2).unwrap());
        assert_eq!(on_worker(&pool, |pool| fib(pool, 18)), 2584);
        pool.wait_idle();
        let stats = pool.stats();
        assert_eq!((stats.accepted, stats.queued), (stats.completed, 0));
        assert_eq!(stats.accepted, 4181, "one for each call but those in place");
    }
}

#[test]
fn fork_join_ends_with_each_setting_and_in_a_pool_that_starts_with_nobody() {
    let watchdog = Watchdog::start();
    for stealing in ALL {
        for placement in [Placement::RoundRobin, Placement::LeastLoaded] {
            for (min, max) in [(0, 1), (0, 3), (1, 3), (3, 3)] {
                let pool = Pool::builder().threads(min..=max).queue_capacity(1);
                let pool = pool.stealing(stealing).placement(placement);
                let pool = pool
                    .idle_timeout(Duration::from_micros(50))
                    .build()
                    .unwrap();
                let pool = watchdog.watch(pool);
                for _ in 0..5 {
                    assert_eq!(on_worker(&pool, |pool| fib(pool, 10)), 55);
                }
                pool.wait_idle();
                let stats = pool.stats();
                assert_eq!((stats.accepted, stats.running), (stats.completed, 0));
            }
        }
    }
}

#[test]
fn fork_join_ends_while_the_limits_change_and_when_the_pool_shuts_down_meanwhile() {
    let watchdog = Watchdog::start();
    for stealing in ALL {
        let pool = Pool::builder().threads(1..=4).stealing(stealing);
        let pool = watchdog.watch(pool.build().unwrap());
        let inside = Arc::clone(&pool);
        let answer = pool
            .spawn(move || (0..20).map(|_| fib(&inside, 12)).sum::<u64>())
            .unwrap();
        let mut limits = (0..).map(|n| (n % 3 % 2, 1 + n % 4));
        while !answer.is_finished() {
            let (min, max) = limits.next().unwrap();
            pool.resize(min..=max.max(min)).unwrap();
            thread::yield_now();
        }
        assert_eq!(answer.join().unwrap(), 20 * 144);
        // What is accepted ends, and who comes too late is told.
        fn tries(pool: &Arc<Pool>, n: u64) -> u64 {
            let inside = Arc::clone(pool);
            let other = pool.spawn(move || if n < 2 { n } else { tries(&inside, n - 2) });
            let own = if n < 1 { n } else { tries(pool, n - 1) };
            own + other.map_or(0, |other| other.join().unwrap())
        }
        let inside = Arc::clone(&pool);
        let answer = pool.spawn(move || tries(&inside, 14)).unwrap();
        thread::sleep(Duration::from_micros(300));
        pool.shutdown();
        assert!(answer.is_finished());
        answer.join().unwrap();
    }
}

std::thread_local! {
    static OWN: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

/// A worker that helped with whatever is queued would meet the borrow, or wait for the mutex for
/// ever.
#[test]
fn a_task_that_joins_its_child_meets_neither_its_borrow_nor_its_lock_again() {
    let watchdog = Watchdog::start();
    for threads in [1, 2, 4] {
        let pool = watchdog.watch(Pool::new(threads, 100).unwrap());
        for _ in 0..50 {
            let lock = Arc::new(Mutex::new(0));
            on_worker(&pool, move |pool| {
                let others = |number: usize| -> Vec<_> {
                    let other = |_| {
                        let lock = Arc::clone(&lock);
                        pool.spawn(move || {
                            OWN.with_borrow_mut(|own| own.push("other"));
                            *lock.lock().unwrap() += 1;
                            OWN.with_borrow_mut(Vec::pop);
                        })
                    };
                    (0..number).map(|n| other(n).unwrap()).collect()
                };
                let held = OWN.with_borrow_mut(|own| {
                    assert!(own.is_empty());
                    own.push("parent");
                    let mut held = lock.lock().unwrap();
                    // In front of the child, and behind it.
                    let mut all = others(20);
                    let child = pool.spawn(|| 42).unwrap();
                    all.extend(others(20));
                    *held += child.join().unwrap();
                    own.pop();
                    drop(held);
                    all
                });
                held.into_iter().for_each(|other| other.join().unwrap());
                assert_eq!(*lock.lock().unwrap(), 42 + 40);
            });
        }
    }
}

#[test]
fn a_join_on_a_worker_runs_that_task_on_its_own_thread_and_no_other() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 100).unwrap());
    on_worker(&pool, |pool| {
        let runs = Arc::new(AtomicUsize::new(0));
        let others: Vec<_> = (0..50)
            .map(|_| pool.spawn(counts(&runs, ())).unwrap())
            .collect();
        let child = pool.spawn(|| thread::current().id()).unwrap();
        assert_eq!(child.join().unwrap(), thread::current().id());
        assert_eq!((runs.load(SeqCst), pool.queue_len()), (0, 50));
        // In any order, each at its turn.
        for (n, other) in others.into_iter().rev().enumerate() {
            other.join().unwrap();
            assert_eq!(runs.load(SeqCst), n + 1);
        }
        assert_eq!(pool.queue_len(), 0);
    });
    pool.wait_idle();
    assert_eq!((pool.stats().completed, pool.stats().spawned), (52, 1));
}

#[test]
fn a_join_from_outside_runs_nothing() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 4);
    let _open = OpenOnDrop(&gate);
    let handle = pool.spawn(|| thread::current().id()).unwrap();
    let joiner = thread::spawn(move || (thread::current().id(), handle.join().unwrap()));
    thread::sleep(Duration::from_millis(5));
    assert!(!joiner.is_finished());
    gate.open();
    let (joiner, ran) = joiner.join().unwrap();
    assert_ne!(joiner, ran);
}

/// To another pool its worker is somebody from outside.
#[test]
fn a_worker_runs_nothing_of_another_pool_in_place() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 4);
    let _open = OpenOnDrop(&gate);
    let other = watchdog.watch(Pool::new(1, 4).unwrap());
    let child = pool.spawn(|| thread::current().id()).unwrap();
    let (tell, told) = mpsc::channel();
    let parent = other
        .spawn(move || {
            tell.send(()).unwrap();
            (thread::current().id(), child.join().unwrap())
        })
        .unwrap();
    told.recv().unwrap();
    let parent = parent.join_timeout(Duration::from_millis(5)).unwrap_err();
    assert_eq!(pool.queue_len(), 1);
    gate.open();
    let (here, there) = parent.join().unwrap();
    assert_ne!(here, there);
}

/// Nobody is going to run it, as far as anybody knows.
#[test]
fn a_task_that_was_not_submitted_cannot_be_joined() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    let runs = Arc::new(AtomicUsize::new(0));
    type Join = fn(JoinHandle<u8>) -> Result<u8, JoinError>;
    let joins: [Join; 2] = [JoinHandle::join, |handle| {
        handle.join_timeout(Duration::MAX).unwrap()
    }];
    let mut tasks = Vec::new();
    for join in joins {
        for on_a_worker in [false, true] {
            let (task, handle) = Task::with_handle(counts(&runs, 1));
            tasks.push(task);
            let result = match on_a_worker {
                false => join(handle),
                true => on_worker(&pool, move |_| join(handle)),
            };
            let error = result.unwrap_err();
            assert!(error.is_not_submitted());
            assert!(!error.is_panic() && !error.is_cancelled() && !error.is_abandoned());
            assert_eq!(error.to_string(), "the task has not been submitted");
        }
    }
    // It can be submitted all the same. Nobody hears of it.
    tasks.drain(..).for_each(|task| pool.execute(task).unwrap());
    pool.wait_idle();
    assert_eq!(runs.load(SeqCst), 4);
}

/// It had a place nowhere: that is no submission either.
#[test]
fn a_task_that_was_refused_cannot_be_joined_and_one_that_was_handed_back_can() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 1);
    let _open = OpenOnDrop(&gate);
    let queued = pool.spawn(|| 1).unwrap();
    let (task, handle) = Task::with_handle(|| 2);
    let refused = pool.try_execute(task).unwrap_err();
    assert!(handle.join().unwrap_err().is_not_submitted());
    drop(refused);
    let joiner = thread::spawn(move || queued.join());
    thread::sleep(Duration::from_millis(5));
    let back = pool.shutdown_now();
    thread::sleep(Duration::from_millis(5));
    assert!(!joiner.is_finished(), "whoever has it now may run it");
    back.into_iter().for_each(Task::run);
    assert_eq!(joiner.join().unwrap().unwrap(), 1);
}

/// Its owner is just running it: that is known, and the joiner waits.
#[test]
fn a_task_that_its_owner_runs_can_be_joined() {
    let watchdog = Watchdog::start();
    let (gate, (tell, told)) = (Gate::new(), mpsc::channel());
    let at = gate.clone();
    let (task, handle) = Task::with_handle(move || {
        tell.send(()).unwrap();
        at.pass();
        42
    });
    thread::scope(|scope| {
        scope.spawn(|| task.run());
        told.recv().unwrap();
        let joiner = scope.spawn(|| handle.join());
        thread::sleep(Duration::from_millis(5));
        assert!(!joiner.is_finished());
        gate.open();
        assert_eq!(joiner.join().unwrap().unwrap(), 42);
    });
    drop(watchdog);
}

/// Those who wait for a time, or await, may be there before the task is submitted.
#[test]
fn who_waits_for_a_time_may_do_so_before_the_task_is_submitted() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    let (task, handle) = Task::with_handle(|| 42);
    let handle = handle.join_timeout(Duration::ZERO).unwrap_err();
    let handle = handle.join_timeout(Duration::from_millis(1)).unwrap_err();
    let joiner = thread::spawn(move || handle.join_timeout(LONG));
    thread::sleep(Duration::from_millis(5));
    pool.execute(task).unwrap();
    assert_eq!(joiner.join().unwrap().unwrap().unwrap(), 42);
}

#[test]
fn a_panic_of_a_task_that_was_joined_too_early_is_told_to_the_handler() {
    let watchdog = Watchdog::start();
    let (told, handler) = scenes::counting_handler();
    let pool = Pool::builder().threads(1).panic_handler(handler);
    let pool = watchdog.watch(pool.build().unwrap());
    let (task, handle) = Task::with_handle(|| panic!("too early"));
    let result: Result<(), JoinError> = handle.join();
    assert!(result.unwrap_err().is_not_submitted());
    pool.execute(task).unwrap();
    pool.wait_idle();
    assert_eq!((told.load(SeqCst), pool.stats().panicked), (1, 1));
}

#[test]
fn a_join_on_a_worker_sleeps_until_a_child_that_has_begun_is_over() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 4).unwrap());
    let (begin, begun) = mpsc::channel();
    let (end, ended) = mpsc::channel::<()>();
    let parent = on_worker(&pool, move |pool| {
        let child = move || {
            begin.send(()).unwrap();
            ended.recv().unwrap_err();
            thread::current().id()
        };
        let child = pool.spawn(child).unwrap();
        begun.recv().unwrap();
        pool.spawn(move || (thread::current().id(), child.join().unwrap()))
            .unwrap()
    });
    until(|| pool.stats().running == 2);
    let parent = parent.join_timeout(Duration::from_millis(5)).unwrap_err();
    drop(end);
    let (parent, child) = parent.join().unwrap();
    assert_ne!(parent, child);
}

/// The grandchildren are joined by whoever runs the child, at whatever depth that is.
#[test]
fn tasks_may_be_joined_a_few_hundred_deep() {
    fn deep(pool: &Arc<Pool>, depth: usize) -> usize {
        if depth == 0 {
            return 0;
        }
        let inside = Arc::clone(pool);
        let child = pool.spawn(move || deep(&inside, depth - 1)).unwrap();
        1 + child.join().unwrap()
    }
    let watchdog = Watchdog::start();
    for threads in [1, 3] {
        let pool = watchdog.watch(Pool::new(threads, 1).unwrap());
        assert_eq!(on_worker(&pool, |pool| deep(pool, 300)), 300);
    }
}

#[test]
fn a_task_that_waits_for_one_on_top_of_it_does_not_count_as_running() {
    let watchdog = Watchdog::start();
    // Without stealing, the idle ones leave the children to whoever joins them.
    let pool = Pool::builder().threads(3).stealing(Stealing::Off);
    let pool = watchdog.watch(pool.build().unwrap());
    fn deep(pool: &Arc<Pool>, depth: usize) -> [usize; 4] {
        if depth == 0 {
            let stats = pool.stats();
            return [stats.live, stats.idle, stats.running, stats.queued];
        }
        let inside = Arc::clone(pool);
        pool.spawn(move || deep(&inside, depth - 1))
            .unwrap()
            .join()
            .unwrap()
    }
    assert_eq!(on_worker(&pool, |pool| deep(pool, 12)), [3, 2, 1, 0]);
    pool.wait_idle();
    let stats = pool.stats();
    assert_eq!((stats.live, stats.idle, stats.running), (3, 3, 0));
    assert_eq!((stats.completed, stats.accepted), (13, 13));
}

#[test]
fn the_counts_fit_together_while_tasks_fork_and_join() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(3, 16).unwrap());
    let inside = Arc::clone(&pool);
    let answer = pool
        .spawn(move || (0..10).map(|_| fib(&inside, 14)).sum::<u64>())
        .unwrap();
    while !answer.is_finished() {
        let stats = pool.stats();
        assert_eq!(stats.live, stats.idle + stats.running, "{stats:?}");
        assert!(
            stats.running <= 3 && stats.accepted >= stats.completed,
            "{stats:?}"
        );
    }
    assert_eq!(answer.join().unwrap(), 3770);
    pool.wait_idle();
    let stats = pool.stats();
    assert_eq!((stats.idle, stats.running, stats.queued), (3, 0, 0));
}

/// In the pool's own words: it has left its queue.
#[test]
fn the_place_of_a_task_is_free_when_it_runs_in_place() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 2).unwrap());
    let (gate, (tell, told)) = (Gate::new(), mpsc::channel());
    let _open = OpenOnDrop(&gate);
    let (inside, at, held) = (Arc::clone(&pool), gate.clone(), Gate::new());
    let first = held.clone();
    let parent = pool
        .spawn(move || {
            let children = [(); 2].map(|()| inside.spawn(|| ()).unwrap());
            tell.send(()).unwrap();
            first.pass();
            children.into_iter().for_each(|child| child.join().unwrap());
            at.pass();
        })
        .unwrap();
    told.recv().unwrap();
    assert_eq!(pool.try_spawn(|| ()).unwrap_err().reason(), Reason::Full);
    thread::scope(|scope| {
        let submitters = [(); 2].map(|()| scope.spawn(|| pool.spawn(|| ()).unwrap()));
        held.open();
        let queued = submitters.map(|submitter| submitter.join().unwrap());
        assert_eq!((pool.queue_len(), parent.is_finished()), (2, false));
        assert_eq!(pool.try_spawn(|| ()).unwrap_err().reason(), Reason::Full);
        gate.open();
        queued.into_iter().for_each(|handle| handle.join().unwrap());
    });
    parent.join().unwrap();
}

#[test]
fn a_child_that_panics_in_place_leaves_its_parent_alone() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    let hows = on_worker(&pool, |pool| {
        let fails = pool.spawn(|| panic!("in place")).unwrap();
        let inside = Arc::clone(pool);
        let parent_fails = pool
            .spawn(move || {
                let child = inside.spawn(|| 42).unwrap();
                panic!("with a child that has not begun: {child:?}");
            })
            .unwrap();
        [
            how(fails),
            how(parent_fails),
            how(pool.spawn(|| 42).unwrap()),
        ]
    });
    assert_eq!(hows, [How::Panicked, How::Panicked, How::Done]);
    pool.wait_idle();
    let stats = pool.stats();
    assert_eq!((stats.panicked, stats.completed, stats.running), (2, 3, 0));
    assert_eq!((stats.spawned, stats.queued), (1, 0));
}

/// The last thing that a task does is to drop what it captured.
#[test]
fn a_drop_on_a_worker_may_join() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 1).unwrap());
    let sum = Arc::new(AtomicUsize::new(0));
    let joins = || {
        let (inside, sum) = (Arc::clone(&pool), Arc::clone(&sum));
        OnDrop::new(move || {
            let child = inside.spawn(|| 1).unwrap();
            sum.fetch_add(child.join().unwrap(), SeqCst);
        })
    };
    let captured = joins();
    pool.execute(move || drop(captured)).unwrap();
    let captured = joins();
    pool.spawn(move || drop(captured)).unwrap().join().unwrap();
    // As the result of a task whose handle is gone, and of a task that never runs.
    let result = joins();
    drop(pool.spawn(move || result).unwrap());
    let token = v5_futures::CancelToken::new();
    let gate = block(&pool);
    let captured = joins();
    pool.execute_with(&token, move || drop(captured)).unwrap();
    token.cancel();
    gate.open();
    pool.wait_idle();
    until(|| sum.load(SeqCst) == 4);
    pool.wait_idle();
    let stats = pool.stats();
    assert_eq!(
        (stats.completed, stats.cancelled, stats.accepted),
        (8, 1, 9)
    );
}

/// A pool that its own hooks know. To be emptied, or the pool and the hook keep each other.
type Known = Arc<OnceLock<Arc<Pool>>>;

/// Builds a pool of which each worker, when it leaves, does this.
fn with_last_words(
    watchdog: &Watchdog,
    settings: Builder,
    last: impl Fn(&Pool) + Send + Sync + Clone + 'static,
    late: bool,
) -> (Arc<Pool>, Known) {
    let known = Known::default();
    let at = Arc::clone(&known);
    let stop = move || {
        let (last, pool) = (last.clone(), at.get().cloned());
        let last = move || last(&pool.unwrap());
        if late {
            at_exit(last);
        } else {
            last();
        }
    };
    let pool = watchdog.watch(settings.on_thread_stop(stop).build().unwrap());
    known.set(Arc::clone(&pool)).unwrap();
    (pool, known)
}

/// The worker has left its queue by then, and is on the pool's thread all the same.
#[test]
fn a_worker_that_leaves_may_spawn_and_join_in_its_last_words() {
    let watchdog = Watchdog::start();
    for late in [false, true] {
        let settings = Pool::builder().threads(0..=1).queue_capacity(1);
        let (tell, told) = mpsc::channel();
        let last = move |pool: &Pool| {
            let child = pool.spawn(|| thread::current().id()).unwrap();
            let id = child.join().unwrap();
            tell.send((id, thread::current().id())).unwrap();
        };
        let last = {
            // Each worker once: the next one would be started for the child of the last.
            let times = Arc::new(AtomicUsize::new(0));
            move |pool: &Pool| {
                if times.fetch_add(1, SeqCst) == 0 {
                    last(pool);
                }
            }
        };
        let settings = settings.idle_timeout(Duration::from_millis(1));
        let (pool, known) = with_last_words(&watchdog, settings, last, late);
        pool.execute(|| ()).unwrap();
        let (ran, joined) = told.recv().unwrap();
        assert_eq!(ran, joined, "nobody else is there to run it");
        pool.wait_idle();
        until(|| pool.threads() == 0);
        let stats = pool.stats();
        assert_eq!((stats.accepted, stats.completed, stats.running), (2, 2, 0));
        assert_eq!(stats.live, stats.idle);
        drop(known);
    }
}

/// What the pool refuses by then was accepted before: only those who are on their way out can run
/// it.
#[test]
fn the_last_words_of_a_pool_that_shuts_down_may_join_what_is_over() {
    let watchdog = Watchdog::start();
    let (give, given) = mpsc::channel::<JoinHandle<u32>>();
    let given = Arc::new(Mutex::new(given));
    let sum = Arc::new(AtomicUsize::new(0));
    let add = Arc::clone(&sum);
    let settings = Pool::builder().threads(2).queue_capacity(100);
    let last = move |pool: &Pool| {
        assert!(pool.spawn(|| ()).is_err(), "the door is shut");
        while let Ok(handle) = { given.lock().unwrap().try_recv() } {
            add.fetch_add(handle.join().unwrap() as usize, SeqCst);
        }
    };
    let (pool, _known) = with_last_words(&watchdog, settings, last, false);
    (0..100).for_each(|n| give.send(pool.spawn(move || n).unwrap()).unwrap());
    pool.shutdown();
    assert_eq!(sum.load(SeqCst), 4950);
}

/// They have spawned each other's children, and join them crosswise.
#[test]
fn tasks_may_join_children_that_others_have_spawned() {
    let watchdog = Watchdog::start();
    for threads in [1, 2, 4] {
        let pool = watchdog.watch(Pool::new(threads, 8).unwrap());
        for round in 0..200_u64 {
            let children: Vec<_> = (0..8)
                .map(|n| pool.spawn(move || round + n).unwrap())
                .collect();
            let joiners: Vec<_> = children
                .into_iter()
                .rev()
                .map(|child| pool.spawn(move || child.join().unwrap()).unwrap())
                .collect();
            let sum: u64 = joiners
                .into_iter()
                .map(|joiner| joiner.join().unwrap())
                .sum();
            assert_eq!(sum, 8 * round + 28);
        }
        pool.wait_idle();
        assert_eq!(pool.stats().completed, 3200);
    }
}

/// Nobody comes back to what was queued beneath a task that was joined: it is still there for
/// others.
#[test]
fn what_was_not_joined_runs_after_its_parent() {
    let watchdog = Watchdog::start();
    for stealing in ALL {
        let pool = Pool::builder()
            .threads(2)
            .queue_capacity(4)
            .stealing(stealing);
        let pool = watchdog.watch(pool.build().unwrap());
        let runs = Arc::new(AtomicUsize::new(0));
        for _ in 0..200 {
            let count = Arc::clone(&runs);
            on_worker(&pool, move |pool| {
                let children: Vec<_> = (0..9)
                    .map(|_| pool.spawn(counts(&count, ())).unwrap())
                    .collect();
                // Every third is joined, every third is left to itself, and the others are
                // cancelled.
                for (n, child) in children.into_iter().enumerate() {
                    match n % 3 {
                        0 => child.join().unwrap(),
                        1 => drop(child),
                        _ => drop(child.cancel_on_drop()),
                    }
                }
            });
        }
        pool.wait_idle();
        let stats = pool.stats();
        assert_eq!(stats.completed, 200 + runs.load(SeqCst));
        assert_eq!((stats.completed + stats.cancelled, stats.queued), (2000, 0));
    }
}
