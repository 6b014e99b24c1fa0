//! May an idle worker leave? A pool that counts its workers beside its queue, and v3.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};

use super::load::{Boxed, v3};
use super::{Experiment, Outcome, within};
use crate::trace::{Recorder, Trace};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "the-last-look",
    title: "a task comes while the last worker leaves",
    question: "A worker leaves when it has been idle for 1 ms, the last one, too. 1000 tasks, one at a time, \
               come about when the time is up: to a pool that keeps an atomic count of idle workers beside \
               its queue; to the same with a pause of 50 us between the worker's decision and the count, as \
               if its thread had been interrupted there; and to v3. How many find nobody?",
    predict: "For each of the three: how many of a thousand tasks are stranded?",
    checks: "law 9, no stranded task: v3 strands none and keeps its least number of workers",
    run,
};

const TASKS: u32 = 1000;
const IDLE: Duration = Duration::from_millis(1);
/// Stands for a thread that the operating system interrupts at the worst place.
const PAUSE: Duration = Duration::from_micros(50);
/// The workers that become idle together, and how many of them should stay.
const MANY: usize = 8;
const MIN: usize = 2;
const ROUNDS: usize = 100;

/// A pool as it is often built: a channel, and two counts beside it. It is wrong in two places.
struct Naive {
    sender: Sender<Boxed>,
    counts: Arc<Counts>,
    min: usize,
    idle_timeout: Duration,
    pause: Duration,
    recorder: Recorder,
}

#[derive(Default)]
struct Counts {
    live: AtomicUsize,
    idle: AtomicUsize,
}

impl Naive {
    fn execute(&self, receiver: &Receiver<Boxed>, task: Boxed) -> Result<(), ()> {
        self.sender.send(task).map_err(drop)?;
        // Wrong: an idle worker may have decided to leave, and may not have said so yet.
        if self.counts.idle.load(SeqCst) == 0 {
            self.start(receiver);
        }
        Ok(())
    }

    fn start(&self, receiver: &Receiver<Boxed>) {
        let (receiver, counts, recorder) =
            (receiver.clone(), self.counts.clone(), self.recorder.clone());
        let (min, idle_timeout, pause) = (self.min, self.idle_timeout, self.pause);
        counts.live.fetch_add(1, SeqCst);
        counts.idle.fetch_add(1, SeqCst);
        thread::spawn(move || {
            recorder.born();
            loop {
                match receiver.recv_timeout(idle_timeout) {
                    Ok(task) => {
                        counts.idle.fetch_sub(1, SeqCst);
                        task();
                        counts.idle.fetch_add(1, SeqCst);
                    }
                    // Wrong: others may read the same number before one of them has counted itself
                    // out.
                    Err(RecvTimeoutError::Timeout) if counts.live.load(SeqCst) <= min => {}
                    Err(RecvTimeoutError::Timeout) => break,
                    Err(RecvTimeoutError::Disconnected) => break,
                }
            }
            if !pause.is_zero() {
                thread::sleep(pause);
            }
            counts.idle.fetch_sub(1, SeqCst);
            recorder.gone();
            counts.live.fetch_sub(1, SeqCst);
        });
    }
}

fn naive(min: usize, idle_timeout: Duration, pause: Duration) -> (Naive, Receiver<Boxed>) {
    let (sender, receiver) = unbounded();
    let pool = Naive {
        sender,
        counts: Arc::default(),
        min,
        idle_timeout,
        pause,
        recorder: Recorder::new(),
    };
    (pool, receiver)
}

/// Submits one task after another, each at another distance from the end of the idle timeout.
/// `lost` says whether a task that has not run never will. Returns how many were stranded.
fn sweep(submit: impl Fn(Boxed), lost: impl Fn() -> bool) -> usize {
    let mut stranded = 0;
    for n in 0..TASKS {
        let ran = Arc::new(AtomicBool::new(false));
        let witness = Arc::clone(&ran);
        submit(Box::new(move || witness.store(true, SeqCst)));
        let began = Instant::now();
        while !ran.load(SeqCst) && !lost() {
            assert!(began.elapsed() < Duration::from_secs(20), "not even lost");
            thread::yield_now();
        }
        stranded += usize::from(!ran.load(SeqCst));
        // From two tenths of a millisecond before the time is up to two tenths after it. To spin
        // until then would be more precise, and would keep the worker from its core.
        thread::sleep(
            IDLE + Duration::from_micros(u64::from(n % 100) * 4) - Duration::from_micros(200),
        );
    }
    stranded
}

fn stranded_by_naive(pause: Duration) -> usize {
    let (pool, receiver) = naive(0, IDLE, pause);
    sweep(
        |task| pool.execute(&receiver, task).expect("the queue is open"),
        // Nobody lives, and nobody will be started before another task comes.
        || pool.counts.live.load(SeqCst) == 0 && !receiver.is_empty(),
    )
}

