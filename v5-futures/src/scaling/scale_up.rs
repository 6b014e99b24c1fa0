//! When to start a worker: on demand, ahead of demand, in reserve, or at a threshold.

use std::time::Duration;

use parking_lot::Mutex;

use super::{Load, Moment, Scaling};

/// A worker for each unfinished task: an idle one if there is one, otherwise a new one. What a
/// pool does without a policy.
///
/// A task has to wait for the end of another only while the pool is at its largest. So tasks may
/// wait for each other, as long as there are no more of them than the pool may have workers. As a
/// resize policy this is *balanced*: an idle worker, then a new one, then the queue, then a
/// refusal. Python's `ThreadPoolExecutor` does it in this order, without the refusal.
///
/// Use it when a task that waits is worse than a thread too many. A burst of short tasks brings up
/// threads that have nothing to do a millisecond later.
///
/// ```
/// use v5_futures::{OnDemand, Pool};
///
/// let pool = Pool::builder().threads(0..=8).scaling(OnDemand).build()?;
/// assert_eq!(pool.threads(), 0);
/// # Ok::<(), v5_futures::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct OnDemand;

impl Scaling for OnDemand {
    fn wanted(&self, _moment: Moment, load: &Load) -> usize {
        load.unfinished()
    }
}

/// On demand, with some idle workers in reserve: the next tasks need not wait for a thread to
/// start.
///
/// Use it when the first tasks of a burst must begin at once, and some sleeping threads cost less
/// than that.
///
/// ```
/// use v5_futures::{Pool, WarmUp};
///
/// let pool = Pool::builder().threads(0..=8).scaling(WarmUp::new(2)).build()?;
/// assert_eq!(pool.threads(), 2);
/// # Ok::<(), v5_futures::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct WarmUp {
    reserve: usize,
}

impl WarmUp {
    /// Keeps so many workers idle, as long as the pool may have as many.
    #[must_use]
    pub fn new(reserve: usize) -> WarmUp {
        WarmUp { reserve }
    }
}

impl Scaling for WarmUp {
    fn wanted(&self, _moment: Moment, load: &Load) -> usize {
        load.unfinished().saturating_add(self.reserve)
    }
}

/// At a threshold: when so many of the workers are busy and tasks wait all the same, one more
/// worker for each task that waits.
///
/// Looks at each submission and at each tick. At 80 percent and with a tick of 100 ms this is the
/// *scaling manager* that is often built around a Go channel. That one looks after each task as
/// well; here the tick is for that.
///
/// Use it when a wait of one tick is fine and threads should be few: while more than a fifth of the
/// workers is idle, nobody is added. A task that waits for a later one may have to wait for the
/// next tick.
///
/// ```
/// use v5_futures::{Pool, Threshold};
///
/// let pool = Pool::builder().threads(2..=10).scaling(Threshold::default()).build()?;
/// # Ok::<(), v5_futures::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Threshold {
    percent: usize,
    period: Duration,
}

impl Threshold {
    /// Grows when at least `percent` of 100 workers are busy and tasks wait. Above 100 it never
    /// does.
    #[must_use]
    pub fn new(percent: usize, period: Duration) -> Threshold {
        Threshold { percent, period }
    }
}

impl Default for Threshold {
    fn default() -> Threshold {
        Threshold::new(80, Duration::from_millis(100))
    }
}

impl Scaling for Threshold {
    fn wanted(&self, _moment: Moment, load: &Load) -> usize {
        // Multiplied, and not `live * 80 / 100`, which is 0 for one worker.
        let busy = load.running.saturating_mul(100) >= load.live.saturating_mul(self.percent);
        if busy && load.queued > 0 {
            load.live.saturating_add(load.queued)
        } else {
            0
        }
    }

    fn period(&self) -> Option<Duration> {
        Some(self.period)
    }
}

/// Ahead of demand: as many workers as the tasks that arrive will keep busy, by Little's law.
///
/// The law: the number of tasks in a system is, on average, the rate at which they arrive times the
/// time that each of them stays. With workers for the system, 200 tasks a second of 30 ms each keep
/// 6 workers busy. Both factors are measured from tick to tick, and the older half of what is known
/// counts as much as the last tick. (J. D. C. Little, *A Proof for the Queuing Formula L = λW*,
/// 1961.)
///
/// Use it for a load that goes up and down over many ticks. It knows nothing of a burst before the
/// tick after it, so most pools want it together with [`OnDemand`], as a pair: it then keeps
/// workers that their idle timeout would send away between two tasks of a steady stream. Those
/// leave when the forecast falls.
///
/// ```
/// use std::time::Duration;
/// use v5_futures::{OnDemand, Pool, Proactive};
///
/// let forecast = Proactive::every(Duration::from_millis(100));
/// let pool = Pool::builder().threads(1..=16).scaling((OnDemand, forecast)).build()?;
/// # Ok::<(), v5_futures::BuildError>(())
/// ```
#[derive(Debug)]
pub struct Proactive {
    period: Duration,
    spare: usize,
    forecast: Mutex<Forecast>,
}

#[derive(Debug, Default)]
struct Forecast {
    /// The load at the last tick. Before the first one, that of a pool without any task: what
    /// arrived since it was built is news.
    seen: Load,
    /// Tasks that arrive in a second.
    rate: f64,
    /// Seconds that a task keeps a worker busy.
    service: f64,
    wanted: usize,
}

impl Proactive {
    /// A forecast at each tick. It needs a period in which several tasks arrive.
    #[must_use]
    pub fn every(period: Duration) -> Proactive {
        Proactive {
            period,
            spare: 1,
            forecast: Mutex::default(),
        }
    }

    /// So many workers more than the forecast, as long as there is any load; without this, 1.
    /// Workers that are busy all the time never catch up with a queue.
    #[must_use]
    pub fn spare(mut self, workers: usize) -> Proactive {
        self.spare = workers;
        self
    }
}

impl Scaling for Proactive {
    fn wanted(&self, moment: Moment, load: &Load) -> usize {
        let mut forecast = self.forecast.lock();
        if moment == Moment::Tick {
            forecast.look(load, self.period, self.spare);
        }
        forecast.wanted
    }

    fn period(&self) -> Option<Duration> {
        Some(self.period)
    }
}

impl Forecast {
    fn look(&mut self, load: &Load, period: Duration, spare: usize) {
        let seen = self.seen;
        let time = load.age.saturating_sub(seen.age);
        // A partner's ticks may be shorter.
        if time < period || time.is_zero() {
            return;
        }
        self.seen = *load;
        let seconds = time.as_secs_f64();
        let arrived = load.accepted.saturating_sub(seen.accepted);
        let finished = load.finished().saturating_sub(seen.finished());
        // Those who are busy at both ends of the period were busy in between, more or less.
        let busy = (load.running + seen.running) as f64 / 2.0 * seconds;
        let rate = arrived as f64 / seconds;
        // The first tick is all that is known.
        self.rate = if seen.age.is_zero() {
            rate
        } else {
            (self.rate + rate) / 2.0
        };
        // If none has finished, each of those that run has taken the whole period so far.
        let tasks = if finished > 0 { finished } else { load.running };
        let service = busy / tasks.max(1) as f64;
        if busy > 0.0 {
            self.service = if self.service == 0.0 {
                service
            } else {
                (self.service + service) / 2.0
            };
        }
        let mean = self.rate * self.service;
        self.wanted = if mean < 0.01 {
            0
        } else {
            (mean.ceil() as usize).saturating_add(spare)
        };
    }
}
