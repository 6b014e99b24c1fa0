//! The rejection strategies, at twice the load that the pool can take.

use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use v1_fixed::{Pool, Task};

use super::overload::{ARRIVALS, CAPACITY, Numbers, USEFUL, WORKERS, drive};
use super::{Experiment, Outcome};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "what-to-do-when-full",
    title: "six answers to a full queue",
    question: "300 tasks of 10 ms arrive at twice the rate that two workers can take. A result is of use for \
               100 ms after its task has arrived. When the queue is full, the submitter waits; waits 20 ms; \
               drops the task; runs it itself; tries again later; or keeps it for later. Which answer gives \
               the most useful results?",
    predict: "Which of the six gives the most useful results, which gives the fewest, and which does all \
              300?",
    checks: "law 2, handed back: every task is done or given up, none is lost",
    run,
};

/// What to do with a task when the queue is full. Returns whether the task was given up.
type Strategy = fn(&Pool, Task) -> bool;

fn block(pool: &Pool, task: Task) -> bool {
    pool.execute(task).is_err()
}

fn wait_a_while(pool: &Pool, task: Task) -> bool {
    pool.execute_timeout(task, Duration::from_millis(20))
        .is_err()
}

fn drop_it(pool: &Pool, task: Task) -> bool {
    pool.try_execute(task).is_err()
}

fn caller_runs(pool: &Pool, task: Task) -> bool {
    if let Err(rejected) = pool.try_execute(task) {
        rejected.into_task().run();
    }
    false
}

fn retry(pool: &Pool, mut task: Task) -> bool {
    for _ in 0..5 {
        match pool.try_execute(task) {
            Ok(()) => return false,
            Err(rejected) => task = rejected.into_task(),
        }
        thread::sleep(Duration::from_millis(5));
    }
    true
}

/// What it is called, how the names of its results begin, and what it does.
const STRATEGIES: [(&str, &str, Strategy); 5] = [
    ("block", "block", block),
    ("wait 20 ms", "timeout", wait_a_while),
    ("drop", "drop", drop_it),
    ("caller runs", "caller", caller_runs),
    ("retry, 5 x 5 ms", "retry", retry),
];

fn pool() -> Pool {
    Pool::new(WORKERS, CAPACITY).expect("the numbers are within the limits")
}

fn report(outcome: &mut Outcome, title: &str, name: &str, numbers: &Numbers) -> bool {
    outcome.tell(format!(
        "{title:16} {:4} done, {:4} of them useful, {:4} given up, median {:4.0} ms, longest {:4.0} ms",
        numbers.done, numbers.useful, numbers.given_up, numbers.median, numbers.longest
    ));
    let values = [
        ("done", numbers.done as f64),
        ("useful", numbers.useful as f64),
        ("given_up", numbers.given_up as f64),
        ("median", numbers.median),
        ("longest", numbers.longest),
    ];
    for (field, value) in values {
        outcome.result(format!("{name}.{field}"), value);
    }
    numbers.done + numbers.given_up == ARRIVALS as usize
}

fn run() -> Outcome {
    let mut outcome = Outcome::default();
    let mut held = true;
    for (title, name, strategy) in STRATEGIES {
        let numbers = drive(&pool(), strategy, |_| ());
        held &= report(&mut outcome, title, name, &numbers);
    }

    // Kept for later: the tasks that come back are run when the burst is over.
    let backlog = Mutex::new(Vec::new());
    let keep = |pool: &Pool, task: Task| {
        if let Err(rejected) = pool.try_execute(task) {
            let task = rejected.into_task();
            backlog
                .lock()
                .expect("nobody panics while holding it")
                .push(task);
        }
        false
    };
    let numbers = drive(&pool(), keep, |pool| {
        for task in backlog
            .lock()
            .expect("nobody panics while holding it")
            .drain(..)
        {
            pool.execute(task).expect("nobody shuts the pool down");
        }
    });
    held &= report(&mut outcome, "store for later", "store", &numbers);

    outcome.result("arrivals", f64::from(ARRIVALS));
    outcome.result("useful_millis", USEFUL.as_secs_f64() * 1000.0);
    outcome.held = held;
    outcome
}
