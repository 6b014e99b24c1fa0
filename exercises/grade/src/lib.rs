//! `cargo grade`: holds a pool to the laws, stage by stage.
//!
//! A pool is graded as it is: [`Package`] writes a small package that depends on it under the name
//! `pool`, and compiles the laws of each stage ([`stages`]) in a target of their own. So a stage of
//! which something is missing says what, and the others are graded. [`Law`](stages::Law)s run in
//! processes of their own ([`run`]), so one that hangs or aborts costs nothing but its time.
//! [`Ladder`] puts it together.

#![forbid(unsafe_code)]

mod compiler;
mod edits;
mod explanation;
mod hints;
mod ladder;
mod models;
mod package;
pub mod run;
pub mod stages;
mod watch;
mod who;
mod wrong;

pub use compiler::{Built, Compiled};
pub use edits::Edits;
pub use explanation::{explain, from_the_root, observed, say, wrapped};
pub use hints::Hints;
pub use ladder::{Ladder, Rung};
pub use models::{is_modelled, search};
pub use package::Package;
pub use watch::on_each_change;
pub use who::Who;
pub use wrong::{Wrong, copy_version};

use std::path::{Path, PathBuf};

/// The folder `exercises`.
#[must_use]
pub fn exercises() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}

/// The folder in which everything is.
#[must_use]
pub fn repository() -> PathBuf {
    let exercises = exercises();
    exercises.parent().unwrap_or(&exercises).to_owned()
}

/// Where the grader puts what it makes.
#[must_use]
pub fn workshop() -> PathBuf {
    command::target_folder().join("grade")
}
