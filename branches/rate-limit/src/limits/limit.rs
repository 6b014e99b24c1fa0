//! A limit: how many tasks may start in which time.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::bucket::Bucket;
use super::clock::Alarm;
use super::{Bell, ManualClock};
use crate::Pool;
use crate::queue::Queue;

/// At most so many starts in so much time, for all tasks that carry it
/// ([`Task::limited`](crate::Task::limited)). Clones are the same limit.
///
/// In any stretch of time `t` at most `burst + t * rate` tasks start, and a rest saves up no more
/// than the burst. A task starts when a worker takes it out of the queue. A task that waits for its
/// limit holds no worker; it has one of the limit's own places, so that a flood behind one limit
/// shuts nobody else out. Tasks of one limit start in the order in which a pool has accepted them.
///
/// A task that is refused, cancelled or handed back takes nothing. A limit may be shared by pools:
/// each has as many places for it, and the starts of all are counted together.
///
/// ```
/// use std::time::Duration;
/// use rate_limit::{Limit, Pool, Task};
///
/// let server = Limit::builder(100, Duration::from_secs(1)).burst(10).build()?;
/// let pool = Pool::new(2, 8)?;
/// pool.execute(Task::from(|| println!("a request")).limited(&server))?;
/// server.set_rate(50, Duration::from_secs(1))?; // the server asked for less
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Clone)]
pub struct Limit(Arc<Shared>);

struct Shared {
    bucket: Mutex<Bucket>,
    places: usize,
    /// `None` for the machine's.
    clock: Option<ManualClock>,
    /// The queues in which somebody may wait for this limit.
    bell: Bell,
}

impl Limit {
    /// The longest period, of thirty days.
    pub const MAX_PERIOD: Duration = Duration::from_secs(30 * 86_400);

    /// The largest burst.
    pub const MAX_BURST: u32 = 1 << 20;

    /// A limit of `rate` starts per `period` in the long run, whose other settings may be changed.
    /// The time for one start is rounded up to whole nanoseconds.
    pub fn builder(rate: u32, period: Duration) -> LimitBuilder {
        LimitBuilder {
            rate,
            period,
            burst: 1,
            places: 1024,
            clock: None,
        }
    }

    /// Changes the rate from now on, also for the tasks that wait. The fill is kept: as much of the
    /// burst is used up as before, rounded up to whole nanoseconds of the new rate.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # let limit = rate_limit::Limit::builder(1, Duration::from_secs(1)).build().unwrap();
    /// assert!(limit.set_rate(0, Duration::from_secs(1)).is_err());
    /// limit.set_rate(1000, Duration::from_secs(1)).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// A [`LimitError`] if the rate or the period is zero, or the period too long. Then nothing has
    /// changed.
    pub fn set_rate(&self, rate: u32, period: Duration) -> Result<(), LimitError> {
        let interval = interval(rate, period)?;
        self.0.bucket.lock().set_interval(interval, self.now());
        self.0.bell.ring(|state, _| state.queues.look_again());
        Ok(())
    }

    /// The number of places in each pool for tasks that wait for this limit.
    #[must_use]
    pub fn places(&self) -> usize {
        self.0.places
    }

    fn now(&self) -> Instant {
        now(self.0.clock.as_ref())
    }

    /// Whether a task may start, and if not, what to sleep for.
    pub(super) fn ready(&self) -> Result<(), Alarm> {
        let ready = self.0.bucket.lock().ready(self.now());
        ready.map_err(|at| {
            let (machine, manual) = match self.0.clock {
                None => (Some(at), None),
                Some(_) => (None, Some(at)),
            };
            Alarm { machine, manual }
        })
    }

    /// Counts a start, if there may be one now, for work that starts elsewhere: a task that is run
    /// in place, say. Goes ahead of the tasks that wait in pools.
    ///
    /// ```
    /// # use std::time::Duration;
    /// let hourly = rate_limit::Limit::builder(1, Duration::from_secs(3600)).build().unwrap();
    /// assert!(hourly.try_start());
    /// assert!(!hourly.try_start());
    /// ```
    #[must_use = "nothing may start if it is false"]
    pub fn try_start(&self) -> bool {
        // The look and the count are one step: of several that want one start, one gets it.
        self.0.bucket.lock().take(self.now())
    }

