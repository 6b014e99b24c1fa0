//! The file `laws.json`: which law each test and each model holds.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::exhibit::{ancestry, in_code};
use crate::sources::{Sources, Test};
use crate::{Catcher, Exhibit, LAWS, VERSIONS, all_versions, folder, short};

/// Where the table is.
const FILE: &str = "book/museum/laws.json";

/// The table, and what it says of each version.
#[derive(Debug)]
pub struct Laws {
    table: Table,
    sources: Arc<Sources>,
    exhibits: Arc<[Exhibit]>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    laws: Vec<Row>,
    #[serde(rename = "other promises")]
    others: Vec<Row>,
}

/// A law, or another promise, with the names of what holds it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The law, by the name of its test. Empty for another promise.
    #[serde(default)]
    pub law: String,
    /// What it is called.
    pub title: String,
    /// What it says, in a sentence. Empty for another promise, whose title says it.
    #[serde(default)]
    pub promise: String,
    /// Its tests that run on every version.
    #[serde(default)]
    laws: Vec<String>,
    /// `topic::name`.
    #[serde(default)]
    models: Vec<String>,
    /// For each version the tests in its folder: `file::name`.
    #[serde(default)]
    tests: BTreeMap<String, Vec<String>>,
}

/// What holds a law on one version.
#[derive(Clone, Debug, Default)]
pub struct Cell<'l> {
    /// The law's own tests, as they are called on this version.
    pub laws: Vec<Evidence>,
    /// The models that run on this version.
    pub models: Vec<Evidence>,
    /// The version's own tests.
    pub tests: Vec<Evidence>,
    /// The tests of earlier versions that run on this one, too.
    pub earlier: Vec<Evidence>,
    /// The planted bugs of this version that break the law.
    pub exhibits: Vec<&'l Exhibit>,
}

/// A test or a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Its name. A test of an earlier version has that in front: `v1 stopping::...`.
    pub name: String,
    /// Whether the fast tier leaves it to `cargo deep`.
    pub deep: bool,
}

impl Laws {
    /// The table of a repository.
    ///
    /// # Errors
    ///
    /// If it is no such table, or if a source cannot be read.
    pub fn read(repository: &Path) -> Result<Laws> {
        let text = fs::read_to_string(repository.join(FILE)).context(FILE)?;
        Ok(Laws {
            table: serde_json::from_str(&text).context(FILE)?,
            sources: Arc::new(Sources::read(repository)?),
            exhibits: Exhibit::all(repository)?.into(),
        })
    }

    /// The table in a text, held against the same sources.
    ///
    /// # Errors
    ///
    /// If it is no such table.
    pub fn with_table(&self, text: &str) -> Result<Laws> {
        Ok(Laws {
            table: serde_json::from_str(text).context(FILE)?,
            sources: Arc::clone(&self.sources),
            exhibits: Arc::clone(&self.exhibits),
        })
    }

    /// The laws, in their order.
    #[must_use]
    pub fn laws(&self) -> &[Row] {
        &self.table.laws
    }

    /// The other promises.
    #[must_use]
    pub fn others(&self) -> &[Row] {
        &self.table.others
    }

