//! The laws, on every version that promises them.
//!
//! A law is one function, written against the traits of `benchmark::contender`; the macro at the
//! end makes a test of it for each version, such as `v1::exactly_once`.

use std::cell::Cell;
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use benchmark::contender::{
    Cancellable, Dispatching, Dynamic, Failure, Joining, Lawful, LawfulGroup, LawfulHandle, Level,
    Limiting, Patience, Placement, Prioritised, Refused, Stealing, Why,
};
use benchmark::contenders::inline::Inline;
use common::{Gate, LONG, OpenOnDrop, Watchdog, adds_one};

#[path = "../../v1-fixed/tests/common/mod.rs"]
mod common;

/// A pool whose workers are all busy until the gate opens.
fn busy<P: Lawful>(watchdog: &Watchdog, threads: usize, capacity: usize) -> (Arc<P>, Gate) {
    let pool = watchdog.watch(P::build(threads, capacity).unwrap());
    let gate = Gate::new();
    for _ in 0..threads {
        gate.occupy(|task| assert!(pool.submit(Patience::Forever, task).is_ok()));
    }
    (pool, gate)
}

/// Law 1: an accepted task runs exactly once, whoever submits and whoever shuts down meanwhile.
fn exactly_once<P: Lawful>(rounds: usize) {
    let watchdog = Watchdog::with_limit(LONG * (1 + rounds as u32 / 1000));
    for round in 0..rounds {
        let pool = watchdog.watch(P::build(1 + round % 4, 1 + round % 3).unwrap());
        let runs: Arc<Vec<AtomicUsize>> = Arc::new((0..400).map(|_| AtomicUsize::new(0)).collect());
        let accepted: Vec<AtomicUsize> = (0..400).map(|_| AtomicUsize::new(0)).collect();
        let start = Barrier::new(5);
        thread::scope(|scope| {
            for submitter in 0..4 {
                let (pool, runs, accepted, start) = (&pool, &runs, &accepted, &start);
                scope.spawn(move || {
                    start.wait();
                    for n in submitter * 100..submitter * 100 + 100 {
                        let runs = Arc::clone(runs);
                        let patience = [Patience::Forever, Patience::For(LONG), Patience::None];
                        let submitted = pool.submit(patience[n % 3], move || {
                            runs[n].fetch_add(1, SeqCst);
                        });
                        accepted[n].store(usize::from(submitted.is_ok()), SeqCst);
                    }
                });
            }
            start.wait();
            if round % 2 == 0 {
                thread::sleep(Duration::from_micros(round as u64 % 10 * 30));
                pool.shutdown();
            }
        });
        drop(pool); // runs what is left
        for n in 0..400 {
            assert_eq!(runs[n].load(SeqCst), accepted[n].load(SeqCst), "task {n}");
        }
    }
}

/// Laws 1 and 6 in a crowd: sixteen submitters, and a shutdown at a random moment of their work.
fn exactly_once_in_a_crowd<P: Lawful>(rounds: usize, tasks: usize) {
    let watchdog = Watchdog::with_limit(LONG * (1 + rounds as u32 / 10));
    for round in 0..rounds {
        let pool = watchdog.watch(P::build(1 + round % 4, 1 + round % 7).unwrap());
        let ran = Arc::new(AtomicUsize::new(0));
        let [tried, accepted] = [0; 2].map(AtomicUsize::new);
        // Anywhere from the first task to the last one: a multiple of the golden ratio, without
        // what is before its point, is as good as a random number. Squared, since an early end is a
        // quick one.
        let part = (round as f64 * 0.618_033_988_749_895).fract();
        let moment = (part * part * (16 * tasks) as f64) as usize;
        thread::scope(|scope| {
            for submitter in 0..16 {
                let (pool, ran, tried, accepted) = (&pool, &ran, &tried, &accepted);
                scope.spawn(move || {
                    let patience = [Patience::Forever, Patience::For(LONG * 10)];
                    for _ in 0..tasks {
                        tried.fetch_add(1, SeqCst);
                        match pool.submit(patience[submitter % 2], adds_one(ran)) {
                            Ok(()) => _ = accepted.fetch_add(1, SeqCst),
                            Err(refused) => assert_eq!(refused.why, Why::ShutDown),
                        }
                    }
                });
            }
            common::until(|| tried.load(SeqCst) >= moment);
            pool.shutdown();
            assert_eq!(pool.threads(), 0);
        });
        assert_eq!(tried.load(SeqCst), 16 * tasks);
        let (ran, kept) = (ran.load(SeqCst), Arc::strong_count(&ran));
        assert_eq!((ran, kept), (accepted.load(SeqCst), 1), "round {round}");
        assert!(ran >= moment.saturating_sub(16), "{ran} of {moment}");
    }
}

/// Law 2: a refused task returns to its caller with the reason, and has not run.
fn handed_back<P: Lawful>() {
    let watchdog = Watchdog::start();
    let ran = Arc::new(AtomicUsize::new(0));
    let (pool, gate) = busy::<P>(&watchdog, 2, 1);
    assert!(pool.submit(Patience::Forever, adds_one(&ran)).is_ok());
    let full = pool.submit(Patience::None, adds_one(&ran)).unwrap_err();
    let late = pool
        .submit(Patience::For(Duration::from_millis(5)), adds_one(&ran))
        .unwrap_err();
    gate.open();
    pool.shutdown();
    assert_eq!(ran.load(SeqCst), 1);
    let closed = pool.submit(Patience::Forever, adds_one(&ran)).unwrap_err();
    let group = pool.group().submit(adds_one(&ran)).unwrap_err();
    let refused = [full, late, closed, group];
    let reasons = refused.each_ref().map(|refused| refused.why);
    assert_eq!(
        reasons,
        [Why::Full, Why::Timeout, Why::ShutDown, Why::ShutDown]
    );
    assert_eq!(ran.load(SeqCst), 1, "a refused task has run");
    for refused in refused {
        (refused.task)();
    }
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (5, 1));
}

/// Law 2: also if it is refused because somebody has called it off.
fn handed_back_when_cancelled<P: Cancellable>() {
    let watchdog = Watchdog::start();
    let ran = Arc::new(AtomicUsize::new(0));
    let pool = watchdog.watch(P::build(1, 1).unwrap());
    let token = P::token();
    P::cancel(&token);
    let called_off = pool.submit_with(&token, adds_one(&ran)).unwrap_err();
    pool.cancel_all();
    let late = pool.submit(Patience::Forever, adds_one(&ran)).unwrap_err();
    assert_eq!((ran.load(SeqCst), pool.endings().accepted), (0, 0));
    for refused in [called_off, late] {
        assert_eq!(refused.why, Why::Cancelled);
        (refused.task)();
    }
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (2, 1));
}

/// Law 2, for what runs tasks in place: only a shutdown refuses.
fn handed_back_in_place() {
    let ran = Arc::new(AtomicUsize::new(0));
    let pool = Inline::build(1, 1).unwrap();
    pool.shutdown();
    let refused = pool.submit(Patience::Forever, adds_one(&ran)).unwrap_err();
    assert_eq!((refused.why, ran.load(SeqCst)), (Why::ShutDown, 0));
    (refused.task)();
    assert_eq!(ran.load(SeqCst), 1);
}

/// Law 3: never more than `capacity` tasks queued from outside, never more than `threads` running.
fn bounded<P: Lawful>() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy::<P>(&watchdog, 3, 4);
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let accepted = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            let (running, most) = (Arc::clone(&running), Arc::clone(&most));
            let (pool, accepted) = (&pool, &accepted);
            scope.spawn(move || {
                for _ in 0..50 {
                    let (running, most) = (Arc::clone(&running), Arc::clone(&most));
                    let submitted = pool.submit(Patience::Forever, move || {
                        most.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
                        thread::yield_now();
                        running.fetch_sub(1, SeqCst);
                    });
                    assert!(submitted.is_ok());
                    accepted.fetch_add(1, SeqCst);
                }
            });
        }
        // Time for one too many to get in.
        thread::sleep(Duration::from_millis(30));
        let state = (accepted.load(SeqCst), pool.queue_len());
        gate.open();
        assert!(
            state.0 <= 4 && state.1 <= 4,
            "(accepted, queued) = {state:?}"
        );
        while accepted.load(SeqCst) < 8 * 50 {
            assert!(pool.queue_len() <= 4);
        }
    });
    pool.wait_idle();
    assert!((1..=3).contains(&most.load(SeqCst)));
}

