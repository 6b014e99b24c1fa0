//! The files in `exhibits`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use walkdir::{DirEntry, WalkDir};

use crate::Catcher;

/// The versions that have exhibits, by their folders.
pub const VERSIONS: [&str; 5] = [
    "v1-fixed",
    "v2-cancel-panic",
    "v3-dynamic",
    "v4-dedicated-queues",
    "v5-futures",
];

/// The branches, each with the version of which it changes one mechanism. The folder of a branch is
/// below `branches`.
pub const BRANCHES: [(&str, &str); 2] = [
    ("priority", "v2-cancel-panic"),
    ("rate-limit", "v2-cancel-panic"),
];

/// The versions and the branches.
pub fn all_versions() -> impl Iterator<Item = &'static str> {
    let branches = BRANCHES.into_iter().map(|(branch, _)| branch);
    VERSIONS.into_iter().chain(branches)
}

/// The version from which a branch comes.
fn parent(version: &str) -> Option<&'static str> {
    let mut branches = BRANCHES.into_iter();
    branches.find_map(|(branch, parent)| (branch == version).then_some(parent))
}

/// What a version or a branch is called where names are short: `v1`, `priority`.
#[must_use]
pub fn short(version: &str) -> &str {
    match parent(version) {
        Some(_) => version,
        None => &version[..2],
    }
}

/// What code calls it: the module of its laws, the crate of its models.
#[must_use]
pub(crate) fn in_code(version: &str) -> String {
    short(version).replace('-', "_")
}

/// The folder of a version or of a branch.
#[must_use]
pub fn folder(version: &str) -> String {
    match parent(version) {
        Some(_) => format!("branches/{version}"),
        None => version.to_owned(),
    }
}

/// The versions from which one comes, the first in front, and itself.
#[must_use]
pub fn ancestry(version: &str) -> Vec<&str> {
    let last = parent(version).unwrap_or(version);
    let before = VERSIONS.into_iter().take_while(|other| *other != last);
    let parent = parent(version).into_iter();
    before.chain(parent).chain([version]).collect()
}

/// The laws, by the names of their tests, with the first version or the branch that keeps each.
pub const LAWS: &[(&str, &str)] = &[
    ("exactly_once", "v1-fixed"),
    ("handed_back", "v1-fixed"),
    ("bounded", "v1-fixed"),
    ("back_pressure", "v1-fixed"),
    ("done_means_done", "v1-fixed"),
    ("shutdown_ends", "v1-fixed"),
    ("panic_costs_one_task", "v2-cancel-panic"),
    ("cancel_is_exclusive", "v2-cancel-panic"),
    ("no_stranded_task", "v3-dynamic"),
    ("no_task_waits_behind_a_busy_worker", "v4-dedicated-queues"),
    ("handle_resolves_once", "v5-futures"),
    ("stable", "priority"),
    ("bounded_overtaking", "priority"),
    ("places_for_each_level", "priority"),
    ("rate", "rate-limit"),
    ("waiting_holds_no_worker", "rate-limit"),
    ("first_in_first_out_within_a_limit", "rate-limit"),
    ("leaving_takes_nothing", "rate-limit"),
    ("places_for_each_limit", "rate-limit"),
];

/// A planted bug.
#[derive(Clone, Debug)]
pub struct Exhibit {
    /// The name of its file, without the ending.
    pub name: String,
    /// The folder of the version in which it is planted, or the name of the branch.
    pub version: String,
    /// What it is called.
    pub title: String,
    /// The law that it breaks, by the name of its test.
    pub breaks: String,
    /// What is known to catch it.
    pub catchers: Vec<Catcher>,
    /// Who had it, each in Markdown.
    pub wild: Vec<String>,
    /// What happens, in Markdown.
    pub story: String,
    /// What plants it: a unified diff against the repository.
    pub patch: String,
}

impl Exhibit {
    /// All of them, by version and name.
    ///
    /// # Errors
    ///
    /// If a file cannot be read, or is not one of an exhibit.
    pub fn all(repository: &Path) -> Result<Vec<Exhibit>> {
        let read = |file: PathBuf| Exhibit::read(&file);
        Exhibit::files(repository)?.into_iter().map(read).collect()
    }

    /// The names of all of them, by version.
    ///
    /// # Errors
    ///
    /// If a folder cannot be listed.
    pub fn names(repository: &Path) -> Result<Vec<String>> {
        let name = |file: &PathBuf| Some(file.file_stem()?.to_str()?.to_owned());
        let files = Exhibit::files(repository)?;
        Ok(files.iter().filter_map(name).collect())
    }

