//! One queue for all and a queue for each, as workers are added and as submitters are.

use super::gates::{Run, side_by_side, stream};
use super::{Experiment, Outcome};
use crate::race::race;
use crate::workload::{Task, WORKERS};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "adding-workers",
    question: "Empty tasks, so that all the time goes into handing them over. What does a task cost with \
               1, 2, 4, 8 and 16 workers, from one submitter and from four?",
    predict: "v3, whose workers all take from one queue; v4, where each has its own.",
    checks: "v4 does not fall off as workers are added (`cargo compare --claims` compares it with other \
             pools, too)",
    run,
};

const TASKS: usize = 40_000;
const SEVERAL: usize = 4;

/// Rounds of which the median counts.
const ROUNDS: usize = 7;

fn run() -> Outcome {
    let mut outcome = Outcome::default();
    let pools: [(&str, Run); 2] = [
        ("v3", race::<v3_dynamic::Pool>),
        ("v4", race::<v4_dedicated_queues::Pool>),
    ];
    outcome.tell("nanoseconds for each task; below, the number of workers");
    let numbers = WORKERS.map(|workers| format!("{workers:7}"));
    outcome.tell(format!("{:22}{}", "", numbers.concat()));
    let mut held = true;
    for (name, submitters) in [("one", 1), ("several", SEVERAL)] {
        let each = TASKS / submitters;
        let workloads = WORKERS.map(|workers| stream(workers, (submitters, each), Task::Empty));
        let mut runs = Vec::new();
        for (_, run) in pools {
            runs.extend(workloads.iter().map(|workload| (run, workload)));
        }
        let medians = side_by_side(ROUNDS, &runs);
        for ((pool, _), times) in pools.iter().zip(medians.chunks(WORKERS.len())) {
            let row: String = times.iter().map(|time| format!("{time:7.0}")).collect();
            outcome.tell(format!("{pool}, {submitters} submitting{:6}{row}", ""));
            for (workers, time) in WORKERS.iter().zip(times) {
                outcome.result(format!("{name}.{pool}.w{workers}"), *time);
            }
            // How much a task costs with all of them, compared to two.
            let grown = times[WORKERS.len() - 1] / times[1];
            outcome.result(format!("{name}.{pool}.grown"), grown);
            // Only what no disturbance explains breaks it.
            held &= *pool == "v3" || grown < 3.0;
        }
        let (v3, v4) = medians.split_at(WORKERS.len());
        for (at, workers) in WORKERS.iter().enumerate() {
            outcome.result(format!("{name}.ratio.w{workers}"), v4[at] / v3[at]);
        }
    }
    outcome.result("submitters", SEVERAL as f64);
    outcome.result("tasks", TASKS as f64);
    outcome.held = held;
    outcome
}
