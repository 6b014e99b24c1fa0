//! Tasks that have a result: made in a pair with a handle.

use std::mem;
use std::sync::Arc;

use crate::cell::{Cell, Claim, Ticket};
use crate::homing::LARGEST;
use crate::pool::Shared;
use crate::stats::Ending;
use crate::task::{HandedBack, Run};
use crate::{Group, JoinHandle, Pool, Rejected, Task};

/// The task's side of a cell: what is queued.
pub(crate) struct Spawned<F: FnOnce() -> T, T> {
    /// `None` once the task has been run or cancelled: then this box waits to be freed (`homing.rs`).
    cell: Option<Arc<Cell<F, T>>>,
    has: Has<F>,
}

/// What the task has apart from its cell.
enum Has<F> {
    /// Nothing: the closure is in the cell, or somebody else has claimed it.
    Nothing,
    /// The closure, which it has claimed for the one who runs it.
    Closure(F),
    /// Nothing to run: the handle had cancelled it before the pool accepted it. So the pool counts it as
    /// cancelled when a worker comes to it, and nobody else does.
    Husk,
}

impl<F: FnOnce() -> T, T> Spawned<F, T> {
    pub(crate) fn new(cell: &Arc<Cell<F, T>>) -> Spawned<F, T> {
        Spawned {
            cell: Some(Arc::clone(cell)),
            has: Has::Nothing,
        }
    }

    fn claim_closure(&mut self) -> Option<F> {
        match mem::replace(&mut self.has, Has::Nothing) {
            Has::Closure(closure) => Some(closure),
            _ => self.cell.as_ref()?.claim().map(|claim| claim.closure),
        }
    }
}

impl<F: FnOnce() -> T + Send, T: Send> Run for Spawned<F, T> {
    fn run(&mut self) {
        let mut closure = self.claim_closure();
        if let (Some(cell), Some(_)) = (self.cell.take(), &closure) {
            cell.run_outside(&mut closure);
        }
    }

    fn accept(&mut self, ticket: &dyn Fn() -> Ticket) {
        let accepted = self.cell.as_ref().is_some_and(|cell| cell.accept(ticket()));
        if !accepted {
            self.has = Has::Husk;
        }
    }

    fn claim(&mut self) -> bool {
        if let Has::Husk = self.has {
            return true;
        }
        let claim = self.cell.as_ref().and_then(|cell| cell.claim());
        let Some(Claim { closure, .. }) = claim else {
            return false;
        };
        self.has = Has::Closure(closure);
        true
    }

    fn is_dead(&self) -> bool {
        match self.has {
            Has::Nothing => !self.cell.as_ref().is_some_and(|cell| cell.is_waiting()),
            _ => false,
        }
    }

    fn perform(&mut self, pool: &Arc<Shared>) -> Ending {
        match (self.cell.take(), mem::replace(&mut self.has, Has::Nothing)) {
            (Some(cell), Has::Closure(closure)) => cell.run(&mut Some(closure), Some(pool)),
            _ => Ending::Cancelled,
        }
    }

    fn cancel(&mut self, pool: &Arc<Shared>) -> Ending {
        match (self.cell.take(), mem::replace(&mut self.has, Has::Nothing)) {
            (Some(cell), Has::Closure(closure)) => cell.cancel(&mut Some(closure), Some(pool)),
            _ => Ending::Cancelled,
        }
    }

    fn hand_back(&mut self) -> HandedBack {
        let Some(cell) = &self.cell else {
            return HandedBack::Gone;
        };
        let left = match (&self.has, &cell.family) {
            (Has::Husk, _) => return HandedBack::Yes,
            // Whoever had it could keep it for longer than what it borrows lives.
            (_, Some(_)) => self.claim().then_some(HandedBack::Never),
            (_, None) => cell.hand_back().then_some(HandedBack::Yes),
        };
        left.unwrap_or(HandedBack::Gone)
    }
}

/// Whoever drops a task that has not begun resolves its handle.
impl<F: FnOnce() -> T, T> Drop for Spawned<F, T> {
    fn drop(&mut self) {
        let mut closure = self.claim_closure();
        if let (Some(cell), Some(_)) = (self.cell.take(), &closure) {
            cell.abandon(&mut closure);
        }
    }
}