/// Law 4: a submitter waits on a full queue and proceeds when a place frees; a time-out is neither
/// early nor late; those that gave up take no place that comes free later.
fn back_pressure<P: Lawful>() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy::<P>(&watchdog, 1, 2);
    let _open = OpenOnDrop(&gate);
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..2 {
        assert!(pool.submit(Patience::None, adds_one(&ran)).is_ok());
    }
    let patience = Duration::from_millis(40);
    thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                let start = Instant::now();
                let refused = pool.submit(Patience::For(patience), || ()).unwrap_err();
                let waited = start.elapsed();
                assert_eq!(refused.why, Why::Timeout);
                assert!(waited >= patience && waited < LONG / 6, "waited {waited:?}");
            });
        }
    });
    thread::scope(|scope| {
        let submitters: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| pool.submit(Patience::Forever, adds_one(&ran)).is_ok()))
            .collect();
        thread::sleep(Duration::from_millis(20));
        let waiting = submitters.iter().all(|submitter| !submitter.is_finished());
        gate.open();
        assert!(waiting, "a submitter did not wait");
        assert!(
            submitters
                .into_iter()
                .all(|submitter| submitter.join().unwrap())
        );
    });
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 10);
}

/// Law 4, its other half: on a worker nobody waits for a place in the worker's own pool. What
/// becomes of the tasks for which there was none is the version's own affair.
fn no_wait_on_a_worker<P: Lawful>() -> [Option<Why>; 4] {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(P::build(1, 1).unwrap());
    let (tell, told) = mpsc::channel();
    let inside = Arc::clone(&pool);
    let ran = Arc::new(AtomicUsize::new(0));
    let nested = move || {
        let patience = [Patience::Forever, Patience::Forever, Patience::None];
        let patience = patience.into_iter().chain([Patience::For(LONG)]);
        let submitted = patience.map(|patience| inside.submit(patience, adds_one(&ran)));
        let refused: Vec<_> = submitted.map(Result::err).collect();
        tell.send((ran, refused)).unwrap();
    };
    assert!(pool.submit(Patience::Forever, nested).is_ok());
    let (ran, refused) = told.recv().unwrap();
    pool.wait_idle();
    let reasons = [0, 1, 2, 3].map(|n: usize| refused[n].as_ref().map(|refused| refused.why));
    let accepted = reasons.iter().filter(|why| why.is_none()).count();
    assert_eq!(ran.load(SeqCst), accepted);
    reasons
}

/// In v1 to v3 a worker's task is refused at once if the queue is full.
fn on_a_worker_full_is_full<P: Lawful>() {
    let full = Some(Why::Full);
    assert_eq!(no_wait_on_a_worker::<P>(), [None, full, full, full]);
}

/// From v4 on it goes to the worker's own queue, where there is always a place. The bound holds
/// for outsiders, and for them what workers have submitted counts.
fn on_a_worker_there_is_a_place<P: Dispatching>() {
    assert_eq!(no_wait_on_a_worker::<P>(), [None; 4]);

    let watchdog = Watchdog::start();
    let (pool, gate) = busy::<P>(&watchdog, 1, 2);
    let next = Gate::new();
    let _open = (OpenOnDrop(&gate), OpenOnDrop(&next));
    let (tell, told) = mpsc::channel();
    let (inside, at, ran) = (
        Arc::clone(&pool),
        next.clone(),
        Arc::new(AtomicUsize::new(0)),
    );
    let count = Arc::clone(&ran);
    let fan = move || {
        for _ in 0..10 {
            assert!(inside.submit(Patience::None, adds_one(&count)).is_ok());
        }
        tell.send(()).unwrap();
        at.pass();
    };
    assert!(pool.submit(Patience::Forever, fan).is_ok());
    gate.open();
    told.recv().unwrap();
    assert_eq!(pool.queue_len(), 10);
    let refused = pool.submit(Patience::None, || ()).unwrap_err();
    assert_eq!(refused.why, Why::Full);
    thread::scope(|scope| {
        let submitter = scope.spawn(|| pool.submit(Patience::Forever, adds_one(&ran)).is_ok());
        thread::sleep(Duration::from_millis(10));
        let waits = !submitter.is_finished();
        next.open();
        assert!(waits && submitter.join().unwrap());
    });
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 11);
}

/// Law 5: a wait returns only when the closures are dropped; all waiters wake; nothing to wait for
/// is no wait.
fn done_means_done<P: Lawful>() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(P::build(3, 8).unwrap());
    pool.wait_idle();
    pool.group().wait();
    for _ in 0..100 {
        let (captured, group) = (Arc::new(()), pool.group());
        for n in 0..6 {
            let (inside, child, nested) = (
                Arc::clone(&captured),
                Arc::clone(&captured),
                Arc::clone(&pool),
            );
            let task = move || {
                if n == 0 {
                    let _ = nested.submit(Patience::None, move || drop(child));
                }
                thread::yield_now();
                drop(inside);
            };
            assert!(group.submit(task).is_ok());
        }
        thread::scope(|scope| {
            for n in 0..4 {
                let (pool, group, captured) = (&pool, &group, &captured);
                scope.spawn(move || {
                    if n % 2 == 0 {
                        group.wait();
                    } else {
                        pool.wait_idle();
                        assert_eq!(Arc::strong_count(captured), 1);
                    }
                });
            }
        });
        assert_eq!(Arc::strong_count(&captured), 1);
    }
}

/// Law 5: a task that is handed back is over, for its group as well.
fn done_when_handed_back<P: Cancellable>() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy::<P>(&watchdog, 1, 4);
    let ran = Arc::new(AtomicUsize::new(0));
    let group = pool.group();
    for _ in 0..2 {
        assert!(group.submit(adds_one(&ran)).is_ok());
    }
    thread::scope(|scope| {
        let _open = OpenOnDrop(&gate);
        let waiter = scope.spawn(|| group.wait());
        assert_eq!(pool.shutdown_now().len(), 2);
        // The gate is still shut: the group does not wait for the task that runs.
        waiter.join().unwrap();
    });
    assert_eq!(ran.load(SeqCst), 0);
}

/// Law 6: shutdown is idempotent, may be called by many at once and by a worker; waiting
/// submitters return; afterwards the threads are gone.
fn shutdown_ends<P: Lawful>() {
    let watchdog = Watchdog::start();
    for round in 0..20 {
        let (pool, gate) = busy::<P>(&watchdog, 2, 1);
        let ran = Arc::new(AtomicUsize::new(0));
        assert!(pool.submit(Patience::Forever, adds_one(&ran)).is_ok());
        let accepted = AtomicUsize::new(1);
        thread::scope(|scope| {
            let _open = OpenOnDrop(&gate);
            let submitters: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| match pool.submit(Patience::Forever, adds_one(&ran)) {
                        Ok(()) => {
                            accepted.fetch_add(1, SeqCst);
                        }
                        Err(refused) => assert_eq!(refused.why, Why::ShutDown),
                    })
                })
                .collect();
            thread::sleep(Duration::from_micros(round * 50));
            for _ in 0..4 {
                scope.spawn(|| {
                    pool.shutdown();
                    assert_eq!(pool.threads(), 0);
                });
            }
            // The gate is still shut: they return although no place comes free.
            for submitter in submitters {
                submitter.join().unwrap();
            }
        });
        pool.shutdown();
        assert_eq!(ran.load(SeqCst), accepted.load(SeqCst));
        assert_eq!(Arc::strong_count(&ran), 1);
    }
    shutdown_by_a_task::<P>();
}

fn shutdown_by_a_task<P: Lawful>() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(P::build(1, 4).unwrap());
    let (ran, gate) = (Arc::new(AtomicUsize::new(0)), Gate::new());
    let (inside, at) = (Arc::clone(&pool), gate.clone());
    let group = pool.group();
    // This task will own the pool alone: its end is the pool's end.
    let task = move || {
        at.pass();
        inside.shutdown();
        drop(inside);
    };
    assert!(group.submit(task).is_ok());
    assert!(group.submit(adds_one(&ran)).is_ok());
    drop(pool);
    gate.open();
    group.wait();
    assert_eq!(ran.load(SeqCst), 1);
}

/// Law 6 for what has no threads: it refuses afterwards.
fn shutdown_ends_in_place() {
    let pool = Inline::build(1, 1).unwrap();
    pool.shutdown();
    pool.shutdown();
    assert!(pool.submit(Patience::Forever, || ()).is_err());
    assert_eq!((pool.threads(), pool.queue_len()), (0, 0));
}

