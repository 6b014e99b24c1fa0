//! What races have measured, on which machines: `benchmark/records`, a folder for each processor.
//!
//! A record holds the samples and not the verdicts. So a claim that is made later, or made more
//! precise, is checked against what was measured before. The newest record in which a claim's cells
//! stand counts. It is *current* while the sources of the pools that the claim is about are those
//! that were measured; a record knows them by a hash, so no history of commits is needed to tell.

mod cell;
mod machine;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub(crate) use cell::mean_by_round;
pub use cell::{A_AGAINST_A, AGAIN, Cell, Entry, Equals, LOAD_OF_OTHERS, NOISE, Spoiled, equals};
pub use machine::Machine;

/// A run of `cargo compare`, or what is kept of one.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Record {
    /// The day, as `2026-11-29`.
    pub date: String,
    /// The commit whose sources were measured.
    pub commit: String,
    /// What one has to know besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// Where.
    pub machine: Machine,
    /// The compiler, as it tells its version.
    pub compiler: String,
    /// How much of the work was done.
    pub scale: String,
    /// What the order of the contenders came from.
    pub seed: Option<u64>,
    /// How busy others kept the machine before the first round, in cores.
    pub load_before: Option<f64>,
    /// Of each version that took part, what its sources were: see [`sources`].
    pub sources: BTreeMap<String, String>,
    /// Of each other pool that took part, its version.
    pub peers: BTreeMap<String, String>,
    /// The claims whose cells were measured.
    pub claims: Vec<String>,
    /// The cells.
    pub cells: Vec<Cell>,
}

/// The records of one processor, the newest first.
#[derive(Debug)]
pub struct Shelf {
    /// The name of the folder.
    pub name: String,
    /// They are never empty.
    pub records: Vec<Record>,
}

