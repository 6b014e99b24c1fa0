//! When a worker may leave: four answers, on bursts with a pause in between.

use std::time::Duration;

use v3_dynamic::{Builder, OnDemand, Reaper};

use super::load::{Load, v3};
use super::{Experiment, Outcome};
use crate::trace::Recorder;

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "scale-down",
    title: "four policies that let threads go",
    question: "40 tasks of 10 ms at once, a pause of 400 ms, the same again, and then nothing for a second. \
               1 to 40 threads are started on demand. They leave after 30 ms, after 600 ms, when a reaper \
               comes every 200 ms, or never. How long do threads sit idle, and what does the second burst \
               pay if they do not?",
    predict: "For each of the four: how many threads are started in all, how many are left, and which of \
              them lets the second burst wait longest?",
    checks: "law 9, no stranded task: every task starts, and threads stay within the limits",
    run,
};

const TASK: Duration = Duration::from_millis(10);
const BURST: u32 = 40;
const MAX: usize = 40;

type Strategy = (&'static str, &'static str, fn(Builder) -> Builder);

const STRATEGIES: [Strategy; 4] = [
    ("short", "idle for 30 ms", |pool| {
        pool.scaling(OnDemand)
            .idle_timeout(Duration::from_millis(30))
    }),
    ("long", "idle for 600 ms", |pool| {
        pool.scaling(OnDemand)
            .idle_timeout(Duration::from_millis(600))
    }),
    ("reaper", "a reaper every 200 ms", |pool| {
        pool.scaling((OnDemand, Reaper::every(Duration::from_millis(200))))
    }),
    ("never", "never", |pool| {
        pool.scaling(OnDemand).idle_timeout(Duration::MAX)
    }),
];

fn load() -> Load {
    Load::new(Duration::from_millis(1500), TASK)
        .burst(Duration::from_millis(50), BURST)
        .burst(Duration::from_millis(450), BURST)
}

fn run() -> Outcome {
    let mut outcome = Outcome {
        held: true,
        ..Outcome::default()
    };
    let load = load();
    for (name, title, strategy) in STRATEGIES {
        let recorder = Recorder::new();
        let pool = v3(&recorder, |pool| strategy(pool.threads(1..=MAX)));
        let run = load.run(title, pool.queue_capacity(), &recorder, |task| {
            pool.execute(task)
        });
        let stats = pool.stats();
        let second = BURST as usize..load.tasks();
        let (median, p99) = (run.wait_of(50, second.clone()), run.wait_of(99, second));
        outcome.tell(format!(
            "{title:22} second burst: median {median:5.2} ms, p99 {p99:5.2} ms; {:2} threads started, {:2} \
             left; {:4.1} thread-seconds idle",
            stats.spawned,
            run.census.left(),
            run.census.idle_seconds(),
        ));
        run.record(&mut outcome, name);
        outcome.result(format!("{name}.second.median"), median);
        outcome.result(format!("{name}.second.p99"), p99);
        outcome.result(format!("{name}.spawned"), stats.spawned as f64);
        outcome.held &= run.started() == load.tasks() && stats.peak <= MAX && stats.live >= 1;
        outcome
            .censuses
            .insert(format!("scale-down-{name}"), run.census);
    }
    outcome.result("burst", f64::from(BURST));
    outcome.result("max", MAX as f64);
    outcome
}
