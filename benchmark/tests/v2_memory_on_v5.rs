//! A test of v2 on v5, in a process of its own: it counts what the process allocates.

// Inside this crate, who says `v2_cancel_panic` gets v5.
extern crate v5_futures as v2_cancel_panic;

#[path = "../../v2-cancel-panic/tests/memory.rs"]
mod memory;
