//! The versions that this project builds.
//!
//! Code written for a version compiles on every later one, so the same lines serve for all: a
//! macro writes them for each crate.

use std::error::Error;
use std::ops::RangeInclusive;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crate::contender::{
    Cancellable, Contender, Dispatching, Dynamic, Endings, Failure, Forking, Joining, Lawful,
    LawfulGroup, LawfulHandle, Level, Limiting, Mapping, Patience, Placement, Prioritised, Refused,
    Resulting, Stealing, Why, Workers,
};
use crate::workload::{IDLE_TIMEOUT, part};

/// What every version can do. `$reason` are the reasons that came with later versions.
macro_rules! lawful {
    ($version:ident, $name:literal $(, $reason:ident)*) => {
        impl Contender for $version::Pool {
            const NAME: &'static str = $name;

            fn start(threads: usize, capacity: usize) -> Self {
                Self::new(threads, capacity).expect("the races ask for pools that can be built")
            }

            fn execute(&self, task: impl FnOnce() + Send + 'static) {
                Self::execute(self, task).expect("no race shuts its pool down");
            }

            fn wait(&self) {
                self.wait_idle();
            }
        }

        impl From<$version::Rejected> for Refused {
            fn from(rejected: $version::Rejected) -> Refused {
                let why = match rejected.reason() {
                    $version::Reason::Full => Why::Full,
                    $version::Reason::Timeout => Why::Timeout,
                    $version::Reason::ShutDown => Why::ShutDown,
                    $($version::Reason::$reason => Why::$reason,)*
                    reason => unreachable!("{reason} is new: give it a name here"),
                };
                let task = rejected.into_task();
                Refused { why, task: Box::new(move || task.run()) }
            }
        }

        impl LawfulGroup for $version::Group {
            fn submit(&self, task: impl FnOnce() + Send + 'static) -> Result<(), Refused> {
                Ok(self.execute(task)?)
            }

            fn wait(&self) {
                Self::wait(self);
            }
        }

        impl Lawful for $version::Pool {
            type Group = $version::Group;

            fn build(threads: usize, capacity: usize) -> Result<Self, Box<dyn Error + Send + Sync>> {
                Ok(Self::new(threads, capacity)?)
            }

            fn submit(
                &self,
                patience: Patience,
                task: impl FnOnce() + Send + 'static,
            ) -> Result<(), Refused> {
                Ok(match patience {
                    Patience::None => self.try_execute(task),
                    Patience::For(time) => self.execute_timeout(task, time),
                    Patience::Forever => Self::execute(self, task),
                }?)
            }

            fn group(&self) -> $version::Group {
                Self::group(self)
            }

            fn wait_idle(&self) {
                Self::wait_idle(self);
            }

            fn shutdown(&self) {
                Self::shutdown(self);
            }

            fn queue_len(&self) -> usize {
                Self::queue_len(self)
            }

            fn threads(&self) -> usize {
                Self::threads(self)
            }
        }
    };
}

/// What the versions from v2 on can do.
macro_rules! cancellable {
    ($version:ident) => {
        impl Cancellable for $version::Pool {
            type Token = $version::CancelToken;

            fn token() -> Self::Token {
                $version::CancelToken::new()
            }

            fn cancel(token: &Self::Token) {
                token.cancel();
            }

            fn submit_with(
                &self,
                token: &Self::Token,
                task: impl FnOnce() + Send + 'static,
            ) -> Result<(), Refused> {
                Ok(self.execute_with(token, task)?)
            }

            fn cancel_all(&self) {
                Self::cancel(self);
            }

            fn shutdown_now(&self) -> Vec<Box<dyn FnOnce() + Send>> {
                let boxed = |task: $version::Task| -> Box<dyn FnOnce() + Send> {
                    Box::new(move || task.run())
                };
                Self::shutdown_now(self).into_iter().map(boxed).collect()
            }

            fn endings(&self) -> Endings {
                let stats = self.stats();
                Endings {
                    accepted: stats.accepted,
                    completed: stats.completed,
                    panicked: stats.panicked,
                    cancelled: stats.cancelled,
                    returned: stats.returned,
                }
            }
        }
    };
}

