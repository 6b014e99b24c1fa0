//! How a pool looks to those who race it and to those who hold it to the laws.
//!
//! Code that is written against these traits does not know which pool it drives, or whether there
//! is one: [`Inline`](crate::contenders::inline::Inline) runs every task on the caller's thread.

use std::error::Error;
use std::fmt::{self, Debug};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// A pool in a race: tasks go in, and at some point all are done.
///
/// Tasks are passed on as they are. Whether a closure is boxed, and how often, is the pool's own
/// business and counts as its own cost.
pub trait Contender: Send + Sync + Sized + 'static {
    /// The name in tables and plots.
    const NAME: &'static str;

    /// The race gives this contender one in so many of the tasks, where it counts the time for each
    /// task: who takes many times as long as the others need not do as many.
    const ONE_IN: usize = 1;

    /// Starts a pool of that many threads, with room for that many waiting tasks, if it has a
    /// bound.
    fn start(threads: usize, capacity: usize) -> Self;

    /// How many tasks it runs at a time if so many threads are asked for.
    #[must_use]
    fn workers(asked: usize) -> usize {
        asked
    }

    /// Submits a task, and waits for a place if the pool has a bound.
    fn execute(&self, task: impl FnOnce() + Send + 'static);

    /// Returns once every task submitted so far has finished.
    fn wait(&self);
}

/// A contender that gives back what its tasks return.
///
/// Here, too, nothing is boxed on the way: what it costs to carry a result is the pool's own
/// business.
pub trait Resulting: Contender {
    /// What stands for a task until its result is wanted.
    type Handle<T: Send + 'static>;

    /// Submits a task that has a result, and waits for a place if the pool has a bound.
    fn spawn<T: Send + 'static>(
        &self,
        task: impl FnOnce() -> T + Send + 'static,
    ) -> Self::Handle<T>;

    /// Waits for the task, and returns what it returned.
    fn join<T: Send + 'static>(&self, handle: Self::Handle<T>) -> T;
}

/// A contender whose tasks may start others and wait for them, however few its threads are.
pub trait Forking: Contender {
    /// A Fibonacci number by its definition, forked at every step: the two numbers below it are
    /// tasks that may run side by side. At the ends, which are the first two numbers, `leaf` is
    /// called. As those would write it who use the pool.
    fn fork(self: &Arc<Self>, n: u32, leaf: fn()) -> u32;

    /// Quicksort: the two parts of a slice are tasks that may run side by side.
    fn sort(self: &Arc<Self>, numbers: &mut [u32]);
}

/// A contender that applies a function to a list of items.
pub trait Mapping: Contender {
    /// The numbers below `items`, in order. For each of them, some worker has called `work`.
    fn map(self: &Arc<Self>, items: usize, work: fn()) -> Vec<usize>;
}

/// A task that came back.
pub struct Refused {
    /// Why.
    pub why: Why,
    /// Runs the task.
    pub task: Box<dyn FnOnce() + Send>,
}

impl Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused")
            .field("why", &self.why)
            .finish_non_exhaustive()
    }
}

/// Why a task was refused, whatever the version calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The queue was full.
    Full,
    /// No place came free in time.
    Timeout,
    /// The pool was shut down.
    ShutDown,
    /// A token was cancelled.
    Cancelled,
}

/// How long to wait for a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// `try_execute`.
    None,
    /// `execute_timeout`.
    For(Duration),
    /// `execute`.
    Forever,
}

/// Some of a pool's tasks.
pub trait LawfulGroup: Send + Sync + 'static {
    /// Submits a task of the group.
    ///
    /// # Errors
    ///
    /// The task, if it is refused.
    fn submit(&self, task: impl FnOnce() + Send + 'static) -> Result<(), Refused>;

    /// Waits for the group's tasks.
    fn wait(&self);
}

