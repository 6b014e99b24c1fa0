//! The tests and the example of v1, for whichever version the crate calls `v1_fixed`.
//!
//! Left out is `panicking.rs`, which shows what v1 does not promise and later versions do.
//! `on_a_worker.rs` runs on those that refuse a worker's task when the queue is full, which is up
//! to v3, and `blocked_submitter.rs` on v2, which counts a task from its submission on as v1 does.

#[path = "../../../v1-fixed/tests/bad_input.rs"]
mod bad_input;
#[path = "../../../v1-fixed/tests/last_owner.rs"]
mod last_owner;
#[path = "../../../v1-fixed/tests/programs.rs"]
mod programs;
#[path = "../../../v1-fixed/tests/stopping.rs"]
mod stopping;
#[path = "../../../v1-fixed/tests/submitting.rs"]
mod submitting;
#[path = "../../../v1-fixed/tests/waiting.rs"]
mod waiting;
#[path = "../../../v1-fixed/tests/watchdog.rs"]
mod watchdog;
