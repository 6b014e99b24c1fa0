//! What a thread for each task costs, and what a pool does instead.

use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use super::{Experiment, Outcome, millis};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "thread-per-task",
    title: "10 000 requests and a stuck database",
    question: "10 000 requests arrive while the database is stuck: to a thread for each, or to a v1 pool \
               with 64 threads and 1024 places. How many threads are there, and who is told that it is too \
               much?",
    predict: "How many threads in each case, how much memory for ten thousand of them, and at which request \
              does the pool say no?",
    checks: "law 3, bounded: a pool never holds more than it was built for",
    run,
};

const TASKS: usize = 10_000;
const THREADS: usize = 64;
const CAPACITY: usize = 1024;

/// The database: everybody waits for it.
#[derive(Clone, Default)]
struct Database(Arc<(Mutex<bool>, Condvar)>);

impl Database {
    fn query(&self) {
        let up = self.0.0.lock().expect("nobody panics while holding it");
        drop(self.0.1.wait_while(up, |up| !*up));
    }

    fn recover(&self) {
        *self.0.0.lock().expect("nobody panics while holding it") = true;
        self.0.1.notify_all();
    }
}

fn run() -> Outcome {
    let mut outcome = Outcome::default();

    let database = Database::default();
    let before = memory();
    let mut started = 0;
    let mut threads = Vec::new();
    for _ in 0..TASKS {
        let database = database.clone();
        // The operating system may refuse at some point; then this is the answer.
        match thread::Builder::new().spawn(move || database.query()) {
            Ok(thread) => threads.push(thread),
            Err(_) => break,
        }
        started += 1;
    }
    let grown = memory() - before;
    database.recover();
    for thread in threads {
        drop(thread.join());
    }
    outcome.tell(format!(
        "a thread per task: {started} threads at once, {grown:.0} MiB of memory for them"
    ));
    outcome.result("threads.started", f64::from(started));
    outcome.result("threads.mebibytes", grown.round());

    let database = Database::default();
    let pool = v1_fixed::Pool::new(THREADS, CAPACITY).expect("the numbers are within the limits");
    let mut accepted = 0;
    for _ in 0..TASKS {
        let database = database.clone();
        // Long enough for the workers to take their first tasks.
        let patience = Duration::from_millis(200);
        if pool
            .execute_timeout(move || database.query(), patience)
            .is_err()
        {
            break;
        }
        accepted += 1;
    }
    outcome.tell(format!(
        "v1: {} threads; {accepted} requests accepted ({THREADS} running, {CAPACITY} queued), then \
         the submitter has to wait",
        pool.threads()
    ));
    outcome.result("pool.threads", pool.threads() as f64);
    outcome.result("pool.accepted", accepted as f64);
    outcome.result("pool.capacity", CAPACITY as f64);
    database.recover();
    pool.shutdown();

    // The price of a thread, when nobody is stuck: one task at a time, each waited for.
    let spawn = millis(|| {
        for _ in 0..TASKS {
            drop(thread::spawn(|| ()).join());
        }
    });
    let pool = v1_fixed::Pool::new(2, CAPACITY).expect("the numbers are within the limits");
    let reuse = millis(|| {
        for _ in 0..TASKS {
            drop(pool.execute(|| ()));
            pool.wait_idle();
        }
    });
    let many = millis(|| {
        for _ in 0..TASKS {
            drop(pool.execute(|| ()));
        }
        pool.wait_idle();
    });
    let per_task = |millis: f64| millis * 1000.0 / TASKS as f64;
    outcome.tell(format!(
        "an empty task, one at a time: {:.1} us with a thread of its own, {:.1} us through v1",
        per_task(spawn),
        per_task(reuse)
    ));
    outcome.tell(format!(
        "empty tasks through v1, one after another without waiting: {:.2} us each",
        per_task(many)
    ));
    outcome.result("threads.micros_per_task", per_task(spawn));
    outcome.result("pool.micros_per_task", per_task(reuse));
    outcome.result("pool.micros_in_a_row", per_task(many));

    outcome.held = accepted == THREADS + CAPACITY;
    outcome
}

/// Resident memory of this process in MiB; 0 where the system does not tell.
fn memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}
