//! A test of v4 on v5, in a process of its own: it counts what the process allocates.

// Inside this crate, who says `v4_dedicated_queues` gets v5.
extern crate v5_futures as v4_dedicated_queues;

#[path = "../../v4-dedicated-queues/tests/memory.rs"]
mod memory;
