//! GCRA: a token bucket whose whole state is one instant.

use std::time::{Duration, Instant};

/// A bucket that holds `burst` tokens and gets one for each `interval`. A start takes a token.
///
/// Counted would be two numbers: the tokens, and when somebody last counted. Here it is the instant
/// at which the bucket is full again if nothing more starts. Each token that is missing is worth an
/// interval of the time from now to then, so a start moves that instant on by an interval, and a
/// task may start while at least one token is there.
///
/// In any stretch of time `t` at most `burst + t / interval` tasks start.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    interval: Duration,
    burst: u32,
    /// When the bucket is full. Once that is past it counts as now, so a rest, however long, saves
    /// up no more than the burst.
    full: Instant,
}

impl Bucket {
    /// A full bucket.
    pub(super) fn new(interval: Duration, burst: u32, now: Instant) -> Bucket {
        Bucket {
            interval,
            burst,
            full: now,
        }
    }

    /// Whether there is a token, and if not, when.
    pub(super) fn ready(&self, now: Instant) -> Result<(), Instant> {
        let missing = self.full.saturating_duration_since(now);
        // With as many missing as this, one is left.
        let most = self.interval * (self.burst - 1);
        match missing.saturating_sub(most) {
            Duration::ZERO => Ok(()),
            wait => Err(now + wait),
        }
    }

    /// Takes a token, if there is one.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let ready = self.ready(now).is_ok();
        if ready {
            self.full = self.full.max(now) + self.interval;
        }
        ready
    }

    /// Changes the pace from now on. As many tokens are missing as before, also in part: if half
    /// the bucket is empty, half of it stays empty, and takes another time to fill.
    pub(super) fn set_interval(&mut self, interval: Duration, now: Instant) {
        let missing = self.full.saturating_duration_since(now).as_nanos();
        // Rounded up, so that no change gives anything away.
        let scaled = (missing * interval.as_nanos()).div_ceil(self.interval.as_nanos());
        self.full = now + Duration::from_nanos_u128(scaled);
        self.interval = interval;
    }
}