/// What the branch can do whose tasks have levels.
impl Prioritised for priority::Pool {
    fn build_ageing(
        threads: usize,
        capacity: usize,
        ageing: u64,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let pool = Self::builder().threads(threads).queue_capacity(capacity);
        Ok(pool.ageing(ageing).build()?)
    }

    fn submit_at(
        &self,
        level: Level,
        patience: Patience,
        task: impl FnOnce() + Send + 'static,
    ) -> Result<(), Refused> {
        let level = match level {
            Level::Low => priority::Priority::Low,
            Level::Normal => priority::Priority::Normal,
            Level::High => priority::Priority::High,
        };
        let task = priority::Task::from(task).at(level);
        Ok(match patience {
            Patience::None => self.try_execute(task),
            Patience::For(time) => self.execute_timeout(task, time),
            Patience::Forever => Self::execute(self, task),
        }?)
    }
}

/// What the branch can do whose tasks have limits. A submission with a token waits for a place.
impl Limiting for rate_limit::Pool {
    type Limit = (rate_limit::Limit, rate_limit::ManualClock);

    fn limit(period: Duration, burst: u32, places: usize) -> Self::Limit {
        let clock = rate_limit::ManualClock::at(Instant::now());
        let limit = rate_limit::Limit::builder(1, period).burst(burst);
        let limit = limit.places(places).clock(&clock).build();
        (
            limit.expect("the laws ask for limits that there are"),
            clock,
        )
    }

    fn advance((_, clock): &Self::Limit, time: Duration) {
        clock.advance(time);
    }

    fn submit_limited(
        &self,
        (limit, _): &Self::Limit,
        token: Option<&Self::Token>,
        patience: Patience,
        task: impl FnOnce() + Send + 'static,
    ) -> Result<(), Refused> {
        let task = rate_limit::Task::from(task).limited(limit);
        Ok(match (token, patience) {
            (Some(token), _) => self.execute_with(token, task),
            (None, Patience::None) => self.try_execute(task),
            (None, Patience::For(time)) => self.execute_timeout(task, time),
            (None, Patience::Forever) => Self::execute(self, task),
        }?)
    }
}

/// A rate-limit pool in which each task has the same limit, which never binds.
#[derive(Debug)]
pub struct NeverBinding(rate_limit::Pool, rate_limit::Limit);

impl Contender for NeverBinding {
    const NAME: &'static str = "rate-limit, limited";

    fn start(threads: usize, capacity: usize) -> Self {
        let limit = rate_limit::Limit::builder(u32::MAX, Duration::from_secs(1));
        let limit = limit.burst(rate_limit::Limit::MAX_BURST).places(capacity);
        NeverBinding(
            Contender::start(threads, capacity),
            limit
                .build()
                .expect("the races ask for limits that there are"),
        )
    }

    fn execute(&self, task: impl FnOnce() + Send + 'static) {
        let task = rate_limit::Task::from(task).limited(&self.1);
        self.0.execute(task).expect("no race shuts its pool down");
    }

    fn wait(&self) {
        Contender::wait(&self.0);
    }
}

/// A pool that changes its size, in a race: no thread to begin with, as many as the workload says
/// at most, and a thread that has been idle for [`IDLE_TIMEOUT`] leaves.
#[derive(Debug)]
pub struct FromZero<P>(P);