/// A pool that keeps the laws from v1 on.
pub trait Lawful: Send + Sync + Sized + Debug + 'static {
    /// A batch of tasks to wait for.
    type Group: LawfulGroup;

    /// Starts a pool.
    ///
    /// # Errors
    ///
    /// If a number is out of range or a thread cannot be started.
    fn build(threads: usize, capacity: usize) -> Result<Self, Box<dyn Error + Send + Sync>>;

    /// Submits a task.
    ///
    /// # Errors
    ///
    /// The task, if it is refused.
    fn submit(
        &self,
        patience: Patience,
        task: impl FnOnce() + Send + 'static,
    ) -> Result<(), Refused>;

    /// A new group.
    fn group(&self) -> Self::Group;

    /// Waits until the pool has nothing to do.
    fn wait_idle(&self);

    /// Refuses, drains and joins.
    fn shutdown(&self);

    /// Tasks that wait in the queue.
    fn queue_len(&self) -> usize;

    /// Worker threads.
    fn threads(&self) -> usize;
}

/// A pool that keeps the laws of v2 as well.
pub trait Cancellable: Lawful {
    /// What calls a task off.
    type Token: Clone + Send + Sync + 'static;

    /// A new token.
    fn token() -> Self::Token;

    /// Cancels it.
    fn cancel(token: &Self::Token);

    /// Submits a task that the token calls off.
    ///
    /// # Errors
    ///
    /// The task, if it is refused.
    fn submit_with(
        &self,
        token: &Self::Token,
        task: impl FnOnce() + Send + 'static,
    ) -> Result<(), Refused>;

    /// Cancels the pool.
    fn cancel_all(&self);

    /// Closes the pool and gives back what is queued.
    fn shutdown_now(&self) -> Vec<Box<dyn FnOnce() + Send>>;

    /// How the tasks have ended.
    fn endings(&self) -> Endings;
}

/// A pool that keeps the laws of v2 as well, and whose tasks have levels.
pub trait Prioritised: Cancellable {
    /// Starts a pool in which so many later tasks may overtake a task, for each level between.
    ///
    /// # Errors
    ///
    /// If a number is out of range or a thread cannot be started.
    fn build_ageing(
        threads: usize,
        capacity: usize,
        ageing: u64,
    ) -> Result<Self, Box<dyn Error + Send + Sync>>;

    /// Submits a task of that level.
    ///
    /// # Errors
    ///
    /// The task, if it is refused.
    fn submit_at(
        &self,
        level: Level,
        patience: Patience,
        task: impl FnOnce() + Send + 'static,
    ) -> Result<(), Refused>;
}

/// A pool that keeps the laws of v2 as well, and whose tasks may have to wait for a limit.
pub trait Limiting: Cancellable {
    /// A limit, by a clock of its own that stands still until it is moved.
    type Limit: Send + Sync;

    /// A limit of one start for each period, with that burst and so many places.
    fn limit(period: Duration, burst: u32, places: usize) -> Self::Limit;

    /// Moves the clock of the limit.
    fn advance(limit: &Self::Limit, time: Duration);

    /// Submits a task that starts when the limit allows it, and that the token calls off.
    ///
    /// # Errors
    ///
    /// The task, if it is refused.
    fn submit_limited(
        &self,
        limit: &Self::Limit,
        token: Option<&Self::Token>,
        patience: Patience,
        task: impl FnOnce() + Send + 'static,
    ) -> Result<(), Refused>;
}

/// How urgent a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nobody waits for it.
    Low,
    /// What a task is that names no level.
    Normal,
    /// Somebody waits for it.
    High,
}

/// A pool that keeps the laws of v3 as well: its size changes.
pub trait Dynamic: Cancellable {
    /// Starts a pool that has at least so many threads and at most so many, and whose idle ones
    /// leave after that time.
    ///
    /// # Errors
    ///
    /// If a number is out of range or a thread cannot be started.
    fn build_dynamic(
        threads: RangeInclusive<usize>,
        capacity: usize,
        idle_timeout: Duration,
    ) -> Result<Self, Box<dyn Error + Send + Sync>>;

