//! The folder that holds the book and the crates that it tells of.

use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

/// The files that directives may name.
#[derive(Clone, Debug)]
pub struct Repository {
    root: PathBuf,
    book: PathBuf,
}

impl Repository {
    /// The repository of the book in this folder: the folder above it.
    ///
    /// # Errors
    ///
    /// If there is none above it.
    pub fn around(book: &Path) -> Result<Repository> {
        let book = book
            .canonicalize()
            .with_context(|| format!("{} cannot be opened", book.display()))?;
        let root = book.parent().context("the book has no folder above it")?;
        Ok(Repository {
            root: root.to_owned(),
            book: book.clone(),
        })
    }

    /// The folder of the book.
    #[must_use]
    pub fn book(&self) -> &Path {
        &self.book
    }

    /// The root, above the book.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The name of the book's folder, as paths of the repository begin with it.
    pub(crate) fn book_name(&self) -> &Path {
        Path::new(self.book.file_name().unwrap_or_default())
    }

    /// The place of a file or folder that is named relative to the root.
    pub(crate) fn path(&self, name: &str) -> Result<PathBuf> {
        let plain = |part| matches!(part, Component::Normal(_));
        ensure!(
            !name.is_empty() && Path::new(name).components().all(plain),
            "`{name}` is not a path below the root of the repository"
        );
        Ok(self.root.join(name))
    }

    /// The text of a file that is named relative to the root.
    pub(crate) fn read(&self, name: &str) -> Result<String> {
        let path = self.path(name)?;
        if path.is_dir() {
            bail!("{name} is a folder");
        }
        let text = fs::read_to_string(path).with_context(|| format!("{name} cannot be read"))?;
        // Whether git checks out CRLF must not change the pages.
        Ok(text.replace("\r\n", "\n"))
    }

    /// The text of a JSON file of the book, such as `traces/NAME.json`, and how to call it.
    pub(crate) fn recorded(&self, folder: &str, name: &str) -> Result<(String, String)> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        ensure!(
            !name.is_empty() && name.chars().all(allowed),
            "`{name}` is not a name of letters, digits, `-` and `_`"
        );
        let file = format!("{}/{folder}/{name}.json", self.book_name().display());
        Ok((self.read(&file)?, file))
    }

    /// The files below a folder, relative to it, in alphabetical order, with `/` in between.
    pub(crate) fn files(&self, folder: &str) -> Result<Vec<String>> {
        let mut files = Vec::new();
        let mut folders = vec![(self.path(folder)?, String::new())];
        while let Some((path, prefix)) = folders.pop() {
            let entries =
                fs::read_dir(&path).with_context(|| format!("{folder} cannot be listed"))?;
            for entry in entries {
                let entry = entry?;
                let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
                if entry.path().is_dir() {
                    folders.push((entry.path(), format!("{name}/")));
                } else {
                    files.push(name);
                }
            }
        }
        files.sort();
        Ok(files)
    }
}
