//! Retiring: a worker that leaves has nothing in its queue, and nothing is lost between thieves.

mod common;
mod sleepers;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use common::{Gate, LONG, OpenOnDrop, Watchdog, adds_one, until};
use sleepers::Sleepers;
use v4_dedicated_queues::{Placement, Pool, Stealing, Task};

const ALL: [Stealing; 3] = [Stealing::Off, Stealing::One, Stealing::Half];
const PLACEMENTS: [Placement; 2] = [Placement::RoundRobin, Placement::LeastLoaded];

/// Four workers, each of which has submitted ten tasks to its own queue, and waits at a gate of its
/// own.
fn laden(
    watchdog: &Watchdog,
    placement: Placement,
    stealing: Stealing,
    ran: &Arc<AtomicUsize>,
) -> (Arc<Pool>, Vec<Gate>) {
    let settings = Pool::builder().placement(placement).stealing(stealing);
    let sleepers = Sleepers::new(watchdog, 4, settings);
    sleepers.fall_asleep();
    let (pool, all) = (sleepers.pool, Gate::new());
    let gates: Vec<_> = (0..4).map(|_| Gate::new()).collect();
    let (tell, told) = mpsc::channel();
    for gate in &gates {
        let (inside, first, at) = (Arc::clone(&pool), all.clone(), gate.clone());
        let (tell, ran) = (tell.clone(), Arc::clone(ran));
        let task = move || {
            tell.send(()).unwrap();
            first.pass();
            (0..10).for_each(|_| inside.execute(adds_one(&ran)).unwrap());
            tell.send(()).unwrap();
            at.pass();
        };
        pool.execute(task).unwrap();
        told.recv().unwrap();
    }
    all.open();
    (0..4).for_each(|_| told.recv().unwrap());
    (pool, gates)
}

/// What a test has of a laden pool.
struct Laden<'test> {
    pool: &'test Arc<Pool>,
    gates: &'test [Gate],
    ran: &'test Arc<AtomicUsize>,
    stealing: Stealing,
}

