//! Stealing: a task is run by any worker that has time, or waits for the one in whose queue it is.

mod common;
mod sleepers;

#[cfg(target_os = "linux")]
use std::fs;
use std::mem;
#[cfg(target_os = "linux")]
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use common::{Gate, OpenOnDrop, Watchdog, adds_one, until};
use sleepers::Sleepers;
use v4_dedicated_queues::{Builder, Placement, Pool, Stealing};

const PLACEMENTS: [Placement; 2] = [Placement::RoundRobin, Placement::LeastLoaded];
const THIEVES: [Stealing; 2] = [Stealing::One, Stealing::Half];

/// Has a worker submit these tasks, and then blocks it at the gate.
fn submit_and_block(pool: &Arc<Pool>, gate: &Gate, submit: impl FnOnce(&Pool) + Send + 'static) {
    let inside = Arc::clone(pool);
    gate.occupy(|waits| {
        let task = move || {
            submit(&inside);
            waits();
        };
        pool.execute(task).unwrap();
    });
}

fn four(watchdog: &Watchdog, settings: Builder) -> Arc<Pool> {
    watchdog.watch(settings.threads(4).queue_capacity(2000).build().unwrap())
}

#[test]
fn a_task_that_a_busy_worker_has_submitted_runs_elsewhere() {
    let watchdog = Watchdog::start();
    for placement in PLACEMENTS {
        for stealing in THIEVES {
            let settings = Pool::builder().placement(placement).stealing(stealing);
            let pool = watchdog.watch(settings.threads(2).build().unwrap());
            for round in 0..100 {
                if round % 10 == 0 {
                    // Both sleep, most likely.
                    thread::sleep(Duration::from_millis(1));
                }
                let (tell, told) = mpsc::channel();
                let inside = Arc::clone(&pool);
                let waits_for_its_child = move || {
                    let here = thread::current().id();
                    let child = move || tell.send(thread::current().id() != here).unwrap();
                    inside.execute(child).unwrap();
                    assert!(told.recv().unwrap());
                };
                pool.execute(waits_for_its_child).unwrap();
                pool.wait_idle();
            }
            let stats = pool.stats();
            assert_eq!((stats.completed, stats.panicked), (200, 0));
            assert!(stats.stolen >= 100, "{stats:?}");
        }
    }
}

#[test]
fn all_but_the_tasks_of_a_blocked_worker_finish_and_those_too() {
    let watchdog = Watchdog::start();
    for placement in PLACEMENTS {
        for stealing in THIEVES {
            let settings = Pool::builder().placement(placement).stealing(stealing);
            let pool = four(&watchdog, settings);
            let (gate, ran) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
            let _open = OpenOnDrop(&gate);
            let count = Arc::clone(&ran);
            submit_and_block(&pool, &gate, move |pool| {
                (0..333).for_each(|_| pool.execute(adds_one(&count)).unwrap());
                let tasks = (0..333).map(|_| adds_one(&count));
                assert_eq!(pool.execute_batch(tasks).unwrap(), 333);
            });
            (0..333).for_each(|_| pool.execute(adds_one(&ran)).unwrap());
            until(|| ran.load(SeqCst) == 999);
            let stats = pool.stats();
            assert!(stats.stolen >= 666, "{placement:?} {stealing:?} {stats:?}");
        }
    }
}

/// The opposite of law 10. Whichever thread submits, some tasks are behind the blocked worker.
#[test]
fn without_stealing_tasks_wait_behind_a_blocked_worker_although_three_are_idle() {
    let watchdog = Watchdog::start();
    for placement in PLACEMENTS {
        for batch in [false, true] {
            let settings = Pool::builder().placement(placement);
            let pool = four(&watchdog, settings.stealing(Stealing::Off));
            let (gate, ran) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
            let _open = OpenOnDrop(&gate);
            gate.occupy(|task| pool.execute(task).unwrap());
            if batch {
                let tasks = (0..999).map(|_| adds_one(&ran));
                assert_eq!(pool.execute_batch(tasks).unwrap(), 999);
            } else {
                (0..999).for_each(|_| pool.execute(adds_one(&ran)).unwrap());
            }
            let rests = |pool: &Pool| {
                let stats = pool.stats();
                stats.idle == 3 && ran.load(SeqCst) + stats.queued == 999
            };
            // Nothing moves, and still so when there was time for a thief.
            let mut waiting = 999;
            until(|| {
                let before = mem::replace(&mut waiting, pool.queue_len());
                thread::sleep(Duration::from_millis(20));
                before == waiting && rests(&pool)
            });
            assert!(waiting > 0, "{placement:?} {:?}", pool.stats());
            gate.open();
            pool.wait_idle();
            assert_eq!((ran.load(SeqCst), pool.stats().stolen), (999, 0));
        }
        for batch in [false, true] {
            let settings = Pool::builder().placement(placement);
            let pool = four(&watchdog, settings.stealing(Stealing::Off));
            let (gate, ran) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
            let _open = OpenOnDrop(&gate);
            let count = Arc::clone(&ran);
            submit_and_block(&pool, &gate, move |pool| {
                let mut tasks = (0..999).map(|_| adds_one(&count));
                if batch {
                    assert_eq!(pool.execute_batch(tasks).unwrap(), 999);
                } else {
                    tasks.try_for_each(|task| pool.execute(task)).unwrap();
                }
            });
            thread::sleep(Duration::from_millis(20));
            assert_eq!((ran.load(SeqCst), pool.queue_len()), (0, 999));
            gate.open();
            pool.wait_idle();
            assert_eq!((ran.load(SeqCst), pool.stats().stolen), (999, 0));
        }
    }
}

