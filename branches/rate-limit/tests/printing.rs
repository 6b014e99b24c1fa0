//! Whoever prints what a pool or a limit hands out holds no lock of it meanwhile.

mod common;

use std::fmt::{self, Write};
use std::time::{Duration, Instant};

use common::Watchdog;
use rate_limit::{Limit, ManualClock, Pool};

/// A writer that uses the pool and the limit while they are printed: it may be slow, and may ask.
struct Asks<'a>(&'a Pool, &'a Limit, &'a ManualClock);

impl Write for Asks<'_> {
    fn write_str(&mut self, _: &str) -> fmt::Result {
        let _ = (self.0.queue_len(), self.1.try_start(), self.2.now());
        Ok(())
    }
}

#[test]
fn nothing_is_printed_under_a_lock() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 1).unwrap());
    let clock = ManualClock::at(Instant::now());
    let limit = Limit::builder(1, Duration::from_secs(1)).clock(&clock);
    let limit = limit.build().unwrap();
    let group = pool.group();
    let mut asks = Asks(&pool, &limit, &clock);
    write!(asks, "{group:?} {pool:?} {limit:?} {clock:?}").unwrap();
}
