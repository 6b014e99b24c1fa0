//! A copy of somebody's sources, line for line.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Copies the folder of a crate's root, and removes what is in the copy alone. A file that is as it
/// should be is not touched, or cargo would compile it again.
///
/// The bare `thread_local!` is the real one, of which all threads of a model would share the
/// values, so in the copy it is called by its full name.
pub(crate) fn copy(root: &Path, to: &Path) -> Result<()> {
    let folder = folder(root)?;
    let mut files = Vec::new();
    below(&folder, &mut files).with_context(|| folder.display().to_string())?;
    let mut present = HashSet::new();
    for file in files {
        let path = to.join(file.strip_prefix(&folder)?);
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        write(&path, &with_full_names(&text))?;
        present.insert(path);
    }
    let mut copies = Vec::new();
    below(to, &mut copies)?;
    for stale in copies.iter().filter(|path| !present.contains(*path)) {
        fs::remove_file(stale)?;
    }
    Ok(())
}

/// The folder of a crate's root.
pub(crate) fn folder(root: &Path) -> Result<PathBuf> {
    let folder = root.parent().context("the source is in no folder")?;
    folder
        .canonicalize()
        .with_context(|| folder.display().to_string())
}

/// Writes a file, unless it is there already.
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    if fs::read_to_string(path).is_ok_and(|before| before == text) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text).with_context(|| path.display().to_string())
}

fn below(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            below(&path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

fn with_full_names(text: &str) -> String {
    const BARE: &str = "thread_local!";
    let mut full = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(BARE) {
        let (before, after) = rest.split_at(at);
        full += before;
        let is_name = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
        if !before.ends_with(is_name) {
            full += "std::";
        }
        full += BARE;
        rest = &after[BARE.len()..];
    }
    full + rest
}

#[cfg(test)]
mod tests {
    use super::with_full_names;

    #[test]
    fn a_bare_thread_local_gets_its_full_name_in_the_same_line() {
        for (text, full) in [
            ("thread_local! {\n", "std::thread_local! {\n"),
            ("a;\n thread_local!(x)", "a;\n std::thread_local!(x)"),
            ("std::thread_local! {", "std::thread_local! {"),
            ("my_thread_local! {", "my_thread_local! {"),
            ("", ""),
        ] {
            assert_eq!(with_full_names(text), full);
        }
    }
}