/// Law 7: a panic costs one task; the worker stays, on the same thread.
fn panic_costs_one_task<P: Cancellable>() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(P::build(3, 8).unwrap());
    let crew = || -> HashSet<_> {
        let meeting = Arc::new(Barrier::new(3));
        let (tell, told) = mpsc::channel();
        for _ in 0..3 {
            let (tell, meeting) = (tell.clone(), Arc::clone(&meeting));
            let task = move || {
                meeting.wait();
                tell.send(thread::current().id()).unwrap();
            };
            assert!(pool.submit(Patience::Forever, task).is_ok());
        }
        (0..3).map(|_| told.recv().unwrap()).collect()
    };
    let before = crew();
    for n in 0..60 {
        let task = move || assert!(n % 2 == 0, "an odd task");
        assert!(pool.submit(Patience::Forever, task).is_ok());
    }
    pool.wait_idle();
    for n in 0..20 {
        let value = PanicOnDrop;
        let task = move || match n % 2 {
            0 => panic_any(value),
            _ => drop(value),
        };
        assert!(pool.submit(Patience::Forever, task).is_ok());
    }
    pool.wait_idle();
    let endings = pool.endings();
    assert_eq!((endings.completed, endings.panicked), (3 + 30, 30 + 20));
    assert_eq!(crew(), before);
}

/// A payload, or what a task has captured.
struct PanicOnDrop;

impl Drop for PanicOnDrop {
    fn drop(&mut self) {
        panic!("a value panics when it is dropped");
    }
}

/// Law 8: a task runs or is cancelled, never both, never neither.
fn cancel_is_exclusive<P: Cancellable>(rounds: usize) {
    let watchdog = Watchdog::with_limit(LONG * (1 + rounds as u32 / 10_000));
    let pool = watchdog.watch(P::build(2, 32).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let mut accepted = 0;
    for n in 0..rounds {
        let token = P::token();
        accepted += usize::from(pool.submit_with(&token, adds_one(&ran)).is_ok());
        for _ in 0..n % 50 {
            std::hint::spin_loop();
        }
        P::cancel(&token);
    }
    pool.wait_idle();
    let endings = pool.endings();
    assert_eq!(endings.accepted, accepted);
    assert_eq!(endings.completed, ran.load(SeqCst));
    assert_eq!(endings.completed + endings.cancelled, accepted);
    assert_eq!(Arc::strong_count(&ran), 1);
}

/// Law 8, where there is no doubt: a task that is cancelled while it is queued does not run.
fn cancelled_in_the_queue<P: Cancellable>() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy::<P>(&watchdog, 1, 4);
    let ran = Arc::new(AtomicUsize::new(0));
    let token = P::token();
    assert!(pool.submit_with(&token, adds_one(&ran)).is_ok());
    assert!(pool.submit(Patience::Forever, adds_one(&ran)).is_ok());
    P::cancel(&token);
    gate.open();
    pool.wait_idle();
    assert_eq!((ran.load(SeqCst), pool.endings().cancelled), (1, 1));

    let (pool, gate) = busy::<P>(&watchdog, 1, 4);
    assert!(pool.submit(Patience::Forever, adds_one(&ran)).is_ok());
    pool.cancel_all();
    gate.open();
    pool.wait_idle();
    assert_eq!((ran.load(SeqCst), pool.endings().cancelled), (1, 1));
}

/// Law 8 for a whole pool, with a hand-back in between: every accepted task ends in one way.
fn cancel_all_is_exclusive<P: Cancellable>() {
    let watchdog = Watchdog::start();
    for round in 0..30 {
        let pool = watchdog.watch(P::build(2, 16).unwrap());
        let ran = Arc::new(AtomicUsize::new(0));
        let back = thread::scope(|scope| {
            let stopper = scope.spawn(|| {
                thread::sleep(Duration::from_micros(round * 20));
                if round % 2 == 0 {
                    pool.cancel_all();
                }
                pool.shutdown_now().len()
            });
            while pool.submit(Patience::Forever, adds_one(&ran)).is_ok() {}
            stopper.join().unwrap()
        });
        pool.shutdown();
        let endings = pool.endings();
        assert_eq!(
            (endings.completed, endings.returned),
            (ran.load(SeqCst), back)
        );
        let ended = endings.completed + endings.cancelled + endings.returned;
        assert_eq!(ended, endings.accepted);
        assert_eq!(Arc::strong_count(&ran), 1);
    }
}

/// What is true of the workers at any time.
fn check_workers<P: Dynamic>(pool: &P, max: usize) {
    let workers = pool.workers();
    assert_eq!(workers.live, workers.idle + workers.running, "{workers:?}");
    assert_eq!(
        workers.live,
        workers.spawned - workers.retired,
        "{workers:?}"
    );
    assert!(workers.live <= max && workers.peak <= max, "{workers:?}");
}

/// Law 9: submissions are swept across the idle timeout, in a pool that may shrink to nothing.
///
/// Each of two submitters waits for its task before it pauses, for a time around the timeout: so
/// workers leave while tasks arrive. The watchdog says whether one is left waiting.
fn no_stranded_task<P: Dynamic>(time: Duration) {
    let watchdog = Watchdog::with_limit(LONG + time);
    let idle = Duration::from_micros(200);
    for max in [1, 2, 3] {
        let pool = watchdog.watch(P::build_dynamic(0..=max, 4, idle).unwrap());
        let ran = Arc::new(AtomicUsize::new(0));
        let start = Instant::now();
        let accepted: usize = thread::scope(|scope| {
            let sweep = |offset: u32| {
                let (pool, ran) = (&pool, &ran);
                move || {
                    let (mut accepted, mut patience) = (0, idle);
                    while start.elapsed() < time / 3 || pool.workers().retired == 0 {
                        if start.elapsed() > time / 3 {
                            // On a busy machine it takes longer until a worker sees that its time
                            // is up.
                            patience *= 2;
                            thread::sleep(patience);
                        }
                        let group = pool.group();
                        let burst = 1 + accepted % 3;
                        for _ in 0..burst {
                            assert!(group.submit(adds_one(ran)).is_ok());
                        }
                        accepted += burst;
                        group.wait();
                        check_workers(&**pool, max);
                        // From a half of the timeout to one and a half of it.
                        let step = (accepted as u32 * 7 + offset) % 200;
                        let pause = idle / 2 + idle * step / 200;
                        if accepted % 2 == 0 {
                            thread::sleep(pause); // which is late
                            continue;
                        }
                        let pause_ends = Instant::now() + pause;
                        while Instant::now() < pause_ends {
                            thread::yield_now();
                        }
                    }
                    accepted
                }
            };
            let submitters = [scope.spawn(sweep(0)), scope.spawn(sweep(90))];
            submitters.map(|one| one.join().unwrap()).iter().sum()
        });
        pool.wait_idle();
        check_workers(&*pool, max);
        assert_eq!(
            (ran.load(SeqCst), pool.endings().completed),
            (accepted, accepted)
        );
        pool.shutdown();
        let workers = pool.workers();
        assert_eq!((workers.live, workers.retired), (0, workers.spawned));
    }
}

/// Law 9: live threads stay within the limits, also while these change.
fn limits_are_kept<P: Dynamic>() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(P::build_dynamic(1..=4, 4, Duration::ZERO).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..2_000 {
                assert!(pool.submit(Patience::Forever, adds_one(&ran)).is_ok());
                let live = pool.workers().live;
                assert!((1..=4).contains(&live), "{live} after {n} tasks");
            }
        });
        scope.spawn(|| {
            for n in 0..300 {
                pool.resize(1..=1 + n % 4).unwrap();
                thread::yield_now();
            }
        });
    });
    // Nobody runs, so nobody is above the limit for long.
    pool.wait_idle();
    pool.resize(2..=2).unwrap();
    while pool.workers().live != 2 {
        thread::yield_now();
    }
    assert_eq!(ran.load(SeqCst), 2_000);
}

/// The placements and the ways to steal under which law 10 holds.
const THIEVES: [(Placement, Stealing); 4] = [
    (Placement::RoundRobin, Stealing::One),
    (Placement::RoundRobin, Stealing::Half),
    (Placement::LeastLoaded, Stealing::One),
    (Placement::LeastLoaded, Stealing::Half),
];

