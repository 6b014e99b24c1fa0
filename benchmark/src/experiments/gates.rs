//! Tasks that hold workers until they are let go: the ground of the experiments on queues of one's
//! own.

use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

use super::load::Boxed;

/// Holds its worker until it is dropped.
#[derive(Debug)]
pub(super) struct Gate {
    _open: Sender<()>,
}

/// Occupies that many workers of a pool that has nothing else to do. Returns when all of them are
/// held.
pub(super) fn hold<E>(workers: usize, submit: impl Fn(Boxed) -> Result<(), E>) -> Vec<Gate> {
    // Until all are asleep. A worker that is asleep gets the task that it is woken for, so each
    // gate holds a worker of its own, also where nobody steals.
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
