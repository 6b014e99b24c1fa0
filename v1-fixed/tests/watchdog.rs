//! The watchdog of the tests: it ends a test that hangs, with its name and the state of its pool.

mod common;

use std::time::Duration;

use common::{Gate, Watchdog};
use v1_fixed::Pool;

#[cfg(unix)]
#[test]
fn a_test_that_hangs_ends_with_its_name_and_the_state_of_its_pool() {
    if common::is_child() {
        let watchdog = Watchdog::with_limit(Duration::from_millis(50));
        let pool = watchdog.watch(Pool::new(1, 4).unwrap());
        let never = Gate::new();
        pool.execute(move || never.pass()).unwrap();
        pool.wait_idle();
        return;
    }
    let test = "a_test_that_hangs_ends_with_its_name_and_the_state_of_its_pool";
    let child = common::in_child(test, "ulimit -c 0");
    let printed = String::from_utf8_lossy(&child.stderr);
    assert_eq!(child.status.code(), None, "ended by a signal: {child:?}");
    assert!(printed.contains("watchdog: "), "{printed}");
    assert!(printed.contains(" hangs"), "{printed}");
    assert!(printed.contains("queue_capacity: 4"), "{printed}");
}
