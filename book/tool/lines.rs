//! How long a version is: its lines of code.
//!
//! A line counts unless it is blank or holds nothing but a comment. The sources of the versions
//! have line comments only, and no tests in them.

use std::path::Path;
use std::{fs, io};

/// The lines of code in a text.
///
/// ```
/// let text = "
/// /// Says hello.
/// fn hello() {
///     // Nobody listens.
///     println!(\"hello\");
/// }
/// ";
/// assert_eq!(book::lines::of_text(text), 3);
/// ```
#[must_use]
pub fn of_text(text: &str) -> usize {
    let lines = text.lines().map(str::trim_start);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .count()
}

/// The lines of code in a file.
///
/// # Errors
///
/// If the file cannot be read as text.
pub fn of_file(file: &Path) -> io::Result<usize> {
    fs::read_to_string(file).map(|text| of_text(&text))
}

/// The lines of code in all `.rs` files of a folder and of the folders in it.
///
/// # Errors
///
/// If the folder or a file in it cannot be read.
pub fn of_folder(folder: &Path) -> io::Result<usize> {
    let mut sum = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sum += of_folder(&path)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sum += of_file(&path)?;
        }
    }
    Ok(sum)
}
