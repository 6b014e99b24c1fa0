//! Dispatching: to whose queue a task goes, and how many may be queued.

mod common;
mod sleepers;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex};
use std::thread::{self, ThreadId};
use std::time::Duration;

use common::{Gate, OpenOnDrop, Watchdog, adds_one, meets, until};
use sleepers::Sleepers;
use v4_dedicated_queues::{Builder, Placement, Pool, Reason, Stealing};

const PLACEMENTS: [Placement; 2] = [Placement::RoundRobin, Placement::LeastLoaded];

/// A pool whose workers all wait at gates of their own.
fn busy(watchdog: &Watchdog, threads: usize, settings: Builder) -> (Arc<Pool>, Vec<Gate>) {
    let sleepers = Sleepers::new(watchdog, threads, settings);
    let gates = sleepers.block();
    (sleepers.pool, gates)
}

/// Which thread has run each task.
type Runs = Arc<Mutex<Vec<ThreadId>>>;

fn notes_its_thread(runs: &Runs) -> impl FnOnce() + Send + 'static {
    let runs = Arc::clone(runs);
    move || runs.lock().unwrap().push(thread::current().id())
}

/// How many tasks each worker has run.
fn shares(runs: &Runs) -> Vec<usize> {
    let mut shares = HashMap::new();
    for thread in &*runs.lock().unwrap() {
        *shares.entry(*thread).or_insert(0) += 1;
    }
    shares.into_values().collect()
}

#[test]
fn every_task_runs_once_with_all_settings() {
    let watchdog = Watchdog::start();
    for placement in PLACEMENTS {
        for stealing in [Stealing::Off, Stealing::One, Stealing::Half] {
            for threads in [1, 2, 5] {
                let pool = Pool::builder().threads(threads).queue_capacity(7);
                let pool = pool.placement(placement).stealing(stealing);
                let pool = watchdog.watch(pool.build().unwrap());
                let runs: Vec<_> = (0..300).map(|_| Arc::new(AtomicUsize::new(0))).collect();
                thread::scope(|scope| {
                    for tasks in runs.chunks(100) {
                        let pool = &pool;
                        scope.spawn(move || {
                            for runs in tasks {
                                pool.execute(adds_one(runs)).unwrap();
                            }
                        });
                    }
                });
                pool.shutdown();
                let once = |runs: &Arc<AtomicUsize>| {
                    runs.load(SeqCst) == 1 && Arc::strong_count(runs) == 1
                };
                assert!(
                    runs.iter().all(once),
                    "{placement:?} {stealing:?} {threads}"
                );
            }
        }
    }
}

#[test]
fn in_turn_each_worker_gets_as_many_tasks_as_the_others() {
    let watchdog = Watchdog::start();
    let settings = Pool::builder().stealing(Stealing::Off);
    let (pool, gates) = busy(&watchdog, 4, settings.placement(Placement::RoundRobin));
    let runs = Runs::default();
    for _ in 0..40 {
        pool.execute(notes_its_thread(&runs)).unwrap();
    }
    gates.iter().for_each(Gate::open);
    pool.wait_idle();
    assert_eq!(shares(&runs), [10; 4]);
}

#[test]
fn the_shortest_queue_gets_the_next_task() {
    let watchdog = Watchdog::start();
    let settings = Pool::builder().stealing(Stealing::Off);
    let (pool, gates) = busy(&watchdog, 2, settings.placement(Placement::LeastLoaded));
    let _open: Vec<_> = gates.iter().map(OpenOnDrop).collect();
    let runs = Runs::default();
    // Both have five, and then one of them runs its own.
    for _ in 0..10 {
        pool.execute(notes_its_thread(&runs)).unwrap();
    }
    gates[0].open();
    until(|| pool.stats().completed == 6);
    assert_eq!((shares(&runs), pool.queue_len()), (vec![5], 5));
    // It is blocked once more, with nothing in its queue. So it gets all until there are five
    // again.
    let gate = Gate::new();
    let _again = OpenOnDrop(&gate);
    gate.occupy(|task| pool.execute(task).unwrap());
    for _ in 0..5 {
        pool.execute(notes_its_thread(&runs)).unwrap();
    }
    gate.open();
    until(|| pool.stats().completed == 12);
    assert_eq!((shares(&runs), pool.queue_len()), (vec![10], 5));
    gates[1].open();
    pool.wait_idle();
    let mut all = shares(&runs);
    all.sort_unstable();
    assert_eq!(all, [5, 10]);
}

