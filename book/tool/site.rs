//! Builds the pages.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result};
use mdbook_driver::MDBook;

use crate::preprocessor::PoolBook;
use crate::repository::Repository;

/// The book in this repository.
#[derive(Clone, Debug)]
pub struct Site {
    repository: Repository,
    pages: PathBuf,
}

impl Site {
    /// The pages of the book in the folder `book`, to be built in `pages`, or where `book.toml`
    /// says.
    ///
    /// # Errors
    ///
    /// If there is no such folder or no valid `book.toml` in it.
    pub fn new(book: &Path, pages: Option<PathBuf>) -> Result<Site> {
        let repository = Repository::around(book)?;
        let pages = match pages {
            Some(pages) => std::path::absolute(pages)?,
            None => {
                let configured = MDBook::load(repository.book())?.build_dir_for("html");
                fs::create_dir_all(&configured)?;
                configured.canonicalize()?
            }
        };
        Ok(Site { repository, pages })
    }

    /// The folder of the pages.
    #[must_use]
    pub fn pages(&self) -> &Path {
        &self.pages
    }

    /// Builds all pages anew.
    ///
    /// # Errors
    ///
    /// If a chapter cannot be read, if a directive cannot be expanded, or if a page cannot be
    /// written. In the first two cases the pages built before are still there.
    pub fn build(&self) -> Result<()> {
        let mut book = MDBook::load(self.repository.book())?;
        book.config.build.build_dir = self.pages.clone();
        // In the place of the command with the same name in `book.toml`.
        book.with_preprocessor(PoolBook);
        book.build()
    }

    /// A mark that changes when a file of the repository does: directives may name any of them.
    ///
    /// # Errors
    ///
    /// If a folder cannot be listed.
    pub fn stamp(&self) -> Result<Stamp> {
        let root = self.repository.book().parent();
        let mut stamp = Stamp {
            newest: SystemTime::UNIX_EPOCH,
            files: 0,
            bytes: 0,
        };
        let mut folders: Vec<PathBuf> = root.into_iter().map(Path::to_owned).collect();
        while let Some(folder) = folders.pop() {
            let entries = fs::read_dir(&folder)
                .with_context(|| format!("{} cannot be listed", folder.display()))?;
            for entry in entries {
                let entry = entry?;
                let name = entry.file_name();
                let skipped = name == "target" || name.to_string_lossy().starts_with('.');
                if skipped || entry.path() == self.pages {
                    continue;
                }
                // A file may be gone by now, as editors replace files.
                let Ok(about) = entry.metadata() else {
                    continue;
                };
                if about.is_dir() {
                    folders.push(entry.path());
                } else {
                    stamp.files += 1;
                    stamp.bytes += about.len();
                    stamp.newest = stamp.newest.max(about.modified()?);
                }
            }
        }
        Ok(stamp)
    }
}

/// The state of the repository: how many files there are, how long they are together, and when one
/// was last written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    newest: SystemTime,
    files: usize,
    bytes: u64,
}
