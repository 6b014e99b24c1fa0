//! What may happen while a policy is asked: the lock is open then, and the answer may be old.

mod common;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock, Weak, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use common::{Gate, OpenOnDrop, Watchdog, until};
use v3_dynamic::{Load, Moment, Pool, Scaling};

/// Thinks, at each submission, until the gate is open. Wants nobody.
#[derive(Clone)]
struct Thinks {
    armed: Arc<AtomicBool>,
    gate: Gate,
}

impl fmt::Debug for Thinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Thinks")
    }
}

impl Scaling for Thinks {
    fn wanted(&self, moment: Moment, _load: &Load) -> usize {
        if moment == Moment::Submitted && self.armed.load(SeqCst) {
            self.gate.pass();
        }
        0
    }
}

/// Two places come free. The one signal goes to a submitter that queues its task and then asks a
/// policy that takes its time. The other one gets its place all the same.
#[test]
fn a_submitter_gets_its_place_while_another_asks_a_policy_that_thinks() {
    let watchdog = Watchdog::start();
    for round in 0..50 {
        let policy = Thinks {
            armed: Arc::default(),
            gate: Gate::new(),
        };
        let thinking = policy.gate.clone();
        let armed = Arc::clone(&policy.armed);
        let pool = Pool::builder().threads(1..=2).queue_capacity(2);
        let pool = watchdog.watch(pool.scaling(policy).build().unwrap());
        let _open = OpenOnDrop(&thinking);
        let (busy, last) = (Gate::new(), Gate::new());
        let _open_all = (OpenOnDrop(&busy), OpenOnDrop(&last));
        busy.occupy(|task| pool.execute(task).unwrap());
        let at_last = last.clone();
        pool.execute(|| ()).unwrap();
        pool.execute(move || at_last.pass()).unwrap();
        armed.store(true, SeqCst);
        thread::scope(|scope| {
            let _open_all = (OpenOnDrop(&thinking), OpenOnDrop(&last));
            for _ in 0..2 {
                scope.spawn(|| pool.execute(|| ()).unwrap());
            }
            thread::sleep(Duration::from_millis(3)); // time to fall asleep: earlier, nothing is shown
            busy.open();
            // The worker takes both tasks that were queued, and is busy with the second one. So
            // there are two places for two submitters.
            let end = Instant::now() + Duration::from_secs(3);
            while pool.stats().accepted < 5 {
                assert!(
                    Instant::now() < end,
                    "round {round}: a submitter sleeps beside a free place: {pool:?}"
                );
                thread::sleep(Duration::from_micros(100));
            }
        });
    }
}

/// Two places come free as the last worker leaves. The submitter that has the signal is asked for
/// the name of a new worker, and takes its time. The other one gets its place all the same.
#[test]
fn a_submitter_gets_its_place_while_another_names_the_only_worker() {
    let watchdog = Watchdog::start();
    for round in 0..50 {
        let naming = Gate::new();
        let at_name = naming.clone();
        let pool = Pool::builder()
            .threads(0..=1)
            .queue_capacity(2)
            .idle_timeout(Duration::ZERO)
            .thread_name(move |number| {
                if number == 2 {
                    at_name.pass();
                }
                format!("worker-{number}")
            });
        let pool = watchdog.watch(pool.build().unwrap());
        let busy = Gate::new();
        let _open_all = (OpenOnDrop(&busy), OpenOnDrop(&naming));
        busy.occupy(|task| pool.execute(task).unwrap());
        pool.execute(|| ()).unwrap();
        pool.execute(|| ()).unwrap();
        thread::scope(|scope| {
            let _open = OpenOnDrop(&naming);
            for _ in 0..2 {
                scope.spawn(|| pool.execute(|| ()).unwrap());
            }
            thread::sleep(Duration::from_millis(3)); // time to fall asleep: earlier, nothing is shown
            busy.open();
            // At least one of them is accepted, or both, if the first worker still was there.
            let end = Instant::now() + Duration::from_secs(3);
            while pool.stats().accepted < 4 {
                assert!(
                    Instant::now() < end,
                    "round {round}: a submitter sleeps beside an empty queue: {pool:?}"
                );
                thread::sleep(Duration::from_micros(50));
            }
        });
    }
}

