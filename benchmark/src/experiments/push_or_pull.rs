//! Workers pull from one queue, or a submitter pushes to the queue of one of them.

use v4_dedicated_queues::{Placement, Pool, Stealing};

use super::gates::{Run, side_by_side, stream};
use super::{Experiment, Outcome};
use crate::contender::Contender;
use crate::race::race;
use crate::workload::Task;

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "push-or-pull",
    question: "Four workers pull their tasks from one queue (v3), or tasks are pushed to the queue of one of \
               them (v4), in turn or to the shortest, with stealing and without. What does a task cost?",
    predict: "Empty tasks; tasks of about 4 us; tasks of 1 us of which one in 64 takes 100 us.",
    checks: "every task ran; with stealing, no way of pushing is far behind pulling",
    run,
};

const WORKERS: usize = 4;

/// Rounds of which the median counts.
const ROUNDS: usize = 7;

/// v4 with settings of its own.
#[derive(Debug)]
struct Pushed<const STEALS: bool, const LOOKS: bool>(Pool);

impl<const STEALS: bool, const LOOKS: bool> Contender for Pushed<STEALS, LOOKS> {
    const NAME: &'static str = "v4";

    fn start(threads: usize, capacity: usize) -> Self {
        let stealing = if STEALS {
            Stealing::Half
        } else {
            Stealing::Off
        };
        let placement = match LOOKS {
            true => Placement::LeastLoaded,
            false => Placement::RoundRobin,
        };
        let builder = Pool::builder().threads(threads).queue_capacity(capacity);
        let pool = builder.stealing(stealing).placement(placement).build();
        Pushed(pool.expect("within the limits"))
    }

    fn execute(&self, task: impl FnOnce() + Send + 'static) {
        self.0.execute(task).expect("nobody shuts the pool down");
    }

    fn wait(&self) {
        self.0.wait_idle();
    }
}

fn run() -> Outcome {
    let mut outcome = Outcome::default();
    let ways: [(&str, &str, Run); 5] = [
        ("pull", "one queue (v3)", race::<v3_dynamic::Pool>),
        ("off.round_robin", "in turn", race::<Pushed<false, false>>),
        (
            "off.least_loaded",
            "to the shortest",
            race::<Pushed<false, true>>,
        ),
        (
            "half.round_robin",
            "in turn, stealing",
            race::<Pushed<true, false>>,
        ),
        (
            "half.least_loaded",
            "to the shortest, stealing",
            race::<Pushed<true, true>>,
        ),
    ];
    let tasks = [
        ("empty", 40_000, Task::Empty),
        ("sha256", 8_000, Task::Sha256),
        ("skewed", 8_000, Task::Skewed),
    ];
    let columns = tasks.map(|(name, tasks, task)| {
        let workload = stream(WORKERS, (1, tasks), task);
        let runs = ways.map(|(.., run)| (run, &workload));
        (name, side_by_side(ROUNDS, &runs))
    });
    outcome.tell("nanoseconds for each task      empty     4 us   skewed");
    for (row, (way, title, _)) in ways.iter().enumerate() {
        let times = columns
            .each_ref()
            .map(|(_, column)| format!("{:9.0}", column[row]));
        outcome.tell(format!("{title:27}{}", times.concat()));
        for (name, column) in &columns {
            outcome.result(format!("{name}.{way}"), column[row]);
        }
    }
    outcome.result("workers", WORKERS as f64);
    // Only what no disturbance explains breaks it.
    outcome.held = columns
        .iter()
        .all(|(_, column)| column[3..].iter().all(|time| *time < 3.0 * column[0]));
    outcome
}
