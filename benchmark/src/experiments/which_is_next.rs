//! Which task is next: an urgent one behind ten thousand others, a low one in a flow of urgent
//! ones, and an urgent one that waits for a low one.
//!
//! All that is asserted is a count of tasks that start on one worker, one after another. So it is
//! the same on each machine and in each run.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use priority::{Pool, Priority, Task};

use super::gates::hold;
use super::{Experiment, Outcome};
use crate::trace::{Recorder, Trace};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "which-is-next",
    title: "an urgent task, a flood of them, and a low one",
    question: "One worker is busy, ten thousand tasks are queued, and then comes one that is urgent, in v2 \
               and in the priority branch. Then the other way round: one low task, and a flow of ten \
               thousand urgent ones, two of which are always queued. Last, an urgent task waits for what a \
               low one sends, while a thousand normal ones are queued. How many tasks start before the one \
               that is asked for?",
    predict: "How many of the ten thousand start before the urgent task, in v2 and in the branch? How many \
              of the flow before the low one, if the most urgent always comes first, and with an ageing of \
              a hundred? How many of the thousand while the urgent one waits?",
    checks: "bounded overtaking: by at most `ageing` later tasks for each level, and by exactly so many if \
             they come",
    run,
};

const MANY: usize = 10_000;
const BETWEEN: usize = 1000;
const AGEING: u64 = 100;
/// The most urgent always comes first: no task ever waits for so many others.
const NEVER: u64 = u64::MAX;

/// A count of the tasks that have started.
#[derive(Clone, Debug, Default)]
struct Started(Arc<AtomicUsize>);

impl Started {
    /// A task that counts itself.
    fn task(&self) -> impl FnOnce() + Send + use<> {
        let started = self.clone();
        move || {
            started.0.fetch_add(1, SeqCst);
        }
    }

    fn now(&self) -> usize {
        self.0.load(SeqCst)
    }
}

/// A task that notes how many have started before it, and where it does.
fn looks(started: &Started) -> (impl FnOnce() + Send + use<>, Arc<OnceLock<usize>>) {
    let started = started.clone();
    let seen = Arc::new(OnceLock::new());
    let note = Arc::clone(&seen);
    let task = move || {
        let _ = note.set(started.now());
    };
    (task, seen)
}

/// What a task has noted that must have run.
fn noted(seen: &OnceLock<usize>) -> usize {
    *seen.get().expect("every accepted task runs")
}

fn pool(threads: usize, capacity: usize, ageing: u64) -> Pool {
    let builder = Pool::builder().threads(threads).queue_capacity(capacity);
    builder.ageing(ageing).build().expect("within the limits")
}

/// How many of many tasks start before the one that comes last.
fn behind_many_in_v2() -> usize {
    let pool = v2_cancel_panic::Pool::new(1, MANY + 1).expect("within the limits");
    let gate = hold(1, |task| pool.execute(task));
    let started = Started::default();
    for _ in 0..MANY {
        pool.execute(started.task()).expect("the pool is open");
    }
    let (last, seen) = looks(&started);
    pool.execute(last).expect("the pool is open");
    drop(gate);
    pool.wait_idle();
    noted(&seen)
}

/// The same, in the branch as it is set if nothing is said. The last one is urgent.
fn behind_many() -> usize {
    let pool = Pool::new(1, MANY).expect("within the limits");
    let gate = hold(1, |task| pool.execute(task));
    let started = Started::default();
    for _ in 0..MANY {
        pool.execute(started.task()).expect("the pool is open");
    }
    let (last, seen) = looks(&started);
    let urgent = Task::from(last).at(Priority::High);
    pool.execute(urgent).expect("the pool is open");
    drop(gate);
    pool.wait_idle();
    noted(&seen)
}

/// One low task, and a flow of urgent ones: each submits the next while it runs, and there are two
/// such rows. Returns how many start before the low one.
fn in_a_flow(ageing: u64) -> usize {
    fn flow(pool: &Arc<Pool>, started: &Started) {
        let (inside, count) = (Arc::clone(pool), started.clone());
        let urgent = Task::from(move || {
            if count.0.fetch_add(1, SeqCst) + 2 < MANY {
                flow(&inside, &count);
            }
        });
        let submitted = pool.execute(urgent.at(Priority::High));
        submitted.expect("two at a time have a place");
    }
    let pool = Arc::new(pool(1, 2, ageing));
    let gate = hold(1, |task| pool.execute(task));
    let started = Started::default();
    let (last, seen) = looks(&started);
    let low = Task::from(last).at(Priority::Low);
    pool.execute(low).expect("the pool is open");
    flow(&pool, &started);
    flow(&pool, &started);
    drop(gate);
    pool.wait_idle();
    noted(&seen)
}

