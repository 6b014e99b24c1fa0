//! What was written for v1 compiles and passes on v5, unchanged: its examples and its tests.
//!
//! Left out is `on_a_worker.rs`: on a worker of v5 there is always a place.

#![allow(
    clippy::duplicate_mod,
    reason = "each test file brings its own `common`, as it does at home"
)]

// Inside this crate, who says `v1_fixed` gets v5.
extern crate v5_futures as v1_fixed;

#[path = "on_later/v1.rs"]
mod v1;

/// The alias works: only v5 gives results back.
#[test]
fn this_is_v5() {
    let pool = v1_fixed::Pool::new(1, 1).unwrap();
    assert_eq!(pool.spawn(|| 42).unwrap().join().unwrap(), 42);
}
