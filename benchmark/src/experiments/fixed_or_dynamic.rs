//! Worker management: a fixed number of threads, or one that follows the load.

use std::time::Duration;

use super::load::{Load, Run, v2, v3};
use super::{Experiment, Outcome, within};
use crate::trace::Recorder;

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "fixed-or-dynamic",
    title: "five bursts: few, many or dynamic threads",
    question: "Every 300 ms, 40 tasks of 10 ms arrive at once, five times: at 4 threads, at 40 threads, and \
               at 2 to 40 threads that leave after 50 ms without a task. How long do they wait, and how many \
               thread-seconds does it take?",
    predict: "In which order are the three by the median wait of a task, and in which by their \
              thread-seconds?",
    checks: "every task starts; the dynamic pool goes back to its smallest size",
    run,
};

const SMALL: usize = 4;
const LARGE: usize = 40;
const MIN: usize = 2;
const TASK: Duration = Duration::from_millis(10);
const IDLE: Duration = Duration::from_millis(50);
const BURSTS: u32 = 5;
const BURST: u32 = 40;

fn load() -> Load {
    let [first, period] = [Duration::from_millis(50), Duration::from_millis(300)];
    Load::new(Duration::from_millis(1600), TASK).flapping(first, BURSTS, period, BURST)
}

fn fixed(threads: usize) -> (Run, usize) {
    let recorder = Recorder::new();
    let pool = v2(&recorder, threads);
    let title = format!("fixed, {threads} threads");
    let submit = |task| pool.execute(task);
    let run = load().run(&title, pool.queue_capacity(), &recorder, submit);
    (run, threads)
}

/// Also whether the pool goes back to its smallest size, however long this machine takes for it.
fn dynamic() -> (Run, usize, bool) {
    let recorder = Recorder::new();
    let pool = v3(&recorder, |pool| {
        pool.threads(MIN..=LARGE).idle_timeout(IDLE)
    });
    let title = format!("dynamic, {MIN} to {LARGE} threads");
    let submit = |task| pool.execute(task);
    let run = load().run(&title, pool.queue_capacity(), &recorder, submit);
    let small = within(Duration::from_secs(10), || pool.threads() == MIN);
    (run, pool.stats().spawned, small)
}

fn run() -> Outcome {
    let mut outcome = Outcome::default();
    let (run, spawned, small) = dynamic();
    outcome.held = small;
    let runs = [
        ("small", fixed(SMALL)),
        ("large", fixed(LARGE)),
        ("dynamic", (run, spawned)),
    ];
    for (name, (run, spawned)) in runs {
        outcome.tell(format!(
            "{:26} median {:5.2} ms, p99 {:5.2} ms; {spawned:3} threads started, {:2} left; {:4.1} \
             thread-seconds, {:4.1} of them idle",
            run.census.title,
            run.wait(50),
            run.wait(99),
            run.census.left(),
            run.census.thread_seconds(),
            run.census.idle_seconds(),
        ));
        run.record(&mut outcome, name);
        outcome.result(format!("{name}.spawned"), spawned as f64);
        outcome.held &= run.started() == load().tasks();
        outcome
            .censuses
            .insert(format!("managed-{name}"), run.census);
    }
    outcome.result("bursts", f64::from(BURSTS));
    outcome.result("burst", f64::from(BURST));
    outcome.result("idle_millis", IDLE.as_secs_f64() * 1000.0);
    outcome
}
