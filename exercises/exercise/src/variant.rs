//! What can be made of the copied version: the starter, the solution, and what is wrong.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use grade::Edits;

use crate::Exercise;

/// An edit of an exercise. That of the starter is applied to the version, the others to the
/// starter.
#[derive(Debug)]
pub struct Variant {
    /// Its file's, without the ending: `starter`, `solution`, `wrong-` and in what.
    pub name: String,
    /// What is said about it.
    pub story: String,
    /// The test that refuses it, if it is wrong.
    pub refused_by: Option<String>,
    /// How that test ends: `fails`, `hangs` or `dies`. `fails or hangs`, if it depends.
    pub verdict: String,
    edits: Edits,
}

impl Variant {
    /// The one of this name.
    ///
    /// # Errors
    ///
    /// If there is none, or its file is not as it should be.
    pub fn named(exercise: &Exercise, name: &str) -> Result<Variant> {
        let file = exercise.folder().join(format!("{name}.edit"));
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let edits = Edits::read(&text).with_context(|| file.display().to_string())?;
        let (before, _) = text.split_once("\n<<<<").unwrap_or((&text, ""));
        let said = |key: &str| before.lines().find_map(|line| line.strip_prefix(key));
        let keys = ["refused by: ", "verdict: "];
        let is_story = |line: &&str| !keys.iter().any(|key| line.starts_with(key));
        let story: Vec<&str> = before.lines().filter(is_story).collect();
        Ok(Variant {
            name: name.to_owned(),
            story: story.join("\n").trim().to_owned(),
            refused_by: said(keys[0]).map(str::to_owned),
            verdict: said(keys[1]).unwrap_or("fails").to_owned(),
            edits,
        })
    }

    /// All that is wrong.
    ///
    /// # Errors
    ///
    /// If one cannot be read.
    pub fn wrong(exercise: &Exercise) -> Result<Vec<Variant>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(exercise.folder())? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if let Some(name) = name.strip_suffix(".edit") {
                names.extend(name.starts_with("wrong-").then(|| name.to_owned()));
            }
        }
        names.sort();
        let mut wrong = names.iter();
        wrong.try_fold(Vec::new(), |mut all, name| {
            all.push(Variant::named(exercise, name)?);
            Ok(all)
        })
    }

    /// Writes a copy of the version with it into a folder.
    ///
    /// # Errors
    ///
    /// If what is to be replaced is not there exactly once, or something cannot be written.
    pub fn write(&self, exercise: &Exercise, below: &Path) -> Result<()> {
        let faults = || format!("{}: {}", exercise.name, self.name);
        grade::copy_version(&exercise.version, below)?;
        if self.name != "starter" {
            let starter = Variant::named(exercise, "starter")?;
            starter.edits.apply(below).with_context(faults)?;
        }
        self.edits.apply(below).with_context(faults)
    }

    /// What it changes, as a diff shows it.
    #[must_use]
    pub fn diff(&self) -> Vec<String> {
        self.edits.diff()
    }
}
