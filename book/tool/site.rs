//! Builds the pages.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result, bail};
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
    /// The pages of the book in the folder `book`, to be built in `pages`, or in `book` within
    /// cargo's target folder. Whatever is there is replaced, if it is a built book.
    ///
    /// # Errors
    ///
    /// If there is no such book, or if `pages` is something else than a built book.
    pub fn new(book: &Path, pages: Option<PathBuf>) -> Result<Site> {
        let repository = Repository::around(book)?;
        let pages = pages.unwrap_or_else(|| command::target_folder().join("book"));
        if !is_replaceable(&pages)? {
            let pages = pages.display();
            bail!("{pages} is not a built book: name a folder that is empty or not there yet");
        }
        // If it is a link, what it leads to is replaced.
        let pages = pages
            .canonicalize()
            .or_else(|_| std::path::absolute(&pages))?;
        Ok(Site { repository, pages })
    }

    /// The folder of the pages.
    #[must_use]
    pub fn pages(&self) -> &Path {
        &self.pages
    }

    /// Builds all pages anew: beside the old ones, which they replace when they are whole. So a
    /// reader, and another build at the same time, sees all pages or none.
    ///
    /// # Errors
    ///
    /// If a chapter cannot be read, if a directive cannot be expanded, or if a page cannot be
    /// written. The pages built before are still there.
    pub fn build(&self) -> Result<()> {
        let beside = self
            .pages
            .parent()
            .context("a root is no place for pages")?;
        let written = || format!("{} cannot be written", self.pages.display());
        fs::create_dir_all(beside).with_context(written)?;
        let beside = tempfile::Builder::new()
            .prefix(".book-")
            .tempdir_in(beside)
            .with_context(written)?;
        let mut book = MDBook::load(self.repository.book())?;
        book.config.build.build_dir = beside.path().join("new");
        // In the place of the command with the same name in `book.toml`.
        book.with_preprocessor(PoolBook);
        book.build()?;
        replace(&self.pages, beside.path()).with_context(written)
    }

    /// A mark that changes when a file of the repository does: directives may name any of them.
    ///
    /// # Errors
    ///
    /// If a folder cannot be listed.
    pub fn stamp(&self) -> Result<Stamp> {
        let root = self.repository.book().parent();
        // It need not be called so.
        let target = command::target_folder();
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
                let skipped = name == "target"
                    || name == "node_modules"
                    || name.to_string_lossy().starts_with('.');
                if skipped || [&self.pages, &target].contains(&&entry.path()) {
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

/// Whether there is nothing, an empty folder, or pages that mdBook built.
fn is_replaceable(pages: &Path) -> Result<bool> {
    match fs::read_dir(pages) {
        Ok(mut entries) => Ok(entries.next().is_none() || pages.join(".nojekyll").exists()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error).with_context(|| format!("{} cannot be opened", pages.display())),
    }
}

/// Puts `beside/new` in the place of `pages`. A folder with something in it cannot be replaced in
/// one step, so the old pages are moved to `beside` first. Between the two steps, somebody else may
/// put pages of their own there: then these are old, too.
fn replace(pages: &Path, beside: &Path) -> io::Result<()> {
    // What it is called on Unix; elsewhere it has other names, too.
    let taken = [ErrorKind::DirectoryNotEmpty, ErrorKind::AlreadyExists];
    let mut attempt = 0;
    loop {
        match fs::rename(beside.join("new"), pages) {
            Err(error) if taken.contains(&error.kind()) || pages.exists() => {}
            result => return result,
        }
        attempt += 1;
        match fs::rename(pages, beside.join(format!("old-{attempt}"))) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn folders_that_replace_each_other_at_once_all_succeed() {
        let folder = tempfile::tempdir().unwrap();
        let pages = folder.path().join("pages");
        let swap = || {
            for _ in 0..100 {
                let beside = tempfile::tempdir_in(folder.path()).unwrap();
                fs::create_dir(beside.path().join("new")).unwrap();
                fs::write(beside.path().join("new/page"), "page").unwrap();
                replace(&pages, beside.path()).unwrap();
            }
        };
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(swap);
            }
        });
        assert_eq!(fs::read(pages.join("page")).unwrap(), b"page");
        let left = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 1, "only the pages are left");
    }
}