impl Task {
    /// A task, and the handle for its result.
    ///
    /// [`Pool::spawn`] is this and [`Pool::execute`]. Apart they go further: the task can be submitted in
    /// each of the ways that a pool has (with a token, with a time-out, in a batch, in a group), and if it is
    /// refused, submitted again, while the handle stays good.
    ///
    /// ```
    /// use std::time::Duration;
    /// use v5_futures::{Pool, Task};
    ///
    /// let pool = Pool::new(2, 8)?;
    /// let (mut task, answer) = Task::with_handle(|| 6 * 7);
    /// while let Err(rejected) = pool.execute_timeout(task, Duration::from_millis(10)) {
    ///     task = rejected.into_task();
    /// }
    /// assert_eq!(answer.join()?, 42);
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    ///
    /// If the task is dropped and has not run, the handle resolves as
    /// [abandoned](crate::JoinError::is_abandoned). If its owner [runs](Task::run) it, the handle has the
    /// result.
    ///
    /// Until a pool has accepted the task, no worker can claim it: one that joins it by then sleeps until
    /// somebody else has run it.
    ///
    /// Two allocations; a third for a closure of more than a kibibyte.
    pub fn with_handle<T: Send + 'static>(
        closure: impl FnOnce() -> T + Send + 'static,
    ) -> (Task, JoinHandle<T>) {
        if size_of_val(&closure) <= LARGEST {
            return pair(closure);
        }
        // It is moved several times, at the end onto a stack. A box costs less to move, and fits there.
        let boxed: Box<dyn FnOnce() -> T + Send> = Box::new(closure);
        pair(boxed)
    }
}

fn pair<F, T>(closure: F) -> (Task, JoinHandle<T>)
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let cell = Cell::new(closure, None);
    let task = Task(Box::new(Spawned::new(&cell)));
    (task, JoinHandle::new(cell))
}

impl Pool {
    /// Submits a task, and returns a handle for its result. Waits for a place as [`execute`](Pool::execute)
    /// does.
    ///
    /// Whoever drops the handle lets the task run and does not hear of it.
    ///
    /// ```
    /// let pool = v5_futures::Pool::new(2, 8)?;
    /// let answer = pool.spawn(|| 6 * 7)?;
    /// assert_eq!(answer.join()?, 42);
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`execute`](Pool::execute). The task comes back; its result would have nowhere to go.
    /// [`Task::with_handle`] is for those who want to try again.
    pub fn spawn<T: Send + 'static>(
        &self,
        closure: impl FnOnce() -> T + Send + 'static,
    ) -> Result<JoinHandle<T>, Rejected> {
        let (task, handle) = Task::with_handle(closure);
        self.execute(task).map(|()| handle)
    }

    /// Submits a task if there is a place for it at once, and returns a handle for its result.
    ///
    /// # Errors
    ///
    /// As [`try_execute`](Pool::try_execute), with the task.
    pub fn try_spawn<T: Send + 'static>(
        &self,
        closure: impl FnOnce() -> T + Send + 'static,
    ) -> Result<JoinHandle<T>, Rejected> {
        let (task, handle) = Task::with_handle(closure);
        self.try_execute(task).map(|()| handle)
    }
}

impl Group {
    /// Submits a task that belongs to the group, and returns a handle for its result. Waits as
    /// [`Pool::execute`] does.
    ///
    /// ```
    /// let pool = v5_futures::Pool::new(2, 8)?;
    /// let group = pool.group();
    /// let half = group.spawn(|| 21)?;
    /// assert_eq!(half.join()? * 2, 42);
    /// assert_eq!(group.wait().completed, 1);
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Group::execute`].
    pub fn spawn<T: Send + 'static>(
        &self,
        closure: impl FnOnce() -> T + Send + 'static,
    ) -> Result<JoinHandle<T>, Rejected> {
        let (task, handle) = Task::with_handle(closure);
        self.execute(task).map(|()| handle)
    }
}
