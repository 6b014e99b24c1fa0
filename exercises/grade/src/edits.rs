//! Edits of sources, as the files with the ending `.edit` have them.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// Replacements, each of lines that are in their file exactly once.
#[derive(Debug)]
pub struct Edits(Vec<Edit>);

#[derive(Debug)]
struct Edit {
    /// Where it is, if it is one of a version.
    file: String,
    old: String,
    new: String,
}

impl Edits {
    /// Reads what is below the first `<<<<` of a text.
    ///
    /// # Errors
    ///
    /// If one does not end.
    pub fn read(text: &str) -> Result<Edits> {
        let edits: Option<Vec<Edit>> = text.split("\n<<<<").skip(1).map(Edit::read).collect();
        Ok(Edits(edits.context("an edit does not end")?))
    }

    /// Applies all of them below a folder, each to the file that it names.
    ///
    /// # Errors
    ///
    /// If what is to be replaced is not there exactly once, or something cannot be written.
    pub fn apply(&self, below: &Path) -> Result<()> {
        let mut edits = self.0.iter();
        edits.try_for_each(|edit| edit.apply(&below.join(&edit.file)))
    }

    /// Applies all of them to one file.
    ///
    /// # Errors
    ///
    /// As [`apply`](Edits::apply).
    pub fn apply_to(&self, file: &Path) -> Result<()> {
        self.0.iter().try_for_each(|edit| edit.apply(file))
    }

    /// What they change, as a diff shows it.
    #[must_use]
    pub fn diff(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut file = "";
        for edit in &self.0 {
            if edit.file != file {
                file = &edit.file;
                lines.push(format!("--- {file}"));
            } else {
                lines.push("...".to_owned());
            }
            edit.diff(&mut lines);
        }
        lines
    }
}

impl Edit {
    fn read(text: &str) -> Option<Edit> {
        let (file, text) = text.split_once('\n')?;
        let (old, text) = text.split_once("====\n")?;
        // At the beginning of a line: code has these signs, too.
        let new = if text.starts_with(">>>>") {
            ""
        } else {
            &text[..=text.find("\n>>>>")?]
        };
        Some(Edit {
            file: file.trim().to_owned(),
            old: old.to_owned(),
            new: new.to_owned(),
        })
    }

    fn apply(&self, path: &Path) -> Result<()> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let times = text.matches(&self.old).count();
        let place = path.display();
        ensure!(
            times == 1,
            "this is {times} times in {place}:\n{}",
            self.old
        );
        Ok(fs::write(path, text.replace(&self.old, &self.new))?)
    }

    /// What is the same at the beginning and at the end stays.
    fn diff(&self, lines: &mut Vec<String>) {
        let old: Vec<&str> = self.old.lines().collect();
        let new: Vec<&str> = self.new.lines().collect();
        let same = |(old, new): &(&&str, &&str)| old == new;
        let first = old.iter().zip(&new).take_while(same).count();
        let (old_left, new_left) = (old[first..].iter().rev(), new[first..].iter().rev());
        let last = old_left.zip(new_left).take_while(same).count();
        let mut put = |mark: char, part: &[&str]| {
            let part = part.iter().map(|line| format!("{mark}{line}"));
            lines.extend(part);
        };
        put(' ', &old[..first]);
        put('-', &old[first..old.len() - last]);
        put('+', &new[first..new.len() - last]);
        put(' ', &old[old.len() - last..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_keeps_what_is_the_same() {
        let text = "said\n\n<<<< a.rs\none\ntwo\n====\none\nthree\ntwo\n>>>>\n";
        let edits = Edits::read(text).unwrap();
        assert_eq!(edits.diff(), ["--- a.rs", " one", "+three", " two"]);
        assert!(Edits::read("\n<<<< a.rs\none\n").is_err());
    }

    #[test]
    fn an_edit_ends_at_the_beginning_of_a_line() {
        let text = "\n<<<< a.rs\none\n====\nA<B<C<D<E>>>>;\n>>>>\n\n<<<<\ntwo\n====\n>>>>\n";
        let edits = Edits::read(text).unwrap();
        let lines = ["--- a.rs", "-one", "+A<B<C<D<E>>>>;", "--- ", "-two"];
        assert_eq!(edits.diff(), lines);
    }
}
