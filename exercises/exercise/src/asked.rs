//! What is asked: the file `task.md` of an exercise.
//!
//! ```text
//! title: A submitter that insists
//! chapter: versions/v1-fixed.md
//! of: v1-fixed
//! file: src/pool.rs
//!
//! The question, in Markdown.
//!
//! ## Hint
//!
//! The first hint, and so on.
//! ```

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use grade::{exercises, repository};

/// An exercise.
#[derive(Clone, Debug)]
pub struct Exercise {
    /// Its folder's.
    pub name: String,
    /// What is built.
    pub title: String,
    /// The chapter that it belongs to, in `book/src`.
    pub chapter: String,
    /// The folder of the version that is copied.
    pub version: String,
    /// Where in the copy the work begins.
    pub file: String,
    /// What is asked.
    pub question: String,
    /// One after another.
    pub hints: Vec<String>,
}

impl Exercise {
    /// The names of all, in the order of their chapters.
    ///
    /// # Errors
    ///
    /// If one cannot be read.
    pub fn names() -> Result<Vec<String>> {
        Ok(Exercise::all()?.into_iter().map(|one| one.name).collect())
    }

    /// All of them, in the order of their chapters.
    ///
    /// # Errors
    ///
    /// If one cannot be read.
    pub fn all() -> Result<Vec<Exercise>> {
        let mut all = Vec::new();
        for entry in fs::read_dir(small())? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if small().join(&name).join("task.md").exists() {
                all.push(Exercise::named(&name)?);
            }
        }
        let summary = fs::read_to_string(repository().join("book/src/SUMMARY.md"))?;
        all.sort_by_key(|one| (summary.find(&one.chapter), one.name.clone()));
        Ok(all)
    }

    /// The one of this name.
    ///
    /// # Errors
    ///
    /// If there is none, or its file is not as it should be.
    pub fn named(name: &str) -> Result<Exercise> {
        let file = small().join(name).join("task.md");
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let (head, text) = text.split_once("\n\n").context("a task has a question")?;
        let said = |key: &str| {
            let said = head.lines().find_map(|line| line.strip_prefix(key));
            let said = said.with_context(|| format!("{} has no '{key}'", file.display()))?;
            Ok::<String, anyhow::Error>(said.trim().to_owned())
        };
        let mut parts = text.split("\n## Hint\n").map(|part| part.trim().to_owned());
        Ok(Exercise {
            name: name.to_owned(),
            title: said("title:")?,
            chapter: said("chapter:")?,
            version: said("of:")?,
            file: said("file:")?,
            question: parts.next().unwrap_or_default(),
            hints: parts.collect(),
        })
    }

    /// Where it is.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        small().join(&self.name)
    }

    /// Its chapter's title.
    #[must_use]
    pub fn chapter_title(&self) -> String {
        let text = fs::read_to_string(repository().join("book/src").join(&self.chapter));
        let text = text.unwrap_or_default();
        let heading = text.lines().find_map(|line| line.strip_prefix("# "));
        // What follows is the heading's address.
        let title = heading.and_then(|heading| heading.split(" {#").next());
        title.unwrap_or(&self.chapter).to_owned()
    }
}

fn small() -> PathBuf {
    exercises().join("small")
}
