//! Where bugs are planted.

use std::collections::HashSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use walkdir::WalkDir;

use crate::Exhibit;
use crate::stress;

/// A copy of the workspace.
///
/// It stays in the target folder, with a target folder of its own, so that another bug costs the
/// compilation of one version and not of everything.
#[derive(Debug)]
pub struct Copy {
    repository: PathBuf,
    folder: PathBuf,
    /// Locked while this copy is in use. The system unlocks it if the process dies.
    _lock: File,
}

impl Copy {
    /// A copy that is like the workspace at present. While another process uses it, this one
    /// waits.
    ///
    /// # Errors
    ///
    /// If something cannot be read or written.
    pub fn fresh(repository: &Path) -> Result<Copy> {
        let folder = command::target_folder().join("museum");
        let copy = Copy {
            repository: repository.to_owned(),
            _lock: lock(&folder)?,
            folder,
        };
        copy.restore()?;
        Ok(copy)
    }

    /// Where the copy is.
    #[must_use]
    pub fn workspace(&self) -> PathBuf {
        self.folder.join("workspace")
    }

    /// Where cargo puts what it makes of it.
    #[must_use]
    pub fn target(&self) -> PathBuf {
        self.folder.join("target")
    }

    /// Takes all bugs out again. A file that is as it should be is not touched, or cargo would
    /// compile it again.
    fn restore(&self) -> Result<()> {
        let mut present = HashSet::new();
        let hidden = |name: &str| {
            name.starts_with('.') || ["target", "exhibits", "node_modules"].contains(&name)
        };
        let entries = WalkDir::new(&self.repository).min_depth(1).into_iter();
        // Cargo's target folder need not be called so, and this copy is in it.
        let target = command::target_folder();
        let seen = |entry: &walkdir::DirEntry| {
            entry.path() != target && !entry.file_name().to_str().is_none_or(hidden)
        };
        for entry in entries.filter_entry(seen) {
            let entry = entry?;
            if entry.file_type().is_file() {
                let path = entry.path().strip_prefix(&self.repository)?;
                self.write(path, &fs::read(entry.path())?)?;
                present.insert(path.to_owned());
            }
        }
        for (path, text) in stress::manifests(&self.repository)? {
            self.write(&path, text.as_bytes())?;
            present.insert(path);
        }
        for entry in WalkDir::new(self.workspace()) {
            let entry = entry?;
            let path = entry.path().strip_prefix(self.workspace())?;
            if entry.file_type().is_file() && !present.contains(path) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// Takes all bugs out, and plants these. They must be of different versions.
    ///
    /// # Errors
    ///
    /// If a patch does not apply, or something cannot be read or written.
    pub fn plant<'e>(&self, exhibits: impl IntoIterator<Item = &'e Exhibit>) -> Result<()> {
        self.restore()?;
        for exhibit in exhibits {
            let planted = exhibit.planted(&self.repository);
            for (path, text) in planted.with_context(|| exhibit.name.clone())? {
                self.write(Path::new(&path), text.as_bytes())?;
            }
        }
        Ok(())
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let path = self.workspace().join(path);
        match fs::read(&path) {
            Ok(present) if present == bytes => return Ok(()),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, bytes).with_context(|| path.display().to_string())
    }
}

fn lock(folder: &Path) -> Result<File> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let file = folder.join("in-use");
    let lock = File::create(&file).with_context(|| file.display().to_string())?;
    if let Err(TryLockError::WouldBlock) = lock.try_lock() {
        let folder = folder.display();
        let _ = writeln!(
            io::stderr(),
            "another command uses {folder}: waiting for it"
        );
    }
    lock.lock()?;
    Ok(lock)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_in_use_is_locked_until_its_copy_is_gone() {
        let folder = command::target_folder().join("tmp/a-copy-in-use");
        let held = lock(&folder).unwrap();
        let other = File::open(folder.join("in-use")).unwrap();
        assert!(matches!(other.try_lock(), Err(TryLockError::WouldBlock)));
        drop(held);
        other.try_lock().unwrap();
    }
}