    pub(super) fn is(&self, other: &Limit) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Has the queue told when something about this limit may be earlier than it was.
    pub(super) fn watch(&self, queue: &Weak<Queue>) {
        self.0.bell.add(queue);
        self.0.clock.iter().for_each(|clock| clock.watch(queue));
    }
}

impl fmt::Debug for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Copied: whoever prints may be slow, and does not hold the lock.
        let bucket = self.0.bucket.lock().clone();
        f.debug_tuple("Limit").field(&bucket).finish()
    }
}

/// Settings of a limit to be. Made by [`Limit::builder`].
///
/// ```
/// use std::time::Duration;
/// use rate_limit::Limit;
///
/// let limit = Limit::builder(100, Duration::from_secs(1)) // so many per second
///     .burst(10)
///     .places(64)
///     .build()?;
/// assert_eq!(limit.places(), 64);
/// # Ok::<(), rate_limit::LimitError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct LimitBuilder {
    rate: u32,
    period: Duration,
    burst: u32,
    places: usize,
    clock: Option<ManualClock>,
}

impl LimitBuilder {
    /// How many may start at once, after a rest. Without this, one.
    pub fn burst(mut self, burst: u32) -> LimitBuilder {
        self.burst = burst;
        self
    }

    /// How many tasks can wait for the limit, in each pool. Without this, 1024.
    pub fn places(mut self, places: usize) -> LimitBuilder {
        self.places = places;
        self
    }

    /// A clock that a test moves. Without this, the machine's.
    pub fn clock(mut self, clock: &ManualClock) -> LimitBuilder {
        self.clock = Some(clock.clone());
        self
    }

    /// The limit. Its bucket is full: as many as the burst may start at once.
    ///
    /// # Errors
    ///
    /// A [`LimitError`] if a number is zero or above its limit.
    pub fn build(self) -> Result<Limit, LimitError> {
        let interval = interval(self.rate, self.period)?;
        check("the burst", self.burst.into(), Limit::MAX_BURST.into())?;
        let most = Pool::MAX_CAPACITY as u128;
        check("the number of places", self.places as u128, most)?;
        let now = now(self.clock.as_ref());
        Ok(Limit(Arc::new(Shared {
            bucket: Mutex::new(Bucket::new(interval, self.burst, now)),
            places: self.places,
            clock: self.clock,
            bell: Bell::default(),
        })))
    }
}

/// Without a clock, by the machine's.
fn now(clock: Option<&ManualClock>) -> Instant {
    clock.map_or_else(Instant::now, ManualClock::now)
}

/// The time for one start, in whole nanoseconds: rounded up, so that no more start than allowed.
fn interval(rate: u32, period: Duration) -> Result<Duration, LimitError> {
    let rate = check("the rate", rate.into(), u32::MAX.into())?;
    let most = Limit::MAX_PERIOD.as_nanos();
    let nanos = check("the period, in nanoseconds,", period.as_nanos(), most)?;
    Ok(Duration::from_nanos_u128(nanos.div_ceil(rate)))
}

/// Refuses zero, and what is above the limit.
fn check(setting: &'static str, value: u128, most: u128) -> Result<u128, LimitError> {
    let error = LimitError {
        setting,
        value,
        most,
    };
    (1..=most).contains(&value).then_some(value).ok_or(error)
}

/// Why there is no such limit: one of its numbers is zero or too large.
///
/// ```
/// use std::time::Duration;
/// use rate_limit::Limit;
///
/// let error = Limit::builder(0, Duration::from_secs(1)).build().unwrap_err();
/// assert_eq!(error.to_string(), "the rate of a limit is from 1 to 4294967295, not 0");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting} of a limit is from 1 to {most}, not {value}")]
pub struct LimitError {
    setting: &'static str,
    value: u128,
    most: u128,
}
