//! What a panic costs, in v1 and in v2.

use std::cell::RefCell;
use std::thread;
use std::time::Duration;

use super::{Experiment, Outcome, millis, quietly, within};
use crate::contender::{Lawful, Patience, Refused};
use crate::trace::{Recorder, Trace};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "three-panics",
    title: "who is left after three panics, in v1 and v2",
    question: "Four workers, sixteen tasks of 20 ms, and three of the first four panic, in v1 and in v2. How \
               many workers are left, and how long does the rest take?",
    predict: "For v1 and for v2: how many workers are left, and after how many milliseconds is the last task \
              over?",
    checks: "law 7, a panic costs one task: from v2 on",
    run,
};

const WORKERS: u64 = 4;
const TASKS: u64 = 16;
const TASK: Duration = Duration::from_millis(20);

/// Notes the end of its thread.
struct Farewell(Recorder);

impl Drop for Farewell {
    fn drop(&mut self) {
        self.0.gone();
    }
}

std::thread_local! {
    static FAREWELL: RefCell<Option<Farewell>> = const { RefCell::new(None) };
}

fn panics<P: Lawful>(title: &str) -> (f64, usize, Trace) {
    let recorder = Recorder::new();
    let pool = P::build(WORKERS as usize, TASKS as usize).expect("within the limits");
    let time = millis(|| {
        for n in 0..TASKS {
            let witness = recorder.clone();
            let task = move || {
                FAREWELL.with(|farewell| {
                    farewell
                        .borrow_mut()
                        .get_or_insert_with(|| Farewell(witness));
                });
                thread::sleep(TASK);
                assert!(!(1..4).contains(&n), "task {n} panics");
            };
            let submit = |task| pool.submit(Patience::Forever, task);
            let submitted: Result<(), Refused> = recorder.submit(n, submit, task);
            submitted.expect("nobody shuts the pool down");
        }
        pool.wait_idle();
    });
    // A v1 worker is gone a moment after its last task.
    within(Duration::from_millis(200), || pool.threads() == 1);
    let left = pool.threads();
    // Before the shutdown, so that only those that died early are gone.
    (time, left, recorder.finish(title, WORKERS, TASKS))
}

fn run() -> Outcome {
    let mut outcome = Outcome::default();
    let (v1, left, trace) =
        quietly(|| panics::<v1_fixed::Pool>("v1: three panics, and one worker does the rest"));
    outcome.tell(format!("v1: {left} of {WORKERS} workers left, {v1:.0} ms"));
    outcome.result("v1.millis", v1);
    outcome.result("v1.left", left as f64);
    outcome.traces.insert("v1-three-panics", trace);
    let v1_left = left;

    let (v2, left, trace) =
        quietly(|| panics::<v2_cancel_panic::Pool>("v2: three panics, and four workers go on"));
    outcome.tell(format!("v2: {left} of {WORKERS} workers left, {v2:.0} ms"));
    outcome.result("v2.millis", v2);
    outcome.result("v2.left", left as f64);
    outcome.traces.insert("v2-three-panics", trace);
    outcome.result("workers", WORKERS as f64);
    outcome.result("tasks", TASKS as f64);

    outcome.held = v1_left == 1 && left == WORKERS as usize;
    outcome
}
