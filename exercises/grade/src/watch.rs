//! Looking for changes.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use anyhow::Result;

/// Does something now, and again whenever a file below one of the folders has changed.
///
/// # Errors
///
/// Those of `work`. Otherwise it does not return.
pub fn on_each_change(folders: &[PathBuf], mut work: impl FnMut() -> Result<()>) -> Result<()> {
    loop {
        let before = newest(folders);
        work()?;
        while newest(folders) == before {
            thread::sleep(Duration::from_millis(200));
        }
        // An editor may still be writing.
        thread::sleep(Duration::from_millis(100));
    }
}

/// The time of the last change, and how many files there are.
fn newest(folders: &[PathBuf]) -> (Option<SystemTime>, usize) {
    let mut seen = (None, 0);
    folders.iter().for_each(|folder| look(folder, &mut seen));
    seen
}

fn look(folder: &Path, seen: &mut (Option<SystemTime>, usize)) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if name == "target" || name.to_string_lossy().starts_with('.') {
            continue;
        }
        match entry.metadata() {
            Ok(found) if found.is_dir() => look(&entry.path(), seen),
            Ok(found) => *seen = (seen.0.max(found.modified().ok()), seen.1 + 1),
            Err(_) => {}
        }
    }
}
