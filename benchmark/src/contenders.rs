//! The pools, a file for each family.

pub mod inline;
pub mod ours;
