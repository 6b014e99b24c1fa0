//! What a pool runs.

use std::fmt;
use std::mem;
use std::sync::Arc;

use crate::CancelToken;
use crate::panic::PanicHandler;
use crate::queues::worker_queue::WorkerQueue;
use crate::recycle::{EmptyBox, LARGEST};
use crate::results::queued::{CancelledBy, CellTask, HandedBack, Queued, Ticket};
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
pub struct Task(Kind);

enum Kind {
    /// Nobody waits for a result.
    Closure(Box<dyn Run>),
    /// Somebody may: the task shares a cell with its handle, and is dropped in it.
    Shared(CellTask),
}

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
    /// A task that shares a cell with its handle. The pool may have accepted it already.
    pub(crate) fn sharing(cell: Arc<dyn Queued>, is_accepted: bool) -> Task {
        Task(Kind::Shared(CellTask::new(cell, is_accepted)))
    }

    /// The pool has refused the task.
    pub(crate) fn refused(mut self) -> Task {
        if let Kind::Shared(task) = &mut self.0 {
            task.refused();
        }
        self
    }

    /// Runs the task on the calling thread.
    ///
    /// # Panics
    ///
    /// If the closure panics: here it is an ordinary call. But if somebody holds a handle of the
    /// task, the panic goes there, and this returns. If the handle has cancelled the task, this
    /// does nothing.
    pub fn run(self) {
        match self.0 {
            Kind::Closure(mut boxed) => boxed.run(),
            Kind::Shared(task) => task.into_cell().run_outside(),
        }
    }

    /// Runs a task that has been claimed, and drops what it has captured. Its box is left, if it
    /// has one, unless the closure panics.
    pub(crate) fn run_in_place(self, panic: &PanicHandler) -> (Ending, Option<EmptyBox>) {
        match self.0 {
            Kind::Closure(mut boxed) => {
                let mut empty = None;
                let run = || {
                    boxed.run();
                    empty = Some(EmptyBox::new(boxed));
                };
                match panic.shield(run) {
                    true => (Ending::Completed, empty),
                    false => (Ending::Panicked, None),
                }
            }
            Kind::Shared(task) => (task.into_cell().run(), None),
        }
    }

    /// Drops a task that has been claimed, and what it has captured.
    pub(crate) fn cancel(self, panic: &PanicHandler, by: CancelledBy) -> Ending {
        match self.0 {
            Kind::Closure(boxed) => {
                panic.shield(|| drop(boxed));
                Ending::Cancelled
            }
            Kind::Shared(task) => task.into_cell().cancel(by),
        }
    }
}

impl<F: FnOnce() + Send + 'static> From<F> for Task {
    fn from(closure: F) -> Task {
        if size_of::<F>() <= LARGEST {
            return Task(Kind::Closure(Box::new(Once(Some(closure)))));
        }
        // To run it, the closure is moved out of its box and onto the stack, and this one may not
        // fit there.
        let boxed: Box<dyn FnOnce() + Send> = Box::new(closure);
        Task(Kind::Closure(Box::new(Once(Some(boxed)))))
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
    /// While the task is in a queue: of one with a cell, the cell has it.
    pub(crate) ticket: Ticket,
}

impl Job {
    /// Whether the task is not to run, in a pool with this token.
    pub(crate) fn is_cancelled(&self, pool: &CancelToken) -> bool {
        self.ticket.cancelled_by(pool).is_some()
    }

    /// A pool accepts the task. `false`: its handle has cancelled it.
    pub(crate) fn accept(&mut self, queue: &Arc<WorkerQueue>) -> bool {
        let Kind::Shared(task) = &self.task.0 else {
            return true;
        };
        match task.accept(queue, mem::take(&mut self.ticket)) {
            Ok(()) => true,
            Err(ticket) => {
                self.ticket = ticket;
                false
            }
        }
    }

    /// Claims the task, once it is out of its queue. `false`: somebody else has claimed it, and
    /// this is its *tombstone*. To drop that frees memory and runs no code of a user.
    pub(crate) fn claim(&mut self) -> bool {
        let Kind::Shared(task) = &self.task.0 else {
            return true;
        };
        match task.cell().claim() {
            Some(ticket) => {
                self.ticket = ticket;
                true
            }
            None => false,
        }
    }

    /// Takes the task out of its pool. `None`: somebody else has claimed it.
    pub(crate) fn hand_back(&mut self) -> Option<HandedBack> {
        let Kind::Shared(task) = &self.task.0 else {
            return Some(HandedBack::Yes);
        };
        let (ticket, handed_back) = task.cell().hand_back()?;
        self.ticket = ticket;
        Some(handed_back)
    }

    /// Whether somebody else has claimed the task.
    pub(crate) fn is_tombstone(&self) -> bool {
        match &self.task.0 {
            Kind::Closure(_) => false,
            Kind::Shared(task) => !task.cell().is_waiting(),
        }
    }

    /// The task has been claimed by way of its cell, so the cell need not hear that this is
    /// dropped.
    pub(crate) fn forget(self) {
        if let Kind::Shared(task) = self.task.0 {
            drop(task.into_cell());
        }
    }

    /// Whether the task shares the cell at this address.
    pub(crate) fn is_at(&self, cell: *const ()) -> bool {
        match &self.task.0 {
            Kind::Closure(_) => false,
            Kind::Shared(task) => task.is_at(cell),
        }
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Job")
    }
}
