//! How long a task must be so that it pays to run it elsewhere.

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use super::{Experiment, Outcome};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "when-a-pool-pays",
    title: "from which length of task on a pool pays",
    question: "A loop over many tasks of the same length can run them itself, start a thread for each, or \
               give them to v1 with a worker per core. What the second core saves has to pay for the thread, \
               or for handing the task over. From which length on is each of the two faster than the loop?",
    predict: "From how many microseconds on does a thread for each task pay, and from how many does v1?",
    checks: "a pool pays for shorter tasks than a thread does",
    run,
};

/// Lengths of tasks in microseconds, and the names under which the book quotes their ratios.
const LENGTHS: [(u64, &str, &str); 7] = [
    (1, "threads.at_1", "pool.at_1"),
    (3, "threads.at_3", "pool.at_3"),
    (10, "threads.at_10", "pool.at_10"),
    (30, "threads.at_30", "pool.at_30"),
    (100, "threads.at_100", "pool.at_100"),
    (300, "threads.at_300", "pool.at_300"),
    (1000, "threads.at_1000", "pool.at_1000"),
];

/// About as long as each measurement takes in the loop.
const SPAN: Duration = Duration::from_millis(60);

/// Rounds of which the median counts. In each, the three ways take turns.
const ROUNDS: usize = 5;

/// Computes for about that long, on whichever core it runs.
fn compute(steps: u64) {
    let mut x = 1_u64;
    for _ in 0..steps {
        x = black_box(x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    }
}

/// How many steps take a microsecond.
fn steps_per_micro() -> f64 {
    const STEPS: u64 = 3_000_000;
    let best = (0..5).map(|_| seconds(|| compute(STEPS)));
    STEPS as f64 / (best.fold(f64::MAX, f64::min) * 1e6)
}

fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

fn in_a_loop(tasks: u64, steps: u64) -> f64 {
    seconds(|| (0..tasks).for_each(|_| compute(steps)))
}

fn with_threads(tasks: u64, steps: u64) -> f64 {
    seconds(|| {
        thread::scope(|scope| {
            for _ in 0..tasks {
                scope.spawn(move || compute(steps));
            }
        });
    })
}

fn with_a_pool(tasks: u64, steps: u64, cores: usize) -> f64 {
    let pool = v1_fixed::Pool::new(cores, 1024).expect("the numbers are within the limits");
    seconds(|| {
        for _ in 0..tasks {
            let submitted = pool.execute(move || compute(steps));
            submitted.expect("nobody shuts the pool down");
        }
        pool.wait_idle();
    })
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn run() -> Outcome {
    let mut outcome = Outcome::default();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let per_micro = steps_per_micro();
    let (mut threads_pay, mut pool_pays) = (None, None);
    outcome.tell("length     a thread each   v1      (times of the loop; below 1 it pays)");
    for (length, for_threads, for_pool) in LENGTHS {
        let steps = (per_micro * length as f64) as u64;
        let tasks = SPAN.as_micros() as u64 / length;
        let (mut threads, mut pool) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let alone = in_a_loop(tasks, steps);
            threads.push(with_threads(tasks, steps) / alone);
            pool.push(with_a_pool(tasks, steps, cores) / alone);
        }
        let (threads, pool) = (median(threads), median(pool));
        outcome.tell(format!("{length:5} us {threads:10.2} {pool:12.2}"));
        if threads < 1.0 {
            threads_pay = threads_pay.or(Some(length));
        }
        if pool < 1.0 {
            pool_pays = pool_pays.or(Some(length));
        }
        outcome.result(for_threads, threads);
        outcome.result(for_pool, pool);
    }
    let say = |length: Option<u64>| {
        length.map_or("none of these".into(), |length| format!("{length} us"))
    };
    outcome.tell(format!(
        "a thread each pays from {}, v1 from {}, on {cores} cores",
        say(threads_pay),
        say(pool_pays)
    ));
    outcome.result("threads.from", threads_pay.map_or(f64::NAN, |n| n as f64));
    outcome.result("pool.from", pool_pays.map_or(f64::NAN, |n| n as f64));
    outcome.held = match (pool_pays, threads_pay) {
        (Some(pool), Some(threads)) => pool <= threads,
        (pool, None) => pool.is_some() || cores == 1,
        (None, Some(_)) => false,
    };
    outcome
}