/// Who submits, and how.
#[derive(Clone, Copy, Debug)]
enum Way {
    Outside,
    OutsideInABatch,
    OnAWorker,
    OnAWorkerInABatch,
}

const WAYS: [Way; 4] = [
    Way::Outside,
    Way::OutsideInABatch,
    Way::OnAWorker,
    Way::OnAWorkerInABatch,
];

/// Law 10: one of four workers is blocked until the end of the test, and all others of the 1000
/// tasks finish, also if it has submitted them itself before it was blocked.
fn no_task_waits_behind_a_busy_worker<P: Dispatching>() {
    let watchdog = Watchdog::start();
    for (placement, stealing) in THIEVES {
        for way in WAYS {
            let pool = P::build_with(4..=4, 16, placement, stealing).unwrap();
            let pool = watchdog.watch(pool);
            let (gate, ran) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
            let _open = OpenOnDrop(&gate);
            let others = {
                let (pool, ran) = (Arc::clone(&pool), Arc::clone(&ran));
                move || match way {
                    Way::Outside | Way::OnAWorker => {
                        for _ in 0..999 {
                            assert!(pool.submit(Patience::Forever, adds_one(&ran)).is_ok());
                        }
                    }
                    _ => {
                        let tasks = (0..999).map(|_| adds_one(&ran));
                        assert_eq!(pool.submit_batch(true, tasks), (999, None));
                    }
                }
            };
            let submitted = |task| assert!(pool.submit(Patience::Forever, task).is_ok());
            match way {
                Way::Outside | Way::OutsideInABatch => {
                    gate.occupy(submitted);
                    others();
                }
                _ => gate.occupy(|blocks| {
                    submitted(Box::new(move || {
                        others();
                        blocks();
                    }));
                }),
            }
            common::until(|| ran.load(SeqCst) == 999);
            gate.open();
            pool.wait_idle();
            assert_eq!(
                pool.endings().completed,
                1000,
                "{placement:?} {stealing:?} {way:?}"
            );
        }
    }
}

/// Law 10: as many tasks as there are workers meet each other, whoever submits them. None can be
/// behind another one, nor in the queue of a worker that waits for it.
fn all_workers_meet<P: Dispatching>(rounds: usize) {
    let watchdog = Watchdog::with_limit(LONG * (1 + rounds as u32 / 1000));
    for (placement, stealing) in THIEVES {
        for threads in [2, 3, 5] {
            let pool = P::build_with(threads..=threads, threads, placement, stealing).unwrap();
            let pool = watchdog.watch(pool);
            for round in 0..rounds {
                let meeting = Arc::new(Barrier::new(threads));
                let meet = move |pool: &P, batch: bool, number| {
                    let tasks = (0..number).map(|_| common::meets(&meeting));
                    if batch {
                        assert_eq!(pool.submit_batch(true, tasks), (number, None));
                    } else {
                        for task in tasks {
                            assert!(pool.submit(Patience::Forever, task).is_ok());
                        }
                    }
                    meeting
                };
                let batch = round % 2 == 0;
                if round % 4 < 2 {
                    drop(meet(&pool, batch, threads));
                } else {
                    let inside = Arc::clone(&pool);
                    let first = move || {
                        // It is one of them itself.
                        let meeting = meet(&inside, batch, threads - 1);
                        meeting.wait();
                    };
                    assert!(pool.submit(Patience::Forever, first).is_ok());
                }
                // Two meetings at once would wait for each other.
                pool.wait_idle();
                // Mostly the next ones come while nobody sleeps yet, and now and then when all do.
                if round % 8 == 0 {
                    thread::sleep(Duration::from_micros(200));
                }
            }
            assert_eq!(pool.endings().completed, rounds * threads);
        }
    }
}

/// Law 10 for pairs: a task waits for one that is submitted after it, by somebody outside or by
/// itself, and as many such pairs are under way as there are workers, but for one.
fn dependent_pairs<P: Dispatching>(time: Duration) {
    let watchdog = Watchdog::with_limit(LONG + time * 2);
    let start = Instant::now();
    let sizes = [2, 3, 4, 8, 16];
    let settings = (sizes.len() * THIEVES.len()) as u32;
    for (n, threads) in sizes.into_iter().enumerate() {
        for (m, (placement, stealing)) in THIEVES.into_iter().enumerate() {
            let until = time / settings * (n * THIEVES.len() + m + 1) as u32;
            let pool = P::build_with(threads..=threads, threads, placement, stealing).unwrap();
            let pool = watchdog.watch(pool);
            let (pairs, ran) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
            // One worker fewer than submitters would be too few: then all may wait.
            let submitters = (threads - 1).min(3);
            thread::scope(|scope| {
                for submitter in 0..submitters {
                    let (pool, pairs, ran) = (&pool, &pairs, &ran);
                    scope.spawn(move || {
                        let mut round = submitter;
                        while round < 50 || start.elapsed() < until {
                            pair(pool, round, ran);
                            pairs.fetch_add(1, SeqCst);
                            round += 1;
                        }
                    });
                }
            });
            pool.wait_idle();
            let expected = 2 * pairs.load(SeqCst);
            assert_eq!(
                (ran.load(SeqCst), pool.endings().completed),
                (expected, expected)
            );
        }
    }
}

/// A task, and another one for which it waits. Returns when both are over.
fn pair<P: Dispatching>(pool: &Arc<P>, round: usize, ran: &Arc<AtomicUsize>) {
    let group = pool.group();
    let (tell, told) = mpsc::channel();
    let (first, second) = (adds_one(ran), adds_one(ran));
    let second = move || {
        tell.send(()).unwrap();
        second();
    };
    if round.is_multiple_of(2) {
        let first = move || {
            told.recv().unwrap();
            first();
        };
        assert!(group.submit(first).is_ok());
        match round % 4 {
            0 => assert!(group.submit(second).is_ok()),
            _ => assert_eq!(pool.submit_batch(true, [second]), (1, None)),
        }
    } else {
        let inside = Arc::clone(pool);
        let first = move || {
            match round % 4 {
                1 => assert!(inside.submit(Patience::None, second).is_ok()),
                _ => assert_eq!(inside.submit_batch(false, [second]), (1, None)),
            }
            told.recv().unwrap();
            first();
        };
        assert!(group.submit(first).is_ok());
    }
    group.wait();
}

/// With stealing off there is no law 10: what is queued behind a busy worker waits for it, whatever
/// the placement, while others are idle.
fn without_stealing_tasks_wait<P: Dispatching>() {
    let watchdog = Watchdog::start();
    for placement in [Placement::RoundRobin, Placement::LeastLoaded] {
        let pool = P::build_with(4..=4, 16, placement, Stealing::Off).unwrap();
        let pool = watchdog.watch(pool);
        let (gate, ran) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
        let _open = OpenOnDrop(&gate);
        let (inside, count) = (Arc::clone(&pool), Arc::clone(&ran));
        gate.occupy(|blocks| {
            let task = move || {
                for _ in 0..10 {
                    assert!(inside.submit(Patience::Forever, adds_one(&count)).is_ok());
                }
                blocks();
            };
            assert!(pool.submit(Patience::Forever, task).is_ok());
        });
        // Time for a thief.
        thread::sleep(Duration::from_millis(20));
        assert_eq!((ran.load(SeqCst), pool.queue_len()), (0, 10));
        gate.open();
        pool.wait_idle();
        assert_eq!((ran.load(SeqCst), pool.stolen()), (10, 0));
    }
}

/// The settings of law 11: without stealing as well.
fn settings(round: usize) -> (Placement, Stealing) {
    let placement = [Placement::RoundRobin, Placement::LeastLoaded][round / 3 % 2];
    (
        placement,
        [Stealing::Off, Stealing::One, Stealing::Half][round % 3],
    )
}

/// What a handle is to say of a task that has run, by its number: some panic.
fn said_by(n: usize) -> Result<usize, Failure> {
    if n % 10 == 9 {
        Err(Failure::Panicked)
    } else {
        Ok(n)
    }
}

/// Awaits a handle on a thread.
fn block_on<T: Send + 'static>(mut handle: impl LawfulHandle<T>) -> Result<T, Failure> {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        match handle.poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(result) => return result,
            Poll::Pending => thread::park(),
        }
    }
}

/// What each of four submits in a round of law 11.
const SHARE: usize = 40;

