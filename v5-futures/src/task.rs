//! What a pool runs.

use std::fmt;
use std::sync::Arc;

use crate::CancelToken;
use crate::cancel::Batch;
use crate::cell::Ticket;
use crate::homing::{EmptyBox, LARGEST};
use crate::pool::Shared;
use crate::stats::Ending;

/// A unit of work: a closure that runs once, on whichever worker takes it.
///
/// Every closure becomes a task by itself. The type is met where a task comes back from a pool
/// that refused it, and it can be submitted again as it is: nothing is wrapped a second time.
///
/// ```
/// use v5_futures::{Pool, Task};
///
/// let (first, second) = (Pool::new(1, 1).unwrap(), Pool::new(1, 1).unwrap());
/// first.shutdown();
/// let refused = first.execute(|| println!("at last")).unwrap_err();
/// let task: Task = refused.into_task();
/// second.execute(task).unwrap();
/// ```
pub struct Task(pub(crate) Box<dyn Run>);

/// A closure in a box that outlives it.
///
/// What is written here is for a closure that has nobody waiting for a result. One with a handle has
/// more to do (`spawn.rs`).
pub(crate) trait Run: Send {
    /// Runs the closure and drops it, unless that has been done: an ordinary call.
    fn run(&mut self);

    /// A pool has accepted the task. To be called before a worker can see it.
    fn accept(&mut self, _ticket: &dyn Fn() -> Ticket) {}

    /// Takes the task, for the one who has it from a queue. `false`: somebody else has claimed it.
    fn claim(&mut self) -> bool {
        true
    }

    /// Whether somebody else has claimed the task.
    fn is_dead(&self) -> bool {
        false
    }

    /// Runs the closure on a worker, once the task has been claimed.
    fn perform(&mut self, pool: &Arc<Shared>) -> Ending {
        match pool.hooks.panic.shield(|| self.run()) {
            true => Ending::Completed,
            false => Ending::Panicked,
        }
    }

    /// Drops the closure, once the task has been claimed: on a worker, or where the pool is emptied.
    fn cancel(&mut self, pool: &Arc<Shared>) -> Ending;

    /// Takes the task out of the pool.
    fn hand_back(&mut self) -> HandedBack {
        HandedBack::Yes
    }
}

/// Whether a task can leave its pool without having run.
pub(crate) enum HandedBack {
    /// It can.
    Yes,
    /// It must not leave. It has been claimed now, and is to be cancelled.
    Never,
    /// Somebody else has claimed it.
    Gone,
}

struct Once<F>(Option<F>);

impl<F: FnOnce() + Send> Run for Once<F> {
    fn run(&mut self) {
        if let Some(closure) = self.0.take() {
            closure();
        }
    }

    fn cancel(&mut self, pool: &Arc<Shared>) -> Ending {
        pool.hooks.panic.shield(|| drop(self.0.take()));
        Ending::Cancelled
    }
}

impl Task {
    /// Runs the task on the calling thread.
    ///
    /// # Panics
    ///
    /// If the closure panics: here it is an ordinary call. But if somebody holds a handle of the task, the
    /// panic goes there, and this returns. If the handle has cancelled the task, this does nothing.
    pub fn run(mut self) {
        self.0.run();
    }

    /// What is left of a task that has run or was cancelled.
    pub(crate) fn into_empty_box(self) -> EmptyBox {
        EmptyBox::new(self.0)
    }
}

impl<F: FnOnce() + Send + 'static> From<F> for Task {
    fn from(closure: F) -> Task {
        if size_of::<F>() <= LARGEST {
            return Task(Box::new(Once(Some(closure))));
        }
        // To run it, the closure is moved out of its box and onto the stack, and this one may not fit there.
        let boxed: Box<dyn FnOnce() + Send> = Box::new(closure);
        Task(Box::new(Once(Some(boxed))))
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Job")
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Task")
    }
}

/// A task in the queue.
pub(crate) struct Job {
    pub(crate) task: Task,
    /// The group that the task belongs to, if it does.
    pub(crate) group: Option<Arc<Batch>>,
    /// What cancels the task, apart from the pool's token.
    pub(crate) token: Option<CancelToken>,
}

impl Job {
    /// Whether the task is not to run, in a pool with this token.
    pub(crate) fn is_cancelled(&self, pool: &CancelToken) -> bool {
        pool.is_cancelled() || self.token.as_ref().is_some_and(CancelToken::is_cancelled)
    }
}
