//! Tasks that hold workers until they are let go, and side-by-side measurements: the ground of the
//! experiments on queues of one's own.

use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

use super::load::Boxed;
use crate::race::{Measurement, no_gauge};
use crate::statistics::Summary;
use crate::workload::Workload;

/// Holds its worker until it is dropped.
#[derive(Debug)]
pub(super) struct Gate {
    _open: Sender<()>,
}

/// Occupies that many workers of a pool that has nothing else to do. Returns when all of them are held.
pub(super) fn hold<E>(workers: usize, submit: impl Fn(Boxed) -> Result<(), E>) -> Vec<Gate> {
    // Until all are asleep. A worker that is asleep gets the task that it is woken for, so each gate holds
    // a worker of its own, also where nobody steals.
    thread::sleep(Duration::from_millis(20));
    let hold_one = |_| {
        let (open, opened) = mpsc::channel::<()>();
        let (begin, begun) = mpsc::channel::<()>();
        let submitted = submit(Box::new(move || {
            drop(begin);
            // An error: the gate was dropped.
            let _ = opened.recv();
        }));
        assert!(submitted.is_ok(), "the pool is open");
        // The same: the task has begun.
        let _ = begun.recv();
        Gate { _open: open }
    };
    (0..workers).map(hold_one).collect()
}

/// How a contender does a piece of work.
pub(super) type Run = fn(&Workload, fn() -> u64) -> Measurement;

/// The median time for each task, in nanoseconds, of each of these. In every round, all have a turn.
pub(super) fn side_by_side(rounds: usize, runs: &[(Run, &Workload)]) -> Vec<f64> {
    let mut times = vec![Vec::new(); runs.len()];
    for _ in 0..rounds {
        for ((run, workload), times) in runs.iter().zip(&mut times) {
            times.push(run(workload, no_gauge).per_task());
        }
    }
    let medians = times.iter().map(|times| Summary::of(times).median);
    medians.collect()
}

/// A stream of tasks for four workers, or as many as it says.
pub(super) fn stream(
    workers: usize,
    (submitters, each): (usize, usize),
    task: crate::workload::Task,
) -> Workload {
    Workload {
        name: String::new(),
        workers,
        capacity: 1024,
        arrival: crate::workload::Arrival::Stream { submitters, each },
        task,
    }
}