/// Three tasks wait for each other: none is behind another one.
#[test]
fn without_stealing_a_worker_that_sleeps_gets_a_task_in_its_own_queue() {
    let watchdog = Watchdog::start();
    for placement in PLACEMENTS {
        let settings = Pool::builder().stealing(Stealing::Off);
        let sleepers = Sleepers::new(&watchdog, 3, settings.placement(placement));
        for _ in 0..20 {
            sleepers.fall_asleep();
            let meeting = Arc::new(Barrier::new(3));
            for _ in 0..3 {
                sleepers.pool.execute(meets(&meeting)).unwrap();
            }
        }
        sleepers.fall_asleep();
        let meeting = Arc::new(Barrier::new(3));
        let tasks = (0..3).map(|_| meets(&meeting));
        sleepers.pool.execute_batch(tasks).unwrap();
        sleepers.pool.wait_idle();
        assert_eq!(sleepers.pool.stats().stolen, 0);
    }
}

#[test]
fn the_bound_is_of_the_pool_and_not_of_each_queue() {
    let watchdog = Watchdog::start();
    for placement in PLACEMENTS {
        for stealing in [Stealing::Off, Stealing::One, Stealing::Half] {
            for capacity in [1, 2, 5, 9] {
                let settings = Pool::builder().placement(placement).stealing(stealing);
                let settings = settings.queue_capacity(capacity);
                let (pool, gates) = busy(&watchdog, 4, settings);
                let _open: Vec<_> = gates.iter().map(OpenOnDrop).collect();
                let ran = Arc::new(AtomicUsize::new(0));
                for n in 0..capacity {
                    pool.try_execute(adds_one(&ran)).unwrap();
                    assert_eq!(pool.queue_len(), n + 1);
                }
                let refused = pool.try_execute(adds_one(&ran)).unwrap_err();
                assert_eq!(refused.reason(), Reason::Full);
                let stats = pool.stats();
                assert_eq!((stats.queued, stats.running), (capacity, 4));
                gates.iter().for_each(Gate::open);
                pool.wait_idle();
                assert_eq!((ran.load(SeqCst), pool.queue_len()), (capacity, 0));
                // All places are free again.
                let more = pool.try_execute_batch((0..capacity).map(|_| adds_one(&ran)));
                assert_eq!(more.unwrap(), capacity);
            }
        }
    }
}

#[test]
fn what_a_worker_submits_goes_beyond_the_bound_and_counts() {
    let watchdog = Watchdog::start();
    for stealing in [Stealing::Off, Stealing::Half] {
        let pool = Pool::builder().threads(1).queue_capacity(2);
        let pool = watchdog.watch(pool.stealing(stealing).build().unwrap());
        let (gate, ran) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
        let _open = OpenOnDrop(&gate);
        let (inside, count) = (Arc::clone(&pool), Arc::clone(&ran));
        gate.occupy(|waits| {
            let task = move || {
                for n in 0..100 {
                    match n % 4 {
                        0 => inside.execute(adds_one(&count)).unwrap(),
                        1 => inside.try_execute(adds_one(&count)).unwrap(),
                        2 => inside.group().execute(adds_one(&count)).unwrap(),
                        _ => {
                            let none = Duration::ZERO;
                            inside.execute_timeout(adds_one(&count), none).unwrap();
                        }
                    }
                }
                waits();
            };
            pool.execute(task).unwrap();
        });
        assert_eq!((pool.queue_len(), pool.queue_capacity()), (100, 2));
        let full = pool.try_execute(|| ()).unwrap_err();
        assert_eq!(full.reason(), Reason::Full);
        let late = pool.execute_timeout(|| (), Duration::from_millis(5));
        assert_eq!(late.unwrap_err().reason(), Reason::Timeout);
        gate.open();
        pool.wait_idle();
        assert_eq!((ran.load(SeqCst), pool.stats().accepted), (100, 101));
    }
}