/// What the versions from v3 on can do. `$name` is that of the contender that starts with no
/// thread.
macro_rules! dynamic {
    ($version:ident, $name:literal) => {
        impl Contender for FromZero<$version::Pool> {
            const NAME: &'static str = $name;

            fn start(threads: usize, capacity: usize) -> Self {
                let pool = Dynamic::build_dynamic(0..=threads, capacity, IDLE_TIMEOUT);
                FromZero(pool.expect("the races ask for pools that can be built"))
            }

            fn execute(&self, task: impl FnOnce() + Send + 'static) {
                Contender::execute(&self.0, task);
            }

            fn wait(&self) {
                Contender::wait(&self.0);
            }
        }

        impl Dynamic for $version::Pool {
            fn build_dynamic(
                threads: RangeInclusive<usize>,
                capacity: usize,
                idle_timeout: Duration,
            ) -> Result<Self, Box<dyn Error + Send + Sync>> {
                let pool = Self::builder().threads(threads).queue_capacity(capacity);
                Ok(pool.idle_timeout(idle_timeout).build()?)
            }

            fn resize(
                &self,
                threads: RangeInclusive<usize>,
            ) -> Result<(), Box<dyn Error + Send + Sync>> {
                Ok(Self::resize(self, threads)?)
            }

            fn workers(&self) -> Workers {
                let stats = self.stats();
                Workers {
                    live: stats.live,
                    idle: stats.idle,
                    running: stats.running,
                    spawned: stats.spawned,
                    retired: stats.retired,
                    peak: stats.peak,
                }
            }
        }
    };
}

/// What the versions from v4 on can do.
macro_rules! dispatching {
    ($version:ident) => {
        impl Dispatching for $version::Pool {
            fn build_with(
                threads: RangeInclusive<usize>,
                capacity: usize,
                placement: Placement,
                stealing: Stealing,
            ) -> Result<Self, Box<dyn Error + Send + Sync>> {
                let placement = match placement {
                    Placement::RoundRobin => $version::Placement::RoundRobin,
                    Placement::LeastLoaded => $version::Placement::LeastLoaded,
                };
                let stealing = match stealing {
                    Stealing::Off => $version::Stealing::Off,
                    Stealing::One => $version::Stealing::One,
                    Stealing::Half => $version::Stealing::Half,
                };
                let pool = Self::builder().threads(threads).queue_capacity(capacity);
                Ok(pool.placement(placement).stealing(stealing).build()?)
            }

            fn submit_batch<T: FnOnce() + Send + 'static>(
                &self,
                patient: bool,
                tasks: impl IntoIterator<Item = T>,
            ) -> (usize, Option<Why>) {
                let submitted = if patient {
                    self.execute_batch(tasks)
                } else {
                    self.try_execute_batch(tasks)
                };
                let rejected = match submitted {
                    Ok(all) => return (all, None),
                    Err(rejected) => rejected,
                };
                let why = match rejected.reason() {
                    $version::Reason::Full => Why::Full,
                    $version::Reason::ShutDown => Why::ShutDown,
                    $version::Reason::Cancelled => Why::Cancelled,
                    reason => unreachable!("{reason} is none of a batch"),
                };
                (rejected.accepted(), Some(why))
            }

            fn stolen(&self) -> usize {
                self.stats().stolen
            }
        }
    };
}

/// What the versions from v5 on can do.
macro_rules! joining {
    ($version:ident) => {
        impl From<$version::JoinError> for Failure {
            fn from(error: $version::JoinError) -> Failure {
                if error.is_panic() {
                    Failure::Panicked
                } else if error.is_cancelled() {
                    Failure::Cancelled
                } else {
                    assert!(error.is_abandoned(), "{error} is new: give it a name here");
                    Failure::Abandoned
                }
            }
        }

        impl<T: Send + 'static> LawfulHandle<T> for $version::JoinHandle<T> {
            fn join(self) -> Result<T, Failure> {
                Ok(Self::join(self)?)
            }

            fn join_timeout(self, patience: Duration) -> Result<Result<T, Failure>, Self> {
                Ok(Self::join_timeout(self, patience)?.map_err(Failure::from))
            }

            fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<T, Failure>> {
                Future::poll(Pin::new(self), context).map_err(Failure::from)
            }

            fn cancel(&self) -> bool {
                Self::cancel(self)
            }

            fn is_finished(&self) -> bool {
                Self::is_finished(self)
            }
        }

        impl Joining for $version::Pool {
            type Handle<T: Send + 'static> = $version::JoinHandle<T>;

            fn spawn<T: Send + 'static>(
                &self,
                patience: Patience,
                token: Option<&Self::Token>,
                task: impl FnOnce() -> T + Send + 'static,
            ) -> ($version::JoinHandle<T>, Option<Refused>) {
                let (task, handle) = $version::Task::with_handle(task);
                let submitted = match (token, patience) {
                    (Some(token), _) => self.execute_with(token, task),
                    (None, Patience::None) => self.try_execute(task),
                    (None, Patience::For(time)) => self.execute_timeout(task, time),
                    (None, Patience::Forever) => Self::execute(self, task),
                };
                (handle, submitted.err().map(Refused::from))
            }
        }
    };
}

