//! The search for a schedule that breaks a pool.

use std::io::Write;

use anyhow::Result;
use grade_models::{Limits, Outcome, STAGES, Workshop};

use crate::stages::Stage;
use crate::who::{Crate, Who};
use crate::workshop;

/// Whether there is something to search in a stage.
#[must_use]
pub fn is_modelled(stage: &Stage) -> bool {
    STAGES.contains(&stage.number)
}

/// Compiles somebody's pool against the facades of the models, and searches for a schedule that
/// breaks it, in one stage or in all that have scenarios. Whether there is none.
///
/// # Errors
///
/// If something cannot be read, written or started.
pub fn search(who: &Who, stage: Option<usize>, out: &mut dyn Write) -> Result<bool> {
    let root = match &who.crate_ {
        Crate::Package(_) => who.folder.join("src/lib.rs"),
        Crate::File(file) => file.clone(),
    };
    let stages = stage.map_or(STAGES.to_vec(), |stage| vec![stage]);
    let models = Workshop::new(&who.name, &root, &workshop().join("models"))?;
    let outcome = grade_models::grade(&models, &stages, Limits::default(), out)?;
    Ok(matches!(outcome, Outcome::Held { .. }))
}
