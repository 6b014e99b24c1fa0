//! What was written for v1 compiles and passes on v3, unchanged: its examples and its tests.

#![allow(
    clippy::duplicate_mod,
    reason = "each test file brings its own `common`, as it does at home"
)]

// Inside this crate, who says `v1_fixed` gets v3.
extern crate v3_dynamic as v1_fixed;

#[path = "../../v1-fixed/tests/on_a_worker.rs"]
mod on_a_worker;
#[path = "on_later/v1.rs"]
mod v1;

/// The alias works: only a later version has limits.
#[test]
fn this_is_v3() {
    let pool = v1_fixed::Pool::new(1, 1).unwrap();
    assert_eq!(pool.limits(), 1..=1);
}
