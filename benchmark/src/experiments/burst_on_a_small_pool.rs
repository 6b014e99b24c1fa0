//! A burst, and then nothing: too much for a small pool, and too little for a large one.

use std::time::Duration;

use super::load::{Load, Run, v2, v3};
use super::{Experiment, Outcome, within};
use crate::trace::Recorder;

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "burst-on-a-small-pool",
    title: "200 tasks at once: few, many or dynamic threads",
    question: "200 tasks of 10 ms arrive at once, and then nothing for a second: to v2 with 2 threads, to v2 \
               with 64, and to v3 with 2 to 64 and an idle timeout of 100 ms. How long does the burst take, \
               and how many threads are there afterwards?",
    predict: "For each of the three: how many milliseconds does the burst take, how many threads are left, \
              and which pool idles longest?",
    checks: "law 9, no stranded task: live threads stay in min..=max and go back to min",
    run,
};

const SMALL: usize = 2;
const LARGE: usize = 64;
const TASKS: u32 = 200;
const CAPACITY: usize = 1024;
const TASK: Duration = Duration::from_millis(10);
const IDLE: Duration = Duration::from_millis(100);

fn load() -> Load {
    Load::new(Duration::from_millis(1400), TASK).burst(Duration::from_millis(50), TASKS)
}

/// A pool of v2. Returns how many threads the process had besides when the time was over.
fn fixed(threads: usize, title: &str) -> (Run, usize) {
    let recorder = Recorder::new();
    let before = process_threads();
    let pool = v2(&recorder, threads);
    let run = load().run(title, CAPACITY, &recorder, |task| pool.execute(task));
    (run, process_threads().saturating_sub(before))
}

/// A pool of v3. Returns that, too, how many threads it has started, and whether it goes back to
/// its smallest size, however long this machine takes for it.
fn dynamic(title: &str) -> (Run, usize, usize, bool) {
    let recorder = Recorder::new();
    let before = process_threads();
    let pool = v3(&recorder, |builder| {
        builder.threads(SMALL..=LARGE).idle_timeout(IDLE)
    });
    let run = load().run(title, CAPACITY, &recorder, |task| pool.execute(task));
    let after = process_threads().saturating_sub(before);
    let back = within(Duration::from_secs(10), || pool.threads() == SMALL);
    (run, after, pool.stats().spawned, back)
}

fn run() -> Outcome {
    let mut outcome = Outcome::default();
    let mut tell = |name: &str, title: &str, run: &Run, after: usize| {
        outcome.tell(format!(
            "{title:12} done after {:4.0} ms; half of the tasks waited for {:3.0} ms or less; at \
             most {:2} threads, {after:2} at the end; {:4.1} thread-seconds, {:4.1} of them idle",
            run.done,
            run.wait(50),
            run.census.peak(),
            run.census.thread_seconds(),
            run.census.idle_seconds(),
        ));
        run.record(&mut outcome, name);
        outcome.result(format!("{name}.threads"), after as f64);
        outcome
            .censuses
            .insert(format!("burst-{name}"), run.census.clone());
    };
    let (small, after) = fixed(SMALL, "v2, 2 threads");
    tell("small", "v2, 2:", &small, after);
    let (large, after_large) = fixed(LARGE, "v2, 64 threads");
    tell("large", "v2, 64:", &large, after_large);
    let (dynamic, after, spawned, back) = dynamic("v3, 2 to 64 threads");
    tell("dynamic", "v3, 2..=64:", &dynamic, after);
    outcome.result("dynamic.spawned", spawned as f64);
    outcome.result("tasks", f64::from(TASKS));
    outcome.result("idle_millis", IDLE.as_secs_f64() * 1000.0);

    let all = [&small, &large, &dynamic];
    outcome.held = all.iter().all(|run| run.started() == TASKS as usize)
        && dynamic.census.peak() <= LARGE as u64
        && back
        && dynamic.done < small.done / 2.0;
    outcome
}

/// The threads of this process; 0 where the system does not tell.
fn process_threads() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("Threads:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
        .unwrap_or(0)
}
