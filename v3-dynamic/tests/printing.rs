//! Whoever prints what a pool hands out holds no lock of it meanwhile.

mod common;

use std::fmt::{self, Write};

use common::Watchdog;
use v3_dynamic::Pool;

/// A writer that uses the pool while a group of it is printed.
struct Asks<'pool>(&'pool Pool);

impl Write for Asks<'_> {
    fn write_str(&mut self, _: &str) -> fmt::Result {
        let _ = self.0.queue_len();
        Ok(())
    }
}

/// A writer may be slow, and may ask the pool.
#[test]
fn a_group_is_printed_without_a_lock_of_its_pool() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 1).unwrap());
    let group = pool.group();
    write!(Asks(&pool), "{group:?}").unwrap();
}
