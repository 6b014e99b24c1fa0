//! An attack on the rule that no code of a user runs under a lock of the pool.

mod common;

use std::fmt::{self, Write};

use common::Watchdog;
use priority::Pool;

/// A writer that uses the pool while a group of it is printed.
struct Asks<'pool>(&'pool Pool);

impl Write for Asks<'_> {
    fn write_str(&mut self, _: &str) -> fmt::Result {
        let _ = self.0.queue_len();
        Ok(())
    }
}

/// The `Debug` of a group prints the queue, and holds its lock until the writer has returned. A
/// writer that waits for its output stops all workers that long, and one that asks the pool hangs.
#[test]
#[ignore = "hangs: the derived `Debug` of `Group` writes under the locks of the pool"]
fn a_group_is_printed_without_a_lock_of_its_pool() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 1).unwrap());
    let group = pool.group();
    write!(Asks(&pool), "{group:?}").unwrap();
}