/// What has become of each task of a round, and what was said of it.
struct Fates {
    runs: Vec<AtomicUsize>,
    /// What the handle has said, if anybody has asked.
    told: Vec<Mutex<Option<Result<usize, Failure>>>>,
    /// Those that were cancelled by their handles.
    cancelled: AtomicUsize,
    /// Who has submitted anything, a bit for each: the one on the worker may not have begun.
    submitters: AtomicUsize,
}

impl Fates {
    fn new(tasks: usize) -> Arc<Fates> {
        Arc::new(Fates {
            runs: (0..tasks).map(|_| AtomicUsize::new(0)).collect(),
            told: (0..tasks).map(|_| Mutex::default()).collect(),
            cancelled: AtomicUsize::new(0),
            submitters: AtomicUsize::new(0),
        })
    }

    fn task(self: &Arc<Fates>, n: usize) -> impl FnOnce() -> usize + Send + 'static {
        let fates = Arc::clone(self);
        move || {
            fates.runs[n].fetch_add(1, SeqCst);
            if said_by(n).is_err() {
                // Not `panic!`: nobody needs to read of it.
                resume_unwind(Box::new("as it should"));
            }
            n
        }
    }

    fn tell(&self, n: usize, result: Result<usize, Failure>) {
        let before = self.told[n].lock().unwrap().replace(result);
        assert_eq!(before, None, "the handle of task {n} has resolved twice");
    }

    /// Cancels, awaits, joins here or on a worker, or drops it: each handle in another way.
    fn ask<P: Joining>(
        self: &Arc<Fates>,
        pool: &P,
        n: usize,
        handle: P::Handle<usize>,
        on_worker: bool,
    ) {
        match n % 7 {
            0 => {
                let in_time = handle.cancel();
                self.cancelled.fetch_add(usize::from(in_time), SeqCst);
                let result = handle.join();
                assert!(!in_time || result == Err(Failure::Cancelled), "{result:?}");
                self.tell(n, result);
            }
            // On a worker that might wait for ever: to poll runs nothing.
            1 if !on_worker => self.tell(n, block_on(handle)),
            2 | 3 => {
                let fates = Arc::clone(self);
                let asks = move || fates.tell(n, handle.join());
                if let Err(refused) = pool.submit(Patience::None, asks) {
                    (refused.task)();
                }
            }
            4 => match handle.join_timeout(Duration::from_micros(20)) {
                Ok(result) => self.tell(n, result),
                Err(handle) => self.tell(n, handle.join()),
            },
            5 => drop(handle),
            _ => self.tell(n, handle.join()),
        }
    }

    /// What was said of each is what has become of it.
    fn check(&self, round: usize) {
        for (n, (runs, told)) in self.runs.iter().zip(&self.told).enumerate() {
            let (runs, told) = (runs.load(SeqCst), *told.lock().unwrap());
            assert!(runs <= 1, "task {n} of round {round} ran {runs} times");
            match told {
                None if self.submitters.load(SeqCst) & 1 << (n / SHARE) == 0 => assert_eq!(runs, 0),
                None => assert!(matches!(n % 7, 2 | 3 | 5), "no word of task {n}"),
                Some(Err(Failure::Cancelled | Failure::Abandoned)) => {
                    assert_eq!(runs, 0, "task {n} of round {round}: {told:?}");
                }
                Some(said) => assert_eq!((said, runs), (said_by(n), 1), "round {round}"),
            }
        }
    }
}

/// Law 11: a handle resolves once, whoever asks, and says what has become of its task, while tasks
/// are run, joined in place, cancelled in three ways, refused and handed back.
fn handle_resolves_once<P: Joining>(rounds: usize) {
    let watchdog = Watchdog::with_limit(LONG * (1 + rounds as u32 / 1000));
    for round in 0..rounds {
        let (placement, stealing) = settings(round);
        let threads = round % 2..=1 + round % 4;
        let pool = P::build_with(threads, 1 + round % 5, placement, stealing).unwrap();
        let (pool, fates) = (watchdog.watch(pool), Fates::new(4 * SHARE));
        let token = P::token();
        thread::scope(|scope| {
            for submitter in 0..3 {
                let (pool, fates, token) = (&pool, &fates, &token);
                scope.spawn(move || {
                    spawn_and_ask(&**pool, fates, token, submitter);
                });
            }
            // And a fourth one, on a worker.
            let (inside, on_worker, by) = (Arc::clone(&pool), Arc::clone(&fates), token.clone());
            let submits = move || spawn_and_ask(&*inside, &on_worker, &by, 3);
            let parent = pool.submit(Patience::Forever, submits);
            thread::sleep(Duration::from_micros(round as u64 % 16 * 20));
            match round / 2 % 4 {
                0 => P::cancel(&token),
                1 => pool.cancel_all(),
                2 => pool.shutdown(),
                _ => {
                    for (n, task) in pool.shutdown_now().into_iter().enumerate() {
                        // Some of them wait for others of them. And a panic whose handle is gone
                        // comes out.
                        if n % 2 == 0 {
                            scope.spawn(|| catch_unwind(AssertUnwindSafe(task)).is_ok());
                        }
                    }
                }
            }
            drop(parent);
        });
        pool.shutdown();
        fates.check(round);
        let endings = pool.endings();
        let ran = endings.completed + endings.panicked;
        assert_eq!(ran + endings.cancelled + endings.returned, endings.accepted);
        // One that was handed back can be cancelled after that.
        assert!(endings.cancelled + endings.returned >= fates.cancelled.load(SeqCst));
        assert_eq!(pool.queue_len(), 0);
        assert_eq!(Arc::strong_count(&fates), 1, "round {round}");
    }
}

/// Submits tasks in all ways, and asks for the result of each, at once or later. The last of the
/// four who do this is on a worker.
fn spawn_and_ask<P: Joining>(pool: &P, fates: &Arc<Fates>, token: &P::Token, submitter: usize) {
    let on_worker = submitter == 3;
    fates.submitters.fetch_or(1 << submitter, SeqCst);
    let mut later = Vec::new();
    for n in submitter * SHARE..(submitter + 1) * SHARE {
        let patience = [Patience::Forever, Patience::None, Patience::For(LONG)][n % 3];
        let by = (n % 4 == 0).then_some(token);
        let (handle, refused) = pool.spawn(patience, by, fates.task(n));
        if let Some(refused) = refused {
            assert!(!handle.is_finished());
            // Whoever has the task again runs it or drops it.
            if n % 2 == 0 {
                (refused.task)();
            }
        }
        if n % 3 == 0 {
            fates.ask(pool, n, handle, on_worker);
        } else {
            later.push((n, handle));
        }
    }
    // The newest first.
    for (n, handle) in later.into_iter().rev() {
        fates.ask(pool, n, handle, on_worker);
    }
}

/// Law 11, where there is no doubt: one task for each way out of a pool.
fn handle_resolves_on_each_way_out<P: Joining>() {
    let watchdog = Watchdog::start();
    let ran = Arc::new(AtomicUsize::new(0));
    let counts = || {
        let task = adds_one(&ran);
        move || {
            task();
            42
        }
    };
    let spawn = |pool: &P, token: Option<&P::Token>| {
        let (handle, refused) = pool.spawn(Patience::Forever, token, counts());
        assert!(refused.is_none());
        handle
    };
    let (pool, gate) = busy::<P>(&watchdog, 1, 8);
    let (runs, cancelled) = (spawn(&pool, None), spawn(&pool, None));
    let token = P::token();
    let by_token = spawn(&pool, Some(&token));
    let (panics, refused) = pool.spawn(Patience::Forever, None, || -> usize {
        resume_unwind(Box::new("as it should"))
    });
    assert!(refused.is_none());
    let all = [runs, panics, cancelled, by_token];
    assert!(!all.iter().any(P::Handle::is_finished), "nothing has run");
    assert!(all[2].cancel() && !all[2].cancel() && all[2].is_finished());
    P::cancel(&token);
    gate.open();
    pool.wait_idle();
    assert!(all.iter().all(P::Handle::is_finished) && !all.iter().any(P::Handle::cancel));
    let expected = [
        Ok(42),
        Err(Failure::Panicked),
        Err(Failure::Cancelled),
        Err(Failure::Cancelled),
    ];
    assert_eq!(all.map(P::Handle::join), expected);
    let endings = pool.endings();
    assert_eq!(
        (endings.completed, endings.panicked, endings.cancelled),
        (2, 1, 2)
    );

    // Handed back, refused, and cancelled with the pool.
    let (pool, gate) = busy::<P>(&watchdog, 1, 8);
    let back = [(); 2].map(|()| spawn(&pool, None));
    let mut tasks = pool.shutdown_now();
    assert!(
        !back.iter().any(P::Handle::is_finished),
        "they are on the way"
    );
    (tasks.pop().unwrap())();
    drop(tasks);
    let mut said = back.map(P::Handle::join);
    said.sort_by_key(Result::is_err);
    assert_eq!(said, [Ok(42), Err(Failure::Abandoned)]);
    let refused = [(); 2].map(|()| pool.spawn(Patience::Forever, None, counts()));
    let said = refused.map(|(handle, refused)| {
        let Refused { why, task } = refused.unwrap();
        assert!(why == Why::ShutDown && !handle.is_finished());
        (handle, task)
    });
    let [(runs, task), (dropped, other)] = said;
    task();
    drop(other);
    assert_eq!(
        [runs.join(), dropped.join()],
        [Ok(42), Err(Failure::Abandoned)]
    );
    gate.open();
    let (pool, gate) = busy::<P>(&watchdog, 1, 8);
    let left = spawn(&pool, None);
    pool.cancel_all();
    gate.open();
    pool.shutdown();
    drop(pool);
    assert_eq!(left.join(), Err(Failure::Cancelled), "the pool is gone");
    assert_eq!(ran.load(SeqCst), 3);
}

