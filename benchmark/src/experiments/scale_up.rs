//! When to start a worker: four strategies and a pair of them, on one load.

use std::thread;
use std::time::Duration;

use v3_dynamic::{Builder, OnDemand, Proactive, Threshold, WarmUp};

use super::load::{Load, v3};
use super::{Experiment, Outcome};
use crate::trace::Recorder;

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "scale-up",
    title: "five policies that start threads",
    question: "Tasks of 15 ms arrive every 5 ms, from 350 ms on twice as often, and at 900 ms 24 come at \
               once. There are 1 to 32 threads; a new one needs 5 ms before its first task, and an idle one \
               leaves after 40 ms. They are started on demand; with 4 in reserve; at a threshold of 80 \
               percent, looking every 20 ms; ahead of demand, every 20 ms; or by a pair of the first and the \
               last. How long do tasks wait for their start, and how many threads does it take?",
    predict: "Which of the five lets the burst wait least, which lets it wait longest, and which starts the \
              most threads?",
    checks: "every task starts, within the limits; the burst waits for less on demand than ahead of it",
    run,
};

const TASK: Duration = Duration::from_millis(15);
const IDLE: Duration = Duration::from_millis(40);
const TICK: Duration = Duration::from_millis(20);
/// What a new thread does first: it opens a connection, say.
const START: Duration = Duration::from_millis(5);
/// Workers in reserve.
const RESERVE: usize = 4;
const MAX: usize = 32;
const BURST: u32 = 24;
/// Tasks that come one at a time, and the time between them.
const SPARSE: u32 = 18;
const PAUSE: Duration = Duration::from_millis(70);

type Strategy = (&'static str, &'static str, fn(Builder) -> Builder);

const STRATEGIES: [Strategy; 5] = [
    ("on-demand", "on demand", |pool| pool.scaling(OnDemand)),
    ("warm-up", "on demand, four in reserve", |pool| {
        pool.scaling(WarmUp::new(RESERVE))
    }),
    ("threshold", "at a threshold of 80 percent", |pool| {
        pool.scaling(Threshold::new(80, TICK))
    }),
    ("proactive", "ahead of demand", |pool| {
        pool.scaling(Proactive::every(TICK))
    }),
    ("pair", "on demand and ahead of demand", |pool| {
        pool.scaling((OnDemand, Proactive::every(TICK)))
    }),
];

/// The arrivals of the stream come before those of the burst.
fn load() -> (Load, usize) {
    let [millis5, half] = [Duration::from_millis(5), Duration::from_micros(2500)];
    let stream = Load::new(Duration::from_millis(1100), TASK)
        .steady(Duration::from_millis(50), 60, millis5)
        .steady(Duration::from_millis(350), 120, half);
    let tasks = stream.tasks();
    (stream.burst(Duration::from_millis(900), BURST), tasks)
}

/// A task now and then, with a pause longer than the idle timeout in between. Returns how many
/// threads were started for these tasks.
fn sparse(strategy: fn(Builder) -> Builder) -> usize {
    let recorder = Recorder::new();
    let pool = v3(&recorder, |pool| {
        strategy(pool.threads(0..=MAX).idle_timeout(IDLE))
    });
    let load = Load::new(Duration::from_millis(1300), TASK).steady(Duration::ZERO, SPARSE, PAUSE);
    load.run("now and then", pool.queue_capacity(), &recorder, |task| {
        pool.execute(task)
    });
    pool.stats().spawned
}

fn run() -> Outcome {
    let mut outcome = Outcome {
        held: true,
        ..Outcome::default()
    };
    let (load, stream) = load();
    for (name, title, strategy) in STRATEGIES {
        let recorder = Recorder::new();
        let pool = v3(&recorder, |pool| {
            let pool = pool.threads(1..=MAX).idle_timeout(IDLE);
            let born = recorder.clone();
            strategy(pool).on_thread_start(move || {
                born.born();
                thread::sleep(START);
            })
        });
        let run = load.run(title, pool.queue_capacity(), &recorder, |task| {
            pool.execute(task)
        });
        let stats = pool.stats();
        let burst = stream..load.tasks();
        let first = run.wait_of(100, stream..stream + RESERVE);
        outcome.tell(format!(
            "{title:29} stream: median {:6.2} ms, p99 {:6.2} ms; burst: the first four {first:5.2} ms, \
             median {:6.2} ms, p99 {:6.2} ms; at most {:2} threads, {:3} started, {:4.1} thread-seconds",
            run.wait_of(50, 0..stream),
            run.wait_of(99, 0..stream),
            run.wait_of(50, burst.clone()),
            run.wait_of(99, burst.clone()),
            stats.peak,
            stats.spawned,
            run.census.thread_seconds(),
        ));
        run.record(&mut outcome, name);
        outcome.result(format!("{name}.stream.median"), run.wait_of(50, 0..stream));
        outcome.result(format!("{name}.stream.p99"), run.wait_of(99, 0..stream));
        outcome.result(format!("{name}.burst.first"), first);
        outcome.result(
            format!("{name}.burst.median"),
            run.wait_of(50, burst.clone()),
        );
        outcome.result(format!("{name}.burst.p99"), run.wait_of(99, burst));
        outcome.result(format!("{name}.spawned"), stats.spawned as f64);
        outcome.held &= run.started() == load.tasks() && stats.peak <= MAX;
        outcome
            .censuses
            .insert(format!("scale-up-{name}"), run.census);
    }
    let alone = sparse(|pool| pool.scaling(OnDemand));
    let together = sparse(|pool| pool.scaling((OnDemand, Proactive::every(PAUSE * 3))));
    outcome.tell(format!(
        "{SPARSE} tasks, one every {} ms: on demand starts {alone} threads, the pair {together}",
        PAUSE.as_millis()
    ));
    outcome.result("sparse.tasks", f64::from(SPARSE));
    outcome.result("sparse.on-demand", alone as f64);
    outcome.result("sparse.pair", together as f64);
    outcome.result("tasks", load.tasks() as f64);
    outcome.result("burst", f64::from(BURST));
    outcome.result("max", MAX as f64);
    let median = |name: &str| outcome.results[&format!("{name}.burst.median")];
    outcome.held &= median("on-demand") < median("proactive");
    outcome
}
