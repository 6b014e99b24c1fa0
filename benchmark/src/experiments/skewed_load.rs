//! A few long tasks among many short ones, all of them in one worker's queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use v4_dedicated_queues::{Placement, Stealing};

use super::gates::hold;
use super::load::v4;
use super::{Experiment, Outcome};
use crate::trace::{Recorder, Trace};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "skewed-load",
    title: "every twelfth task is long: none, one or half stolen",
    question: "96 tasks wait in the queues of four workers, to which they went in turn. Each twelfth takes \
               10 ms, the others 0.5 ms: together 124 ms, so the best that four workers can do is 31 ms. \
               When is the last one over, if nobody steals, if one task is stolen at a time, and if half a \
               queue is?",
    predict: "Twelve is a multiple of four: in how many of the queues are the long ones, and after how many \
              milliseconds is the last task over, in each of the three cases?",
    checks: "law 10: no runnable task waits behind a busy worker while another is idle",
    run,
};

const WORKERS: usize = 4;
const TASKS: u64 = 96;
const EACH: u64 = 12;
const LONG: Duration = Duration::from_millis(10);
const SHORT: Duration = Duration::from_micros(500);

/// How the tasks ended.
struct Reading {
    /// When the last one was over, in milliseconds from when the workers were let go.
    done: f64,
    stolen: usize,
    ran: usize,
    trace: Trace,
}

fn race(stealing: Stealing, title: &str) -> Reading {
    let recorder = Recorder::new();
    let pool = v4(&recorder, |builder| {
        let builder = builder.threads(WORKERS).queue_capacity(TASKS as usize);
        builder.placement(Placement::RoundRobin).stealing(stealing)
    });
    let gates = hold(WORKERS, |task| pool.execute(task));
    let ran = Arc::new(AtomicUsize::new(0));
    for n in 0..TASKS {
        let ran = Arc::clone(&ran);
        let time = if n % EACH == 0 { LONG } else { SHORT };
        let work = move || {
            thread::sleep(time);
            ran.fetch_add(1, SeqCst);
        };
        let submitted = recorder.submit(n, |task| pool.execute(task), work);
        submitted.expect("there is a place for each");
    }
    let start = Instant::now();
    drop(gates);
    pool.wait_idle();
    let done = start.elapsed().as_secs_f64() * 1000.0;
    Reading {
        done,
        stolen: pool.stats().stolen,
        ran: ran.load(SeqCst),
        trace: recorder.finish(title, WORKERS as u64, TASKS),
    }
}

fn run() -> Outcome {
    let mut outcome = Outcome::default();
    let off = race(
        Stealing::Off,
        "v4, nobody steals: one worker has all long tasks",
    );
    let one = race(Stealing::One, "v4, one task is stolen at a time");
    let half = race(
        Stealing::Half,
        "v4, half a queue is stolen: all work until the end",
    );
    for (name, reading) in [("off", &off), ("one", &one), ("half", &half)] {
        let Reading {
            done, stolen, ran, ..
        } = reading;
        outcome.tell(format!(
            "stealing {name:5} the last of {ran} tasks was over after {done:.0} ms, {stolen} were stolen"
        ));
        outcome.result(format!("{name}.done"), *done);
        outcome.result(format!("{name}.stolen"), *stolen as f64);
    }
    let long = TASKS.div_ceil(EACH);
    let millis = |time: Duration, tasks: u64| time.as_secs_f64() * 1000.0 * tasks as f64;
    let all = millis(LONG, long) + millis(SHORT, TASKS - long);
    outcome.result("workers", WORKERS as f64);
    outcome.result("tasks", TASKS as f64);
    outcome.result("long", long as f64);
    outcome.result("ideal", all / WORKERS as f64);
    let every_task = [&off, &one, &half].map(|reading| reading.ran == TASKS as usize);
    outcome.held = every_task == [true; 3]
        && (off.stolen, one.stolen > 0, half.stolen > 0) == (0, true, true)
        && one.done < off.done
        && half.done < off.done;
    outcome.traces.insert("v4-skewed-off", off.trace);
    outcome.traces.insert("v4-skewed-half", half.trace);
    outcome
}
