//! Whose pool is graded.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::wrong::Wrong;
use crate::{exercises, repository, workshop};

/// Somebody's pool.
#[derive(Clone, Debug)]
pub struct Who {
    /// What it is called, in the name of a package as well.
    pub name: String,
    /// What it is called in a sentence.
    pub title: String,
    /// Where its sources are.
    pub folder: PathBuf,
    /// How the package of the laws finds it.
    pub crate_: Crate,
}

/// A pool, as cargo sees it.
#[derive(Clone, Debug)]
pub enum Crate {
    /// A package, by its name.
    Package(String),
    /// A file without a package.
    File(PathBuf),
}

/// The versions that the book builds, and where they are.
const VERSIONS: [(&str, &str); 5] = [
    ("v1", "v1-fixed"),
    ("v2", "v2-cancel-panic"),
    ("v3", "v3-dynamic"),
    ("v4", "v4-dedicated-queues"),
    ("v5", "v5-futures"),
];

impl Who {
    /// The reader's own pool.
    ///
    /// # Errors
    ///
    /// If it is not there.
    pub fn reader() -> Result<Who> {
        Who::in_folder("yours", "your pool", &exercises().join("yours"))
    }

    /// `v1` to `v5`, `rust-book`, the name of a wrong pool, or a folder with a package or with a
    /// file `lib.rs`.
    ///
    /// # Errors
    ///
    /// If there is no such pool.
    pub fn named(name: &str) -> Result<Who> {
        if name == "yours" {
            return Who::reader();
        }
        if let Some((_, folder)) = VERSIONS.iter().find(|(short, _)| *short == name) {
            return Who::in_folder(name, name, &repository().join(folder));
        }
        if name == "rust-book" {
            let title = "the pool that you already have";
            return Who::in_folder(name, title, &exercises().join(name));
        }
        if Wrong::exists(name) {
            let called = format!("wrong-{name}");
            let below = workshop().join("sources").join(&called);
            Wrong::named(name)?.write(&below)?;
            return Who::in_folder(&called, name, &below);
        }
        let Ok(folder) = env::current_dir()?.join(name).canonicalize() else {
            bail!(
                "there is no pool '{name}': it is one of v1 to v5, rust-book, or a folder with a package"
            );
        };
        let last = folder.file_name().unwrap_or_default().to_string_lossy();
        let kept = |letter: char| {
            if letter.is_alphanumeric() {
                letter
            } else {
                '-'
            }
        };
        let called = last.to_lowercase().chars().map(kept).collect::<String>();
        Who::in_folder(&format!("at-{called}"), name, &folder)
    }

    fn in_folder(name: &str, title: &str, folder: &Path) -> Result<Who> {
        let manifest = folder.join("Cargo.toml");
        let crate_ = if manifest.exists() {
            let text = fs::read_to_string(&manifest)?;
            let package = package_name(&text);
            Crate::Package(
                package.with_context(|| format!("{} names no package", manifest.display()))?,
            )
        } else {
            let file = folder.join("lib.rs");
            if !file.exists() {
                bail!(
                    "there is neither a package nor a lib.rs in {}",
                    folder.display()
                );
            }
            Crate::File(file)
        };
        Ok(Who {
            name: name.to_owned(),
            title: title.to_owned(),
            folder: folder.to_owned(),
            crate_,
        })
    }

    /// Whether it is the pool that everybody has. It will not be built on, so all is asked of it
    /// that it can be asked, and for each law it is said who mends it.
    #[must_use]
    pub fn is_everybodys(&self) -> bool {
        self.name == "rust-book"
    }

    /// Whether it is the reader's own.
    #[must_use]
    pub fn is_reader(&self) -> bool {
        self.name == "yours"
    }
}

fn package_name(manifest: &str) -> Option<String> {
    let lines = manifest.lines().map(str::trim);
    let mut package = lines.skip_while(|line| *line != "[package]").skip(1);
    let line = package.find(|line| line.starts_with("name"))?;
    Some(line.split('"').nth(1)?.to_owned())
}