    /// What holds a law or a promise on a version, or nothing if the version does not promise the
    /// law.
    #[must_use]
    pub fn cell(&self, row: &Row, version: &str) -> Option<Cell<'_>> {
        if !row.is_promised(version) {
            return None;
        }
        let mut cell = Cell::default();
        for test in self.sources.laws(version) {
            if row.laws.contains(&test.name) {
                let name = format!("{}::{}", in_code(version), test.name);
                let deep = test.deep;
                cell.laws.push(Evidence { name, deep });
            }
        }
        for model in &row.models {
            let topic = model.split("::").next().unwrap_or_default();
            if self.sources.models_on(version, topic) {
                let (name, deep) = (model.clone(), false);
                cell.models.push(Evidence { name, deep });
            }
        }
        for earlier in ancestry(version) {
            for Test { name, deep } in self.sources.tests(earlier) {
                let held = row.tests.get(earlier);
                let file = name.split("::").next().unwrap_or_default();
                let deep = *deep;
                if !held.is_some_and(|held| held.contains(name)) {
                    continue;
                } else if earlier == version {
                    let name = name.clone();
                    cell.tests.push(Evidence { name, deep });
                } else if self.sources.runs_on(earlier, file, version) {
                    let name = format!("{} {name}", short(earlier));
                    cell.earlier.push(Evidence { name, deep });
                }
            }
        }
        let here = |exhibit: &&Exhibit| exhibit.version == version && exhibit.breaks == row.law;
        cell.exhibits = self.exhibits.iter().filter(here).collect();
        Some(cell)
    }

    /// Whether there is such a test on a version.
    #[must_use]
    pub fn has(&self, version: &str, catcher: &Catcher) -> bool {
        let among = |tests: &[Test], name: &str| tests.iter().any(|test| test.name == name);
        match catcher {
            Catcher::Model(path) => {
                let topic = path.split("::").next().unwrap_or_default();
                self.sources.models_on(version, topic) && self.sources.all_models().contains(path)
            }
            Catcher::Law(name) => among(self.sources.laws(version), name),
            Catcher::Test { file, name } => {
                among(self.sources.tests(version), &format!("{file}::{name}"))
            }
        }
    }

    /// What is wrong with the table: each fault with what to do about it.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let laws: Vec<&str> = self.laws().iter().map(|row| &*row.law).collect();
        let known: Vec<&str> = LAWS.iter().map(|(law, _)| *law).collect();
        if laws != known {
            faults.push(format!(
                "the laws of {FILE} are {laws:?} and should be {known:?}"
            ));
        }
        self.compare(
            "law in benchmark/tests/laws.rs",
            self.sources.all_laws().into_iter().map(str::to_owned),
            |row| &row.laws,
            &mut faults,
        );
        self.compare(
            "model in model/scenarios",
            self.sources.all_models(),
            |row| &row.models,
            &mut faults,
        );
        for version in all_versions() {
            let tests = self.sources.tests(version).iter();
            self.compare(
                &format!("test in {}/tests", folder(version)),
                tests.map(|test| test.name.clone()),
                |row| row.tests.get(version).map_or(&[], Vec::as_slice),
                &mut faults,
            );
        }
        for row in self.rows() {
            for version in row.tests.keys() {
                if !all_versions().any(|other| other == version) {
                    faults.push(format!("{}: {version} is no version", row.title));
                } else if !row.is_promised(version) {
                    faults.push(format!(
                        "a test in {version}/tests cannot hold {}, which {version} does not promise: \
                         enter it elsewhere",
                        row.law
                    ));
                }
            }
            for model in &row.models {
                let topic = model.split("::").next().unwrap_or_default();
                if !all_versions().any(|version| self.sources.models_on(version, topic)) {
                    faults.push(format!(
                        "no version runs the models of {topic}: name it in model/v*/tests/models.rs"
                    ));
                }
            }
        }
        for row in self.laws() {
            for version in all_versions() {
                let runs = |law: &String| {
                    let mut laws = self.sources.laws(version).iter();
                    laws.any(|test| test.name == *law)
                };
                match self.cell(row, version) {
                    None if row.laws.iter().any(runs) => faults.push(format!(
                        "{version} runs a test of {}, which it does not promise",
                        row.law
                    )),
                    Some(cell) if cell.laws.is_empty() => faults.push(format!(
                        "no law test holds {} on {version}: add one to benchmark/tests/laws.rs",
                        row.law
                    )),
                    Some(cell) if cell.models.is_empty() => faults.push(format!(
                        "no model holds {} on {version}: add one to model/scenarios",
                        row.law
                    )),
                    _ => {}
                }
            }
        }
        faults
    }

    fn rows(&self) -> impl Iterator<Item = &Row> {
        self.table.laws.iter().chain(&self.table.others)
    }

    /// Whether each of these names is in one row, and whether there are others in any.
    fn compare<'l>(
        &'l self,
        kind: &str,
        there: impl IntoIterator<Item = String>,
        listed: impl Fn(&'l Row) -> &'l [String],
        faults: &mut Vec<String>,
    ) {
        let mut rows: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for row in self.rows() {
            for name in listed(row) {
                rows.entry(name).or_default().push(&row.title);
            }
        }
        for name in there {
            match rows.remove(&*name).as_deref() {
                Some([_]) => {}
                None => faults.push(format!(
                    "{name}, a {kind}, is not in {FILE}: enter it at the law for which it would fail first, \
                     or at one of the other promises"
                )),
                Some(titles) => faults.push(format!(
                    "{name}, a {kind}, is in {FILE} more than once ({}): leave it at the law for which it \
                     would fail first",
                    titles.join("; ")
                )),
            }
        }
        for (name, titles) in rows {
            faults.push(format!(
                "{FILE} has {name} at \"{}\", and there is no such {kind}: correct the name or take it out",
                titles.join("; ")
            ));
        }
    }
}

impl Row {
    /// Whether a version or a branch promises it.
    fn is_promised(&self, version: &str) -> bool {
        let since = LAWS.iter().find(|(law, _)| *law == self.law);
        let since = since.map_or(VERSIONS[0], |(_, version)| version);
        ancestry(version).contains(&since)
    }
}
