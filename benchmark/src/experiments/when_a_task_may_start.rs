//! When a task may start: forty that wait for a limit before a hundred that need none, the rate in
//! the long run, and what a rest saves up.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rate_limit::{Limit, Pool, Task};

use super::{Experiment, Outcome};
use crate::trace::{Recorder, Trace};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "when-a-task-may-start",
    title: "forty limited tasks before a hundred free ones",
    question: "A server takes one request per 10 ms. Forty requests are submitted to a pool of four workers, \
               and then a hundred tasks that need no server and take no time. When are these done: if a \
               worker waits for its turn inside the request, in v2, and if the request waits in the queue, \
               in the rate-limit branch? Then three seconds of requests at a hundred a second with a burst of \
               ten: how many are there? And after a second of rest, how many start at once?",
    predict: "How many milliseconds until the hundred are done, if workers wait and if tasks wait? What is \
              the rate in the long run?",
    checks: "waiting holds no worker; rate: in any stretch of time `t` at most `burst + t * rate` starts, and \
             in the long run within 5 % of the rate",
    run,
};

const INTERVAL: Duration = Duration::from_millis(10);
const THREADS: usize = 4;
const LIMITED: usize = 40;
const FREE: usize = 100;
/// Of the second part: so many a second, at once, and in all.
const RATE: u32 = 100;
const BURST: u32 = 10;
const STARTS: usize = 310;

/// A limiter as one writes it inside a task: each caller takes the next turn, and sleeps till then.
#[derive(Clone, Debug)]
struct Turns(Arc<Mutex<Instant>>);

impl Turns {
    fn new() -> Turns {
        Turns(Arc::new(Mutex::new(Instant::now())))
    }

    fn wait(&self, interval: Duration) {
        let mine = {
            let mut next = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let mine = (*next).max(Instant::now());
            *next = mine + interval;
            mine
        };
        thread::sleep(mine.saturating_duration_since(Instant::now()));
    }
}

fn limit(rate: u32, burst: u32) -> Limit {
    let limit = Limit::builder(rate, Duration::from_secs(1)).burst(burst);
    limit.build().expect("within the limits")
}

/// When the free tasks are done, if a worker sleeps until it is its request's turn.
fn workers_wait() -> Duration {
    let pool = v2_cancel_panic::Pool::new(THREADS, LIMITED + FREE).expect("within the limits");
    let turns = Turns::new();
    let begin = Instant::now();
    for _ in 0..LIMITED {
        let turns = turns.clone();
        let request = move || turns.wait(INTERVAL);
        pool.execute(request).expect("the pool is open");
    }
    let free = pool.group();
    for _ in 0..FREE {
        free.execute(|| ()).expect("the pool is open");
    }
    free.wait();
    begin.elapsed()
}

/// When they are done, if the requests wait in the queue.
fn tasks_wait() -> Duration {
    let pool = Pool::new(THREADS, FREE).expect("within the limits");
    let limit = limit(RATE, 1);
    let begin = Instant::now();
    for _ in 0..LIMITED {
        let request = Task::from(|| ()).limited(&limit);
        pool.execute(request).expect("the pool is open");
    }
    let free = pool.group();
    for _ in 0..FREE {
        free.execute(|| ()).expect("the pool is open");
    }
    free.wait();
    let done = begin.elapsed();
    drop(pool.shutdown_now());
    done
}

/// Starts per second in the long run, the burst left out; and how many start at once after a second
/// of rest.
fn in_the_long_run() -> (f64, usize) {
    let pool = Pool::new(2, 1).expect("within the limits");
    let limit = limit(RATE, BURST);
    let started = Arc::new(AtomicUsize::new(0));
    let submit = |tasks| {
        for _ in 0..tasks {
            let started = Arc::clone(&started);
            let count = move || _ = started.fetch_add(1, SeqCst);
            let task = Task::from(count).limited(&limit);
            pool.execute(task).expect("the pool is open");
        }
    };
    let begin = Instant::now();
    submit(STARTS);
    pool.wait_idle();
    let rate = (STARTS - BURST as usize) as f64 / begin.elapsed().as_secs_f64();
    thread::sleep(Duration::from_secs(1));
    started.store(0, SeqCst);
    submit(2 * BURST as usize);
    // Half of the time after which the next may start.
    thread::sleep(INTERVAL / 2);
    let at_once = started.load(SeqCst);
    drop(pool.shutdown_now());
    (rate, at_once)
}

