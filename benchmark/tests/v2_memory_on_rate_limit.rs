//! A test of v2 on the rate-limit branch, in a process of its own: it counts what the process
//! allocates.

// Inside this crate, who says `v2_cancel_panic` gets the branch.
extern crate rate_limit as v2_cancel_panic;

#[path = "../../v2-cancel-panic/tests/memory.rs"]
mod memory;
