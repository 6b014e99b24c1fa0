//! What was written for v2 compiles and passes on v3, unchanged: its examples and its tests.
//!
//! Left out are `memory.rs`, which counts the allocations of its process (`v2_memory_on_v3.rs`),
//! and `blocked_submitter.rs`: v3 counts a task when it is accepted.

#![allow(
    clippy::duplicate_mod,
    reason = "each test file brings its own `common`, as it does at home"
)]

// Inside this crate, who says `v2_cancel_panic` gets v3.
extern crate v3_dynamic as v2_cancel_panic;

#[path = "../../v2-cancel-panic/tests/building.rs"]
mod building;
#[path = "../../v2-cancel-panic/tests/cancelling.rs"]
mod cancelling;
#[path = "../../v2-cancel-panic/tests/on_a_worker.rs"]
mod on_a_worker;
#[path = "../../v2-cancel-panic/tests/panics.rs"]
mod panics;
#[path = "../../v2-cancel-panic/tests/programs.rs"]
mod programs;
#[path = "../../v2-cancel-panic/tests/stopping.rs"]
mod stopping;
#[path = "../../v2-cancel-panic/tests/tokens.rs"]
mod tokens;

/// The alias works: only v3 has limits.
#[test]
fn this_is_v3() {
    let pool = v2_cancel_panic::Pool::new(1, 1).unwrap();
    assert_eq!(pool.limits(), 1..=1);
}
