//! A page for each source file of the versions, to which the chapters link.
//!
//! `v2-cancel-panic/src/cancel/token.rs` has the page `source/v2-cancel-panic/cancel/token.html`,
//! and its line 12 the anchor `#L12`. `source/v2-cancel-panic/index.html` lists the files of the
//! version, `source/index.html` the versions. A branch, as `branches/priority`, stands after the
//! versions, and is compared with the one that it branches off.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use html_escape::encode_text;
use mdbook_preprocessor::book::{Book, BookItem, Chapter, SectionNumber};

use crate::diff::Pair;
use crate::excerpt::fenced;
use crate::repository::Repository;
use crate::words::counted;
use crate::{beside, lines};

/// The folder of the pages.
const FOLDER: &str = "source";

/// What the sidebar calls the first of them.
const TITLE: &str = "The source, file by file";

/// The section of a page that shows old and new side by side.
const CHANGED: &str = "what-changed";

/// The folder of the branches, and the version that all of them branch off.
const BRANCHES: &str = "branches";
const PARENT: &str = "v2-cancel-panic";

/// The folders of the versions, in order, and then those of the branches.
///
/// # Errors
///
/// If the root of the repository cannot be listed.
pub fn versions(repository: &Repository) -> Result<Vec<String>> {
    let entries = fs::read_dir(repository.root()).context("the repository cannot be listed")?;
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(number) = number(&name)
            && entry.path().join("src").is_dir()
        {
            found.push((number, name));
        }
    }
    found.sort();
    let mut found: Vec<_> = found.into_iter().map(|(_, name)| name).collect();
    let folder = repository.root().join(BRANCHES);
    if folder.is_dir() {
        let entries = fs::read_dir(folder).context("the branches cannot be listed")?;
        let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        let mut branches = names.collect::<Result<Vec<_>>>()?;
        branches.sort();
        found.extend(branches.iter().map(|name| format!("{BRANCHES}/{name}")));
    }
    Ok(found)
}

/// Whether this is the folder of a version or of a branch.
fn has_pages(folder: &str) -> bool {
    let branch = folder.strip_prefix(BRANCHES);
    number(folder).is_some() || branch.is_some_and(|name| name.starts_with('/'))
}

/// The number of a version, from the name of its folder.
fn number(folder: &str) -> Option<u32> {
    let (number, _) = folder.strip_prefix('v')?.split_once('-')?;
    number.parse().ok()
}

/// The address of the page about a file of a version, or `None` if it has no page. `root` leads
/// from the page with the link to the root of the book.
pub(crate) fn address(repository: &Repository, root: &str, path: &str) -> Result<Option<String>> {
    let Some((version, file)) = path.split_once("/src/") else {
        return Ok(None);
    };
    let has_page = has_pages(version)
        && file.ends_with(".rs")
        && repository.path(&format!("{version}/src/{file}"))?.is_file();
    Ok(has_page.then(|| from_chapter(root, &page(version, file))))
}

/// The address of what `{{#source ..}}` names: a version, a file of it, or an item in that.
pub(crate) fn named(
    repository: &Repository,
    root: &str,
    path: &str,
    line: Option<usize>,
) -> Result<String> {
    if line.is_none() && has_pages(path) && repository.path(path)?.join("src").is_dir() {
        return Ok(from_chapter(root, &index(path)));
    }
    let Some(address) = address(repository, root, path)? else {
        bail!("{path} has no page: the versions have one, and the .rs files below their src");
    };
    Ok(at_line(&address, line))
}

/// The address of a line of a page.
pub(crate) fn at_line(address: &str, line: Option<usize>) -> String {
    line.map_or_else(|| address.to_owned(), |line| format!("{address}#L{line}"))
}

/// The address of what changed in a file, if these two versions follow each other.
pub(crate) fn changes(
    repository: &Repository,
    root: &str,
    pair: Pair<'_>,
    file: &str,
) -> Result<Option<String>> {
    let address = address(repository, root, &format!("{}/src/{file}", pair.new))?;
    let versions = versions(repository)?;
    let follow = versions.windows(2).any(|two| two == [pair.old, pair.new]);
    let follow = follow || pair.old == PARENT && pair.new.starts_with(BRANCHES);
    Ok(address.map(|address| {
        if follow {
            format!("{address}#{CHANGED}")
        } else {
            address
        }
    }))
}

/// An address for chapters. mdBook makes an anchor of `print.html` of each link to a page that is
/// in it, but these are hidden there. With a question mark, which servers and browsers ignore, it
/// does not know the page, and the link leads to the page itself.
fn from_chapter(root: &str, page: &str) -> String {
    format!("{root}{page}?")
}

