//! What was written for v4 compiles and passes on v5, unchanged: its examples and its tests.
//!
//! Left out is `memory.rs`, which counts the allocations of its process: `v4_memory_on_v5.rs`.

#![allow(
    clippy::duplicate_mod,
    reason = "each test file brings its own `common`, as it does at home"
)]

// Inside this crate, who says `v4_dedicated_queues` gets v5.
extern crate v5_futures as v4_dedicated_queues;

#[path = "../../v4-dedicated-queues/tests/bad_input.rs"]
mod bad_input;
#[path = "../../v4-dedicated-queues/tests/batches.rs"]
mod batches;
#[path = "../../v4-dedicated-queues/tests/counting.rs"]
mod counting;
#[path = "../../v4-dedicated-queues/tests/dispatching.rs"]
mod dispatching;
#[path = "../../v4-dedicated-queues/tests/nesting.rs"]
mod nesting;
#[path = "../../v4-dedicated-queues/tests/own_queues.rs"]
mod own_queues;
#[path = "../../v4-dedicated-queues/tests/places.rs"]
mod places;
#[path = "../../v4-dedicated-queues/tests/programs.rs"]
mod programs;
#[path = "../../v4-dedicated-queues/tests/random_pools.rs"]
mod random_pools;
#[path = "../../v4-dedicated-queues/tests/recycling.rs"]
mod recycling;
#[path = "../../v4-dedicated-queues/tests/retiring.rs"]
mod retiring;
#[path = "../../v4-dedicated-queues/tests/stealing.rs"]
mod stealing;
#[path = "../../v4-dedicated-queues/tests/waking.rs"]
mod waking;

/// The alias works: only v5 gives results back.
#[test]
fn this_is_v5() {
    let pool = v4_dedicated_queues::Pool::new(1, 1).unwrap();
    assert_eq!(pool.spawn(|| 42).unwrap().join().unwrap(), 42);
}
