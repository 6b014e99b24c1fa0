//! What was written for v3 compiles and passes on v5, unchanged: its examples and its tests.
//!
//! Left out is `memory.rs`, which counts the allocations of its process: `v3_memory_on_v5.rs`. And
//! so is `one_instant.rs`: the counts of v5 are of several instants, as those of v4.

#![allow(
    clippy::duplicate_mod,
    reason = "each test file brings its own `common`, as it does at home"
)]

// Inside this crate, who says `v3_dynamic` gets v5.
extern crate v5_futures as v3_dynamic;

#[path = "../../v3-dynamic/tests/asking.rs"]
mod asking;
#[path = "../../v3-dynamic/tests/calling_back.rs"]
mod calling_back;
#[path = "../../v3-dynamic/tests/counting.rs"]
mod counting;
#[path = "../../v3-dynamic/tests/growing.rs"]
mod growing;
#[path = "../../v3-dynamic/tests/policies.rs"]
mod policies;
#[path = "../../v3-dynamic/tests/printing.rs"]
mod printing;
#[path = "../../v3-dynamic/tests/programs.rs"]
mod programs;
#[path = "../../v3-dynamic/tests/resizing.rs"]
mod resizing;
#[path = "../../v3-dynamic/tests/shrinking.rs"]
mod shrinking;

/// The alias works: only v5 gives results back.
#[test]
fn this_is_v5() {
    let pool = v3_dynamic::Pool::new(1, 1).unwrap();
    assert_eq!(pool.spawn(|| 42).unwrap().join().unwrap(), 42);
}
