//! A test of v3 on v5, in a process of its own: it counts what the process allocates.

// Inside this crate, who says `v3_dynamic` gets v5.
extern crate v5_futures as v3_dynamic;

#[path = "../../v3-dynamic/tests/memory.rs"]
mod memory;