/// Runs a test with each of the settings. If it fails, its gates open.
fn each_laden(test: impl Fn(Laden<'_>)) {
    let watchdog = Watchdog::start();
    for placement in PLACEMENTS {
        for stealing in ALL {
            let ran = Arc::new(AtomicUsize::new(0));
            let (pool, gates) = laden(&watchdog, placement, stealing, &ran);
            let _open: Vec<_> = gates.iter().map(OpenOnDrop).collect();
            println!("{placement:?}, {stealing:?}"); // seen if it fails
            test(Laden {
                pool: &pool,
                gates: &gates,
                ran: &ran,
                stealing,
            });
        }
    }
}

#[test]
fn workers_that_are_one_too_many_leave_their_tasks_to_the_one_that_stays() {
    each_laden(
        |Laden {
             pool, gates, ran, ..
         }| {
            pool.resize(1).unwrap();
            assert_eq!((pool.threads(), pool.queue_len()), (4, 40));
            gates[..3].iter().for_each(Gate::open);
            until(|| pool.threads() == 1);
            // They have taken no other task, although forty were queued.
            assert_eq!((ran.load(SeqCst), pool.queue_len()), (0, 40));
            gates[3].open();
            pool.wait_idle();
            assert_eq!((ran.load(SeqCst), pool.stats().completed), (40, 44));
        },
    );
}

/// Of those that stay one is blocked. With stealing that costs nothing; without, its own tasks and
/// what it was left wait.
#[test]
fn what_was_left_is_run_by_those_that_have_time() {
    each_laden(
        |Laden {
             pool,
             gates,
             ran,
             stealing,
         }| {
            pool.resize(2).unwrap();
            gates[..3].iter().for_each(Gate::open);
            if stealing == Stealing::Off {
                until(|| pool.stats().idle == 1 && pool.threads() == 2);
                let waiting = pool.queue_len();
                assert!((10..=40).contains(&waiting), "{waiting}");
            } else {
                until(|| ran.load(SeqCst) == 40);
            }
            gates[3].open();
            pool.wait_idle();
            assert_eq!((ran.load(SeqCst), pool.threads()), (40, 2));
        },
    );
}

#[test]
fn a_pool_that_leaves_its_tasks_to_one_may_grow_again_or_stop_at_once() {
    for stop in [false, true] {
        each_laden(
            |Laden {
                 pool, gates, ran, ..
             }| {
                pool.resize(1).unwrap();
                gates[..2].iter().for_each(Gate::open);
                if stop {
                    assert!(pool.shutdown_timeout(Duration::ZERO).is_err());
                } else {
                    pool.resize(4).unwrap();
                }
                gates.iter().for_each(Gate::open);
                pool.wait_idle();
                assert_eq!(ran.load(SeqCst), 40, "stop: {stop}");
            },
        );
    }
}

/// Limits go up and down while tasks come from outside and from workers.
fn resizing_strands_nothing(rounds: usize) {
    let watchdog = Watchdog::with_limit(LONG * (1 + rounds as u32 / 100));
    for round in 0..rounds {
        let settings = Pool::builder()
            .threads(1..=4)
            .queue_capacity(1 + round % 20)
            .idle_timeout(Duration::from_micros(round as u64 % 4 * 50))
            .placement(PLACEMENTS[round % 2]);
        let pool = watchdog.watch(settings.stealing(ALL[round % 3]).build().unwrap());
        let (ran, over) = (Arc::new(AtomicUsize::new(0)), AtomicBool::new(false));
        thread::scope(|scope| {
            let submitters = [0, 1].map(|submitter| {
                let (pool, ran) = (&pool, &ran);
                scope.spawn(move || {
                    for _ in 0..40 {
                        let (inside, count) = (Arc::clone(pool), Arc::clone(ran));
                        let parent = move || {
                            (0..3).for_each(|_| inside.execute(adds_one(&count)).unwrap());
                        };
                        match submitter {
                            0 => pool.execute(parent).unwrap(),
                            _ => assert_eq!(pool.execute_batch([parent]).unwrap(), 1),
                        }
                    }
                })
            });
            let over = &over;
            let (pool, resizer) = (&pool, 0..);
            scope.spawn(move || {
                for n in resizer {
                    pool.resize(n % 3 % 2..=1 + n % 5).unwrap();
                    if over.load(SeqCst) {
                        break;
                    }
                    thread::yield_now();
                }
            });
            for submitter in submitters {
                submitter.join().unwrap();
            }
            over.store(true, SeqCst);
        });
        pool.wait_idle();
        assert_eq!(
            (ran.load(SeqCst), pool.queue_len()),
            (240, 0),
            "round {round}"
        );
        let stats = pool.stats();
        assert_eq!((stats.completed, stats.accepted), (320, 320));
    }
}

#[test]
fn limits_that_change_all_the_time_strand_nothing_in_any_queue() {
    resizing_strands_nothing(60);
}

#[test]
#[ignore = "a storm of ten seconds or more: run by `cargo deep`"]
fn limits_that_change_all_the_time_strand_nothing_in_any_queue_in_a_storm() {
    resizing_strands_nothing(5_000);
}

/// Thieves move tasks from queue to queue while the pool is emptied.
fn handing_back_among_thieves(rounds: usize) {
    let watchdog = Watchdog::with_limit(LONG * (1 + rounds as u32 / 1000));
    for round in 0..rounds {
        let settings = Pool::builder().threads(2 + round % 4).queue_capacity(300);
        let pool = settings.stealing(ALL[round % 3]).build().unwrap();
        let pool = watchdog.watch(pool);
        let runs: Vec<_> = (0..300).map(|_| Arc::new(AtomicUsize::new(0))).collect();
        let group = pool.group();
        let batch = runs[..200].iter().map(adds_one).collect::<Vec<_>>();
        let singles = runs[200..].iter().map(adds_one).collect::<Vec<_>>();
        let inside = Arc::clone(&pool);
        // All in the queue of one worker; if it comes too late, they never come into the pool.
        let parent = move || drop(inside.execute_batch(batch));
        group.execute(parent).unwrap();
        (singles.into_iter()).for_each(|task| group.execute(task).unwrap());
        let moment = Duration::from_micros(round as u64 % 20 * 10);
        let back = thread::scope(|scope| {
            let stop = || {
                thread::sleep(moment);
                pool.shutdown_now()
            };
            let two = [scope.spawn(stop), scope.spawn(stop)];
            two.map(|one| one.join().unwrap())
        });
        let report = group.wait();
        pool.shutdown();
        let back: Vec<Task> = back.into_iter().flatten().collect();
        let stats = pool.stats();
        assert_eq!(stats.returned, back.len(), "round {round}");
        assert_eq!(stats.accepted, stats.completed + stats.returned);
        assert_eq!(stats.queued, 0);
        assert!(report.returned <= stats.returned && report.completed <= stats.completed);
        back.into_iter().for_each(Task::run);
        // Each has run once, or never came in. The parent does not count.
        let times: Vec<_> = runs.iter().map(|runs| runs.load(SeqCst)).collect();
        assert!(times[200..].iter().all(|times| *times == 1), "{times:?}");
        assert!(
            times[..200]
                .windows(2)
                .all(|two| two[0] == two[1] && two[0] <= 1)
        );
    }
}

#[test]
fn every_task_runs_or_is_handed_back_once_while_thieves_are_at_work() {
    handing_back_among_thieves(200);
}

#[test]
#[ignore = "a storm of ten seconds or more: run by `cargo deep`"]
fn every_task_runs_or_is_handed_back_once_in_a_storm_of_thieves() {
    handing_back_among_thieves(20_000);
}

#[test]
fn all_that_is_queued_comes_back_from_whichever_queue() {
    each_laden(
        |Laden {
             pool, gates, ran, ..
         }| {
            for _ in 0..20 {
                pool.execute(adds_one(ran)).unwrap();
            }
            assert_eq!(pool.shutdown_now().len(), 60);
            assert_eq!((pool.queue_len(), pool.stats().running), (0, 4));
            gates.iter().for_each(Gate::open);
            pool.shutdown();
            assert_eq!((ran.load(SeqCst), Arc::strong_count(ran)), (0, 1));
        },
    );
}

/// The other way to empty the queues: a worker that takes a task from one drops it.
#[test]
fn a_cancelled_pool_drops_what_is_in_all_queues() {
    each_laden(
        |Laden {
             pool, gates, ran, ..
         }| {
            pool.cancel();
            gates.iter().for_each(Gate::open);
            pool.wait_idle();
            assert_eq!((ran.load(SeqCst), Arc::strong_count(ran)), (0, 1));
            assert_eq!(pool.stats().cancelled, 40);
        },
    );
}