/// Law 11: tasks that wait for their own tasks never deadlock, however small the pool and whatever
/// its settings.
fn fork_join_ends<P: Joining>(rounds: usize, n: u64) {
    fn fib<P: Joining>(pool: &Arc<P>, n: u64) -> u64 {
        if n < 2 {
            return n;
        }
        let inside = Arc::clone(pool);
        let (other, refused) = pool.spawn(Patience::Forever, None, move || fib(&inside, n - 2));
        assert!(refused.is_none());
        fib(pool, n - 1) + other.join().unwrap()
    }
    let watchdog = Watchdog::with_limit(LONG * (1 + rounds as u32));
    let expected = (0..n).fold((0, 1), |(a, b), _| (b, a + b)).0;
    for round in 0..6 * rounds {
        let (placement, stealing) = settings(round);
        for (least, most) in [(0, 1), (1, 1), (2, 2), (0, 4)] {
            let pool = P::build_with(least..=most, 1 + round % 2, placement, stealing).unwrap();
            let pool = watchdog.watch(pool);
            // Several at a time, so that others wait in front of a child.
            let answers = [n, n - 1, n].map(|n| {
                let inside = Arc::clone(&pool);
                pool.spawn(Patience::Forever, None, move || fib(&inside, n))
                    .0
            });
            let [a, b, c] = answers.map(|answer| answer.join().unwrap());
            assert_eq!((a, c), (expected, expected));
            assert!(b <= expected);
            pool.wait_idle();
            let endings = pool.endings();
            assert_eq!((endings.accepted, pool.queue_len()), (endings.completed, 0));
            check_workers(&*pool, most);
        }
    }
}

std::thread_local! {
    /// Whether a task on this thread holds what is its own.
    static HELD: Cell<bool> = const { Cell::new(false) };
}

/// Law 11: a worker that joins runs the task that it waits for, and no other on top of the one that
/// waits.
fn joining_runs_nothing_else<P: Joining>(rounds: usize) {
    let watchdog = Watchdog::start();
    for round in 0..rounds {
        let (placement, stealing) = settings(round);
        let threads = 1 + round % 4;
        let pool = P::build_with(threads..=threads, 2, placement, stealing).unwrap();
        let pool = watchdog.watch(pool);
        let inside = Arc::clone(&pool);
        let parent = move || {
            let other = || {
                let met = || HELD.with(Cell::get);
                inside.spawn(Patience::Forever, None, met).0
            };
            let mut others: Vec<_> = (0..10).map(|_| other()).collect();
            let child = inside.spawn(Patience::Forever, None, || ()).0;
            others.extend((0..10).map(|_| other()));
            HELD.with(|held| held.set(true));
            let result = child.join();
            HELD.with(|held| held.set(false));
            let met = others.into_iter().map(|other| other.join().unwrap());
            (result, met.filter(|met| *met).count())
        };
        let parents = [(); 3].map(|()| pool.spawn(Patience::Forever, None, parent.clone()).0);
        for parent in parents {
            assert_eq!(parent.join().unwrap(), (Ok(()), 0), "round {round}");
        }
    }
}

const LEVELS: [Level; 3] = [Level::Low, Level::Normal, Level::High];

/// A pool with levels, whose only worker is busy until the gate opens.
fn busy_ageing<P: Prioritised>(
    watchdog: &Watchdog,
    capacity: usize,
    ageing: u64,
) -> (Arc<P>, Gate) {
    let pool = watchdog.watch(P::build_ageing(1, capacity, ageing).unwrap());
    let gate = Gate::new();
    gate.occupy(|task| assert!(pool.submit(Patience::Forever, task).is_ok()));
    (pool, gate)
}

/// Law 3 for levels: of each, never more than `capacity` tasks are queued.
fn bounded_for_each_level<P: Prioritised>() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy_ageing::<P>(&watchdog, 2, 10);
    let accepted = LEVELS.map(|_| AtomicUsize::new(0));
    let ran = Arc::new(AtomicUsize::new(0));
    thread::scope(|scope| {
        for level in LEVELS.into_iter().cycle().take(9) {
            let (pool, accepted, ran) = (&pool, &accepted[level as usize], &ran);
            scope.spawn(move || {
                for _ in 0..50 {
                    let submitted = pool.submit_at(level, Patience::Forever, adds_one(ran));
                    assert!(submitted.is_ok());
                    accepted.fetch_add(1, SeqCst);
                }
            });
        }
        let accepted = || accepted.each_ref().map(|accepted| accepted.load(SeqCst));
        // Every level fills its queue, and then there is time for one too many.
        common::until(|| accepted().iter().all(|accepted| *accepted >= 2));
        thread::sleep(Duration::from_millis(30));
        let state = (accepted(), pool.queue_len());
        gate.open();
        assert_eq!(state, ([2; 3], 6));
        while accepted().iter().sum::<usize>() < 9 * 50 {
            assert!(pool.queue_len() <= 6);
        }
    });
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 9 * 50);
}

/// Law of the priority branch: tasks of one level start in the order in which they were accepted,
/// whatever else is queued.
fn stable<P: Prioritised>() {
    let watchdog = Watchdog::start();
    for ageing in [0, 10, 1000, u64::MAX] {
        let (pool, gate) = busy_ageing::<P>(&watchdog, 3_000, ageing);
        let started = Arc::new(Mutex::new(Vec::new()));
        for n in 0..3_000 {
            let (level, started) = (LEVELS[n * n % 7 % 3], Arc::clone(&started));
            let task = move || started.lock().unwrap().push((level, n));
            assert!(pool.submit_at(level, Patience::None, task).is_ok());
        }
        gate.open();
        pool.wait_idle();
        let started = started.lock().unwrap();
        assert_eq!(started.len(), 3_000);
        for level in LEVELS {
            let equals = started.iter().filter(|(of, _)| *of == level);
            assert!(equals.is_sorted_by_key(|(_, n)| n), "{level:?}, {ageing}");
        }
    }
}

/// A task that submits the next one of its kind while it runs, up to so many.
fn flow<P: Prioritised>(pool: &Arc<P>, level: Level, started: &Arc<AtomicUsize>, end: usize) {
    let (inside, count) = (Arc::clone(pool), Arc::clone(started));
    let task = move || {
        if count.fetch_add(1, SeqCst) + 1 < end {
            flow(&inside, level, &count, end);
        }
    };
    assert!(pool.submit_at(level, Patience::None, task).is_ok());
}

/// Law of the priority branch: a task is overtaken by at most as many later ones as the ageing
/// says, for each level between, and by exactly so many if they come.
fn bounded_overtaking<P: Prioritised>() {
    use Level::{High, Low, Normal};
    let watchdog = Watchdog::start();
    for (ageing, level, later, bound) in [
        (50, Low, High, 100),
        (50, Low, Normal, 50),
        (50, Normal, High, 50),
        (1, Low, High, 2),
        (0, Low, High, 0),
        (50, High, Low, 0),
        (50, Normal, Normal, 0),
    ] {
        let (pool, gate) = busy_ageing::<P>(&watchdog, 3, ageing);
        let started = Arc::new(AtomicUsize::new(0));
        let (tell, told) = mpsc::channel();
        let count = Arc::clone(&started);
        let task = move || tell.send(count.load(SeqCst)).unwrap();
        assert!(pool.submit_at(level, Patience::None, task).is_ok());
        // Two, so that while one runs another one is queued.
        flow(&pool, later, &started, 1_000);
        flow(&pool, later, &started, 1_000);
        gate.open();
        pool.wait_idle();
        let overtaken = told.recv().unwrap();
        assert_eq!(overtaken, bound, "{level:?} by {later:?}, {ageing}");
    }
}

