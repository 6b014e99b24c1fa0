//! Places: what a submitter waits for, and how it learns of one.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use common::{Gate, OpenOnDrop, Watchdog, until};
use v4_dedicated_queues::{Builder, CancelToken, Load, Moment, Pool, Reason, Scaling, Stealing};

const ALL: [Stealing; 3] = [Stealing::Off, Stealing::One, Stealing::Half];

/// A pool of one worker that is in a task of its own gate, and queued behind it are tasks of gates
/// of their own, as many as there are places.
fn full(watchdog: &Watchdog, settings: Builder, capacity: usize) -> (Arc<Pool>, Vec<Gate>) {
    let pool = settings.threads(1).queue_capacity(capacity);
    let pool = watchdog.watch(pool.build().unwrap());
    let gates: Vec<_> = (0..=capacity).map(|_| Gate::new()).collect();
    gates[0].occupy(|task| pool.execute(task).unwrap());
    for gate in &gates[1..] {
        let at = gate.clone();
        pool.execute(move || at.pass()).unwrap();
    }
    let refused = pool.try_execute(|| ()).unwrap_err();
    assert_eq!(refused.reason(), Reason::Full);
    (pool, gates)
}

/// A submitter is woken when half of the places are free. Here that is never so.
#[test]
fn a_submitter_gets_a_place_although_only_one_comes_free() {
    let watchdog = Watchdog::start();
    for stealing in ALL {
        for capacity in [1, 2, 4, 64] {
            let settings = Pool::builder().stealing(stealing);
            let (pool, gates) = full(&watchdog, settings, capacity);
            thread::scope(|scope| {
                let _open: Vec<_> = gates.iter().map(OpenOnDrop).collect();
                let submitter = scope.spawn(|| pool.execute(|| ()).unwrap());
                thread::sleep(Duration::from_millis(2)); // time to fall asleep: earlier, less is shown
                gates[0].open();
                submitter.join().unwrap();
                let stats = pool.stats();
                assert_eq!((stats.queued, stats.completed), (capacity, 1));
            });
        }
    }
}

/// They wait for as many milliseconds as they are. What matters here is that each place finds one.
#[test]
fn of_many_submitters_one_gets_in_for_each_task_that_ends() {
    let watchdog = Watchdog::start();
    for capacity in [4, 64] {
        let (pool, gates) = full(&watchdog, Pool::builder(), capacity);
        thread::scope(|scope| {
            let _open: Vec<_> = gates.iter().map(OpenOnDrop).collect();
            let submitters = [(); 8].map(|()| scope.spawn(|| pool.execute(|| ()).unwrap()));
            for (n, gate) in gates[..4].iter().enumerate() {
                gate.open();
                until(|| pool.stats().accepted == capacity + 1 + n + 1);
                assert_eq!(pool.queue_len(), capacity);
            }
            gates.iter().for_each(Gate::open);
            for one in submitters {
                one.join().unwrap();
            }
        });
    }
}

/// Each task waits for what its submitter does next, and the submitter waits for a place. Only one
/// place comes free at a time.
#[test]
fn a_full_pool_may_wait_for_the_next_action_of_its_submitter() {
    let watchdog = Watchdog::start();
    for stealing in ALL {
        for capacity in [1, 4, 64] {
            let (pool, gates) = full(&watchdog, Pool::builder().stealing(stealing), capacity);
            let _open: Vec<_> = gates.iter().map(OpenOnDrop).collect();
            let mut gates = gates.clone();
            for n in 0..capacity + 20 {
                gates[n].open();
                let gate = Gate::new();
                let at = gate.clone();
                pool.execute(move || at.pass()).unwrap();
                gates.push(gate);
            }
            gates.iter().for_each(Gate::open);
            pool.wait_idle();
            assert_eq!(pool.stats().completed, 2 * capacity + 21);
        }
    }
}

