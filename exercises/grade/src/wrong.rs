//! Wrong pools: the small one in `exercises/wrong`, or a version, with an edit.
//!
//! A file names the law that refuses it, the version if there is one, says what is wrong, and has
//! what is to be replaced, with the file of the version:
//!
//! ```text
//! refused by: shrinks_when_idle
//! of: v3-dynamic
//!
//! The wait for a task has no end.
//!
//! <<<< src/workers/idle.rs
//! these lines
//! ====
//! by those
//! >>>>
//! ```

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::{Edits, exercises, repository};

/// A wrong pool.
#[derive(Debug)]
pub struct Wrong {
    /// Its file's, without the ending. It begins with the number of the stage that it fails.
    pub name: String,
    /// The law that refuses it.
    pub law: String,
    /// The folder of the version of which it is an edit.
    version: Option<String>,
    edits: Edits,
}

fn folder() -> PathBuf {
    exercises().join("wrong")
}

impl Wrong {
    /// All of them, by name.
    ///
    /// # Errors
    ///
    /// If one cannot be read.
    pub fn all() -> Result<Vec<Wrong>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder())? {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == "edit") {
                let name = path.file_stem().unwrap_or_default();
                names.push(name.to_string_lossy().into_owned());
            }
        }
        names.sort();
        names.iter().map(|name| Wrong::named(name)).collect()
    }

    /// Whether there is one of this name.
    pub(crate) fn exists(name: &str) -> bool {
        let letter = |letter: char| letter.is_alphanumeric() || letter == '-';
        name.chars().all(letter) && file(name).exists()
    }

    /// The one of this name.
    ///
    /// # Errors
    ///
    /// If there is none, or its file is not as it should be.
    pub fn named(name: &str) -> Result<Wrong> {
        let text =
            fs::read_to_string(file(name)).with_context(|| file(name).display().to_string())?;
        let said = |key: &str| text.lines().find_map(|line| line.strip_prefix(key));
        let law = said("refused by: ").with_context(|| format!("{name} names no law"))?;
        Ok(Wrong {
            name: name.to_owned(),
            law: law.to_owned(),
            version: said("of: ").map(str::to_owned),
            edits: Edits::read(&text).with_context(|| name.to_owned())?,
        })
    }

    /// Writes it into a folder.
    ///
    /// # Errors
    ///
    /// If what is to be replaced is not there exactly once, or something cannot be written.
    pub fn write(&self, below: &Path) -> Result<()> {
        if let Some(version) = &self.version {
            copy_version(version, below)?;
        } else {
            fs::create_dir_all(below)?;
            fs::copy(folder().join("base.rs"), below.join("lib.rs"))?;
        }
        let applied = if self.version.is_some() {
            self.edits.apply(below)
        } else {
            self.edits.apply_to(&below.join("lib.rs"))
        };
        applied.with_context(|| self.name.clone())
    }
}

/// A copy of a version that is a package of its own.
///
/// # Errors
///
/// If something cannot be read or written.
pub fn copy_version(version: &str, below: &Path) -> Result<()> {
    let from = repository().join(version);
    copy(&from.join("src"), &below.join("src"))?;
    // The crate's documentation includes it.
    fs::copy(from.join("README.md"), below.join("README.md"))?;
    let manifest = format!(
        "[package]\nname = \"{version}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\ncrossbeam-channel = \"0.5.17\"\nparking_lot = \"0.13\"\nthiserror = \"2\"\n"
    );
    Ok(fs::write(below.join("Cargo.toml"), manifest)?)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

fn file(name: &str) -> PathBuf {
    folder().join(format!("{name}.edit"))
}