/// Law of the priority branch: whoever fills the queue of one level takes no place from another,
/// and a place that comes free goes to a submitter of its level.
fn places_for_each_level<P: Prioritised>() {
    let watchdog = Watchdog::start();
    for round in 0..60 {
        let (pool, gate) = busy_ageing::<P>(&watchdog, 2, 10);
        let flood = LEVELS[round % 3];
        let ran = Arc::new(AtomicUsize::new(0));
        let fill = |level| {
            for _ in 0..2 {
                let submitted = pool.submit_at(level, Patience::None, adds_one(&ran));
                assert!(submitted.is_ok(), "{level:?} after {flood:?}");
            }
            let refused = pool.submit_at(level, Patience::None, || ()).unwrap_err();
            assert_eq!(refused.why, Why::Full);
        };
        fill(flood);
        thread::scope(|scope| {
            let _open = OpenOnDrop(&gate);
            let submitter = |level| {
                let (pool, task) = (&pool, adds_one(&ran));
                scope.spawn(move || pool.submit_at(level, Patience::Forever, task).is_ok())
            };
            let first = submitter(flood);
            LEVELS
                .into_iter()
                .filter(|level| *level != flood)
                .for_each(fill);
            let all = LEVELS.map(submitter);
            gate.open();
            assert!(first.join().unwrap());
            assert!(all.into_iter().all(|submitter| submitter.join().unwrap()));
        });
        pool.wait_idle();
        assert_eq!(ran.load(SeqCst), 3 * 2 + 4);
    }
}

/// One start of a limit takes this long.
const TICK: Duration = Duration::from_millis(10);

/// A pool that is dropped waits for the tasks behind its limits, and their clocks stand still. So
/// a law that fails has them handed back first.
struct StopOnDrop<'pool, P: Cancellable>(&'pool P);

impl<P: Cancellable> Drop for StopOnDrop<'_, P> {
    fn drop(&mut self) {
        drop(self.0.shutdown_now());
    }
}

/// Law of the rate-limit branch: in any stretch of time `t` at most `burst + t * rate` tasks start,
/// and as many do if they wait. The clock is moved in steps of all sizes, and a bucket that is
/// counted says how many have to have started.
fn rate<P: Limiting>() {
    let watchdog = Watchdog::start();
    for burst in [1, 4, 10] {
        let pool = watchdog.watch(P::build(3, 8).unwrap());
        let _stop = StopOnDrop(&*pool);
        let limit = P::limit(TICK, burst, 1_000);
        let started = Arc::new(AtomicUsize::new(0));
        for _ in 0..200 {
            let submitted = pool.submit_limited(&limit, None, Patience::None, adds_one(&started));
            assert!(submitted.is_ok());
        }
        let (full, mut tokens, mut expected) = (TICK * burst, TICK * burst, 0);
        for n in 0_u32.. {
            let starts = tokens.as_nanos() / TICK.as_nanos();
            tokens -= TICK * starts as u32;
            expected = (expected + starts as usize).min(200);
            common::until(|| started.load(SeqCst) >= expected);
            assert_eq!(started.load(SeqCst), expected, "burst {burst}, step {n}");
            if expected == 200 {
                break;
            }
            let step = TICK * (n * n % 37) / 16;
            P::advance(&limit, step);
            tokens = (tokens + step).min(full);
        }
        pool.wait_idle();
        // A long rest saves up the burst, and no more.
        P::advance(&limit, TICK * 1_000);
        for _ in 0..burst + 3 {
            let submitted = pool.submit_limited(&limit, None, Patience::None, adds_one(&started));
            assert!(submitted.is_ok());
        }
        common::until(|| started.load(SeqCst) >= 200 + burst as usize);
        thread::sleep(Duration::from_millis(2));
        assert_eq!(pool.shutdown_now().len(), 3);
    }
}

/// Law of the rate-limit branch: a task that waits for its limit keeps no other one from running.
fn waiting_holds_no_worker<P: Limiting>() {
    let watchdog = Watchdog::start();
    for threads in 1..=3 {
        let pool = watchdog.watch(P::build(threads, 100).unwrap());
        let _stop = StopOnDrop(&*pool);
        let limit = P::limit(TICK, 1, 100);
        let ran = Arc::new(AtomicUsize::new(0));
        for _ in 0..40 {
            let submitted = pool.submit_limited(&limit, None, Patience::None, adds_one(&ran));
            assert!(submitted.is_ok());
        }
        // The clock stands still. As many run at a time as there are workers.
        let group = pool.group();
        let all = Arc::new(Barrier::new(threads));
        for _ in 0..threads {
            assert!(group.submit(common::meets(&all)).is_ok());
        }
        for _ in 0..100 {
            assert!(group.submit(adds_one(&ran)).is_ok());
        }
        group.wait();
        common::until(|| ran.load(SeqCst) == 101);
        assert_eq!(pool.shutdown_now().len(), 39);
    }
}

/// Law of the rate-limit branch: tasks of one limit start in the order in which they were accepted.
fn first_in_first_out_within_a_limit<P: Limiting>() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(P::build(1, 8).unwrap());
    let _stop = StopOnDrop(&*pool);
    let limits = [1, 2, 3].map(|burst| P::limit(TICK, burst, 300));
    let started = Arc::new(Mutex::new(Vec::new()));
    for n in 0..300 {
        let (of, started) = (n * n % 7 % 3, Arc::clone(&started));
        let task = move || started.lock().unwrap().push((of, n));
        let submitted = pool.submit_limited(&limits[of], None, Patience::Forever, task);
        assert!(submitted.is_ok());
        if n % 2 == 0 {
            limits.iter().for_each(|limit| P::advance(limit, TICK));
        }
    }
    while started.lock().unwrap().len() < 300 {
        limits.iter().for_each(|limit| P::advance(limit, TICK));
        thread::yield_now();
    }
    let started = started.lock().unwrap();
    for of in 0..3 {
        let same = started.iter().filter(|(limit, _)| *limit == of);
        assert!(same.is_sorted_by_key(|(_, n)| n), "{of}");
    }
}

