//! The same starts as `governor` allows, which other people have tested.

use std::num::NonZero;
use std::time::{Duration, Instant};

use governor::clock::FakeRelativeClock;
use governor::{Quota, RateLimiter};
use proptest::collection::vec;
use proptest::prop_assert_eq;
use proptest::test_runner::TestRunner;
use rate_limit::{Limit, ManualClock};

/// Any limit, any moves of the clock, any number of attempts after each.
#[test]
fn governor_lets_the_same_attempts_through() {
    let moves = vec((0_u64..6_000, 0_usize..15), 1..60);
    let cases = (1_u64..2_000, 1_u32..12, moves);
    let same = TestRunner::default().run(&cases, |(interval, burst, moves)| {
        let interval = Duration::from_micros(interval);
        let ours_by = ManualClock::at(Instant::now());
        let ours = Limit::builder(1, interval).burst(burst).clock(&ours_by);
        let ours = ours.build().unwrap();
        let theirs_by = FakeRelativeClock::default();
        let quota = Quota::with_period(interval).unwrap();
        let quota = quota.allow_burst(NonZero::new(burst).unwrap());
        let theirs = RateLimiter::direct_with_clock(quota, theirs_by.clone());
        for (micros, attempts) in moves {
            let step = Duration::from_micros(micros);
            ours_by.advance(step);
            theirs_by.advance(step);
            for _ in 0..attempts {
                prop_assert_eq!(ours.try_start(), theirs.check().is_ok());
            }
        }
        Ok(())
    });
    same.unwrap();
}