fn page(version: &str, file: &str) -> String {
    let stem = file.strip_suffix(".rs").unwrap_or(file);
    format!("{FOLDER}/{version}/{stem}.html")
}

fn index(version: &str) -> String {
    format!("{FOLDER}/{version}/index.html")
}

/// From a page to the root of the book.
pub(crate) fn to_root(page: &Path) -> String {
    "../".repeat(page.components().count().saturating_sub(1))
}

/// Adds the pages at the end of the book.
///
/// # Errors
///
/// If a file cannot be read, or cannot be shown as it is.
pub(crate) fn add_pages(repository: &Repository, title: &str, book: &mut Book) -> Result<()> {
    let versions = versions(repository)?
        .into_iter()
        .map(|name| Version::read(repository, name))
        .collect::<Result<Vec<_>>>()?;
    if versions.is_empty() {
        return Ok(());
    }
    let last = book
        .chapters()
        .filter_map(|chapter| chapter.number.as_ref()?.first());
    let number = last.max().map_or(1, |last| last + 1);
    let mut top = chapter(
        TITLE,
        &overview(&versions),
        &format!("{FOLDER}/index.html"),
        &[],
    );
    top.number = Some(SectionNumber::new([number]));
    for (at, version) in versions.iter().enumerate() {
        let parent = |version: &&Version| version.name == PARENT;
        let (before, after) = if version.is_branch() {
            (versions.iter().find(parent), None)
        } else {
            let after = versions.get(at + 1);
            let before = at.checked_sub(1).map(|at| &versions[at]);
            (before, after.filter(|after| !after.is_branch()))
        };
        let place = u32::try_from(at)? + 1;
        let text = version.list(before);
        let mut listed = chapter(&version.name, &text, &index(&version.name), &[TITLE]);
        listed.number = Some(SectionNumber::new([number, place]));
        for (place_of_file, file) in (1..).zip(version.files.keys()) {
            // The page about it would be in the place of the list.
            ensure!(
                file != "index.rs",
                "{}/src/index.rs needs another name",
                version.name
            );
            let text = version
                .show(file, before, after, title)
                .with_context(|| format!("{}/src/{file}", version.name))?;
            let parents = [TITLE, &version.name];
            let mut shown = chapter(file, &text, &page(&version.name, file), &parents);
            shown.number = Some(SectionNumber::new([number, place, place_of_file]));
            listed.sub_items.push(shown.into());
        }
        top.sub_items.push(listed.into());
    }
    book.push_item(BookItem::PartTitle("Source".to_owned()));
    book.push_item(top);
    Ok(())
}

/// A page with no file behind it. `print.html` and the sidebar know it by its class.
fn chapter(name: &str, text: &str, page: &str, parents: &[&str]) -> Chapter {
    let text = format!("<div class=\"source-page\">\n\n{text}\n\n</div>\n");
    let parents = parents.iter().map(|&parent| parent.to_owned()).collect();
    Chapter::new(name, text, Path::new(page).with_extension("md"), parents)
}

fn overview(versions: &[Version]) -> String {
    let mut text = format!(
        "# {TITLE}\n\nEach file has a page, with its lines numbered, and with what changed since the version \
         before.\n\n| version | files | lines of code |\n|---|---:|---:|\n"
    );
    for version in versions {
        // Writing to a `String` cannot fail, here and below.
        let _ = writeln!(
            text,
            "| [{name}]({name}/index.html) | {} | {} |",
            version.files.len(),
            version.lines(),
            name = version.name
        );
    }
    text
}

/// The files of a version.
struct Version {
    name: String,
    /// The texts, by the path below `src`.
    files: BTreeMap<String, String>,
}

/// What became of a file from one version to the next.
enum Change {
    Same,
    SameButName,
    Lines { added: usize, removed: usize },
}

impl Version {
    fn read(repository: &Repository, name: String) -> Result<Version> {
        let src = format!("{name}/src");
        let mut files = BTreeMap::new();
        for file in repository.files(&src)? {
            if file.ends_with(".rs") {
                let text = repository.read(&format!("{src}/{file}"))?;
                files.insert(file, text);
            }
        }
        Ok(Version { name, files })
    }

    fn is_branch(&self) -> bool {
        self.name.starts_with(BRANCHES)
    }

    fn lines(&self) -> usize {
        self.files.values().map(|text| lines::of_text(text)).sum()
    }

    /// What changed in a file that both have.
    fn change(&self, before: &Version, file: &str) -> Option<Change> {
        let texts = Pair {
            old: before.files.get(file)?,
            new: self.files.get(file)?,
        };
        if texts.old == texts.new {
            return Some(Change::Same);
        }
        let (added, removed) = texts.changed_lines(self.after(before));
        Some(if added + removed == 0 {
            Change::SameButName
        } else {
            Change::Lines { added, removed }
        })
    }