/// Answers like `WarmUp`, and thinks for a while about an idle worker.
struct SlowWarmUp {
    asked: Mutex<mpsc::Sender<()>>,
    gate: Gate,
    once: AtomicBool,
}

impl fmt::Debug for SlowWarmUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SlowWarmUp")
    }
}

impl Scaling for SlowWarmUp {
    fn wanted(&self, moment: Moment, load: &Load) -> usize {
        if moment == Moment::Idle && load.live == 2 && !self.once.swap(true, SeqCst) {
            self.asked.lock().unwrap().send(()).unwrap();
            self.gate.pass();
        }
        load.unfinished() + 1
    }
}

/// A worker asks whether it may leave, and a task comes before it has the answer. If it left by
/// that answer, the reserve would be one worker short, and nobody would replace it.
#[test]
fn nobody_leaves_by_an_answer_about_another_load() {
    let watchdog = Watchdog::start();
    let (asked, asks) = mpsc::channel();
    let gate = Gate::new();
    let _open = OpenOnDrop(&gate);
    let pool = Pool::builder()
        .threads(0..=4)
        .idle_timeout(Duration::from_millis(20))
        .scaling(SlowWarmUp {
            asked: Mutex::new(asked),
            gate: gate.clone(),
            once: AtomicBool::new(false),
        });
    let pool = watchdog.watch(pool.build().unwrap());
    pool.execute(|| ()).unwrap();
    asks.recv().unwrap();
    // One of two workers is asking whether it may leave. The other one gets a task.
    let busy = Gate::new();
    let _open_too = OpenOnDrop(&busy);
    busy.occupy(|task| pool.execute(task).unwrap());
    gate.open();
    thread::sleep(Duration::from_millis(100)); // time to leave
    let stats = pool.stats();
    assert_eq!((stats.running, stats.idle), (1, 1), "{stats:?}");
}

/// Wants one worker idle. At the one tick at which somebody may go, thinks about its answer.
struct SlowTick {
    asked: Mutex<mpsc::Sender<()>>,
    gate: Gate,
    armed: Arc<AtomicBool>,
}

impl fmt::Debug for SlowTick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SlowTick")
    }
}

impl Scaling for SlowTick {
    fn wanted(&self, moment: Moment, load: &Load) -> usize {
        if moment == Moment::Tick && self.armed.swap(false, SeqCst) {
            self.asked.lock().unwrap().send(()).unwrap();
            self.gate.pass();
        }
        load.unfinished() + 1
    }
    fn excess(&self, _load: &Load) -> usize {
        usize::from(self.armed.load(SeqCst))
    }
    fn period(&self) -> Option<Duration> {
        Some(Duration::from_millis(1))
    }
    fn idle_timeout(&self) -> Option<Duration> {
        Some(Duration::MAX)
    }
}

/// The same at a tick: it retires nobody by an answer that a task has made old.
#[test]
fn a_tick_retires_nobody_by_an_answer_about_another_load() {
    let watchdog = Watchdog::start();
    let (asked, asks) = mpsc::channel();
    let (gate, armed) = (Gate::new(), Arc::new(AtomicBool::new(false)));
    let _open = OpenOnDrop(&gate);
    let pool = Pool::builder().threads(2).scaling(SlowTick {
        asked: Mutex::new(asked),
        gate: gate.clone(),
        armed: Arc::clone(&armed),
    });
    let pool = watchdog.watch(pool.build().unwrap());
    pool.resize(0..=2).unwrap();
    armed.store(true, SeqCst);
    asks.recv().unwrap();
    let busy = Gate::new();
    let _open_too = OpenOnDrop(&busy);
    busy.occupy(|task| pool.execute(task).unwrap());
    gate.open();
    // Later ticks want two workers and start the missing one: so look at those that have left.
    thread::sleep(Duration::from_millis(50));
    let stats = pool.stats();
    assert_eq!(
        stats.retired, 0,
        "two were wanted, and one was retired: {stats:?}"
    );
}

