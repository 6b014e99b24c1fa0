//! What was written for v1 compiles and passes on the rate-limit branch, unchanged: its examples
//! and its tests.

#![allow(
    clippy::duplicate_mod,
    reason = "each test file brings its own `common`, as it does at home"
)]

// Inside this crate, who says `v1_fixed` gets the branch.
extern crate rate_limit as v1_fixed;

#[path = "../../v1-fixed/tests/blocked_submitter.rs"]
mod blocked_submitter;
#[path = "../../v1-fixed/tests/on_a_worker.rs"]
mod on_a_worker;
#[path = "on_later/v1.rs"]
mod v1;

/// The alias works: only the branch has limits.
#[test]
fn this_is_the_rate_limit_branch() {
    let limit = v1_fixed::Limit::builder(1, std::time::Duration::from_secs(1)).build();
    assert!(limit.unwrap().try_start());
}