    fn files(repository: &Path) -> Result<Vec<PathBuf>> {
        let folder = repository.join("book/museum/exhibits");
        let entries = WalkDir::new(folder).min_depth(2).sort_by_file_name();
        let path = |entry: walkdir::Result<DirEntry>| Ok(entry?.into_path());
        let mut files = entries
            .into_iter()
            .map(path)
            .collect::<Result<Vec<PathBuf>>>()?;
        // The branches come last, and not where the alphabet has them.
        let place = |file: &PathBuf| all_versions().position(|version| of(file) == Some(version));
        files.sort_by_cached_key(place);
        Ok(files)
    }

    /// The one with this name.
    ///
    /// # Errors
    ///
    /// As [`Exhibit::all`], and if there is none.
    pub fn named(repository: &Path, name: &str) -> Result<Exhibit> {
        let mut all = Exhibit::all(repository)?.into_iter();
        all.find(|exhibit| exhibit.name == name)
            .with_context(|| format!("there is no exhibit {name}; `cargo museum` lists them"))
    }

    fn read(path: &Path) -> Result<Exhibit> {
        let name = path.file_stem().and_then(|name| name.to_str());
        let (Some(name), Some(version)) = (name, of(path)) else {
            bail!("{} is no exhibit", path.display());
        };
        let text = fs::read_to_string(path)?;
        Exhibit::parse(name, version, &text).with_context(|| path.display().to_string())
    }

    fn parse(name: &str, version: &str, text: &str) -> Result<Exhibit> {
        let (head, rest) = text
            .split_once("\n\n")
            .context("no empty line after the head")?;
        let begin = rest.find("\n--- a/").context("no patch")? + 1;
        let (story, patch) = rest.split_at(begin);
        let mut exhibit = Exhibit {
            name: name.into(),
            version: version.into(),
            title: String::new(),
            breaks: String::new(),
            catchers: Vec::new(),
            wild: Vec::new(),
            story: story.trim().into(),
            patch: patch.into(),
        };
        for line in head.lines() {
            let (key, value) = line
                .split_once(": ")
                .with_context(|| format!("no key: {line}"))?;
            match key {
                "title" => exhibit.title = value.into(),
                "breaks" => exhibit.breaks = value.into(),
                "caught by" => exhibit.catchers.push(value.parse()?),
                "in the wild" => exhibit.wild.push(value.into()),
                _ => bail!("no key of an exhibit: {key}"),
            }
        }
        exhibit.check()?;
        Ok(exhibit)
    }

    fn check(&self) -> Result<()> {
        ensure!(
            all_versions().any(|version| version == self.version),
            "{} is no version",
            self.version
        );
        ensure!(!self.title.is_empty(), "no title");
        ensure!(
            LAWS.iter().any(|(law, _)| *law == self.breaks),
            "{} is no law",
            self.breaks
        );
        // A test is enough for a law of a branch: no other pool has to keep it.
        let of_a_branch = parent(&self.version).is_some()
            && LAWS.contains(&(&*self.breaks, &*self.version))
            && !self.catchers.is_empty();
        ensure!(
            of_a_branch
                || self
                    .catchers
                    .iter()
                    .any(|catcher| !matches!(catcher, Catcher::Test { .. })),
            "neither a model nor a law catches it"
        );
        ensure!(!self.wild.is_empty(), "who had it?");
        ensure!(!self.story.is_empty(), "no story");
        Ok(())
    }

    /// What the patch makes of the files that it changes: their paths in the repository, and their
    /// text.
    ///
    /// # Errors
    ///
    /// If it does not apply to the files as they are, or changes others than the version's.
    pub fn planted(&self, repository: &Path) -> Result<Vec<(String, String)>> {
        self.patches()?
            .into_iter()
            .map(|(path, patch)| {
                let source = folder(&self.version) + "/src/";
                ensure!(path.starts_with(&source), "{path} is not the version's");
                let text =
                    fs::read_to_string(repository.join(&path)).with_context(|| path.clone())?;
                let patch = diffy::Patch::from_str(&patch)?;
                let planted = diffy::apply(&text, &patch)
                    .with_context(|| format!("the patch does not apply to {path} any more"))?;
                Ok((path, planted))
            })
            .collect()
    }

    /// The patch of each file.
    fn patches(&self) -> Result<Vec<(String, String)>> {
        let mut patches: Vec<(String, String)> = Vec::new();
        for line in self.patch.lines() {
            if let Some(path) = line.strip_prefix("--- a/") {
                patches.push((path.into(), String::new()));
            }
            let (_, patch) = patches.last_mut().context("the patch has no file")?;
            patch.push_str(line);
            patch.push('\n');
        }
        Ok(patches)
    }
}

/// The version or the branch that a file of an exhibit is of.
fn of(file: &Path) -> Option<&str> {
    file.parent()?.file_name()?.to_str()
}
