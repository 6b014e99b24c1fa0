//! What was written for v2 compiles and passes on v5, unchanged: its examples and its tests.
//!
//! Left out is `memory.rs`, which counts the allocations of its process: `v2_memory_on_v5.rs`,
//! and `on_a_worker.rs`: on a worker of v5 there is always a place.

#![allow(
    clippy::duplicate_mod,
    reason = "each test file brings its own `common`, as it does at home"
)]

// Inside this crate, who says `v2_cancel_panic` gets v5.
extern crate v5_futures as v2_cancel_panic;

#[path = "../../v2-cancel-panic/tests/building.rs"]
mod building;
#[path = "../../v2-cancel-panic/tests/cancelling.rs"]
mod cancelling;
#[path = "../../v2-cancel-panic/tests/panics.rs"]
mod panics;
#[path = "../../v2-cancel-panic/tests/programs.rs"]
mod programs;
#[path = "../../v2-cancel-panic/tests/stopping.rs"]
mod stopping;
#[path = "../../v2-cancel-panic/tests/tokens.rs"]
mod tokens;

/// The alias works: only v5 gives results back.
#[test]
fn this_is_v5() {
    let pool = v2_cancel_panic::Pool::new(1, 1).unwrap();
    assert_eq!(pool.spawn(|| 42).unwrap().join().unwrap(), 42);
}
