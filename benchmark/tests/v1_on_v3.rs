//! What was written for v1 compiles and passes on v3, unchanged: its examples and its tests.
//!
//! Left out is `panicking.rs`, which shows what v1 does not promise and later versions do.

#![allow(
    clippy::duplicate_mod,
    reason = "each test file brings its own `common`, as it does at home"
)]

// Inside this crate, who says `v1_fixed` gets v3.
extern crate v3_dynamic as v1_fixed;

#[path = "../../v1-fixed/tests/bad_input.rs"]
mod bad_input;
#[path = "../../v1-fixed/tests/programs.rs"]
mod programs;
#[path = "../../v1-fixed/tests/stopping.rs"]
mod stopping;
#[path = "../../v1-fixed/tests/submitting.rs"]
mod submitting;
#[path = "../../v1-fixed/tests/waiting.rs"]
mod waiting;
#[path = "../../v1-fixed/tests/watchdog.rs"]
mod watchdog;

/// The alias works: only a later version has limits.
#[test]
fn this_is_v3() {
    let pool = v1_fixed::Pool::new(1, 1).unwrap();
    assert_eq!(pool.limits(), 1..=1);
}
