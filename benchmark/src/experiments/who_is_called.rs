//! One task at a time, and eight workers asleep: which of them is woken?

use std::collections::HashSet;
use std::thread;
use std::time::Duration;

use super::load::{Boxed, v2, v3};
use super::{Experiment, Outcome, within};
use crate::trace::{Event, Kind, Recorder, Trace};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "who-is-called",
    title: "eight workers sleep: which one is woken",
    question: "Eight workers are asleep, in v2, where they wait in a channel, and in v3 with 1 to 8 workers. \
               A task of 1 ms comes every 5 ms, 60 times. How many different workers run them, and how many \
               workers are left if those leave who have been idle for 50 ms?",
    predict: "For v2 and for v3: how many of the eight run the last thirty tasks, and how many are left?",
    checks: "the last to fall asleep is called first, so the time of the others runs out",
    run,
};

const WORKERS: usize = 8;
const TASKS: u64 = 60;
const GAP: Duration = Duration::from_millis(5);
const TASK: Duration = Duration::from_millis(1);
const IDLE: Duration = Duration::from_millis(50);

fn trickle<E>(recorder: &Recorder, submit: impl Fn(Boxed) -> Result<(), E>) {
    // Until all are asleep.
    thread::sleep(Duration::from_millis(20));
    for n in 0..TASKS {
        let submitted = recorder.submit(n, &submit, || thread::sleep(TASK));
        assert!(submitted.is_ok(), "the pool is open");
        thread::sleep(GAP);
    }
}

/// How many different workers have run tasks: all of them, and the later half.
fn callees(trace: &Trace) -> [usize; 2] {
    let started = |event: &&Event| event.kind == Kind::Started;
    let starts = trace.events.iter().filter(started);
    [0, TASKS / 2].map(|from| {
        let later = starts.clone().filter(|event| event.task >= Some(from));
        let workers: HashSet<_> = later.map(|event| event.worker).collect();
        workers.len()
    })
}

fn run() -> Outcome {
    let mut outcome = Outcome::default();

    let recorder = Recorder::new();
    let pool = v2(&recorder, WORKERS);
    trickle(&recorder, |task| pool.execute(task));
    let title = "v2: each of eight workers has its turn";
    let trace = recorder.finish(title, WORKERS as u64, 1024);
    let [called, later] = callees(&trace);
    outcome.tell(format!(
        "v2: {called} workers ran {TASKS} tasks, {later} of them the last {}; {} workers are left",
        TASKS / 2,
        pool.threads()
    ));
    outcome.result("v2.called", called as f64);
    outcome.result("v2.called_later", later as f64);
    outcome.result("v2.left", pool.threads() as f64);
    outcome.traces.insert("v2-who-is-called", trace);
    let v2_called = called;

    let recorder = Recorder::new();
    // All eight are there when the limits are opened, and have slept for no time at all.
    let pool = v3(&recorder, |builder| {
        builder.threads(WORKERS).idle_timeout(IDLE)
    });
    within(Duration::from_secs(1), || recorder.workers() == WORKERS);
    pool.resize(1..=WORKERS).expect("within the limits");
    trickle(&recorder, |task| pool.execute(task));
    let left = pool.threads();
    let title = "v3: the last to fall asleep is called first, and the others leave";
    let trace = recorder.finish(title, WORKERS as u64, 1024);
    let [called, later] = callees(&trace);
    outcome.tell(format!(
        "v3: {called} workers ran {TASKS} tasks, {later} of them the last {}; {left} workers are left",
        TASKS / 2
    ));
    outcome.result("v3.called", called as f64);
    outcome.result("v3.called_later", later as f64);
    outcome.result("v3.left", left as f64);
    outcome.traces.insert("v3-who-is-called", trace);
    outcome.result("workers", WORKERS as f64);
    outcome.result("tasks", TASKS as f64);
    outcome.result("idle_millis", IDLE.as_secs_f64() * 1000.0);

    outcome.held = v2_called == WORKERS && called < v2_called && left < WORKERS;
    outcome
}
