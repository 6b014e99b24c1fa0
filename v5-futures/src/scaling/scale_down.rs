//! When a worker may leave: after an idle time of its own, or when the reaper looks.

use std::time::Duration;

use parking_lot::Mutex;

use super::{Load, Moment, Scaling};

/// A worker leaves when it has been idle for so long.
///
/// The same as [`Builder::idle_timeout`](crate::Builder::idle_timeout), for use in a pair. Alone it
/// never grows a pool beyond its smallest size.
///
/// Each worker has a timer of its own. A pool wakes the worker first that fell asleep last, so a
/// load that two workers can carry keeps two of them, and the time of the others runs out. Use it
/// unless there is a reason not to. If tasks come back just after the time is over, each pays for a
/// new thread: then the time is too short.
///
/// ```
/// use std::time::Duration;
/// use v5_futures::{IdleTimeout, Pool, WarmUp};
///
/// let policy = (WarmUp::new(1), IdleTimeout::after(Duration::from_secs(5)));
/// let pool = Pool::builder().threads(0..=8).scaling(policy).build()?;
/// # Ok::<(), v5_futures::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct IdleTimeout {
    time: Duration,
}

impl IdleTimeout {
    /// [`Duration::MAX`] means that nobody leaves.
    #[must_use]
    pub fn after(time: Duration) -> IdleTimeout {
        IdleTimeout { time }
    }
}

impl Scaling for IdleTimeout {
    fn wanted(&self, _moment: Moment, _load: &Load) -> usize {
        0
    }

    fn idle_timeout(&self) -> Option<Duration> {
        Some(self.time)
    }
}

/// Once in a period, all workers leave that were not needed in it.
///
/// Those were not needed that were never woken: as many as were asleep at the time at which the
/// fewest were. Switches idle times off, unless the builder sets one. Alone it never grows a pool
/// beyond its smallest size: pair it with a policy that does.
///
/// Use it when a pool should shrink in one step, at a time that you know, instead of worker by
/// worker. A worker stays between one period and two.
///
/// ```
/// use std::time::Duration;
/// use v5_futures::{OnDemand, Pool, Reaper};
///
/// let policy = (OnDemand, Reaper::every(Duration::from_secs(10)).keep(1));
/// let pool = Pool::builder().threads(0..=8).scaling(policy).build()?;
/// # Ok::<(), v5_futures::BuildError>(())
/// ```
#[derive(Debug)]
pub struct Reaper {
    period: Duration,
    keep: usize,
    round: Mutex<Round>,
}

/// The period that is not over yet. A partner's ticks may be shorter.
#[derive(Debug, Default)]
struct Round {
    /// When it began, by the age of the pool.
    began: Duration,
    /// The fewest that were not needed in a tick so far.
    unused: Option<usize>,
}

impl Reaper {
    /// Looks once in a period.
    #[must_use]
    pub fn every(period: Duration) -> Reaper {
        Reaper {
            period,
            keep: 0,
            round: Mutex::default(),
        }
    }

    /// Keeps so many of the idle workers.
    #[must_use]
    pub fn keep(mut self, workers: usize) -> Reaper {
        self.keep = workers;
        self
    }
}

impl Scaling for Reaper {
    fn wanted(&self, _moment: Moment, _load: &Load) -> usize {
        0
    }

    fn excess(&self, load: &Load) -> usize {
        let mut round = self.round.lock();
        let unused = round
            .unused
            .map_or(load.unused, |so_far| so_far.min(load.unused));
        if load.age.saturating_sub(round.began) < self.period {
            round.unused = Some(unused);
            return 0;
        }
        *round = Round {
            began: load.age,
            unused: None,
        };
        unused.saturating_sub(self.keep)
    }

    fn period(&self) -> Option<Duration> {
        Some(self.period)
    }

    fn idle_timeout(&self) -> Option<Duration> {
        Some(Duration::MAX)
    }
}