fn stranded_by_v3() -> (usize, usize) {
    let pool = v3_dynamic::Pool::builder()
        .threads(0..=4)
        .idle_timeout(IDLE);
    let pool = pool.build().expect("within the limits");
    let patience = Duration::from_secs(5);
    let stranded = sweep(
        |task| pool.execute(task).expect("the pool is open"),
        || {
            let suspicious = || pool.threads() == 0 && pool.queue_len() > 0;
            // It may look so for a moment while this looks at one thing after the other.
            suspicious() && !within(patience, || !suspicious())
        },
    );
    (stranded, pool.stats().spawned)
}

/// Lets workers become idle together again and again. Returns in how many rounds fewer than `MIN`
/// stayed.
fn rounds_below_min(mut left: impl FnMut() -> usize) -> usize {
    (0..ROUNDS).filter(|_| left() < MIN).count()
}

fn left_by_naive(pause: Duration) -> usize {
    let (pool, receiver) = naive(MIN, IDLE, pause);
    (0..MANY).for_each(|_| pool.start(&receiver));
    settle(|| pool.counts.live.load(SeqCst))
}

fn left_by_v3() -> usize {
    let pool = v3_dynamic::Pool::builder().threads(MANY).idle_timeout(IDLE);
    let pool = pool.build().expect("within the limits");
    pool.resize(MIN..=MANY).expect("within the limits");
    settle(|| pool.threads())
}

/// How many are left once no more have left for a while.
fn settle(left: impl Fn() -> usize) -> usize {
    let (mut last, mut since) = (left(), Instant::now());
    while since.elapsed() < IDLE * 5 || last > MIN && since.elapsed() < Duration::from_secs(2) {
        thread::sleep(IDLE / 4);
        let now = left();
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
    last
}

/// Three tasks. The second comes when the worker has decided to leave and has not said so.
fn picture<E>(
    recorder: &Recorder,
    capacity: u64,
    submit: impl Fn(Boxed) -> Result<(), E>,
    title: &str,
) -> Trace {
    let task = || thread::sleep(Duration::from_millis(5));
    for (number, pause) in [(0, 35), (1, 60), (2, 60)] {
        drop(recorder.submit(number, &submit, task));
        thread::sleep(Duration::from_millis(pause));
    }
    recorder.finish(title, 2, capacity)
}

fn run() -> Outcome {
    let mut outcome = Outcome::default();

    let without = stranded_by_naive(Duration::ZERO);
    outcome.tell(format!(
        "counts beside the queue:      {without:4} of {TASKS} tasks were stranded"
    ));
    let paused = stranded_by_naive(PAUSE);
    outcome.tell(format!(
        "the same, with a pause:       {paused:4} of {TASKS} tasks were stranded"
    ));
    let (v3_stranded, spawned) = stranded_by_v3();
    outcome.tell(format!(
        "v3:                           {v3_stranded:4} of {TASKS} tasks were stranded; {spawned} \
         workers came and went"
    ));
    outcome.result("naive.stranded", without as f64);
    outcome.result("paused.stranded", paused as f64);
    outcome.result("v3.stranded", v3_stranded as f64);
    outcome.result("v3.spawned", spawned as f64);

    let without = rounds_below_min(|| left_by_naive(Duration::ZERO));
    let paused_below = rounds_below_min(|| left_by_naive(PAUSE));
    let v3_below = rounds_below_min(left_by_v3);
    outcome.tell(format!(
        "{MANY} workers idle together, at least {MIN} to stay: fewer stayed in {without} of {ROUNDS} \
         rounds; with a pause in {paused_below}; in v3 in {v3_below}"
    ));
    outcome.result("naive.below_min", without as f64);
    outcome.result("paused.below_min", paused_below as f64);
    outcome.result("v3.below_min", v3_below as f64);
    outcome.result("tasks", f64::from(TASKS));
    outcome.result("rounds", ROUNDS as f64);
    outcome.result("pause_micros", PAUSE.as_secs_f64() * 1e6);

    // For the picture the pause is long enough to see it.
    let twenty = Duration::from_millis(20);
    let (pool, receiver) = naive(0, twenty, twenty);
    let submit = |task| pool.execute(&receiver, task);
    let title = "a count beside the queue: the second task waits for the third";
    let trace = picture(&pool.recorder, 0, submit, title);
    outcome.traces.insert("naive-last-look", trace);
    let recorder = Recorder::new();
    let pool = v3(&recorder, |builder| {
        builder.threads(0..=4).idle_timeout(twenty)
    });
    let title = "v3: nobody is left, so the second task gets a new worker";
    let trace = picture(&recorder, 1024, |task| pool.execute(task), title);
    outcome.traces.insert("v3-last-look", trace);

    // If v3's workers had not left, there would have been nothing to see.
    let left = spawned > TASKS as usize / 20;
    outcome.held = v3_stranded == 0 && v3_below == 0 && paused > 0 && left;
    outcome
}
