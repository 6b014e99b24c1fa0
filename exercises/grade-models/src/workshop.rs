//! Where a pool is compiled against the facades.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::{manifest, repository, sources};

/// Packages that were written for somebody's pool.
#[derive(Clone, Debug)]
pub struct Workshop {
    /// What the pool is called, in the names of packages as well.
    pub name: String,
    /// The root of the pool's sources, of which there is a copy here.
    pub pool: PathBuf,
    folder: PathBuf,
    target: PathBuf,
}

impl Workshop {
    /// Writes a workspace in `folder/NAME` for the pool with this `lib.rs`. What is as it should be
    /// is not touched. All workshops in a folder share what cargo makes of the facades.
    ///
    /// # Errors
    ///
    /// If something cannot be read or written.
    pub fn new(name: &str, pool: &Path, folder: &Path) -> Result<Workshop> {
        let is_root = pool.is_file() && pool.ends_with("lib.rs");
        ensure!(is_root, "{} is no lib.rs of a pool", pool.display());
        let workshop = Workshop {
            name: name.to_owned(),
            pool: pool.to_owned(),
            folder: folder.join(name),
            target: folder.join("target"),
        };
        let root = repository().join("Cargo.toml");
        let root = fs::read_to_string(&root).with_context(|| root.display().to_string())?;
        let write = |path: &str, text: &str| sources::write(&workshop.folder.join(path), text);
        write("Cargo.toml", &manifest::workspace(&root))?;
        write("pool/Cargo.toml", &manifest::pool(name))?;
        write("scenarios/Cargo.toml", &manifest::scenarios(name))?;
        // The facades are compiled with what they are tested with.
        let lock = workshop.folder.join("Cargo.lock");
        if !lock.exists() {
            fs::copy(repository().join("Cargo.lock"), lock).context("Cargo.lock")?;
        }
        let copy = workshop.copy();
        fs::create_dir_all(&copy)?;
        sources::copy(pool, &copy)?;
        Ok(workshop)
    }

    /// The copy of the pool's sources.
    pub(crate) fn copy(&self) -> PathBuf {
        self.folder.join("pool/src")
    }

    pub(crate) fn manifest(&self) -> PathBuf {
        self.folder.join("Cargo.toml")
    }

    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// Where a search leaves what it prints.
    pub(crate) fn output(&self, scenario: &str) -> PathBuf {
        self.folder.join(format!("{scenario}.txt"))
    }

    /// Where a path of the compiler or of a model is, with its line: in the pool's own sources, in
    /// the scenarios, or of no interest. In words, and as a file.
    pub(crate) fn find(&self, path: &str) -> Option<(String, PathBuf)> {
        let path = museum::without_parents(path);
        if let Some((_, file)) = path.split_once("pool/src/") {
            let own = sources::folder(&self.pool).ok()?.join(file);
            return Some((format!("src/{file}"), own));
        }
        let (_, file) = path.split_once("exercises/models/")?;
        let own = repository().join("exercises/models").join(file);
        Some((format!("exercises/models/{file}"), own))
    }
}
