//! Wrong pools: the small one in `exercises/wrong`, with an edit.
//!
//! A file names the law that refuses it, says what is wrong, and has what is to be replaced:
//!
//! ```text
//! refused by: bounded
//!
//! The queue takes everything.
//!
//! <<<<
//! these lines
//! ====
//! by those
//! >>>>
//! ```

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::exercises;

/// A wrong pool.
#[derive(Debug)]
pub struct Wrong {
    /// Its file's, without the ending. It begins with the number of the stage that it fails.
    pub name: String,
    /// The law that refuses it.
    pub law: String,
    edits: Vec<(String, String)>,
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
        let law = text
            .lines()
            .find_map(|line| line.strip_prefix("refused by: "));
        let law = law.with_context(|| format!("{name} names no law"))?;
        let edits = text.split("\n<<<<\n").skip(1).map(|edit| {
            let (edit, _) = edit.split_once(">>>>")?;
            let (old, new) = edit.split_once("====\n")?;
            Some((old.to_owned(), new.to_owned()))
        });
        let edits: Option<Vec<_>> = edits.collect();
        Ok(Wrong {
            name: name.to_owned(),
            law: law.to_owned(),
            edits: edits.with_context(|| format!("an edit of {name} does not end"))?,
        })
    }

    /// Writes its source below a folder.
    ///
    /// # Errors
    ///
    /// If what is to be replaced is not there exactly once, or something cannot be written.
    pub fn write(&self, below: &Path) -> Result<PathBuf> {
        let mut text = fs::read_to_string(folder().join("base.rs"))?;
        for (old, new) in &self.edits {
            let times = text.matches(old).count();
            ensure!(
                times == 1,
                "{}: this is {times} times there:\n{old}",
                self.name
            );
            text = text.replace(old, new);
        }
        fs::create_dir_all(below)?;
        let path = below.join("lib.rs");
        if fs::read_to_string(&path).is_ok_and(|before| before == text) {
            return Ok(path);
        }
        fs::write(&path, text)?;
        Ok(path)
    }
}

fn file(name: &str) -> PathBuf {
    folder().join(format!("{name}.edit"))
}
