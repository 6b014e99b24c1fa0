//! What comes first, a new worker or a place in the queue: three policies on one load.

use std::ops::Range;
use std::time::Duration;

use v3_dynamic::{Balanced, Builder, Eager, Lazy};

use super::load::{Load, Run, v3};
use super::{Experiment, Outcome};
use crate::trace::Recorder;

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "resize-policies",
    title: "eager, balanced or lazy: when a thread is started",
    question: "1 to 4 threads, four places, tasks of 20 ms. Four come one at a time; then five in a row; \
               then twelve in a row. Eager starts a thread for each task; balanced takes an idle one, then \
               starts one; lazy fills the queue first. When does each policy start its threads, who waits, \
               and how many tasks are refused?",
    predict: "For each policy: how many threads are there after the four, after the five and after the \
              twelve, and how many tasks are refused?",
    checks: "laws 2 and 3: each task starts or comes back, and there are never more than four threads",
    run,
};

const THREADS: usize = 4;
const PLACES: usize = 4;
const TASK: Duration = Duration::from_millis(20);
/// In a row, but not so fast that a worker which has been called has no time to come.
const GAP: Duration = Duration::from_micros(500);

const ALONE: Range<usize> = 0..4;
const FIVE: Range<usize> = 4..9;
const TWELVE: Range<usize> = 9..21;

type Policy = (&'static str, &'static str, fn(Builder) -> Builder);

const POLICIES: [Policy; 3] = [
    ("eager", "eager", |pool| pool.scaling(Eager)),
    ("balanced", "balanced", |pool| pool.scaling(Balanced)),
    ("lazy", "lazy", |pool| pool.scaling(Lazy)),
];

fn load() -> Load {
    let [alone, five, twelve] = [ALONE, FIVE, TWELVE].map(|tasks| tasks.len() as u32);
    Load::new(Duration::from_millis(600), TASK)
        .steady(Duration::from_millis(20), alone, Duration::from_millis(45))
        .steady(Duration::from_millis(240), five, GAP)
        .steady(Duration::from_millis(420), twelve, GAP)
}

fn run() -> Outcome {
    let mut outcome = Outcome {
        held: true,
        ..Outcome::default()
    };
    for (name, title, policy) in POLICIES {
        let recorder = Recorder::new();
        let pool = v3(&recorder, |pool| {
            policy(pool.threads(1..=THREADS).queue_capacity(PLACES))
        });
        // A refused task is dropped here: what to do with it is another chapter.
        let run = load().run(title, PLACES, &recorder, |task| pool.try_execute(task));
        let threads = [230, 410, 600].map(|at| run.census.live_at(Duration::from_millis(at)));
        let [five, twelve] = [FIVE, TWELVE].map(|tasks| run.wait_of(100, tasks));
        let refused = refusals(&run, TWELVE);
        outcome.tell(format!(
            "{title:9} {} threads after four tasks one at a time; {} after five in a row, the last waited \
             {five:3.0} ms; {} after twelve in a row, {refused} refused, the last waited {twelve:3.0} ms",
            threads[0], threads[1], threads[2],
        ));
        run.record(&mut outcome, name);
        for (when, threads) in ["alone", "five", "twelve"].into_iter().zip(threads) {
            outcome.result(format!("{name}.{when}.threads"), threads as f64);
        }
        outcome.result(format!("{name}.five.longest"), five);
        outcome.result(format!("{name}.twelve.longest"), twelve);
        outcome.result(format!("{name}.twelve.refused"), refused as f64);
        // On a machine that stands still for a moment, five and twelve come as seventeen, and more
        // of them are refused.
        outcome.held &= refused > 0
            && run.started() + run.refused.len() == TWELVE.end
            && pool.stats().peak <= THREADS;
        outcome
            .censuses
            .insert(format!("resize-{name}"), run.census);
    }
    outcome.result("threads", THREADS as f64);
    outcome.result("places", PLACES as f64);
    outcome
}

fn refusals(run: &Run, tasks: Range<usize>) -> usize {
    run.refused
        .iter()
        .filter(|task| tasks.contains(task))
        .count()
}
