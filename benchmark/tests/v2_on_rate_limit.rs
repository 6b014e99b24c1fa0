//! What was written for v2 compiles and passes on the rate-limit branch, unchanged: its examples
//! and its tests.
//!
//! Left out is `memory.rs`, which counts the allocations of its process
//! (`v2_memory_on_rate_limit.rs`).

#![allow(
    clippy::duplicate_mod,
    reason = "each test file brings its own `common`, as it does at home"
)]

// Inside this crate, who says `v2_cancel_panic` gets the branch.
extern crate rate_limit as v2_cancel_panic;

#[path = "../../v2-cancel-panic/tests/blocked_submitter.rs"]
mod blocked_submitter;
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

/// The alias works: only the branch has limits.
#[test]
fn this_is_the_rate_limit_branch() {
    let limit = v2_cancel_panic::Limit::builder(1, std::time::Duration::from_secs(1)).build();
    assert!(limit.unwrap().try_start());
}
