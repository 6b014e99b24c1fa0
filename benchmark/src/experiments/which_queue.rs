//! A queue without a bound and one with, when more arrives than can be done.

use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::unbounded;

use super::{Experiment, Outcome};
use crate::trace::{Kind, Recorder, Trace};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "which-queue",
    title: "twice too much work: three kinds of queue",
    question: "For 600 ms, tasks arrive at twice the rate at which two workers can run them: at a queue \
               without a bound, at one with 8 places that refuses, and at one with 8 places whose submitter \
               waits. How long does the queue get, how old is the oldest task in it, and how long after the \
               last arrival is the pool still busy?",
    predict: "For each of the three: how many milliseconds has the oldest task waited, and how many tasks \
              are done?",
    checks: "law 3, bounded: the queue is never longer than its capacity",
    run,
};

const WORKERS: u64 = 2;
const CAPACITY: u64 = 8;
const TASK: Duration = Duration::from_millis(20);
const GAP: Duration = Duration::from_millis(5);
const ARRIVALS: u64 = 120;

type Job = Box<dyn FnOnce() + Send>;

/// What is said of a run.
struct Reading {
    /// The longest that the queue was seen.
    longest: usize,
    /// The longest that a task waited in it, in milliseconds.
    oldest: f64,
    done: usize,
    /// When the last task was finished, in milliseconds.
    end: f64,
    /// When the last task was submitted, in milliseconds.
    last_arrival: f64,
}

impl Reading {
    fn new((longest, last_arrival): (usize, f64), trace: &Trace) -> Reading {
        let at = |kind: Kind, task: Option<u64>| {
            let mut events = trace.events.iter();
            let found = events.find(|event| event.task == task && event.kind == kind);
            found.map(|event| event.at)
        };
        let started = trace
            .events
            .iter()
            .filter(|event| event.kind == Kind::Started);
        let waits = started.map(|start| {
            // A task may start before its submitter hears that it was accepted.
            let queued = at(Kind::Queued, start.task).unwrap_or(start.at);
            start.at.saturating_sub(queued)
        });
        let finished = trace
            .events
            .iter()
            .filter(|event| event.kind == Kind::Finished);
        Reading {
            longest,
            oldest: waits.max().unwrap_or(0) as f64 / 1000.0,
            done: finished.count(),
            end: trace
                .events
                .last()
                .map_or(0.0, |event| event.at as f64 / 1000.0),
            last_arrival,
        }
    }
}

/// Submits the arrivals on their schedule. `submit` returns the length of the queue afterwards; the
/// longest is returned, and when the last task was submitted, in milliseconds.
fn arrive(mut submit: impl FnMut(u64) -> usize) -> (usize, f64) {
    let start = Instant::now();
    let mut longest = 0;
    for n in 0..ARRIVALS {
        let arrival = start + GAP * u32::try_from(n).unwrap_or(u32::MAX);
        thread::sleep(arrival.saturating_duration_since(Instant::now()));
        longest = longest.max(submit(n));
    }
    (longest, start.elapsed().as_secs_f64() * 1000.0)
}

fn without_a_bound() -> (Reading, Trace) {
    let recorder = Recorder::new();
    let (sender, receiver) = unbounded::<Job>();
    let workers: Vec<_> = (0..WORKERS)
        .map(|_| {
            let receiver = receiver.clone();
            thread::spawn(move || receiver.iter().for_each(|job| job()))
        })
        .collect();
    let arrived = arrive(|n| {
        let sent = recorder.submit(n, |job| sender.send(job), || thread::sleep(TASK));
        sent.expect("the workers receive");
        sender.len()
    });
    drop(sender);
    for worker in workers {
        worker.join().expect("no job panics");
    }
    let trace = recorder.finish("a queue without a bound", WORKERS, 0);
    (Reading::new(arrived, &trace), trace)
}

fn with_a_bound(wait: bool, title: &str) -> (Reading, Trace) {
    let recorder = Recorder::new();
    let pool = v1_fixed::Pool::new(WORKERS as usize, CAPACITY as usize);
    let pool = pool.expect("the numbers are within the limits");
    let arrived = arrive(|n| {
        let submit = |task| match wait {
            true => pool.execute(task),
            false => pool.try_execute(task),
        };
        // A refused task is dropped here: its arrival was in vain.
        drop(recorder.submit(n, submit, || thread::sleep(TASK)));
        pool.queue_len()
    });
    pool.shutdown();
    let trace = recorder.finish(title, WORKERS, CAPACITY);
    (Reading::new(arrived, &trace), trace)
}

/// Tells what was read, and records it under names that begin with `name`.
fn report(outcome: &mut Outcome, title: &str, name: &str, reading: &Reading) {
    outcome.tell(format!(
        "{title:16} at most {} queued, the oldest waited {:.0} ms, {} done; last arrival at {:.0} \
         ms, done at {:.0} ms",
        reading.longest, reading.oldest, reading.done, reading.last_arrival, reading.end
    ));
    let values = [
        ("longest", reading.longest as f64),
        ("oldest", reading.oldest),
        ("done", reading.done as f64),
        ("last_arrival", reading.last_arrival),
        ("end", reading.end),
    ];
    for (field, value) in values {
        outcome.result(format!("{name}.{field}"), value);
    }
}

fn run() -> Outcome {
    let mut outcome = Outcome::default();
    let (unbounded, trace) = without_a_bound();
    report(&mut outcome, "without a bound:", "unbounded", &unbounded);
    outcome.traces.insert("queue-unbounded", trace);

    let (refusing, trace) = with_a_bound(false, "v1, eight places, refusing");
    report(&mut outcome, "v1, refusing:", "refusing", &refusing);
    outcome.traces.insert("queue-refusing", trace);

    let (waiting, trace) = with_a_bound(true, "v1, eight places, the submitter waits");
    report(&mut outcome, "v1, waiting:", "waiting", &waiting);
    outcome.traces.insert("queue-waiting", trace);
    outcome.result("arrivals", ARRIVALS as f64);
    outcome.result("capacity", CAPACITY as f64);

    let bound = CAPACITY as usize;
    outcome.held = refusing.longest <= bound
        && waiting.longest <= bound
        && unbounded.longest > 2 * bound
        && waiting.done == ARRIVALS as usize;
    outcome
}