/// An outsider that waits is let in when there are fewer tasks than places, however many there
/// were.
#[test]
fn outsiders_wait_until_what_workers_have_submitted_fits_again() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 2).unwrap());
    for _ in 0..50 {
        let (gate, inside) = (Gate::new(), Arc::clone(&pool));
        let _open = OpenOnDrop(&gate);
        let ran = Arc::new(AtomicUsize::new(0));
        let (count, both) = (Arc::clone(&ran), Arc::new(Barrier::new(2)));
        // Both workers are busy, and ten tasks are queued.
        let at = gate.clone();
        gate.occupy(|waits| {
            let task = move || {
                let other = Arc::clone(&both);
                let meets_and_waits = move || {
                    other.wait();
                    at.pass();
                };
                inside.execute(meets_and_waits).unwrap();
                both.wait();
                for _ in 0..10 {
                    inside.execute(adds_one(&count)).unwrap();
                }
                waits();
            };
            pool.execute(task).unwrap();
        });
        assert_eq!(pool.queue_len(), 10);
        thread::scope(|scope| {
            let _open = OpenOnDrop(&gate);
            for _ in 0..4 {
                scope.spawn(|| pool.execute(adds_one(&ran)).unwrap());
            }
            thread::yield_now();
            assert_eq!(pool.queue_len(), 10);
        });
        pool.wait_idle();
        assert_eq!(ran.load(SeqCst), 14);
    }
}

/// A pool that grows: what is queued for nobody in particular finds the first worker.
#[test]
fn a_pool_without_workers_has_queues_for_those_that_come() {
    let watchdog = Watchdog::start();
    for placement in PLACEMENTS {
        for stealing in [Stealing::Off, Stealing::One, Stealing::Half] {
            let pool = Pool::builder().threads(0..=3).queue_capacity(8);
            let pool = pool.idle_timeout(Duration::ZERO).placement(placement);
            let pool = watchdog.watch(pool.stealing(stealing).build().unwrap());
            let ran = Arc::new(AtomicUsize::new(0));
            for round in 0..300 {
                for _ in 0..1 + round % 3 {
                    pool.execute(adds_one(&ran)).unwrap();
                }
                if round % 10 == 0 {
                    until(|| pool.threads() == 0);
                }
            }
            pool.wait_idle();
            assert_eq!(ran.load(SeqCst), 600, "{placement:?} {stealing:?}");
        }
    }
}

/// Each has a queue of its own, and may be robbed by each of the others.
#[test]
fn a_hundred_workers_run_all_tasks_and_leave() {
    let watchdog = Watchdog::start();
    for placement in PLACEMENTS {
        for stealing in [Stealing::Off, Stealing::One, Stealing::Half] {
            let settings = Pool::builder().placement(placement).stealing(stealing);
            let pool = settings.threads(100).queue_capacity(2000).build().unwrap();
            let pool = watchdog.watch(pool);
            let ran = Arc::new(AtomicUsize::new(0));
            for _ in 0..2000 {
                pool.execute(adds_one(&ran)).unwrap();
            }
            pool.wait_idle();
            assert_eq!(ran.load(SeqCst), 2000, "{placement:?} {stealing:?}");
            // They leave one after another, and tasks come all the while.
            for max in [70, 30, 3, 90, 1] {
                for _ in 0..100 {
                    pool.execute(adds_one(&ran)).unwrap();
                }
                pool.resize(1..=max).unwrap();
            }
            pool.wait_idle();
            assert_eq!(ran.load(SeqCst), 2500, "{placement:?} {stealing:?}");
            until(|| pool.threads() == 1);
        }
    }
}

/// With a hundred workers a hundred tasks meet, each in the queue of any of them.
#[test]
fn with_stealing_as_many_tasks_run_as_there_are_workers() {
    let watchdog = Watchdog::start();
    for placement in PLACEMENTS {
        let settings = Pool::builder().threads(100).queue_capacity(100);
        let pool = watchdog.watch(settings.placement(placement).build().unwrap());
        for _ in 0..3 {
            let meeting = Arc::new(Barrier::new(100));
            for _ in 0..100 {
                pool.execute(meets(&meeting)).unwrap();
            }
            pool.wait_idle();
        }
    }
}

#[test]
fn settings_can_be_printed_compared_and_copied() {
    let builder = Pool::builder().placement(Placement::LeastLoaded);
    let printed = format!("{:?}", builder.stealing(Stealing::One));
    assert!(
        printed.contains("LeastLoaded") && printed.contains("One"),
        "{printed}"
    );
    assert_eq!(Placement::default(), Placement::RoundRobin);
    assert_eq!(Stealing::default(), Stealing::Half);
}
