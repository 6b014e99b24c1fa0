//! What time it is for a limit, and for a test what time it shall be.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::{Bell, Limit};
use crate::queue::Queue;

/// A clock that stands still until it is moved, for tests of what is limited. Clones are the same
/// clock.
///
/// A limit has this clock or the machine's, and none that a user writes: a start is decided under
/// a lock, and no code of a user runs there.
///
/// ```
/// use std::time::{Duration, Instant};
/// use rate_limit::{Limit, ManualClock, Pool, Task};
///
/// const DAY: Duration = Duration::from_secs(86_400);
/// let clock = ManualClock::at(Instant::now());
/// let daily = Limit::builder(1, DAY).clock(&clock).build()?;
/// let pool = Pool::new(1, 8)?;
/// assert!(daily.try_start());
/// pool.execute(Task::from(|| println!("the next day")).limited(&daily))?;
/// clock.advance(DAY); // nobody has slept for a day
/// pool.wait_idle();
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Clone)]
pub struct ManualClock(Arc<Hands>);

struct Hands {
    now: Mutex<Instant>,
    /// The queues in which somebody may wait for this clock.
    bell: Bell,
}

impl ManualClock {
    /// A clock that shows this.
    ///
    /// # Panics
    ///
    /// If a limit might have to wait until later than an [`Instant`] can be.
    #[must_use]
    pub fn at(now: Instant) -> ManualClock {
        assert_in_range(now);
        let (now, bell) = (Mutex::new(now), Bell::default());
        ManualClock(Arc::new(Hands { now, bell }))
    }

    /// What it shows.
    #[must_use]
    pub fn now(&self) -> Instant {
        *self.0.now.lock()
    }

    /// Puts the clock forward, and wakes the workers whose time has come by it.
    ///
    /// # Panics
    ///
    /// If a limit might have to wait until later than an [`Instant`] can be. Then it has not moved.
    pub fn advance(&self, time: Duration) {
        let now = {
            let mut now = self.0.now.lock();
            let later = *now + time;
            assert_in_range(later);
            *now = later;
            later
        };
        self.0
            .bell
            .ring(|state, wakeups| state.clock_moved(now, wakeups));
    }

    /// Has the queue told when the clock is moved.
    pub(super) fn watch(&self, queue: &Weak<Queue>) {
        self.0.bell.add(queue);
    }
}

/// A worker that adds to this, under the lock, must not panic.
fn assert_in_range(now: Instant) {
    let longest = Limit::MAX_PERIOD * Limit::MAX_BURST;
    let in_range = now.checked_add(longest).is_some();
    assert!(in_range, "the clock is too near to the end of time");
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ManualClock").field(&self.now()).finish()
    }
}

/// When a worker that sleeps has to look again: at neither instant, if there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Alarm {
    /// The earliest by the machine's clock: a timeout.
    pub(super) machine: Option<Instant>,
    /// The earliest by a clock that is moved, which tells when it gets there.
    pub(super) manual: Option<Instant>,
}

impl Alarm {
    /// The earlier of both.
    pub(super) fn and(self, other: Alarm) -> Alarm {
        Alarm {
            machine: self.machine.into_iter().chain(other.machine).min(),
            manual: self.manual.into_iter().chain(other.manual).min(),
        }
    }

    /// Whether a worker that sleeps for this one looks again in time for the other.
    pub(super) fn covers(self, other: Alarm) -> bool {
        self.and(other) == self
    }
}
