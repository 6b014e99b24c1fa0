//! Folders for tests to write in, below cargo's target folder.

use std::fs;
use std::path::{Path, PathBuf};

/// An empty folder. Each test asks for one of another name.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A folder with these files.
#[allow(dead_code, reason = "not every test file needs it")]
pub(crate) fn with_files(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = folder(name);
    for (file, text) in files {
        let file = folder.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    folder
}

/// The pages of the book, built anew.
#[cfg(feature = "site")]
#[allow(dead_code, reason = "not every test file needs it")]
pub(crate) fn pages(name: &str) -> PathBuf {
    let pages = folder(name);
    let book = Path::new(env!("CARGO_MANIFEST_DIR"));
    let site = book::site::Site::new(book, Some(pages.clone())).unwrap();
    site.build().unwrap();
    pages
}
