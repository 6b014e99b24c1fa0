//! What a pool runs.

use std::fmt;
use std::sync::Arc;

use crate::CancelToken;
use crate::group::TaskGroup;
use crate::recycle::{EmptyBox, LARGEST};
use crate::wait_group::Pending;

/// A unit of work: a closure that runs once, on whichever worker takes it.
///
/// Every closure becomes a task by itself. The type is met where a task comes back from a pool
/// that refused it, and it can be submitted again as it is: nothing is wrapped a second time.
///
/// ```
/// use v4_dedicated_queues::{Pool, Task};
///
/// let (first, second) = (Pool::new(1, 1).unwrap(), Pool::new(1, 1).unwrap());
/// first.shutdown();
/// let refused = first.execute(|| println!("at last")).unwrap_err();
/// let task: Task = refused.into_task();
/// second.execute(task).unwrap();
/// ```
pub struct Task(Box<dyn Run>);

/// A closure in a box that outlives it.
pub(crate) trait Run: Send {
    /// Runs the closure and drops it, unless that has been done.
    fn run(&mut self);
}

struct Once<F>(Option<F>);

impl<F: FnOnce() + Send> Run for Once<F> {
    fn run(&mut self) {
        if let Some(closure) = self.0.take() {
            closure();
        }
    }
}

impl Task {
    /// Runs the task on the calling thread.
    ///
    /// # Panics
    ///
    /// If the closure panics: here it is an ordinary call.
    pub fn run(mut self) {
        self.0.run();
    }

    /// Runs the task, and drops what it has captured. Its box is left, unless the closure panics.
    pub(crate) fn run_in_place(mut self) -> EmptyBox {
        self.0.run();
        EmptyBox::new(self.0)
    }
}

impl<F: FnOnce() + Send + 'static> From<F> for Task {
    fn from(closure: F) -> Task {
        if size_of::<F>() <= LARGEST {
            return Task(Box::new(Once(Some(closure))));
        }
        // To run it, the closure is moved out of its box and onto the stack, and this one may not
        // fit there.
        let boxed: Box<dyn FnOnce() + Send> = Box::new(closure);
        Task(Box::new(Once(Some(boxed))))
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
    /// What cancels the task, apart from the pool's token.
    pub(crate) token: Option<CancelToken>,
    /// The group of the task, if it has one, which counts it as unfinished.
    pub(crate) group: Option<(Arc<TaskGroup>, Pending)>,
}

impl Job {
    /// Whether the task is not to run, in a pool with this token.
    pub(crate) fn is_cancelled(&self, pool: &CancelToken) -> bool {
        pool.is_cancelled() || self.token.as_ref().is_some_and(CancelToken::is_cancelled)
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Job")
    }
}