/// It is started because tasks wait, and could not get at any of them.
#[test]
fn without_stealing_a_new_worker_takes_one_task_along() {
    let watchdog = Watchdog::start();
    for batch in [false, true] {
        let pool = Pool::builder().threads(0..=2).stealing(Stealing::Off);
        let pool = watchdog.watch(pool.build().unwrap());
        let (gate, ran) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
        let _open = OpenOnDrop(&gate);
        gate.occupy(|task| pool.execute(task).unwrap());
        if batch {
            pool.execute_batch([adds_one(&ran)]).unwrap();
        } else {
            pool.execute(adds_one(&ran)).unwrap();
        }
        until(|| ran.load(SeqCst) == 1);
        assert_eq!((pool.threads(), pool.stats().stolen), (2, 0));
    }
}

/// A worker that is blocked has `queued` tasks, another one comes to steal and is blocked in the
/// first. Returns how many were stolen then.
fn stolen_by_one_thief(stealing: Stealing, queued: usize) -> usize {
    let watchdog = Watchdog::start();
    let settings = Pool::builder().queue_capacity(2000).stealing(stealing);
    let sleepers = Sleepers::new(&watchdog, 2, settings);
    let pool = &sleepers.pool;
    let (gates, ran) = (sleepers.block(), Arc::new(AtomicUsize::new(0)));
    let (first, thief) = (Gate::new(), Gate::new());
    let _open: Vec<_> = gates
        .iter()
        .chain([&first, &thief])
        .map(OpenOnDrop)
        .collect();
    // One of the two gets it: it submits the others, and its own queue has them.
    let (inside, count, at) = (Arc::clone(pool), Arc::clone(&ran), thief.clone());
    let (begin, begun) = mpsc::channel();
    let (leave, left) = mpsc::channel();
    first.occupy(|waits| {
        let task = move || {
            for _ in 0..queued {
                let (begin, at, one) = (begin.clone(), at.clone(), adds_one(&count));
                let task = move || {
                    begin.send(()).unwrap();
                    at.pass();
                    one();
                };
                inside.execute(task).unwrap();
            }
            leave.send(()).unwrap();
            waits();
        };
        pool.execute(task).unwrap();
        gates[0].open();
    });
    left.recv().unwrap();
    assert_eq!(pool.queue_len(), queued);
    // The other one has nothing.
    gates[1].open();
    begun.recv().unwrap();
    let stolen = pool.stats().stolen;
    thief.open();
    first.open();
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), queued);
    stolen
}

#[test]
fn a_thief_takes_one_task_or_half_of_them() {
    // The worker at the gate that was opened first may have stolen the task that submits the
    // others.
    let more = |stolen, least| (least..=least + 1).contains(&stolen);
    for queued in [1, 2, 3, 100] {
        let one = stolen_by_one_thief(Stealing::One, queued);
        assert!(more(one, 1), "{one} of {queued}");
        let half = stolen_by_one_thief(Stealing::Half, queued);
        assert!(more(half, queued.div_ceil(2)), "{half} of {queued}");
    }
}

/// A thief takes the older half: the younger one is in front at the other worker.
#[test]
fn a_task_may_be_run_before_an_earlier_one_of_the_same_submitter() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 8).unwrap());
    let (thief, first) = (Gate::new(), Gate::new());
    let order = Arc::new(Mutex::new(Vec::new()));
    let _open = (OpenOnDrop(&first), OpenOnDrop(&thief));
    // One worker is kept from stealing until all are queued at the other one.
    thief.occupy(|task| pool.execute(task).unwrap());
    let (inside, at, ran) = (Arc::clone(&pool), first.clone(), Arc::clone(&order));
    let steal = thief.clone();
    let (begin, begun) = mpsc::channel();
    let parent = move || {
        let blocks = move || {
            begin.send(()).unwrap();
            at.pass();
        };
        inside.execute(blocks).unwrap();
        for n in 2..=4 {
            let ran = Arc::clone(&ran);
            inside.execute(move || ran.lock().unwrap().push(n)).unwrap();
        }
        steal.open();
        // The thief is blocked in the first task, and has taken the second one along.
        begun.recv().unwrap();
    };
    pool.execute(parent).unwrap();
    until(|| order.lock().unwrap().len() == 3);
    first.open();
    pool.wait_idle();
    assert_eq!(*order.lock().unwrap(), [3, 4, 2]);
}

