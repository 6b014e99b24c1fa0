//! A worker that leaves last, or is sent away, may have a tombstone in its queue.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{self, Sender};
use std::time::Duration;

use v5_futures::{Load, Moment, Pool, Reaper, Scaling};

use crate::common::{Gate, Watchdog, adds_one, until};

/// Asked whether an idle worker may leave, it says so and waits at the gate.
#[derive(Debug)]
struct Slow {
    asked: Mutex<Sender<()>>,
    gate: GateBox,
    /// How many are to stay when the gate is open.
    stay: usize,
    /// Whether the clock is to send one away.
    trim: Arc<AtomicBool>,
    period: Option<Duration>,
}

#[derive(Clone, Default)]
struct GateBox(Gate);

impl std::fmt::Debug for GateBox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Gate")
    }
}

impl Scaling for Slow {
    fn wanted(&self, moment: Moment, _load: &Load) -> usize {
        if moment != Moment::Idle || self.trim.load(SeqCst) {
            return 0;
        }
        let _ = self.asked.lock().unwrap().send(());
        self.gate.0.pass();
        self.stay
    }

    fn excess(&self, _load: &Load) -> usize {
        usize::from(self.trim.load(SeqCst))
    }

    fn period(&self) -> Option<Duration> {
        self.period
    }

    fn idle_timeout(&self) -> Option<Duration> {
        Some(Duration::ZERO)
    }
}

#[test]
fn the_last_worker_runs_its_stop_hook_although_a_cancelled_task_lies_in_its_queue() {
    let _watchdog = Watchdog::start();
    let (asked, asks) = mpsc::channel();
    let gate = GateBox::default();
    let stopped = Arc::new(AtomicUsize::new(0));
    let pool = Pool::builder()
        .threads(0..=1)
        .scaling(Slow {
            asked: Mutex::new(asked),
            gate: gate.clone(),
            stay: 0,
            trim: Arc::default(),
            period: None,
        })
        .on_thread_stop(adds_one_often(&stopped))
        .build()
        .unwrap();
    pool.execute(|| ()).unwrap();
    asks.recv().unwrap(); // the worker asks whether it may leave
    let task = pool.spawn(|| ()).unwrap();
    assert!(task.cancel());
    gate.0.open();
    until(|| pool.threads() == 0);
    pool.shutdown();
    assert_eq!(
        stopped.load(SeqCst),
        1,
        "the worker has panicked on its way out"
    );
}

#[test]
fn the_clock_can_send_away_a_worker_in_whose_queue_a_cancelled_task_lies() {
    let _watchdog = Watchdog::with_limit(Duration::from_secs(10));
    let (asked, asks) = mpsc::channel();
    let gate = GateBox::default();
    let trim = Arc::new(AtomicBool::new(false));
    let stopped = Arc::new(AtomicUsize::new(0));
    let pool = Pool::builder()
        .threads(0..=1)
        .scaling(Slow {
            asked: Mutex::new(asked),
            gate: gate.clone(),
            stay: 1,
            trim: Arc::clone(&trim),
            period: Some(Duration::from_millis(1)),
        })
        .on_thread_stop(adds_one_often(&stopped))
        .build()
        .unwrap();
    pool.execute(|| ()).unwrap();
    asks.recv().unwrap();
    let task = pool.spawn(|| ()).unwrap();
    assert!(task.cancel());
    gate.0.open();
    // It is asked again when its time is up once more: it has parked.
    asks.recv().unwrap();
    std::thread::sleep(Duration::from_millis(20));
    trim.store(true, SeqCst);
    until(|| pool.threads() == 0);
    pool.shutdown(); // waits for a worker that nobody has woken, unless its time is up again
    assert_eq!(
        stopped.load(SeqCst),
        1,
        "the clock has panicked, and the worker after it"
    );
}

/// The same without a policy made for it: only calls that programs make, in rounds, since it is a
/// race.
#[test]
fn a_task_cancelled_at_once_leaves_a_pool_that_stops_as_any_other() {
    let _watchdog = Watchdog::start();
    for _ in 0..50 {
        let (started, stopped) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (on_start, on_stop) = (adds_one_often(&started), adds_one_often(&stopped));
        let pool = Pool::builder()
            .threads(1)
            .on_thread_start(on_start)
            .on_thread_stop(on_stop)
            .build()
            .unwrap();
        pool.execute(adds_one(&Arc::default())).unwrap();
        pool.wait_idle();
        std::thread::sleep(Duration::from_millis(2)); // the worker falls asleep
        drop(pool.spawn(|| ()).unwrap().cancel_on_drop());
        std::thread::sleep(Duration::from_millis(2)); // and again
        pool.shutdown();
        assert_eq!(stopped.load(SeqCst), started.load(SeqCst));
    }
}

#[test]
fn a_reaper_survives_a_task_cancelled_at_once() {
    let _watchdog = Watchdog::with_limit(Duration::from_secs(20));
    for _ in 0..50 {
        let pool = Pool::builder()
            .threads(0..=1)
            .scaling((
                v5_futures::OnDemand,
                Reaper::every(Duration::from_millis(5)),
            ))
            .build()
            .unwrap();
        pool.execute(|| ()).unwrap();
        pool.wait_idle();
        std::thread::sleep(Duration::from_millis(1));
        drop(pool.spawn(|| ()).unwrap().cancel_on_drop());
        until(|| pool.threads() == 0);
        pool.shutdown();
    }
}

fn adds_one_often(count: &Arc<AtomicUsize>) -> impl Fn() + Send + Sync + 'static {
    let count = Arc::clone(count);
    move || {
        count.fetch_add(1, SeqCst);
    }
}