/// An urgent task holds a worker and waits for a message of a low one. Returns how many normal ones
/// start on the other worker until it is sent.
fn inverted(ageing: u64) -> usize {
    let pool = pool(2, BETWEEN, ageing);
    let gates = hold(1, |task| pool.execute(task));
    let started = Started::default();
    let (last, seen) = looks(&started);
    let (send, sent) = mpsc::channel();
    let (begin, begun) = mpsc::channel();
    let urgent = Task::from(move || {
        let _ = begin.send(());
        let _: Result<(), _> = sent.recv();
    });
    let submitted = pool.execute(urgent.at(Priority::High));
    submitted.expect("the pool is open");
    let _ = begun.recv();
    let low = Task::from(move || {
        last();
        let _ = send.send(());
    });
    let submitted = pool.execute(low.at(Priority::Low));
    submitted.expect("the pool is open");
    for _ in 0..BETWEEN {
        pool.execute(started.task()).expect("the pool is open");
    }
    drop(gates);
    pool.wait_idle();
    noted(&seen)
}

/// The same in v5, where nothing is urgent and the awaited task comes last of all: it is joined, so
/// the worker that waits runs it.
fn joined() -> usize {
    let pool = Arc::new(v5_futures::Pool::new(1, BETWEEN).expect("within the limits"));
    let started = Started::default();
    let (last, seen) = looks(&started);
    let (inside, count) = (Arc::clone(&pool), started);
    let urgent = move || {
        for _ in 0..BETWEEN {
            inside.execute(count.task()).expect("the pool is open");
        }
        let low = inside.spawn(last).expect("the pool is open");
        low.join().expect("it does not panic");
    };
    pool.execute(urgent).expect("the pool is open");
    pool.wait_idle();
    noted(&seen)
}

/// A low task, number 0, in a flow of a dozen urgent ones, as the book draws it.
fn picture(title: &str, ageing: u64) -> Trace {
    const TASK: Duration = Duration::from_millis(10);
    const URGENT: u64 = 12;
    let recorder = Recorder::new();
    let pool = pool(1, 16, ageing);
    let gate = hold(1, |task| pool.execute(task));
    let submit = |number, level| {
        let submit = |task| pool.execute(Task::from(task).at(level));
        let submitted = recorder.submit(number, submit, || thread::sleep(TASK));
        submitted.expect("the pool is open");
    };
    submit(0, Priority::Low);
    submit(1, Priority::High);
    drop(gate);
    for number in 2..=URGENT {
        submit(number, Priority::High);
        thread::sleep(TASK / 2);
    }
    pool.wait_idle();
    recorder.finish(title, 1, 0)
}

fn run() -> Outcome {
    let mut outcome = Outcome::default();
    let behind = [behind_many_in_v2(), behind_many()];
    let flow = [in_a_flow(NEVER), in_a_flow(AGEING), in_a_flow(0)];
    let inverted = [inverted(NEVER), inverted(AGEING), inverted(0), joined()];
    for (line, name, value) in [
        ("behind ten thousand, v2:", "behind.v2", behind[0]),
        ("  the branch:", "behind.branch", behind[1]),
        ("a low one in a flow, no ageing:", "flow.strict", flow[0]),
        ("  with an ageing of 100:", "flow.aged", flow[1]),
        ("  with one of 0, as in v2:", "flow.fifo", flow[2]),
        (
            "an urgent one waits, no ageing:",
            "waits.strict",
            inverted[0],
        ),
        ("  with an ageing of 100:", "waits.aged", inverted[1]),
        ("  with one of 0, as in v2:", "waits.fifo", inverted[2]),
        ("  v5, by a join:", "waits.joined", inverted[3]),
    ] {
        outcome.tell(format!("{line:32} {value:5} start before it"));
        outcome.result(name, value as f64);
    }
    outcome.result("many", MANY as f64);
    outcome.result("between", BETWEEN as f64);
    outcome.result("ageing", AGEING as f64);
    let strict = picture(
        "the most urgent first: the low task, number 0, is last",
        NEVER,
    );
    outcome.traces.insert("flood-strict", strict);
    let aged = picture("an ageing of 2: four overtake the low task, number 0", 2);
    outcome.traces.insert("flood-aged", aged);

    let bound = AGEING as usize;
    outcome.held =
        behind == [MANY, 0] && flow == [MANY, 2 * bound, 0] && inverted == [BETWEEN, bound, 0, 0];
    outcome
}