/// Shows the last load that it has seen, and ticks once in a long while.
#[derive(Clone, Debug, Default)]
struct Shows(Arc<Mutex<Option<(Moment, Load)>>>);

impl Scaling for Shows {
    fn wanted(&self, moment: Moment, load: &Load) -> usize {
        *self.0.lock().unwrap() = Some((moment, *load));
        0
    }

    fn period(&self) -> Option<Duration> {
        Some(Duration::from_millis(40))
    }

    fn idle_timeout(&self) -> Option<Duration> {
        Some(Duration::MAX)
    }
}

/// A resize wakes all workers, and one of two runs a task: they do not both count as unused.
#[test]
fn a_worker_that_was_needed_is_not_unused_after_a_resize() {
    let watchdog = Watchdog::start();
    let shows = Shows::default();
    let pool = Pool::builder().threads(2).scaling(shows.clone());
    let pool = watchdog.watch(pool.build().unwrap());
    let last_tick = || {
        shows
            .0
            .lock()
            .unwrap()
            .filter(|(at, _)| *at == Moment::Tick)
    };
    let mut wrong = 0;
    for _ in 0..3 {
        // A tick at which both sleep, and a second one, so that the period begins with both asleep.
        until(|| last_tick().is_some_and(|(_, load)| load.unused == 2));
        pool.resize(1..=2).unwrap();
        let gate = Gate::new();
        let _open = OpenOnDrop(&gate);
        gate.occupy(|task| pool.execute(task).unwrap());
        *shows.0.lock().unwrap() = None;
        until(|| last_tick().is_some());
        let (_, load) = last_tick().unwrap();
        // The task has run for nearly the whole period.
        assert_eq!(load.running, 1);
        wrong += usize::from(load.unused > 1);
        gate.open();
        pool.wait_idle();
        pool.resize(2).unwrap();
    }
    assert_eq!(
        wrong, 0,
        "of 3: one of two workers was busy, and two count as unused"
    );
}

/// Shuts its pool down when it is asked at this moment, on whichever thread.
#[derive(Clone)]
struct ShutsDown(Arc<OnceLock<Weak<Pool>>>, Moment);

impl fmt::Debug for ShutsDown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ShutsDown")
    }
}

impl Scaling for ShutsDown {
    fn wanted(&self, moment: Moment, load: &Load) -> usize {
        if self.1 == moment
            && let Some(pool) = self.0.get().and_then(Weak::upgrade)
        {
            let _ = pool.shutdown_timeout(Duration::from_millis(1));
            pool.shutdown();
        }
        load.unfinished() + 1
    }
    fn period(&self) -> Option<Duration> {
        Some(Duration::from_millis(3))
    }
    fn idle_timeout(&self) -> Option<Duration> {
        Some(Duration::from_millis(1))
    }
}

#[test]
fn a_policy_may_shut_down_at_any_moment() {
    let watchdog = Watchdog::start();
    use Moment::{Full, Idle, Resized, Submitted, Tick};
    for moment in [Resized, Submitted, Full, Idle, Tick] {
        for _ in 0..20 {
            let policy = ShutsDown(Arc::default(), moment);
            let place = Arc::clone(&policy.0);
            let pool = Pool::builder()
                .threads(0..=3)
                .queue_capacity(1)
                .scaling(policy);
            let pool = watchdog.watch(pool.build().unwrap());
            place.set(Arc::downgrade(&pool)).unwrap();
            let accepted: usize = thread::scope(|scope| {
                let submit =
                    |_| scope.spawn(|| (0..20).filter(|_| pool.execute(|| ()).is_ok()).count());
                let threads = [0, 1].map(submit);
                let _ = pool.resize(1..=2);
                threads.map(|t| t.join().unwrap()).iter().sum()
            });
            pool.shutdown();
            let stats = pool.stats();
            assert_eq!(
                (stats.accepted, stats.completed, stats.live),
                (accepted, accepted, 0)
            );
        }
    }
}
