//! A thousand submitters wait for places: what it costs to wake the right ones, and no others.
//!
//! A worker of v1 wakes a submitter for every place that it frees, also while others are on their
//! way. Whoever is woken late finds no place. And whoever has got one comes back with the next
//! task, finds the queue full, and looks up to 32 times, yielding in between, before it sleeps: it
//! takes places away from those who have been woken for them, and turns on the core away from the
//! workers who would free more. The channel of crossbeam does both, too. In v4 one submitter is on
//! its way at a time, and nobody yields while others sleep.

use std::fs;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Instant;

use super::{Experiment, Outcome};
use crate::contender::Contender;
use crate::contenders::baselines::BufferedChannel;
use crate::statistics::Summary;
use crate::workload::primes_2_to_100;

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "blocked-submitters",
    title: "a thousand submitters wait for a place",
    question: "A thousand threads submit a hundred short tasks each to four workers, through a queue with \
               1024 places: v1, a channel of crossbeam, and v4. Nearly all of them wait for a place, nearly \
               always. What does a task cost, and how often is a submitter put to sleep for it?",
    predict: "In which of the three does a submitter sleep least often for each task, and does it sleep more \
              than once, or less?",
    checks: "in v4, a submitter that is woken finds more than one place: it sleeps less than once for each task",
    run,
};

const SUBMITTERS: usize = 1000;
const EACH: usize = 100;
const WORKERS: usize = 4;
const CAPACITY: usize = 1024;

/// Rounds of which the median counts.
const ROUNDS: usize = 3;

/// The names of the threads that submit. The system keeps fifteen bytes.
const NAME: &str = "submitter";

/// How often threads were taken off their cores, as the system counts it.
#[derive(Clone, Copy, Debug, Default)]
struct Switches {
    /// They fell asleep, so each was woken as often.
    slept: f64,
    /// They could have gone on: they gave way to others by themselves, or their time was up.
    gave_way: f64,
}

/// All threads of this process so far: those that submit, and the others. `None` where the system
/// does not tell.
fn switches() -> Option<[Switches; 2]> {
    let mut sums = [Switches::default(); 2];
    for task in fs::read_dir("/proc/self/task").ok()? {
        // A thread may have ended meanwhile.
        let Ok(status) = fs::read_to_string(task.ok()?.path().join("status")) else {
            continue;
        };
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.map_or("", str::trim)
        };
        let sum = &mut sums[usize::from(field("Name:") != NAME)];
        sum.slept += field("voluntary_ctxt_switches:").parse().unwrap_or(0.0);
        sum.gave_way += field("nonvoluntary_ctxt_switches:").parse().unwrap_or(0.0);
    }
    Some(sums)
}

/// What a task costs.
#[derive(Clone, Copy, Debug)]
struct Cost {
    nanos: f64,
    /// For each task: of submitters, and of workers.
    switches: Option<[Switches; 2]>,
}

fn crowd<C: Contender>() -> Cost {
    let pool = Arc::new(C::start(WORKERS, CAPACITY));
    let barrier = || Arc::new(Barrier::new(SUBMITTERS + 1));
    let (ready, over, leave) = (barrier(), barrier(), barrier());
    let submitter = |_| {
        let (pool, barriers) = (Arc::clone(&pool), [&ready, &over, &leave].map(Arc::clone));
        let submit = move || {
            let [ready, over, leave] = barriers;
            ready.wait();
            (0..EACH).for_each(|_| pool.execute(primes_2_to_100));
            drop(pool);
            over.wait();
            // The system counts for threads that there are.
            leave.wait();
        };
        let thread = thread::Builder::new().name(NAME.to_owned()).spawn(submit);
        thread.expect("the system has room for the threads")
    };
    let threads: Vec<_> = (0..SUBMITTERS).map(submitter).collect();
    // All but a few sleep at the barrier by now: they have had nothing else to do.
    let before = switches();
    let start = Instant::now();
    ready.wait();
    over.wait();
    pool.wait();
    let nanos = start.elapsed().as_nanos() as f64;
    let after = switches();
    leave.wait();
    for thread in threads {
        thread.join().expect("no submitter panics");
    }
    let tasks = (SUBMITTERS * EACH) as f64;
    let switches = before.zip(after).map(|(before, after)| {
        [0, 1].map(|who| Switches {
            slept: (after[who].slept - before[who].slept) / tasks,
            gave_way: (after[who].gave_way - before[who].gave_way) / tasks,
        })
    });
    Cost {
        nanos: nanos / tasks,
        switches,
    }
}

/// What it is called in the results and for a reader, and how it does.
type Contestant = (&'static str, &'static str, fn() -> Cost);

fn median(costs: &[Cost], of: impl Fn(&Cost) -> Option<f64>) -> Option<f64> {
    let values: Option<Vec<f64>> = costs.iter().map(of).collect();
    Some(Summary::of(&values?).median)
}

fn run() -> Outcome {
    let mut outcome = Outcome::default();
    let pools: [Contestant; 3] = [
        ("v1", "v1", crowd::<v1_fixed::Pool>),
        ("channel", "buffered channel", crowd::<BufferedChannel>),
        ("v4", "v4", crowd::<v4_dedicated_queues::Pool>),
    ];
    let mut costs = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        for ((.., crowd), costs) in pools.iter().zip(&mut costs) {
            costs.push(crowd());
        }
    }
    outcome.tell(
        "for each task                  time   a submitter slept   gave way   a worker slept",
    );
    let mut held = true;
    for ((name, title, _), costs) in pools.iter().zip(&costs) {
        let nanos = Summary::of(&costs.iter().map(|cost| cost.nanos).collect::<Vec<_>>()).median;
        outcome.result(format!("{name}.nanos"), nanos);
        let slept = median(costs, |cost| Some(cost.switches?[0].slept));
        let gave_way = median(costs, |cost| Some(cost.switches?[0].gave_way));
        let workers = median(costs, |cost| Some(cost.switches?[1].slept));
        let say = |value: Option<f64>| value.map_or("?".to_owned(), |value| format!("{value:.2}"));
        outcome.tell(format!(
            "{title:26} {nanos:5.0} ns {:>19} {:>10} {:>16}",
            say(slept),
            say(gave_way),
            say(workers)
        ));
        for (field, value) in [
            ("slept", slept),
            ("gave_way", gave_way),
            ("workers_slept", workers),
        ] {
            if let Some(value) = value {
                outcome.result(format!("{name}.{field}"), value);
            }
        }
        held &= *name != "v4" || slept.is_none_or(|slept| slept < 1.0);
    }
    outcome.result("submitters", SUBMITTERS as f64);
    outcome.result("each", EACH as f64);
    outcome.result("capacity", CAPACITY as f64);
    outcome.held = held;
    outcome
}
