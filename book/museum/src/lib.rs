//! The bug museum: bugs of real pools, planted in copies of the versions, and what catches them.
//!
//! An exhibit is a file in `exhibits/VERSION`: what the bug is called, which law it breaks, what
//! catches it, who had it, the story, and the patch that plants it. [`Exhibit`] reads it. A
//! [`Copy`](struct@Copy) of the workspace is where it is planted, [`Copy::trial`] asks a model, a
//! law or a test whether it finds it, and a [`Record`] keeps the answers for the book. [`Laws`]
//! says which law every test holds.

mod catcher;
mod copy;
mod exhibit;
mod laws;
mod record;
mod schedule;
mod sources;
mod stress;
mod summary;
mod trial;

pub use catcher::Catcher;
pub use copy::Copy;
pub use exhibit::{BRANCHES, Exhibit, LAWS, VERSIONS, all_versions, ancestry, folder, short};
pub use laws::{Cell, Evidence, Laws, Row};
pub use record::{Catch, DEADLINE, LawRun, Record, Search, Stress};
use schedule::schedule;
pub use schedule::{Step, end_of, steps};
pub use summary::{Numbers, Summary};
pub use trial::{Trial, Verdict};

use std::path::{Path, PathBuf};

/// The root of the repository.
#[must_use]
pub fn repository() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    root.map(Path::to_owned).unwrap_or_default()
}

/// A path without its `..`: `model/v1/../../v1-fixed/src` is `v1-fixed/src`.
#[must_use]
pub fn without_parents(path: &str) -> String {
    let mut steps: Vec<&str> = Vec::new();
    for step in path.split(['/', '\\']) {
        match step {
            ".." => drop(steps.pop()),
            step => steps.push(step),
        }
    }
    steps.join("/")
}