/// What a thief cannot run at once, others steal from it in turn: nothing is behind the thief.
#[test]
fn what_a_thief_has_taken_can_be_stolen_from_it() {
    let watchdog = Watchdog::start();
    for stealing in THIEVES {
        let pool = watchdog.watch(
            Pool::builder()
                .threads(3)
                .stealing(stealing)
                .build()
                .unwrap(),
        );
        for _ in 0..50 {
            let (gate, ran) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
            let _open = OpenOnDrop(&gate);
            let (count, at) = (Arc::clone(&ran), gate.clone());
            let (begin, begun) = mpsc::channel();
            submit_and_block(&pool, &gate, move |pool| {
                // The first thief takes the older half, and is blocked in the oldest.
                let blocks = move || {
                    begin.send(()).unwrap();
                    at.pass();
                };
                pool.execute(blocks).unwrap();
                (0..30).for_each(|_| pool.execute(adds_one(&count)).unwrap());
            });
            begun.recv().unwrap();
            until(|| ran.load(SeqCst) == 30);
            gate.open();
            pool.wait_idle();
        }
    }
}

#[test]
fn without_stealing_nothing_is_stolen_and_each_worker_runs_its_own() {
    let watchdog = Watchdog::start();
    let pool = four(&watchdog, Pool::builder().stealing(Stealing::Off));
    let ran = Arc::new(AtomicUsize::new(0));
    let strayed = Arc::new(AtomicUsize::new(0));
    for _ in 0..200 {
        let (inside, ran, strayed) = (Arc::clone(&pool), Arc::clone(&ran), Arc::clone(&strayed));
        let parent = move || {
            let here = thread::current().id();
            for _ in 0..5 {
                let (one, elsewhere) = (adds_one(&ran), adds_one(&strayed));
                let child = move || match thread::current().id() == here {
                    true => one(),
                    false => elsewhere(),
                };
                inside.execute(child).unwrap();
            }
        };
        pool.execute(parent).unwrap();
    }
    pool.wait_idle();
    assert_eq!((ran.load(SeqCst), strayed.load(SeqCst)), (1000, 0));
    assert_eq!(pool.stats().stolen, 0);
}

/// Idle workers search for a while and then sleep, although another one is busy for long.
#[cfg(target_os = "linux")]
#[test]
fn nobody_searches_for_ever_beside_a_busy_worker() {
    let watchdog = Watchdog::start();
    for stealing in [Stealing::Off, Stealing::One, Stealing::Half] {
        let sleepers = Sleepers::new(&watchdog, 4, Pool::builder().stealing(stealing));
        let gate = Gate::new();
        let _open = OpenOnDrop(&gate);
        gate.occupy(|task| sleepers.pool.execute(task).unwrap());
        // The blocked one sleeps at its gate.
        sleepers.all_asleep();
    }
}

/// What is queued with the busy one is no work for them, and they must not wake each other for it.
#[cfg(target_os = "linux")]
#[test]
fn without_stealing_nobody_is_woken_for_the_tasks_of_a_busy_worker() {
    let watchdog = Watchdog::start();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let here = Arc::clone(&seen);
    let settings = Pool::builder().on_thread_start(move || {
        here.lock().unwrap().push(common::this_thread());
    });
    let pool = four(&watchdog, settings.stealing(Stealing::Off));
    let gate = Gate::new();
    let _open = OpenOnDrop(&gate);
    until(|| seen.lock().unwrap().len() == 4);
    let threads = seen.lock().unwrap().clone();
    threads
        .iter()
        .for_each(|thread| common::until_asleep(thread));
    submit_and_block(&pool, &gate, |pool| {
        (0..10).for_each(|_| pool.execute(|| ()).unwrap());
    });
    // How often they have fallen asleep so far.
    let sleeps = || -> usize {
        let name = "voluntary_ctxt_switches:";
        let of = |thread: &PathBuf| -> usize {
            let status = fs::read_to_string(thread.with_file_name("status")).unwrap();
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap().trim().parse().unwrap()
        };
        threads.iter().map(of).sum()
    };
    // Workers that wake each other do so ten thousand times in this time.
    thread::sleep(Duration::from_millis(50));
    let before = sleeps();
    thread::sleep(Duration::from_millis(100));
    let since = sleeps() - before;
    assert!(since < 500, "{since}");
}

/// A pool of one worker has nobody to steal from, whatever the settings say.
#[test]
fn a_worker_alone_steals_nothing() {
    let watchdog = Watchdog::start();
    for stealing in [Stealing::Off, Stealing::One, Stealing::Half].repeat(100) {
        let pool = Pool::builder().threads(1).stealing(stealing);
        let pool = watchdog.watch(pool.build().unwrap());
        let ran = Arc::new(AtomicUsize::new(0));
        (0..100).for_each(|_| pool.execute(adds_one(&ran)).unwrap());
        pool.wait_idle();
        let stats = pool.stats();
        assert_eq!((stats.completed, stats.stolen), (100, 0), "{stealing:?}");
    }
}
