//! Searches for a schedule that breaks somebody's pool, and tells it with their own lines.
//!
//! A [`Workshop`] has a copy of the pool's sources, to be compiled against the facades in `model`:
//! a package whose `std`, `parking_lot` and `crossbeam-channel` are others under the same names.
//! [`Workshop::compile`] makes a program of each stage's scenarios, which are in
//! `exercises/models`; what a stage needs and the pool does not have is told, and the other stages
//! are searched. [`Program::search`] tries one scenario on many schedules, in a process of its own,
//! and comes back with a [`Story`] if one of them breaks the pool.
//!
//! [`grade`] does all of it, and prints.

#![forbid(unsafe_code)]

mod compiler;
mod grade;
mod manifest;
mod program;
mod sources;
mod story;
mod workshop;

pub use compiler::{Built, Compiled};
pub use grade::{Outcome, grade};
pub use program::{Limits, Program, Scenario, Verdict};
pub use story::Story;
pub use workshop::Workshop;

use std::path::{Path, PathBuf};

/// The stages that have scenarios.
pub const STAGES: [usize; 7] = [1, 2, 3, 4, 5, 6, 7];

/// The folder in which everything is.
#[must_use]
pub fn repository() -> PathBuf {
    museum::repository()
}

fn exercises() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}