/// The new worker has its task as soon as it is started, and begins with it when it is ready.
#[test]
fn without_stealing_a_place_is_free_while_the_new_worker_is_in_its_start_hook() {
    let watchdog = Watchdog::start();
    for waits in [false, true] {
        let (starting, started) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
        let (at, count) = (starting.clone(), Arc::clone(&started));
        let settings = Pool::builder()
            .stealing(Stealing::Off)
            .on_thread_start(move || {
                if count.fetch_add(1, SeqCst) > 0 {
                    at.pass();
                }
            });
        let (pool, gates) = full(&watchdog, settings, 2);
        thread::scope(|scope| {
            let _open: Vec<_> = gates.iter().chain([&starting]).map(OpenOnDrop).collect();
            if waits {
                let submitter = scope.spawn(|| pool.execute(|| ()).unwrap());
                thread::sleep(Duration::from_millis(2)); // as above
                pool.resize(2).unwrap();
                submitter.join().unwrap();
            } else {
                pool.resize(2).unwrap();
                pool.try_execute(|| ()).unwrap();
            }
            let stats = pool.stats();
            assert_eq!((stats.queued, stats.running, stats.completed), (2, 2, 0));
        });
        pool.wait_idle();
        assert_eq!(pool.stats().completed, 4);
    }
}

/// Wants one worker more from the tick on at which it is told to.
#[derive(Debug)]
struct AtATick(Arc<AtomicBool>);

impl Scaling for AtATick {
    fn wanted(&self, moment: Moment, load: &Load) -> usize {
        load.live + usize::from(moment == Moment::Tick && self.0.load(SeqCst))
    }

    fn period(&self) -> Option<Duration> {
        Some(Duration::from_millis(1))
    }
}

/// Nobody but the clock has started the worker, and a submitter has run out of patience before.
#[test]
fn without_stealing_a_submitter_gets_the_place_that_the_clock_has_made() {
    let watchdog = Watchdog::start();
    let (starting, more) = (Gate::new(), Arc::new(AtomicBool::new(false)));
    let (at, count) = (starting.clone(), AtomicUsize::new(0));
    let settings = Pool::builder()
        .stealing(Stealing::Off)
        .scaling(AtATick(Arc::clone(&more)))
        .on_thread_start(move || {
            if count.fetch_add(1, SeqCst) > 0 {
                at.pass();
            }
        });
    let (pool, gates) = full(&watchdog, settings, 2);
    thread::scope(|scope| {
        let _open: Vec<_> = gates.iter().chain([&starting]).map(OpenOnDrop).collect();
        pool.resize(1..=2).unwrap();
        let submitter = scope.spawn(|| pool.execute(|| ()).unwrap());
        thread::sleep(Duration::from_millis(20)); // time to run out of patience: earlier, less is shown
        more.store(true, SeqCst);
        submitter.join().unwrap();
        let stats = pool.stats();
        assert_eq!((stats.queued, stats.running, stats.completed), (2, 2, 0));
    });
    pool.wait_idle();
    assert_eq!(pool.stats().completed, 4);
}

/// One of them is told of the place, and is cancelled before it has looked. The others sleep on,
/// out of patience, and nothing else comes free.
#[test]
fn a_place_that_a_cancelled_submitter_was_told_of_goes_to_another_one() {
    let watchdog = Watchdog::start();
    for round in 0..30 {
        let capacity = 1 + round % 3;
        let (pool, gates) = full(&watchdog, Pool::builder(), capacity);
        let token = CancelToken::new();
        thread::scope(|scope| {
            let _open: Vec<_> = gates.iter().map(OpenOnDrop).collect();
            for _ in 0..4 {
                scope.spawn(|| pool.execute_with(&token, || ()));
            }
            scope.spawn(|| pool.execute(|| ()).unwrap());
            thread::sleep(Duration::from_millis(10)); // time to run out of patience, as above
            gates[0].open();
            token.cancel();
            // Or a cancelled one was fast enough.
            until(|| pool.stats().accepted == capacity + 2);
        });
    }
}
