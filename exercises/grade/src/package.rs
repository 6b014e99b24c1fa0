//! The package that is compiled: the laws, with somebody's pool as their `pool`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::who::{Crate, Who};
use crate::{exercises, stages, workshop};

/// See the module.
#[derive(Debug)]
pub struct Package {
    /// Where it is.
    pub folder: PathBuf,
    /// How the targets of its stages begin, and how it is called itself.
    name: String,
}

impl Package {
    /// Writes it. What is as it should be is not touched.
    ///
    /// # Errors
    ///
    /// If something cannot be written.
    pub fn of(who: &Who) -> Result<Package> {
        let package = Package {
            folder: workshop().join(&who.name),
            name: format!("grade-{}", who.name),
        };
        fs::create_dir_all(package.reports())?;
        let pool = match &who.crate_ {
            Crate::Package(name) => dependency(name, &who.folder),
            Crate::File(file) => {
                let name = format!("pool-{}", who.name);
                let folder = package.folder.join("pool");
                fs::create_dir_all(&folder)?;
                write(&folder.join("Cargo.toml"), &manifest_of_file(&name, file))?;
                dependency(&name, &folder)
            }
        };
        write(&package.manifest(), &package.text(&pool))?;
        // What the versions and the reader's pool need is in it, so nothing has to be fetched.
        let lock = package.folder.join("Cargo.lock");
        if !lock.exists() {
            fs::copy(exercises().join("Cargo.lock"), lock).context("exercises/Cargo.lock")?;
        }
        Ok(package)
    }

    /// The manifest's path.
    #[must_use]
    pub fn manifest(&self) -> PathBuf {
        self.folder.join("Cargo.toml")
    }

    /// The target with the laws of a stage. Its name says whose pool it is, since all packages
    /// share a target folder.
    #[must_use]
    pub fn target(&self, stage: usize) -> String {
        format!("{}-stage-{stage}", self.name)
    }

    /// Where the laws leave their reports.
    #[must_use]
    pub fn reports(&self) -> PathBuf {
        self.folder.join("reports")
    }

    fn text(&self, pool: &str) -> String {
        let harness = literal(&exercises().join("harness"));
        let mut text = format!(
            "# Written by `cargo grade`.\n[package]\nname = \"{}\"\nversion = \"0.0.0\"\n\
             edition = \"2024\"\npublish = false\nautobins = false\n\n[workspace]\n\n\
             [profile.dev]\ndebug = false\n\n[dependencies]\nharness = {{ path = {harness} }}\n\
             pool = {pool}\n",
            self.name
        );
        for stage in stages::ALL {
            let file = format!("stage_{}.rs", stage.number);
            let file = literal(&exercises().join("laws/stages").join(file));
            let target = self.target(stage.number);
            let _ = write!(text, "\n[[bin]]\nname = \"{target}\"\npath = {file}\n");
        }
        text
    }
}

fn dependency(name: &str, folder: &Path) -> String {
    format!("{{ package = \"{name}\", path = {} }}", literal(folder))
}

fn manifest_of_file(name: &str, file: &Path) -> String {
    format!(
        "# Written by `cargo grade`.\n[package]\nname = \"{name}\"\nversion = \"0.0.0\"\n\
         edition = \"2024\"\npublish = false\n\n[lib]\npath = {}\n\n[dependencies]\n\
         crossbeam-channel = \"0.5.17\"\nparking_lot = \"0.13\"\n",
        literal(file)
    )
}

/// A path in a manifest. Between single quotes nothing is escaped.
fn literal(path: &Path) -> String {
    format!("'{}'", path.display())
}

fn write(path: &Path, text: &str) -> Result<()> {
    if fs::read_to_string(path).is_ok_and(|before| before == text) {
        return Ok(());
    }
    fs::write(path, text).with_context(|| path.display().to_string())
}
