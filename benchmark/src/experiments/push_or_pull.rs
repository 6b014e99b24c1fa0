//! Workers pull from one queue, or a submitter pushes to the queue of one of them.

use std::hint::black_box;
use std::time::Instant;

use v4_dedicated_queues::{Placement, Pool, Stealing};

use super::gates::hold;
use super::{Experiment, Outcome};
use crate::contender::Contender;
use crate::statistics::Summary;
use crate::workload::{bytes_to_hash, compute, hash, steps_per_microsecond};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "push-or-pull",
    title: "workers pull from one queue, or tasks are pushed",
    question: "Four workers pull their tasks from one queue (v3), or tasks are pushed to the queue of one of \
               them (v4), in turn or to the shortest, with stealing and without. What does a task cost: if \
               it is empty, if it takes about 4 us, and if it takes 1 us but one in 64 takes 100 us?",
    predict: "For each of the three kinds of task: is pulling or pushing cheaper, and does stealing help?",
    checks: "every task ran; with stealing, no way of pushing is far behind pulling",
    run,
};

const WORKERS: usize = 4;

/// Rounds of which the median counts.
const ROUNDS: usize = 7;

const CAPACITY: usize = 1024;

/// What the tasks do.
#[derive(Clone, Copy)]
enum Kind {
    Empty,
    Sha256,
    Skewed,
}

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

/// The time for each task of a stream, in nanoseconds.
fn stream<C: Contender>(kind: Kind) -> f64 {
    let pool = C::start(WORKERS, CAPACITY);
    // All workers have started, and are awake when the stream begins.
    let gates = hold(WORKERS, |task| {
        pool.execute(task);
        Ok::<(), ()>(())
    });
    drop(gates);
    let timed = |tasks: usize, submit: &dyn Fn(usize)| {
        let start = Instant::now();
        (0..tasks).for_each(submit);
        pool.wait();
        start.elapsed().as_nanos() as f64 / tasks as f64
    };
    match kind {
        Kind::Empty => timed(40_000, &|number| {
            pool.execute(move || {
                black_box(number);
            });
        }),
        Kind::Sha256 => {
            let bytes = bytes_to_hash();
            timed(8_000, &|_| pool.execute(|| hash(bytes)))
        }
        Kind::Skewed => {
            let micro = steps_per_microsecond();
            timed(8_000, &|number| {
                let steps = if number % 64 == 0 { micro * 100 } else { micro };
                pool.execute(move || compute(steps));
            })
        }
    }
}

/// What it is called in the results and for a reader, and how it does.
type Way = (&'static str, &'static str, fn(Kind) -> f64);

fn run() -> Outcome {
    let mut outcome = Outcome::default();
    let ways: [Way; 5] = [
        ("pull", "one queue (v3)", stream::<v3_dynamic::Pool>),
        ("off.round_robin", "in turn", stream::<Pushed<false, false>>),
        (
            "off.least_loaded",
            "to the shortest",
            stream::<Pushed<false, true>>,
        ),
        (
            "half.round_robin",
            "in turn, stealing",
            stream::<Pushed<true, false>>,
        ),
        (
            "half.least_loaded",
            "to the shortest, stealing",
            stream::<Pushed<true, true>>,
        ),
    ];
    let kinds = [
        ("empty", Kind::Empty),
        ("sha256", Kind::Sha256),
        ("skewed", Kind::Skewed),
    ];
    let columns = kinds.map(|(name, kind)| {
        let mut times = [const { Vec::new() }; 5];
        for _ in 0..ROUNDS {
            for ((.., stream), times) in ways.iter().zip(&mut times) {
                times.push(stream(kind));
            }
        }
        (name, times.map(|times| Summary::of(&times).median))
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
