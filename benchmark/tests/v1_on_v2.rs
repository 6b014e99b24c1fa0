//! What was written for v1 compiles and passes on v2, unchanged: its examples and its tests.
//!
//! Left out is `panicking.rs`, which shows what v1 does not promise and v2 does.

#![allow(
    clippy::duplicate_mod,
    reason = "each test file brings its own `common`, as it does at home"
)]

// Inside this crate, who says `v1_fixed` gets v2.
extern crate v2_cancel_panic as v1_fixed;

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

/// The alias works: only v2 has a builder.
#[test]
fn this_is_v2() {
    v1_fixed::Pool::builder().build().unwrap().shutdown();
}
