//! What changed from one version to the next.
//!
//! A crate names itself in its examples. Its own name is taken for equal to that of the other
//! crate in the same place, so that it does not show up as a change in every file.

use std::collections::BTreeSet;
use std::fmt::Write;

use anyhow::{Result, bail, ensure};
use similar::udiff::UnifiedHunkHeader;
use similar::{Algorithm, ChangeTag, DiffTag, TextDiff};

use crate::excerpt::{caption, fenced};
use crate::repository::Repository;
use crate::source::{address, changed, changes};

/// Lines around a change that are shown with it.
const CONTEXT: usize = 3;

/// A unified diff of one file of `src`, or the sentence that there is nothing to show.
pub(crate) fn of_file(
    repository: &Repository,
    root: &str,
    crates: Pair<'_>,
    file: &str,
) -> Result<String> {
    let Pair { old, new } = crates;
    let (old_path, new_path) = (format!("{old}/src/{file}"), format!("{new}/src/{file}"));
    for (path, other, advice) in [
        (&old_path, &new_path, "it is new, show it with {{#file}}"),
        (&new_path, &old_path, "it is gone"),
    ] {
        if !repository.path(path)?.exists() && repository.path(other)?.exists() {
            bail!("there is a {other}, but no {path}: {advice}");
        }
    }
    let texts = Pair {
        old: &repository.read(&old_path)?,
        new: &repository.read(&new_path)?,
    };
    if texts.old == texts.new {
        return Ok(format!(
            "`{file}` is byte for byte the same in `{old}` and `{new}`."
        ));
    }
    let hunks = texts.hunks(crates);
    if hunks.is_empty() {
        return Ok(format!(
            "`{file}` is the same in `{old}` and `{new}`, except for the crate's own name."
        ));
    }
    let about = format!("<code>{new_path}</code> since <code>{old}</code>");
    let address = changes(repository, root, crates, file)?;
    Ok(format!(
        "{}\n\n{}",
        caption(&about, address.as_deref()),
        fenced("diff", &hunks)?
    ))
}

/// A table of all files of `src` in both versions.
pub(crate) fn of_crate(repository: &Repository, root: &str, crates: Pair<'_>) -> Result<String> {
    let Pair { old, new } = crates;
    let (old_src, new_src) = (format!("{old}/src"), format!("{new}/src"));
    let (before, after) = (repository.files(&old_src)?, repository.files(&new_src)?);
    ensure!(
        !before.is_empty() && !after.is_empty(),
        "{old_src} or {new_src} is empty"
    );
    let files: BTreeSet<&String> = before.iter().chain(&after).collect();
    let mut table = format!("| `src` | from `{old}` to `{new}` |\n|---|---|\n");
    for file in files {
        let change = match (before.contains(file), after.contains(file)) {
            (false, _) => "**new**".to_owned(),
            (_, false) => "gone".to_owned(),
            _ => Pair {
                old: &repository.read(&format!("{old_src}/{file}"))?,
                new: &repository.read(&format!("{new_src}/{file}"))?,
            }
            .change(crates),
        };
        let there = if after.contains(file) {
            &new_src
        } else {
            &old_src
        };
        let cell = match address(repository, root, &format!("{there}/{file}"))? {
            Some(address) => format!("[`{file}`]({address})"),
            None => format!("`{file}`"),
        };
        writeln!(table, "| {cell} | {change} |")?;
    }
    // The blank lines let mdBook read the table as Markdown in spite of the `div`.
    Ok(format!("<div class=\"versions\">\n\n{table}\n</div>\n"))
}

/// Something of the old version and of the new one.
#[derive(Clone, Copy)]
pub(crate) struct Pair<'a> {
    pub(crate) old: &'a str,
    pub(crate) new: &'a str,
}

impl<'a> Pair<'a> {
    /// The lines of these texts of the two crates.
    pub(crate) fn lines(self, crates: Pair<'_>) -> (Lines<'a>, Lines<'a>) {
        let old = Lines::of(self.old, crates.old);
        (old, Lines::of(self.new, crates.new))
    }

    /// The hunks of a unified diff of these texts of the two crates. The lines are shown as they
    /// are in the files, and compared without the crates' names.
    fn hunks(self, crates: Pair<'_>) -> String {
        let (old, new) = self.lines(crates);
        let mut hunks = String::new();
        for ops in old.diff(&new, |diff| diff.grouped_ops(CONTEXT)) {
            // Writing to a `String` cannot fail, here and below.
            let _ = writeln!(hunks, "{}", UnifiedHunkHeader::new(&ops));
            for op in ops {
                let removed = old.shown[op.old_range()].iter().map(|line| ('-', line));
                let added = new.shown[op.new_range()].iter().map(|line| ('+', line));
                let lines: Vec<_> = match op.tag() {
                    DiffTag::Equal => added.map(|(_, line)| (' ', line)).collect(),
                    _ => removed.chain(added).collect(),
                };
                for (sign, line) in lines {
                    let _ = writeln!(hunks, "{sign}{line}");
                }
            }
        }
        hunks
    }

    /// What happened to a file that is in both crates, in a few words.
    fn change(self, crates: Pair<'_>) -> String {
        match self.changed_lines(crates) {
            (0, 0) => "the same".to_owned(),
            (added, removed) => changed(added, removed),
        }
    }

    /// How many lines were added and removed.
    pub(crate) fn changed_lines(self, crates: Pair<'_>) -> (usize, usize) {
        let (old, new) = self.lines(crates);
        old.diff(&new, |diff| {
            let count = |tag| diff.iter_all_changes().filter(|c| c.tag() == tag).count();
            (count(ChangeTag::Insert), count(ChangeTag::Delete))
        })
    }
}

/// The lines of a file of a crate.
pub(crate) struct Lines<'a> {
    pub(crate) shown: Vec<&'a str>,
    /// The lines with a mark in place of the crate's name.
    compared: Vec<String>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str, name: &str) -> Lines<'a> {
        let shown: Vec<_> = text.lines().collect();
        let compared = shown.iter().map(|line| without_name(line, name)).collect();
        Lines { shown, compared }
    }

    pub(crate) fn diff<T>(
        &self,
        new: &Lines<'_>,
        answer: impl FnOnce(&TextDiff<'_, '_, str>) -> T,
    ) -> T {
        let old: Vec<&str> = self.compared.iter().map(String::as_str).collect();
        let new: Vec<&str> = new.compared.iter().map(String::as_str).collect();
        let diff = TextDiff::configure()
            .algorithm(Algorithm::Patience)
            .diff_slices(&old, &new);
        answer(&diff)
    }
}

/// The line with a mark in place of the crate's name, as it is in `Cargo.toml` and as it is in
/// code.
fn without_name(line: &str, name: &str) -> String {
    // The last part, if it is the path of a branch.
    let name = name.rsplit('/').next().unwrap_or(name);
    let in_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let mut line = line.to_owned();
    for (spelling, mark) in [(name.replace('-', "_"), "\0"), (name.to_owned(), "\0\0")] {
        let mut out = String::with_capacity(line.len());
        let mut rest = line.as_str();
        while let Some(at) = rest.find(&spelling) {
            let end = at + spelling.len();
            let whole = !rest[..at].ends_with(in_word) && !rest[end..].starts_with(in_word);
            out.push_str(&rest[..at]);
            out.push_str(if whole { mark } else { &rest[at..end] });
            rest = &rest[end..];
        }
        out.push_str(rest);
        line = out;
    }
    line
}