impl Record {
    /// Reads one.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is no record.
    pub fn read(file: &Path) -> Result<Record> {
        let text = fs::read_to_string(file);
        let text = text.with_context(|| format!("{} cannot be read", file.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is no record", file.display()))
    }

    /// Writes it into the folder of its machine, and says where. It is added to a record of the
    /// same day if that has measured the same: the same sources, at the same scale, with the same
    /// compiler and on a machine that has not changed. Else it gets a file of its own.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn write(mut self, records: &Path) -> Result<PathBuf> {
        let folder = records.join(self.machine.folder());
        fs::create_dir_all(&folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
        let mut file = folder.join(format!("{}.json", self.date));
        let mut number = 1;
        while file.exists() {
            let earlier = Record::read(&file)?;
            if self.has_measured_the_same(&earlier) {
                self.take_over(earlier);
                break;
            }
            number += 1;
            file = folder.join(format!("{}-{number}.json", self.date));
        }
        let text = self.lines()?;
        fs::write(&file, text).with_context(|| format!("{} cannot be written", file.display()))?;
        Ok(file)
    }

    fn has_measured_the_same(&self, earlier: &Record) -> bool {
        self.sources == earlier.sources
            && self.scale == earlier.scale
            && self.compiler == earlier.compiler
            && self.machine == earlier.machine
    }

    /// What an earlier record of the day has and this one has not, or not as good.
    fn take_over(&mut self, earlier: Record) {
        for (peer, version) in earlier.peers {
            self.peers.entry(peer).or_insert(version);
        }
        for claim in earlier.claims {
            if !self.claims.contains(&claim) {
                self.claims.push(claim);
            }
        }
        // What was measured at rest is better than what was not, and many rounds are better than
        // few.
        let is_better = |cell: &Cell, than: &Cell| {
            let good = |cell: &Cell| (cell.spoiled().is_none(), cell.rounds());
            good(cell) > good(than)
        };
        for cell in earlier.cells {
            let is_same = |own: &&mut Cell| own.name == cell.name && own.workers == cell.workers;
            match self.cells.iter_mut().find(is_same) {
                None => self.cells.push(cell),
                Some(own) if is_better(&cell, own) => *own = cell,
                Some(_) => (),
            }
        }
    }

    /// JSON with a line for each contender: what changes in one of them changes one line.
    fn lines(&self) -> Result<String> {
        let mut head = serde_json::to_value(self)?;
        let head = head.as_object_mut().context("a record is an object")?;
        head.remove("cells");
        let head = serde_json::to_string_pretty(head)?;
        let head = head.strip_suffix("\n}").context("a record has fields")?;
        let mut cells = Vec::new();
        for cell in &self.cells {
            let mut about = serde_json::to_value(cell)?;
            let about = about.as_object_mut().context("a cell is an object")?;
            about.remove("entries");
            let about = serde_json::to_string(about)?;
            let about = about.strip_suffix('}').context("a cell has fields")?;
            let entries = cell.entries.iter().map(serde_json::to_string);
            let entries: Vec<String> = entries.collect::<Result<_, _>>()?;
            let entries = entries.join(",\n      ");
            cells.push(format!(
                "    {about},\"entries\":[\n      {entries}\n    ]}}"
            ));
        }
        Ok(format!(
            "{head},\n  \"cells\": [\n{}\n  ]\n}}\n",
            cells.join(",\n")
        ))
    }

    /// Whether it has measured the sources that there are now.
    #[must_use]
    pub fn is_current(&self, version: &str, now: &BTreeMap<String, String>) -> bool {
        self.sources
            .get(version)
            .is_some_and(|measured| Some(measured) == now.get(version))
    }
}

/// The shelves of `benchmark/records`, in the order of their names.
///
/// # Errors
///
/// If one of the records cannot be read.
pub fn shelves(records: &Path) -> Result<Vec<Shelf>> {
    let mut shelves = Vec::new();
    for folder in sorted(records)? {
        if !folder.is_dir() {
            continue;
        }
        let mut files = sorted(&folder)?;
        files.retain(|file| file.extension().is_some_and(|end| end == "json"));
        // A second one of the same day comes after the first.
        files.sort_by(|a, b| a.file_stem().cmp(&b.file_stem()));
        let read = files.iter().map(|file| Record::read(file));
        let mut read: Vec<Record> = read.collect::<Result<_>>()?;
        ensure!(!read.is_empty(), "{} has no record", folder.display());
        read.reverse();
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        shelves.push(Shelf {
            name: name.into_owned(),
            records: read,
        });
    }
    Ok(shelves)
}

/// The folders of the versions and branches, by the names that these have in races.
const VERSIONS: [(&str, &str); 7] = [
    ("v1", "v1-fixed"),
    ("v2", "v2-cancel-panic"),
    ("v3", "v3-dynamic"),
    ("v4", "v4-dedicated-queues"),
    ("v5", "v5-futures"),
    ("priority", "branches/priority"),
    ("rate-limit", "branches/rate-limit"),
];

/// For each version, a hash over the files of its `src`, names included, and lines of comments left
/// out.
///
/// # Errors
///
/// If they cannot be read.
pub fn sources(root: &Path) -> Result<BTreeMap<String, String>> {
    let hash = |(name, folder): (&str, &str)| {
        let mut hasher = Sha256::new();
        let src = root.join(folder).join("src");
        feed(&mut hasher, &src, &src)?;
        let start: String = hasher.finalize()[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Ok((name.to_owned(), start))
    };
    VERSIONS.into_iter().map(hash).collect()
}

fn feed(hasher: &mut Sha256, folder: &Path, within: &Path) -> Result<()> {
    for path in sorted(folder)? {
        if path.is_dir() {
            feed(hasher, &path, within)?;
            continue;
        }
        let text = fs::read_to_string(&path);
        let text = text.with_context(|| format!("{} cannot be read", path.display()))?;
        let name = path.strip_prefix(within).unwrap_or(&path);
        // As a checkout on another system may have it.
        let name = name.to_string_lossy().replace('\\', "/");
        let is_code = |line: &&str| !line.trim_start().starts_with("//");
        let code: Vec<&str> = text.lines().filter(is_code).collect();
        for part in [name, code.join("\n")] {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
    }
    Ok(())
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    let paths = || -> std::io::Result<Vec<PathBuf>> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder)? {
            paths.push(entry?.path());
        }
        paths.sort();
        Ok(paths)
    };
    paths().with_context(|| format!("{} cannot be read", folder.display()))
}