    /// The names of two versions.
    fn after<'a>(&'a self, before: &'a Version) -> Pair<'a> {
        Pair {
            old: &before.name,
            new: &self.name,
        }
    }

    /// The page that lists the files.
    fn list(&self, before: Option<&Version>) -> String {
        let name = &self.name;
        let mut text = format!(
            "# The source of {name}\n\n{}, {} of code. `{name}/README.md` says in which order to read \
             them.\n\n",
            counted(self.files.len() as u64, "file"),
            counted(self.lines() as u64, "line"),
        );
        let since = before.map_or(String::new(), |before| format!(" since {} |", before.name));
        let rule = if before.is_some() { "---|" } else { "" };
        let _ = writeln!(text, "| file | lines of code |{since}\n|---|---:|{rule}");
        for (file, source) in &self.files {
            let page = file.replace(".rs", ".html");
            let _ = write!(text, "| [{file}]({page}) | {} |", lines::of_text(source));
            if let Some(before) = before {
                let change = match self.change(before, file) {
                    None => "**new**".to_owned(),
                    Some(Change::Same | Change::SameButName) => "the same".to_owned(),
                    Some(Change::Lines { added, removed }) => {
                        let counts = changed(added, removed);
                        format!("[{counts}]({page}#{CHANGED})")
                    }
                };
                let _ = write!(text, " {change} |");
            }
            text.push('\n');
        }
        if let Some(before) = before {
            for file in before
                .files
                .keys()
                .filter(|file| !self.files.contains_key(*file))
            {
                let root = to_root(Path::new(&index(name)));
                let page = format!("{root}{}", page(&before.name, file));
                let _ = writeln!(text, "| [{file}]({page}) | | gone |");
            }
        }
        text
    }

    /// The page that shows a file.
    fn show(
        &self,
        file: &str,
        before: Option<&Version>,
        after: Option<&Version>,
        title: &str,
    ) -> Result<String> {
        let (name, source) = (&self.name, &self.files[file]);
        let root = to_root(Path::new(&page(name, file)));
        let link = |other: &Version, anchor: &str| {
            format!(
                "[{}]({root}{}{anchor})",
                other.name,
                page(&other.name, file)
            )
        };
        let mut text =
            format!("{{{{#title {name}/src/{file} - {title}}}}}\n\n# {name}/src/{file}\n\n");
        let _ = write!(
            text,
            "A file of [{name}]({root}{}), with {} of code.",
            index(name),
            counted(lines::of_text(source) as u64, "line")
        );
        let mut section = String::new();
        if let Some(before) = before {
            let link = link(before, "");
            let _ = match self.change(before, file) {
                None => write!(text, " It is new in this version."),
                Some(Change::Same) => write!(text, " It is byte for byte the same in {link}."),
                Some(Change::SameButName) => {
                    write!(
                        text,
                        " It is the same in {link}, except for the crate's own name."
                    )
                }
                Some(Change::Lines { added, removed }) => {
                    let crates = self.after(before);
                    let texts = Pair {
                        old: &before.files[file],
                        new: source,
                    };
                    section = format!(
                        "\n\n## What changed since {} {{#{CHANGED}}}\n\n{}",
                        before.name,
                        beside::table(texts, crates)
                    );
                    let counts = changed(added, removed);
                    write!(text, " It has [{counts}](#{CHANGED}) since {link}.")
                }
            };
        }
        if let Some(after) = after {
            let _ = match after.change(self, file) {
                None => write!(text, " It is gone in {}.", after.name),
                Some(Change::Lines { .. }) => {
                    let link = link(after, &format!("#{CHANGED}"));
                    write!(text, " It changes again in {link}.")
                }
                Some(_) => write!(text, " It stays the same in {}.", link(after, "")),
            };
        }
        let numbers: String = (1..=source.trim_end().lines().count())
            .map(|line| format!("<a id=\"L{line}\" href=\"#L{line}\" tabindex=\"-1\">{line}</a>"))
            .collect();
        let code = fenced("rust,ignore", source)?;
        let _ = write!(
            text,
            "\n\n<div class=\"listing\">\n<div class=\"numbers\" aria-hidden=\"true\">{numbers}</div>\n\n\
             {code}\n\n</div>{section}"
        );
        Ok(text)
    }
}

/// How much of a file changed. The sign of a minus is as wide as that of a plus.
pub(crate) fn changed(added: usize, removed: usize) -> String {
    format!("changed (+{added} \u{2212}{removed})")
}

/// Text within HTML within Markdown: neither mdBook nor we take anything in it for a directive.
pub(crate) fn escaped(text: &str) -> String {
    encode_text(text).replace('{', "&#123;")
}
