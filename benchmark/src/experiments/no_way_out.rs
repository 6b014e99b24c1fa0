//! Work that nobody wants any more: v1 finishes it, v2 can call it off.

use std::thread;
use std::time::Duration;

use super::{Experiment, Outcome, millis};
use crate::trace::{Kind, Recorder};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "no-way-out",
    title: "how long it takes to stop, in v1 and v2",
    question: "Twenty tasks of 20 ms on two workers. After 30 ms nobody wants the answer any more. v1 has \
               shutdown; v2 has cancel, then shutdown, and its tasks sleep on their token. How long does it \
               take to stop?",
    predict: "For v1 and for v2: how many milliseconds until it has stopped, and how many of the twenty \
              tasks have run?",
    checks: "law 8, cancel is exclusive: each task ran or was cancelled",
    run,
};

const WORKERS: u64 = 2;
const TASKS: u64 = 20;
const TASK: Duration = Duration::from_millis(20);
const INTEREST: Duration = Duration::from_millis(30);

fn run() -> Outcome {
    let mut outcome = Outcome::default();

    let recorder = Recorder::new();
    let pool = v1_fixed::Pool::new(WORKERS as usize, TASKS as usize).expect("within the limits");
    for n in 0..TASKS {
        let submitted = recorder.submit(n, |task| pool.execute(task), || thread::sleep(TASK));
        submitted.expect("the pool is open");
    }
    thread::sleep(INTEREST);
    let v1 = millis(|| pool.shutdown());
    let trace = recorder.finish("v1: shutdown runs all that was accepted", WORKERS, TASKS);
    let ran = trace
        .events
        .iter()
        .filter(|event| event.kind == Kind::Finished)
        .count();
    outcome.tell(format!(
        "v1, shutdown: stopped after {v1:.0} ms, {ran} of {TASKS} tasks ran"
    ));
    outcome.result("v1.millis", v1);
    outcome.result("v1.ran", ran as f64);
    outcome.traces.insert("v1-no-way-out", trace);

    let recorder = Recorder::new();
    let pool = v2_cancel_panic::Pool::new(WORKERS as usize, TASKS as usize);
    let pool = pool.expect("within the limits");
    for n in 0..TASKS {
        let token = pool.cancel_token();
        let task = move || {
            token.wait_timeout(TASK);
        };
        let submitted = recorder.submit(n, |task| pool.execute(task), task);
        submitted.expect("the pool is open");
    }
    thread::sleep(INTEREST);
    let v2 = millis(|| {
        pool.cancel();
        pool.shutdown();
    });
    let stats = pool.stats();
    let trace = recorder.finish("v2: a cancel, then a shutdown", WORKERS, TASKS);
    outcome.tell(format!(
        "v2, cancel:   stopped after {v2:.2} ms, {} of {TASKS} tasks ran, {} were cancelled",
        stats.completed, stats.cancelled
    ));
    outcome.result("v2.micros", v2 * 1000.0);
    outcome.result("v2.ran", stats.completed as f64);
    outcome.result("v2.cancelled", stats.cancelled as f64);
    outcome.traces.insert("v2-no-way-out", trace);
    outcome.result("tasks", TASKS as f64);

    let every_task = stats.completed + stats.cancelled == stats.accepted;
    outcome.held = ran == TASKS as usize && every_task && v2 < v1;
    outcome
}