/// Law of the rate-limit branch: a task that is refused, cancelled or handed back takes no start.
fn leaving_takes_nothing<P: Limiting>() {
    let watchdog = Watchdog::start();
    let limit = P::limit(TICK, 1, 10);
    for round in 0..20 {
        let (pool, gate) = busy::<P>(&watchdog, 1, 4);
        let token = P::token();
        let ran = Arc::new(AtomicUsize::new(0));
        for _ in 0..3 {
            let limited = pool.submit_limited(&limit, Some(&token), Patience::None, adds_one(&ran));
            assert!(limited.is_ok());
        }
        if round % 2 == 0 {
            P::cancel(&token);
            gate.open();
            pool.wait_idle();
        } else {
            assert_eq!(pool.shutdown_now().len(), 3);
            let refused = pool.submit_limited(&limit, None, Patience::None, adds_one(&ran));
            assert!(refused.is_err());
            gate.open();
        }
        pool.shutdown();
        assert_eq!(ran.load(SeqCst), 0);
    }
    // The one start that was there is still there, and it is one.
    let pool = watchdog.watch(P::build(1, 4).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..2 {
        let submitted = pool.submit_limited(&limit, None, Patience::None, adds_one(&ran));
        assert!(submitted.is_ok());
    }
    common::until(|| ran.load(SeqCst) == 1);
    assert_eq!(pool.shutdown_now().len(), 1);
}

/// Law of the rate-limit branch: whoever fills the places of one limit takes none from another, nor
/// from tasks without one, and a place that comes free goes to a submitter of its limit.
fn places_for_each_limit<P: Limiting>() {
    let watchdog = Watchdog::start();
    for round in 0..40 {
        let (pool, gate) = busy::<P>(&watchdog, 1, 2);
        let _stop = (OpenOnDrop(&gate), StopOnDrop(&*pool));
        let limits = [1, 1].map(|burst| P::limit(TICK, burst, 2));
        let ran = Arc::new(AtomicUsize::new(0));
        let fill = |at: usize| {
            let task = || adds_one(&ran);
            let submit = |task| match limits.get(at) {
                Some(limit) => pool.submit_limited(limit, None, Patience::None, task),
                None => pool.submit(Patience::None, task),
            };
            assert!(submit(task()).is_ok() && submit(task()).is_ok());
            assert_eq!(submit(task()).unwrap_err().why, Why::Full);
        };
        for at in 0..3 {
            fill((round + at) % 3);
        }
        assert_eq!(pool.queue_len(), 6);
        thread::scope(|scope| {
            let blocked = limits.each_ref().map(|limit| {
                let (pool, task) = (&pool, adds_one(&ran));
                scope.spawn(move || {
                    pool.submit_limited(limit, None, Patience::Forever, task)
                        .is_ok()
                })
            });
            gate.open();
            assert!(blocked.into_iter().all(|one| one.join().unwrap()));
        });
        common::until(|| ran.load(SeqCst) == 4);
        while ran.load(SeqCst) < 8 {
            limits.iter().for_each(|limit| P::advance(limit, TICK));
            thread::yield_now();
        }
        pool.wait_idle();
    }
}

macro_rules! laws {
    ($($version:ident: $pool:ty, from_v1 $(, $later:ident)*;)*) => {$(
        mod $version {
            use super::*;
            type Pool = $pool;

            #[test]
            fn exactly_once() { super::exactly_once::<Pool>(40) }
            #[test]
            #[ignore = "a storm of ten seconds or more: run by `cargo deep`"]
            fn exactly_once_in_a_storm() { super::exactly_once::<Pool>(20_000) }
            #[test]
            fn exactly_once_in_a_crowd() { super::exactly_once_in_a_crowd::<Pool>(5, 500) }
            #[test]
            #[ignore = "two hundred times sixteen submitters: run by `cargo deep`"]
            fn exactly_once_in_a_crowd_of_many_tasks() {
                super::exactly_once_in_a_crowd::<Pool>(200, 10_000);
            }
            #[test]
            fn handed_back() { super::handed_back::<Pool>() }
            #[test]
            fn bounded() { super::bounded::<Pool>() }
            #[test]
            fn back_pressure() { super::back_pressure::<Pool>() }
            #[test]
            fn done_means_done() { super::done_means_done::<Pool>() }
            #[test]
            fn shutdown_ends() { super::shutdown_ends::<Pool>() }
            $(laws!(@$later);)*
        }
    )*};
    (@from_v1_to_v3) => {
        #[test]
        fn back_pressure_spares_workers() { on_a_worker_full_is_full::<Pool>() }
    };
    (@from_v2) => {
        #[test]
        fn handed_back_when_cancelled() { super::handed_back_when_cancelled::<Pool>() }
        #[test]
        fn done_means_done_when_handed_back() { done_when_handed_back::<Pool>() }
        #[test]
        fn panic_costs_one_task() { super::panic_costs_one_task::<Pool>() }
        #[test]
        fn cancel_is_exclusive() {
            cancelled_in_the_queue::<Pool>();
            super::cancel_is_exclusive::<Pool>(5_000);
        }
        #[test]
        #[ignore = "a storm of ten seconds or more: run by `cargo deep`"]
        fn cancel_is_exclusive_in_a_storm() { super::cancel_is_exclusive::<Pool>(1_000_000) }
        #[test]
        fn cancel_is_exclusive_for_a_pool() { cancel_all_is_exclusive::<Pool>() }
    };
    (@from_priority) => {
        #[test]
        fn bounded_for_each_level() { super::bounded_for_each_level::<Pool>() }
        #[test]
        fn stable() { super::stable::<Pool>() }
        #[test]
        fn bounded_overtaking() { super::bounded_overtaking::<Pool>() }
        #[test]
        fn places_for_each_level() { super::places_for_each_level::<Pool>() }
    };
    (@from_rate_limit) => {
        #[test]
        fn rate() { super::rate::<Pool>() }
        #[test]
        fn waiting_holds_no_worker() { super::waiting_holds_no_worker::<Pool>() }
        #[test]
        fn first_in_first_out_within_a_limit() {
            super::first_in_first_out_within_a_limit::<Pool>();
        }
        #[test]
        fn leaving_takes_nothing() { super::leaving_takes_nothing::<Pool>() }
        #[test]
        fn places_for_each_limit() { super::places_for_each_limit::<Pool>() }
    };
    (@from_v3) => {
        #[test]
        fn no_stranded_task() { super::no_stranded_task::<Pool>(Duration::from_millis(600)) }
        #[test]
        #[ignore = "a storm of twenty seconds: run by `cargo deep`"]
        fn no_stranded_task_in_a_storm() {
            super::no_stranded_task::<Pool>(Duration::from_secs(20));
        }
        #[test]
        fn no_stranded_task_while_limits_change() { limits_are_kept::<Pool>() }
    };
    (@from_v4) => {
        #[test]
        fn back_pressure_spares_workers() { on_a_worker_there_is_a_place::<Pool>() }
        #[test]
        fn no_task_waits_behind_a_busy_worker() {
            super::no_task_waits_behind_a_busy_worker::<Pool>();
        }
        #[test]
        fn no_task_waits_behind_a_busy_worker_that_waits_for_it() {
            all_workers_meet::<Pool>(100);
            dependent_pairs::<Pool>(Duration::from_millis(400));
        }
        #[test]
        #[ignore = "a soak of ten seconds: run by `cargo deep`"]
        fn no_task_waits_behind_a_busy_worker_in_a_soak_of_dependent_pairs() {
            dependent_pairs::<Pool>(Duration::from_secs(10));
        }
        #[test]
        #[ignore = "a storm of ten seconds or more: run by `cargo deep`"]
        fn no_task_waits_behind_a_busy_worker_in_a_storm() { all_workers_meet::<Pool>(1_500) }
        #[test]
        fn no_task_waits_behind_a_busy_worker_unless_nobody_may_steal() {
            without_stealing_tasks_wait::<Pool>();
        }
    };
    (@from_v5) => {
        #[test]
        fn handle_resolves_once() { super::handle_resolves_once::<Pool>(400) }
        #[test]
        #[ignore = "a storm of ten seconds or more: run by `cargo deep`"]
        fn handle_resolves_once_in_a_storm() { super::handle_resolves_once::<Pool>(6_000) }
        #[test]
        fn handle_resolves_once_on_each_way_out() { handle_resolves_on_each_way_out::<Pool>() }
        #[test]
        fn handle_resolves_once_when_tasks_wait_for_their_own_tasks() {
            fork_join_ends::<Pool>(1, 12);
        }
        #[test]
        #[ignore = "a storm of ten seconds or more: run by `cargo deep`"]
        fn handle_resolves_once_in_a_storm_of_tasks_that_wait_for_their_own_tasks() {
            fork_join_ends::<Pool>(20, 16);
        }
        #[test]
        fn handle_resolves_once_and_nothing_else_runs_meanwhile() {
            joining_runs_nothing_else::<Pool>(48);
        }
    };
}

laws! {
    v1: v1_fixed::Pool, from_v1, from_v1_to_v3;
    v2: v2_cancel_panic::Pool, from_v1, from_v1_to_v3, from_v2;
    v3: v3_dynamic::Pool, from_v1, from_v1_to_v3, from_v2, from_v3;
    v4: v4_dedicated_queues::Pool, from_v1, from_v2, from_v3, from_v4;
    v5: v5_futures::Pool, from_v1, from_v2, from_v3, from_v4, from_v5;
    priority: ::priority::Pool, from_v1, from_v1_to_v3, from_v2, from_priority;
    rate_limit: ::rate_limit::Pool, from_v1, from_v1_to_v3, from_v2, from_rate_limit;
}

/// Code that takes a pool is tested without one: what runs tasks in place keeps the laws that do
/// not speak of threads.
mod inline {
    use super::*;

    #[test]
    fn exactly_once() {
        super::exactly_once::<Inline>(10);
    }
    #[test]
    fn handed_back() {
        handed_back_in_place();
    }
    #[test]
    fn done_means_done() {
        super::done_means_done::<Inline>();
    }
    #[test]
    fn shutdown_ends() {
        shutdown_ends_in_place();
    }
}
