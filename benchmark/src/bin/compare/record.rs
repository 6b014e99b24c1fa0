//! Keeps what was measured, and reads what has been kept.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use benchmark::claims::CLAIMS;
use benchmark::records::{self, Cell, Record, Shelf};
use serde::Deserialize;

use crate::files::Run;

/// Which sources are measured. Read before the first round: what is edited meanwhile has not run.
pub(crate) struct Sources {
    commit: String,
    versions: BTreeMap<String, String>,
    peers: BTreeMap<String, String>,
    compiler: String,
}

impl Sources {
    /// Fails if what is measured, or what measures it, differs from the commit: nobody else could
    /// measure that again.
    pub(crate) fn read() -> Result<Sources> {
        let measured = [
            "v*",
            "Cargo.lock",
            "Cargo.toml",
            "benchmark",
            ":!benchmark/records",
        ];
        let arguments = [&["status", "--porcelain", "--"][..], &measured].concat();
        let changed = said("git", &arguments)?;
        ensure!(
            changed.is_empty(),
            "what is recorded has to be committed first:\n{changed}"
        );
        Ok(Sources {
            commit: said("git", &["rev-parse", "HEAD"])?,
            versions: records::sources(&root())?,
            peers: peers()?,
            compiler: said("rustc", &["--version"])?,
        })
    }

    /// Writes the record, and says where to.
    pub(crate) fn record(self, run: &Run<'_>) -> Result<PathBuf> {
        let claims = CLAIMS
            .iter()
            .filter(|claim| claim.check(run.cells).is_some());
        let names = |family: &str| -> Vec<&str> {
            let entries = run.cells.iter().flat_map(|cell| &cell.entries);
            let of_it = entries.filter(|entry| entry.family == family);
            of_it.map(|entry| entry.contender.as_str()).collect()
        };
        let peers = names("peer");
        let record = Record {
            date: jiff::Timestamp::now().strftime("%F").to_string(),
            commit: self.commit,
            remark: None,
            machine: run.machine.clone(),
            compiler: self.compiler,
            scale: run.scale.clone(),
            seed: Some(run.seed),
            load_before: run.load_before.map(short),
            sources: self.versions,
            peers: keep(self.peers, &peers),
            claims: claims.map(|claim| claim.name.to_owned()).collect(),
            cells: run.cells.iter().map(|cell| shortened(cell)).collect(),
        };
        record.write(&folder())
    }
}

/// The records of all machines, and the sources as they are now.
pub(crate) fn read() -> Result<(Vec<Shelf>, BTreeMap<String, String>)> {
    Ok((records::shelves(&folder())?, records::sources(&root())?))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("records")
}

/// Who took part. `tokio blocking` is of the package `tokio`.
fn keep(all: BTreeMap<String, String>, names: &[&str]) -> BTreeMap<String, String> {
    let took_part = |package: &String| {
        let is_of = |name: &&str| name.split(' ').next() == Some(package);
        names.iter().any(is_of)
    };
    all.into_iter()
        .filter(|(name, _)| took_part(name))
        .collect()
}

/// The versions of all packages that the lock file names.
fn peers() -> Result<BTreeMap<String, String>> {
    #[derive(Deserialize)]
    struct Lock {
        package: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        version: String,
    }
    let file = root().join("Cargo.lock");
    let text = fs::read_to_string(&file);
    let text = text.with_context(|| format!("{} cannot be read", file.display()))?;
    let lock: Lock = toml::from_str(&text).with_context(|| format!("{}", file.display()))?;
    let packages = lock.package.into_iter();
    Ok(packages
        .map(|package| (package.name, package.version))
        .collect())
}

/// Four digits: more would be noise, and take more room.
fn short(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

fn shortened(cell: &Cell) -> Cell {
    let mut cell = cell.clone();
    cell.others = cell.others.map(short);
    cell.stolen = cell.stolen.map(short);
    for entry in &mut cell.entries {
        entry.allocations = entry.allocations.map(short);
        entry.held = entry.held.map(short);
        entry
            .samples
            .iter_mut()
            .for_each(|sample| *sample = short(*sample));
        if let Some(latency) = &mut entry.latency {
            latency.p50 = short(latency.p50);
            latency.p99 = short(latency.p99);
        }
    }
    cell
}

/// What a command prints, run in the project's root.
fn said(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(root())
        .output();
    let output = output.with_context(|| format!("{program} cannot be run"))?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        bail!("{program} {}: {}", arguments.join(" "), error.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
