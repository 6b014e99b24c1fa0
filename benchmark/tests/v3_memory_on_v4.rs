//! A test of v3 on v4, in a process of its own: it counts what the process allocates.

// Inside this crate, who says `v3_dynamic` gets v4.
extern crate v4_dedicated_queues as v3_dynamic;

#[path = "../../v3-dynamic/tests/memory.rs"]
mod memory;
