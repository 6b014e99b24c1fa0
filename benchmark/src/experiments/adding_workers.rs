//! One queue for all and a queue for each, as workers are added and as submitters are.

use super::{Experiment, Outcome};
use crate::race::{Racer, no_gauge};
use crate::statistics::Summary;
use crate::workload::{Arrival, Task, WORKERS, Workload};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "adding-workers",
    title: "the cost of an empty task with 1 to 16 workers",
    question: "Empty tasks, so that all the time goes into handing them over: in v3, whose workers all take \
               from one queue, and in v4, where each has its own. What does a task cost with 1, 2, 4, 8 and \
               16 workers, from one submitter and from four?",
    predict: "Does a task cost more or less with 16 workers than with one, in v3 and in v4, and by what \
              factor?",
    checks: "v4 does not fall off as workers are added (`cargo compare --claims` compares it with other \
             pools, too)",
    run,
};

const TASKS: usize = 40_000;
const SEVERAL: usize = 4;

/// Rounds of which the median counts.
const ROUNDS: usize = 7;

/// The median time for each task, in nanoseconds, of each pool with each number of workers. In
/// every round, all have a turn.
fn race(pools: &[Racer], submitters: usize) -> Vec<[f64; WORKERS.len()]> {
    let mut times = vec![[const { Vec::new() }; WORKERS.len()]; pools.len()];
    for _ in 0..ROUNDS {
        for (at, workers) in WORKERS.into_iter().enumerate() {
            let each = TASKS / submitters;
            let workload = Workload {
                name: EXPERIMENT.name.to_owned(),
                workers,
                capacity: 1024,
                arrival: Arrival::Stream { submitters, each },
                task: Task::Empty,
            };
            for (pool, times) in pools.iter().zip(&mut times) {
                times[at].push((pool.run)(&workload, no_gauge).per_task());
            }
        }
    }
    let medians = |times: [Vec<f64>; WORKERS.len()]| times.map(|times| Summary::of(&times).median);
    times.into_iter().map(medians).collect()
}

fn run() -> Outcome {
    let mut outcome = Outcome::default();
    let pools = [
        Racer::of::<v3_dynamic::Pool>("ours"),
        Racer::of::<v4_dedicated_queues::Pool>("ours"),
    ];
    outcome.tell("nanoseconds for each task; below, the number of workers");
    let numbers = WORKERS.map(|workers| format!("{workers:7}"));
    outcome.tell(format!("{:22}{}", "", numbers.concat()));
    let mut held = true;
    for (name, submitters) in [("one", 1), ("several", SEVERAL)] {
        let medians = race(&pools, submitters);
        for (racer, times) in pools.iter().zip(&medians) {
            let pool = racer.name;
            let row = times.map(|time| format!("{time:7.0}"));
            outcome.tell(format!(
                "{pool}, {submitters} submitting{:6}{}",
                "",
                row.concat()
            ));
            for (workers, time) in WORKERS.iter().zip(times) {
                outcome.result(format!("{name}.{pool}.w{workers}"), *time);
            }
            // How much a task costs with all of them, compared to two.
            let grown = times[WORKERS.len() - 1] / times[1];
            outcome.result(format!("{name}.{pool}.grown"), grown);
            // Only what no disturbance explains breaks it.
            held &= pool == "v3" || grown < 3.0;
        }
        for (at, workers) in WORKERS.iter().enumerate() {
            outcome.result(
                format!("{name}.ratio.w{workers}"),
                medians[1][at] / medians[0][at],
            );
        }
    }
    outcome.result("submitters", SEVERAL as f64);
    outcome.result("tasks", TASKS as f64);
    outcome.held = held;
    outcome
}
