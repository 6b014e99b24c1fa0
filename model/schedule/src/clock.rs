//! A clock that goes on when somebody was late, and a little whenever it is asked.

use std::cell::Cell;
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::time::{self, Duration};

use shuttle::rand::{Rng, thread_rng};

/// At the beginning of a model the machine has been running for a while, so that there is a past.
const BEGIN: Duration = Duration::from_secs(1 << 26);

/// From one look at the clock to the next.
const TICK: Duration = Duration::from_nanos(40);

/// Longer than anybody waits. A machine may be asleep between any two looks at the clock.
const LEAP: Duration = Duration::from_secs(2 * 3600);

thread_local! {
    /// All threads of a model share one thread.
    static NOW: Cell<Duration> = const { Cell::new(BEGIN) };
}

/// A moment of the modelled clock, in the place of `std::time::Instant`.
///
/// A time-out that fires has taken its time, so a deadline that is compared with this clock is
/// over then. Without one, hardly any time passes, and now and then a lot of it between two looks:
/// nobody looks in vain for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Duration);

impl Instant {
    /// The present moment.
    #[must_use]
    pub fn now() -> Instant {
        pass(if thread_rng().gen_ratio(1, 64) {
            LEAP
        } else {
            TICK
        });
        Instant(NOW.get())
    }

    /// How long ago that was.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        Instant::now().saturating_duration_since(*self)
    }

    /// The time from an earlier moment to this one. Nothing if it was later.
    #[must_use]
    pub fn duration_since(&self, earlier: Instant) -> Duration {
        self.saturating_duration_since(earlier)
    }

    /// The time from an earlier moment to this one. Nothing if it was later.
    #[must_use]
    pub fn saturating_duration_since(&self, earlier: Instant) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// The time from an earlier moment to this one, if it was earlier.
    #[must_use]
    pub fn checked_duration_since(&self, earlier: Instant) -> Option<Duration> {
        self.0.checked_sub(earlier.0)
    }

    /// So much later, if the clock goes so far.
    #[must_use]
    pub fn checked_add(&self, time: Duration) -> Option<Instant> {
        self.0.checked_add(time).map(Instant)
    }

    /// So much earlier, if there was a clock then.
    #[must_use]
    pub fn checked_sub(&self, time: Duration) -> Option<Instant> {
        self.0.checked_sub(time).map(Instant)
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;

    fn add(self, time: Duration) -> Instant {
        self.checked_add(time)
            .expect("overflow when adding duration to instant")
    }
}

impl Sub<Duration> for Instant {
    type Output = Instant;

    fn sub(self, time: Duration) -> Instant {
        self.checked_sub(time)
            .expect("overflow when subtracting duration from instant")
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Instant) -> Duration {
        self.duration_since(earlier)
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, time: Duration) {
        *self = *self + time;
    }
}

impl SubAssign<Duration> for Instant {
    fn sub_assign(&mut self, time: Duration) {
        *self = *self - time;
    }
}

/// A moment until which somebody waits: of the real clock, or of this one.
pub trait Deadline {
    /// How long that is.
    fn left(&self) -> Duration;
}

impl Deadline for time::Instant {
    fn left(&self) -> Duration {
        self.saturating_duration_since(time::Instant::now())
    }
}

impl Deadline for Instant {
    fn left(&self) -> Duration {
        self.0.saturating_sub(NOW.get())
    }
}

/// The present moment, which somebody who is late may be [`late`] from.
pub(crate) fn present() -> Duration {
    NOW.get()
}

/// Somebody has waited so long since that moment.
pub(crate) fn late(since: Duration, time: Duration) {
    NOW.set(NOW.get().max(since.saturating_add(time)));
}

/// For the facade of `std`: so much time has passed.
#[doc(hidden)]
pub fn pass(time: Duration) {
    NOW.set(NOW.get().saturating_add(time));
}

pub(crate) fn begin() {
    NOW.set(BEGIN);
}
