//! How many workers there should be: the question, and who may answer it.

mod ask;
mod resize;
mod resize_policy;
mod scale_down;
mod scale_up;
mod settings;
mod threads;
pub(crate) mod tick;

use std::fmt;
use std::time::Duration;

pub use resize_policy::{Eager, Lazy};
pub use scale_down::{IdleTimeout, Reaper};
pub use scale_up::{OnDemand, OnDemand as Balanced, Proactive, Threshold, WarmUp};
pub use threads::Threads;

/// Decides how many workers a pool should have, within the limits that it was given.
///
/// A pool asks whenever it could grow or shrink, and never while it holds a lock. It starts workers
/// while it has fewer than [`wanted`](Scaling::wanted), and lets nobody go below that number. An
/// accepted task finds a worker whatever the answer is: a pool without any starts one
/// without asking.
///
/// A policy of your own takes ten lines. This one keeps as many workers idle as are busy:
///
/// ```
/// use v5_futures::{Load, Moment, Pool, Scaling};
///
/// #[derive(Debug)]
/// struct TwiceAsMany;
///
/// impl Scaling for TwiceAsMany {
///     fn wanted(&self, _moment: Moment, load: &Load) -> usize {
///         2 * load.unfinished()
///     }
/// }
///
/// let pool = Pool::builder().threads(1..=8).scaling(TwiceAsMany).build()?;
/// # Ok::<(), v5_futures::BuildError>(())
/// ```
///
/// A pair of policies is a policy: the larger number counts, and the shorter time. With
/// `(OnDemand, Reaper::every(time))` a pool grows on demand and is trimmed now and then.
pub trait Scaling: fmt::Debug + Send + Sync + 'static {
    /// How many workers there should be at least; 0 for whoever has no wish. The limits of the pool
    /// hold whatever this returns.
    ///
    /// Called on the thread that submits, on a worker or on the pool's ticking thread, by several
    /// at a time. A panic goes to the panic handler and counts as 0.
    fn wanted(&self, moment: Moment, load: &Load) -> usize;

    /// How many of the idle workers are to leave. Asked at each [`Moment::Tick`]; those that have
    /// slept longest leave, as far as [`wanted`](Scaling::wanted) allows it.
    fn excess(&self, _load: &Load) -> usize {
        0
    }

    /// How often the pool should ask at a [`Moment::Tick`], if ever. For this the pool has one more
    /// thread. A time below a millisecond counts as one. Asked by
    /// [`build`](crate::Builder::build), where a panic is one of `build`.
    fn period(&self) -> Option<Duration> {
        None
    }

    /// How long a worker is idle before it asks whether it may leave. The builder's
    /// [`idle_timeout`](crate::Builder::idle_timeout) comes before this one. Asked by
    /// [`build`](crate::Builder::build), where a panic is one of `build`.
    fn idle_timeout(&self) -> Option<Duration> {
        None
    }
}

/// Why a policy is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Moment {
    /// The limits are new: the pool was built or resized.
    Resized,
    /// A task was accepted, and there are fewer workers than there may be.
    Submitted,
    /// A task finds the queue full, and there are fewer workers than there may be. If one more is
    /// started now, it takes the oldest task, and the new one takes its place.
    Full,
    /// A worker has been idle for the idle timeout. It leaves if there are more workers than
    /// wanted, itself included.
    Idle,
    /// Another [`period`](Scaling::period) is over.
    Tick,
}

/// What a pool has to do, and who is there to do it, at one instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Load {
    /// The fewest workers that there may be.
    pub min: usize,
    /// The most workers that there may be.
    pub max: usize,
    /// The workers that there are.
    pub live: usize,
    /// Tasks in the queue.
    pub queued: usize,
    /// Places in the queue.
    pub capacity: usize,
    /// Tasks that workers have taken and not finished, without those that wait for another one on
    /// the same worker.
    pub running: usize,
    /// Tasks that wait for one that runs on top of them, on the same worker: they need none of
    /// their own.
    pub nested: usize,
    /// Tasks that threads have claimed which are no workers: to cancel them, say.
    pub(crate) elsewhere: usize,
    /// Tasks accepted since the pool was built.
    pub accepted: usize,
    /// Workers that were not needed since the last tick: as many as slept at the time at which the
    /// fewest did. At a tick, so many have done nothing for a whole period.
    pub unused: usize,
    /// The time since the pool was built.
    pub age: Duration,
}

impl Load {
    /// Tasks that are queued or run. Each needs a worker.
    #[must_use]
    pub fn unfinished(&self) -> usize {
        self.queued.saturating_add(self.running)
    }

    /// Workers without a task.
    #[must_use]
    pub fn idle(&self) -> usize {
        self.live.saturating_sub(self.running)
    }

    /// Tasks that have left the pool, run or not.
    #[must_use]
    pub fn finished(&self) -> usize {
        let taken = self.running + self.nested + self.elsewhere;
        self.accepted
            .saturating_sub(self.queued.saturating_add(taken))
    }
}

impl<A: Scaling, B: Scaling> Scaling for (A, B) {
    fn wanted(&self, moment: Moment, load: &Load) -> usize {
        let (a, b) = self;
        a.wanted(moment, load).max(b.wanted(moment, load))
    }

    fn excess(&self, load: &Load) -> usize {
        self.0.excess(load).max(self.1.excess(load))
    }

    fn period(&self) -> Option<Duration> {
        let periods = [self.0.period(), self.1.period()];
        periods.into_iter().flatten().min()
    }

    fn idle_timeout(&self) -> Option<Duration> {
        let timeouts = [self.0.idle_timeout(), self.1.idle_timeout()];
        timeouts.into_iter().flatten().min()
    }
}
