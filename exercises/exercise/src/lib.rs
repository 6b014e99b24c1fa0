//! `cargo exercise`: something to change in a copy of a version.
//!
//! An exercise is a folder in `exercises/small`: what is asked ([`Exercise`]), tests, and edits.
//! One of them makes the starter of a copy of a version, one the solution of the starter, and
//! the others make something of it that the tests have to refuse ([`Variant`]). The reader's copy
//! is in `exercises/work`; [`check()`] runs the tests on it, each in a process of its own and with
//! a deadline, as `cargo grade` runs laws.

#![forbid(unsafe_code)]

mod asked;
mod check;
mod copy;
mod tests_file;
mod variant;

pub use asked::Exercise;
pub use check::{Checked, READERS, check};
pub use copy::ReadersCopy;
pub use tests_file::Test;
pub use variant::Variant;
