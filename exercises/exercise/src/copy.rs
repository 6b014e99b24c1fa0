//! The reader's copy, in `exercises/work`, where git does not look.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use grade::exercises;

use crate::{Exercise, Variant};

/// See the module.
#[derive(Debug)]
pub struct ReadersCopy<'exercise> {
    exercise: &'exercise Exercise,
    /// Where it is, or will be.
    pub folder: PathBuf,
}

impl<'exercise> ReadersCopy<'exercise> {
    /// The copy of an exercise. It need not be there.
    #[must_use]
    pub fn of(exercise: &'exercise Exercise) -> ReadersCopy<'exercise> {
        let folder = exercises().join("work").join(&exercise.name);
        ReadersCopy { exercise, folder }
    }

    /// Whether it is there.
    #[must_use]
    pub fn is_started(&self) -> bool {
        self.folder.join("Cargo.toml").exists()
    }

    /// Whether all tests have passed, once.
    #[must_use]
    pub fn is_solved(&self) -> bool {
        self.note("solved").exists()
    }

    /// Makes it.
    ///
    /// # Errors
    ///
    /// If something cannot be written.
    pub fn start(&self) -> Result<()> {
        Variant::named(self.exercise, "starter")?.write(self.exercise, &self.folder)
    }

    /// Makes it anew. What was there is kept beside it, and what was kept there before is gone.
    ///
    /// # Errors
    ///
    /// If it has not been started, or something cannot be written.
    pub fn reset(&self) -> Result<PathBuf> {
        self.ensure_started()?;
        let before = self.folder.with_extension("before");
        if before.exists() {
            fs::remove_dir_all(&before).with_context(|| before.display().to_string())?;
        }
        fs::rename(&self.folder, &before).with_context(|| before.display().to_string())?;
        self.start()?;
        Ok(before)
    }

    /// # Errors
    ///
    /// If it is not there.
    pub fn ensure_started(&self) -> Result<()> {
        let name = &self.exercise.name;
        ensure!(
            self.is_started(),
            "'{name}' has not been started: `cargo exercise start {name}`"
        );
        Ok(())
    }

    /// Notes that all tests have passed.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn solve(&self) -> Result<()> {
        Ok(fs::write(self.note("solved"), "")?)
    }

    /// The next hint and its number, from 1 on. When all have been told, it begins again.
    ///
    /// # Errors
    ///
    /// If it cannot be noted which one is next.
    pub fn next_hint(&self) -> Result<Option<(usize, &'exercise str)>> {
        let hints = &self.exercise.hints;
        if hints.is_empty() {
            return Ok(None);
        }
        let told = fs::read_to_string(self.note("hints")).unwrap_or_default();
        let at = told.trim().parse::<usize>().unwrap_or(0) % hints.len();
        fs::write(self.note("hints"), (at + 1).to_string())?;
        Ok(Some((at + 1, &hints[at])))
    }

    /// A file of ours in it. The reader's are those that have no dot in front.
    fn note(&self, what: &str) -> PathBuf {
        self.folder.join(format!(".{what}"))
    }
}
