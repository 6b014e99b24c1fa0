//! The ways in which a task can leave a pool, and what is heard of it.

use std::collections::BTreeSet;
use std::sync::mpsc;

use super::gates::hold;
use super::{Experiment, Outcome, quietly};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "every-way-out",
    title: "nine ways out of a pool, and what each one tells",
    question: "There are nine ways in which a task can leave a pool. On v4 it is to send what it has found \
               through a channel; v5 gives a handle. What does whoever receives hear in each of them?",
    predict: "How many of the nine can the receiver on v4 tell apart? And how many can a handle of v5?",
    checks: "law 11, a handle resolves exactly once: however its task left the pool",
    run,
};

/// How a task leaves its pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Returns,
    Panics,
    ItsTokenIsCancelled,
    ThePoolIsCancelled,
    HandedBackAndRun,
    HandedBackAndDropped,
    Refused,
    NeverSubmitted,
    /// On v4 there is nothing that could do it.
    TheHandleCancels,
}

const WAYS: [Way; 9] = [
    Way::Returns,
    Way::Panics,
    Way::ItsTokenIsCancelled,
    Way::ThePoolIsCancelled,
    Way::TheHandleCancels,
    Way::HandedBackAndRun,
    Way::HandedBackAndDropped,
    Way::Refused,
    Way::NeverSubmitted,
];

impl Way {
    fn work(self) -> u32 {
        assert!(self != Way::Panics, "the disk is full");
        42
    }
}

/// Lets a task leave a pool, but for `TheHandleCancels`, which needs a handle.
macro_rules! leave {
    ($name:ident, $version:ident) => {
        fn $name(way: Way, task: $version::Task, cancel: impl FnOnce()) {
            let pool = $version::Pool::new(1, 4).expect("within the limits");
            // The only worker is busy until the gate opens: the task waits in the queue.
            let gate = hold(1, |task| pool.execute(task));
            let accepts = "the pool is open";
            match way {
                Way::Returns | Way::Panics => pool.execute(task).expect(accepts),
                Way::ItsTokenIsCancelled => {
                    let token = $version::CancelToken::new();
                    pool.execute_with(&token, task).expect(accepts);
                    token.cancel();
                }
                Way::ThePoolIsCancelled => {
                    pool.execute(task).expect(accepts);
                    pool.cancel();
                }
                Way::TheHandleCancels => {
                    pool.execute(task).expect(accepts);
                    cancel();
                }
                Way::HandedBackAndRun => {
                    pool.execute(task).expect(accepts);
                    pool.shutdown_now()
                        .into_iter()
                        .for_each($version::Task::run);
                }
                Way::HandedBackAndDropped => {
                    pool.execute(task).expect(accepts);
                    drop(pool.shutdown_now());
                }
                Way::Refused => {
                    pool.cancel();
                    drop(pool.execute(task).expect_err("the pool is cancelled"));
                }
                Way::NeverSubmitted => drop(task),
            }
            drop(gate);
        }
    };
}

leave!(leave_v4, v4_dedicated_queues);
leave!(leave_v5, v5_futures);

/// What is heard on v4, if the task has a channel for its result.
fn by_channel(way: Way) -> &'static str {
    let (answer, result) = mpsc::channel();
    let task = move || {
        // Nobody may listen any more.
        let _ = answer.send(way.work());
    };
    leave_v4(way, task.into(), || unreachable!("there is no handle"));
    match result.recv() {
        Ok(_) => "the value",
        Err(mpsc::RecvError) => "the channel is closed",
    }
}

/// What the handle says on v5.
fn by_handle(way: Way) -> &'static str {
    let (task, handle) = v5_futures::Task::with_handle(move || way.work());
    leave_v5(way, task, || assert!(handle.cancel(), "it has not begun"));
    match handle.join() {
        Ok(_) => "the value",
        Err(error) if error.is_panic() => "panicked",
        Err(error) if error.is_cancelled() => "cancelled",
        Err(_) => "abandoned",
    }
}

fn run() -> Outcome {
    let mut outcome = Outcome::default();
    let (mut channel, mut handle) = (Vec::new(), Vec::new());
    for way in WAYS {
        let by_handle = quietly(|| by_handle(way));
        handle.push(by_handle);
        let by_channel = match way {
            Way::TheHandleCancels => "(no handle)",
            _ => {
                let heard = quietly(|| by_channel(way));
                channel.push(heard);
                heard
            }
        };
        outcome.tell(format!(
            "{:22} v4: {by_channel:22} v5: {by_handle}",
            format!("{way:?}")
        ));
    }
    let different = |heard: &[&str]| heard.iter().collect::<BTreeSet<_>>().len();
    let closed = channel.iter().filter(|heard| heard.ends_with("closed"));
    outcome.result("v4.ways", channel.len() as f64);
    outcome.result("v4.answers", different(&channel) as f64);
    outcome.result("v4.closed", closed.count() as f64);
    outcome.result("v5.ways", handle.len() as f64);
    outcome.result("v5.answers", different(&handle) as f64);
    let expected = [
        "the value",
        "panicked",
        "cancelled",
        "cancelled",
        "cancelled",
        "the value",
        "abandoned",
        "abandoned",
        "abandoned",
    ];
    outcome.held = handle == expected && different(&channel) == 2;
    outcome
}