    /// Changes the limits.
    ///
    /// # Errors
    ///
    /// If a number is out of range or a thread cannot be started.
    fn resize(&self, threads: RangeInclusive<usize>) -> Result<(), Box<dyn Error + Send + Sync>>;

    /// The workers, at one instant.
    fn workers(&self) -> Workers;
}

/// A pool that keeps the laws of v4 as well: each worker has a queue of its own.
pub trait Dispatching: Dynamic {
    /// Starts a pool whose tasks go to queues like this, and are stolen from there like that.
    ///
    /// # Errors
    ///
    /// If a number is out of range or a thread cannot be started.
    fn build_with(
        threads: RangeInclusive<usize>,
        capacity: usize,
        placement: Placement,
        stealing: Stealing,
    ) -> Result<Self, Box<dyn Error + Send + Sync>>;

    /// Submits many tasks at once, and waits for places or does not. Returns how many were
    /// accepted, and why the others were not.
    fn submit_batch<T: FnOnce() + Send + 'static>(
        &self,
        patient: bool,
        tasks: impl IntoIterator<Item = T>,
    ) -> (usize, Option<Why>);

    /// Tasks that have been taken out of another worker's queue.
    fn stolen(&self) -> usize;
}

/// A pool that keeps the law of v5 as well: what a task returns comes back.
pub trait Joining: Dispatching {
    /// The way to a task's result.
    type Handle<T: Send + 'static>: LawfulHandle<T>;

    /// Submits a task, under a token or not, and returns the way to its result. And the task, if it
    /// is refused: the handle stays good. (Under a token there is one way to wait for a place: for
    /// ever.)
    fn spawn<T: Send + 'static>(
        &self,
        patience: Patience,
        token: Option<&Self::Token>,
        task: impl FnOnce() -> T + Send + 'static,
    ) -> (Self::Handle<T>, Option<Refused>);
}

/// The way to a task's result. Whoever drops it lets the task run.
pub trait LawfulHandle<T>: Send + Sync + Sized + 'static {
    /// Waits for the result. On a worker of the same pool, a task that has not begun is run here
    /// and now.
    ///
    /// # Errors
    ///
    /// Why there is none.
    fn join(self) -> Result<T, Failure>;

    /// Waits for the result, but not for longer than that. Runs nothing.
    ///
    /// # Errors
    ///
    /// The handle, if the task is not over by then.
    fn join_timeout(self, patience: Duration) -> Result<Result<T, Failure>, Self>;

    /// The result, if the task is over; if not, the waker is called when it is.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<T, Failure>>;

    /// Keeps the task from starting. Returns whether that came in time.
    fn cancel(&self) -> bool;

    /// Whether the task is over.
    fn is_finished(&self) -> bool;
}

/// Why a task has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It panicked.
    Panicked,
    /// It was cancelled, and has not run.
    Cancelled,
    /// Whoever had it dropped it, and it has not run.
    Abandoned,
}

/// To whose queue a task goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// To each worker's in turn.
    RoundRobin,
    /// To the shortest.
    LeastLoaded,
}

/// What a worker takes from another one's queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stealing {
    /// Nothing.
    Off,
    /// A task.
    One,
    /// Half of the tasks.
    Half,
}

/// Who works in a pool, and who did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Workers {
    /// Those that there are.
    pub live: usize,
    /// Of these, those without a task.
    pub idle: usize,
    /// Tasks that a worker has taken and not finished.
    pub running: usize,
    /// Those that have been started.
    pub spawned: usize,
    /// Those that have left.
    pub retired: usize,
    /// The most that there were at a time.
    pub peak: usize,
}

/// The counts of a pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Endings {
    /// Tasks that were accepted.
    pub accepted: usize,
    /// Of these, those that ran and returned.
    pub completed: usize,
    /// Those that ran and panicked.
    pub panicked: usize,
    /// Those dropped because of a token.
    pub cancelled: usize,
    /// Those handed back.
    pub returned: usize,
}
