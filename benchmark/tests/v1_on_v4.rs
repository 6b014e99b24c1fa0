//! What was written for v1 compiles and passes on v4, unchanged: its examples and its tests.
//!
//! Left out is `on_a_worker.rs`: on a worker of v4 there is always a place.

#![allow(
    clippy::duplicate_mod,
    reason = "each test file brings its own `common`, as it does at home"
)]

// Inside this crate, who says `v1_fixed` gets v4.
extern crate v4_dedicated_queues as v1_fixed;

#[path = "on_later/v1.rs"]
mod v1;

/// The alias works: only a later version counts what is stolen.
#[test]
fn this_is_v4() {
    let pool = v1_fixed::Pool::new(1, 1).unwrap();
    assert_eq!(pool.stats().stolen, 0);
}
