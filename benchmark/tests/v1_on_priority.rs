//! What was written for v1 compiles and passes on the priority branch, unchanged: its examples and
//! its tests.

#![allow(
    clippy::duplicate_mod,
    reason = "each test file brings its own `common`, as it does at home"
)]

// Inside this crate, who says `v1_fixed` gets the branch.
extern crate priority as v1_fixed;

#[path = "../../v1-fixed/tests/blocked_submitter.rs"]
mod blocked_submitter;
#[path = "../../v1-fixed/tests/on_a_worker.rs"]
mod on_a_worker;
#[path = "on_later/v1.rs"]
mod v1;

/// The alias works: only the branch has levels.
#[test]
fn this_is_the_priority_branch() {
    let task = v1_fixed::Task::from(|| ());
    assert_eq!(task.priority(), v1_fixed::Priority::Normal);
}