/// What those versions can do in a race.
macro_rules! resulting {
    ($version:ident) => {
        impl Resulting for $version::Pool {
            type Handle<T: Send + 'static> = $version::JoinHandle<T>;

            fn spawn<T: Send + 'static>(
                &self,
                task: impl FnOnce() -> T + Send + 'static,
            ) -> $version::JoinHandle<T> {
                Self::spawn(self, task).expect("no race shuts its pool down")
            }

            fn join<T: Send + 'static>(&self, handle: $version::JoinHandle<T>) -> T {
                handle.join().expect("no task of a race panics")
            }
        }

        impl Forking for $version::Pool {
            fn fork(self: &Arc<Self>, n: u32, leaf: fn()) -> u32 {
                fn fork(pool: &Arc<$version::Pool>, n: u32, leaf: fn()) -> u32 {
                    if n < 2 {
                        leaf();
                        return n;
                    }
                    let inside = Arc::clone(pool);
                    let other = Resulting::spawn(&**pool, move || fork(&inside, n - 2, leaf));
                    fork(pool, n - 1, leaf) + Resulting::join(&**pool, other)
                }
                let inside = Arc::clone(self);
                let first = Resulting::spawn(&**self, move || fork(&inside, n, leaf));
                Resulting::join(&**self, first)
            }

            fn sort(self: &Arc<Self>, numbers: &mut [u32]) {
                fn sort<'scope>(
                    scope: &'scope $version::Scope<'scope, '_>,
                    numbers: &'scope mut [u32],
                ) {
                    if let Some((left, right)) = part(numbers) {
                        let other = scope.spawn(move || sort(scope, left));
                        sort(scope, right);
                        let other = other.expect("no race shuts its pool down");
                        other.join().expect("no task of a race panics");
                    }
                }
                self.scope(|scope| {
                    let first = scope.spawn(move || sort(scope, numbers));
                    let first = first.expect("no race shuts its pool down");
                    first.join().expect("no task of a race panics");
                });
            }
        }

        impl Mapping for $version::Pool {
            fn map(self: &Arc<Self>, items: usize, work: fn()) -> Vec<usize> {
                let results = Self::map(self, 0..items, move |item| {
                    work();
                    item
                });
                let results = results.collect::<Result<_, _>>();
                results.expect("no task of a race panics, and no race shuts its pool down")
            }
        }
    };
}

lawful!(v1_fixed, "v1");
lawful!(v2_cancel_panic, "v2", Cancelled);
cancellable!(v2_cancel_panic);
lawful!(priority, "priority", Cancelled);
cancellable!(priority);
lawful!(rate_limit, "rate-limit", Cancelled);
cancellable!(rate_limit);
lawful!(v3_dynamic, "v3", Cancelled);
cancellable!(v3_dynamic);
dynamic!(v3_dynamic, "v3 0..=w");
lawful!(v4_dedicated_queues, "v4", Cancelled);
cancellable!(v4_dedicated_queues);
dynamic!(v4_dedicated_queues, "v4 0..=w");
dispatching!(v4_dedicated_queues);
lawful!(v5_futures, "v5", Cancelled);
cancellable!(v5_futures);
dynamic!(v5_futures, "v5 0..=w");
dispatching!(v5_futures);
joining!(v5_futures);
resulting!(v5_futures);