/// How long a free task takes, where it is drawn.
const TASK: Duration = Duration::from_millis(4);

/// Four requests, numbers 0 to 3, and six free tasks, on two workers, as the book draws it. `wait`
/// is what is done inside the request.
fn picture<E: std::fmt::Debug>(
    submit: impl Fn(bool, Box<dyn FnOnce() + Send>) -> Result<(), E>,
    wait: impl Fn() + Clone + Send + 'static,
) -> Recorder {
    let recorder = Recorder::new();
    for number in 0..10 {
        let (limited, wait) = (number < 4, wait.clone());
        let work = move || {
            if limited {
                wait();
            }
            thread::sleep(TASK);
        };
        let submitted = recorder.submit(number, |task| submit(limited, task), work);
        submitted.expect("the pool is open");
    }
    recorder
}

fn in_the_worker() -> Trace {
    const TITLE: &str = "workers wait: the requests, 0 to 3, hold both, and 4 to 9 are late";
    let pool = v2_cancel_panic::Pool::new(2, 16).expect("within the limits");
    let turns = Turns::new();
    let wait = move || turns.wait(4 * TASK);
    let recorder = picture(|_, task| pool.execute(task), wait);
    pool.wait_idle();
    recorder.finish(TITLE, 2, 0)
}

fn in_the_queue() -> Trace {
    const TITLE: &str = "tasks wait: the requests, 0 to 3, start when they may, and 4 to 9 at once";
    let pool = Pool::new(2, 16).expect("within the limits");
    let limit = Limit::builder(1, 4 * TASK)
        .build()
        .expect("within the limits");
    let submit = |limited, task| {
        let task = Task::from(task);
        pool.execute(if limited { task.limited(&limit) } else { task })
    };
    let recorder = picture(submit, || ());
    pool.wait_idle();
    recorder.finish(TITLE, 2, 0)
}

/// Ten requests at once, by two workers, under one limit: as a bucket that leaks, with a burst of
/// one, or as one that holds tokens.
fn bucket(title: &str, burst: u32) -> Trace {
    let pool = Pool::new(2, 16).expect("within the limits");
    let limit = Limit::builder(1, 3 * TASK).burst(burst);
    let limit = limit.build().expect("within the limits");
    let recorder = Recorder::new();
    for number in 0..10 {
        let submit = |task| pool.execute(Task::from(task).limited(&limit));
        let submitted = recorder.submit(number, submit, || thread::sleep(TASK));
        submitted.expect("the pool is open");
    }
    pool.wait_idle();
    recorder.finish(title, 2, 0)
}

fn run() -> Outcome {
    let mut outcome = Outcome::default();
    let millis = |time: Duration| (time.as_secs_f64() * 10_000.0).round() / 10.0;
    let (workers, tasks) = (millis(workers_wait()), millis(tasks_wait()));
    outcome.tell(format!(
        "workers wait: the free tasks are done after {workers} ms"
    ));
    outcome.tell(format!(
        "tasks wait:                                 {tasks} ms"
    ));
    outcome.result("free.workers", workers);
    outcome.result("free.tasks", tasks);
    let (rate, at_once) = in_the_long_run();
    outcome.tell(format!(
        "in the long run: {rate:.1} starts a second, of {RATE}"
    ));
    outcome.tell(format!("after a second of rest {at_once} start at once"));
    outcome.result("rate.measured", (rate * 10.0).round() / 10.0);
    outcome.result("rate.at_once", at_once as f64);
    for (name, number) in [
        ("limited", LIMITED),
        ("free.count", FREE),
        ("rate.asked", RATE as usize),
        ("rate.burst", BURST as usize),
        ("rate.starts", STARTS),
    ] {
        outcome.result(name, number as f64);
    }
    outcome.traces.insert("limit-in-worker", in_the_worker());
    outcome.traces.insert("limit-in-queue", in_the_queue());
    let leaky = bucket("a burst of 1, as a leaky bucket: one after another", 1);
    outcome.traces.insert("limit-leaky", leaky);
    let token = bucket(
        "a burst of 5: as many tokens are there, then one after another",
        5,
    );
    outcome.traces.insert("limit-token", token);

    let error = (rate / f64::from(RATE) - 1.0).abs();
    outcome.held = tasks * 4.0 < workers && error < 0.05 && at_once == BURST as usize;
    outcome
}
