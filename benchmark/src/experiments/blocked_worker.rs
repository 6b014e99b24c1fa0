//! One of four workers is stuck. What becomes of the tasks in its queue?

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use v4_dedicated_queues::{Placement, Pool, Stealing};

use super::gates::hold;
use super::{Experiment, Outcome};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "blocked-worker",
    title: "one worker is stuck, and 999 tasks arrive",
    question: "One of four workers is stuck in a task. 999 short tasks arrive, nine at a time, in turn or to \
               the shortest queue, and the other three could run them: nobody steals, or half a queue is \
               stolen. How many do they finish? And if it is the stuck worker that has submitted them, \
               before it got stuck?",
    predict: "Without stealing and with it: how many of the 999 finish if they come from outside, and how \
              many from the stuck worker?",
    checks: "law 10: no runnable task waits behind a busy worker while another is idle",
    run,
};

const WORKERS: usize = 4;
const TASKS: usize = 999;
const AT_A_TIME: usize = 9;
const TASK: Duration = Duration::from_micros(50);
/// Between one arrival and the next: three workers need about half of it.
const GAP: Duration = Duration::from_micros(500);
/// Nothing has finished for so long: nothing more will.
const QUIET: Duration = Duration::from_millis(100);

fn counted(finished: &Arc<AtomicUsize>) -> impl FnOnce() + Send + 'static {
    let finished = Arc::clone(finished);
    move || {
        thread::sleep(TASK);
        finished.fetch_add(1, SeqCst);
    }
}

/// How many have finished once all have, or once nothing happens any more.
fn settled(finished: &AtomicUsize) -> usize {
    let mut seen = finished.load(SeqCst);
    let mut since = Instant::now();
    while seen < TASKS && since.elapsed() < QUIET {
        thread::sleep(Duration::from_millis(1));
        let now = finished.load(SeqCst);
        if now > seen {
            (seen, since) = (now, Instant::now());
        }
    }
    seen
}

fn pool(placement: Placement, stealing: Stealing) -> Arc<Pool> {
    let builder = Pool::builder().threads(WORKERS).queue_capacity(1024);
    let pool = builder.placement(placement).stealing(stealing).build();
    Arc::new(pool.expect("within the limits"))
}

fn from_outside(pool: &Pool) -> usize {
    let finished = Arc::default();
    let gate = hold(1, |task| pool.execute(task));
    for _ in 0..TASKS / AT_A_TIME {
        for _ in 0..AT_A_TIME {
            let submitted = pool.execute(counted(&finished));
            submitted.expect("the pool is open, and there is a place for each");
        }
        thread::sleep(GAP);
    }
    let seen = settled(&finished);
    drop(gate);
    seen
}

fn from_the_stuck_worker(pool: &Arc<Pool>) -> usize {
    let finished = Arc::default();
    let (open, opened) = mpsc::channel::<()>();
    let (submit, submitted) = mpsc::channel::<()>();
    let (its, theirs) = (Arc::clone(pool), Arc::clone(&finished));
    let task = move || {
        for _ in 0..TASKS {
            let submitted = its.execute(counted(&theirs));
            submitted.expect("the pool is open, and a worker needs no place");
        }
        drop(submit);
        // An error: the gate is open.
        let _ = opened.recv();
    };
    pool.execute(task).expect("the pool is open");
    let _ = submitted.recv();
    let seen = settled(&finished);
    drop(open);
    // The task has a share in the pool: it must not be the last one, since a worker does not wait
    // for itself.
    pool.wait_idle();
    seen
}

fn run() -> Outcome {
    let mut outcome = Outcome::default();
    outcome.tell(format!(
        "finished, of {TASKS}:          from outside   by the stuck worker"
    ));
    let mut held = true;
    for (stealing, steals) in [(Stealing::Off, "off"), (Stealing::Half, "half")] {
        for (placement, places) in [
            (Placement::RoundRobin, "round_robin"),
            (Placement::LeastLoaded, "least_loaded"),
        ] {
            let outside = from_outside(&pool(placement, stealing));
            let inside = from_the_stuck_worker(&pool(placement, stealing));
            let what = format!("{steals}, {}", places.replace('_', " "));
            outcome.tell(format!("stealing {what:20} {outside:8} {inside:16}"));
            outcome.result(format!("{steals}.{places}.outside"), outside as f64);
            outcome.result(format!("{steals}.{places}.inside"), inside as f64);
            held &= match stealing {
                Stealing::Off => outside < TASKS && inside == 0,
                _ => outside == TASKS && inside == TASKS,
            };
        }
    }
    outcome.result("workers", WORKERS as f64);
    outcome.result("tasks", TASKS as f64);
    outcome.held = held;
    outcome
}
