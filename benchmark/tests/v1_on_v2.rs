//! What was written for v1 compiles and passes on v2, unchanged: its examples and its tests.

#![allow(
    clippy::duplicate_mod,
    reason = "each test file brings its own `common`, as it does at home"
)]

// Inside this crate, who says `v1_fixed` gets v2.
extern crate v2_cancel_panic as v1_fixed;

#[path = "../../v1-fixed/tests/blocked_submitter.rs"]
mod blocked_submitter;
#[path = "../../v1-fixed/tests/on_a_worker.rs"]
mod on_a_worker;
#[path = "on_later/v1.rs"]
mod v1;

/// The alias works: only a later version has a builder.
#[test]
fn this_is_v2() {
    let pool = v1_fixed::Pool::builder().build().unwrap();
    pool.shutdown();
}
