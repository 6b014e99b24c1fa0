//! What the races have measured, the machines side by side.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::{Result, ensure};
use benchmark::claims::{CLAIMS, Check, Claim, Finding};
use benchmark::race::Latency;
use benchmark::records::{Cell, Entry, Shelf, shelves, sources};

use crate::repository::Repository;
use crate::results::grouped;

/// The machines: what each is, and what its records say of themselves.
pub(crate) fn machines(repository: &Repository) -> Result<String> {
    let mut out = String::new();
    for shelf in read(repository)? {
        for (place, record) in shelf.records.iter().enumerate() {
            let machine = &record.machine;
            if place == 0 {
                writeln!(out, "- **{}**: {machine}.", record.machine.short_name())?;
            }
            write!(
                out,
                "  Recorded on {}, at commit `{}`; not at rest: {}.",
                record.date,
                record.commit.get(..7).unwrap_or(&record.commit),
                not_at_rest(&record.cells)
            )?;
            if let Some(remark) = &record.remark {
                write!(out, " {remark}")?;
            }
            out.push('\n');
        }
    }
    Ok(out)
}

/// How many cells were not measured at rest, if anybody has watched.
fn not_at_rest(cells: &[Cell]) -> String {
    if cells.iter().all(|cell| cell.others.is_none()) {
        return "not known".to_owned();
    }
    let spoiled = cells.iter().filter(|cell| cell.spoiled().is_some());
    format!("{} of {} cells", spoiled.count(), cells.len())
}

/// What is claimed, and what the newest record of each machine says about it.
pub(crate) fn claims(repository: &Repository) -> Result<String> {
    let (shelves, now) = (read(repository)?, sources(repository.root())?);
    let mut out = heads(&shelves, "claim");
    for claim in CLAIMS {
        write!(out, "| {} |", claim.name)?;
        for shelf in &shelves {
            write!(out, " {} |", verdict(claim, shelf, &now))?;
        }
        out.push('\n');
    }
    Ok(out)
}

fn verdict(claim: &Claim, shelf: &Shelf, now: &BTreeMap<String, String>) -> String {
    let Some(verdict) = claim.on(shelf, now) else {
        return "not measured".to_owned();
    };
    let mut said = if verdict.finding.holds() {
        "holds"
    } else {
        "**fails**"
    }
    .to_owned();
    said.push_str(&worst(&verdict.finding));
    if !verdict.finding.at_rest {
        said.push_str("; not at rest");
    }
    if !verdict.is_current {
        said.push_str("; measured on older sources");
    }
    said
}

/// The ratio that is closest to its bar or furthest above it, with its interval if there is one.
fn worst(finding: &Finding) -> String {
    let told = |check: &Check| {
        let chance = if check.is_within_noise() {
            "; within the noise"
        } else {
            ""
        };
        let ratio = &check.ratio;
        let interval = match ratio.samples {
            0 | 1 => String::new(),
            _ => format!(" ({:.2} to {:.2})", ratio.low, ratio.high),
        };
        format!(
            ": {:.2}{interval}, bar {:.2}{chance}",
            ratio.median, check.bar
        )
    };
    finding.worst().map_or_else(String::new, told)
}

/// A column of a table: a machine and a number of workers.
struct Column<'shelf> {
    machine: String,
    cell: &'shelf Cell,
    /// Whether the pools have changed since.
    is_older: bool,
}

/// How everybody did on a workload: a column for each machine and number of workers.
pub(crate) fn race(repository: &Repository, workload: &str) -> Result<String> {
    let (shelves, now) = (read(repository)?, sources(repository.root())?);
    let columns = shelves
        .iter()
        .flat_map(|shelf| newest(shelf, workload, &now));
    let columns: Vec<Column<'_>> = columns.collect();
    ensure!(
        !columns.is_empty(),
        "no record has measured a workload that is called `{workload}`"
    );
    let unit = Unit::of(workload, &columns);
    let mut out = format!("| {} |", unit.name());
    for column in &columns {
        write!(out, " {}, w = {}", column.machine, column.cell.workers)?;
        if column.cell.spoiled().is_some() {
            out.push_str(", not at rest");
        }
        if column.is_older {
            out.push_str(", older");
        }
        out.push_str(" |");
    }
    out.push_str("\n|---|");
    out.push_str(&"---:|".repeat(columns.len()));
    out.push('\n');
    for contender in contenders(&columns) {
        write!(out, "| {contender} |")?;
        for Column { cell, .. } in &columns {
            let value = cell.entry(contender).map(|entry| unit.value(cell, entry));
            write!(out, " {} |", value.unwrap_or_default())?;
        }
        out.push('\n');
    }
    Ok(out)
}

/// For each number of workers the cell of the newest record that has it.
fn newest<'shelf>(
    shelf: &'shelf Shelf,
    workload: &str,
    now: &BTreeMap<String, String>,
) -> Vec<Column<'shelf>> {
    let mut columns: Vec<Column<'shelf>> = Vec::new();
    for record in &shelf.records {
        let cells = record.cells.iter().filter(|cell| cell.base() == workload);
        for cell in cells {
            let is_same = |column: &Column<'_>| column.cell.workers == cell.workers;
            if columns.iter().any(is_same) {
                continue;
            }
            let entries = cell.entries.iter();
            let mut ours = entries.filter(|entry| now.contains_key(&entry.contender));
            columns.push(Column {
                machine: record.machine.short_name(),
                cell,
                is_older: ours.any(|entry| !record.is_current(&entry.contender, now)),
            });
        }
    }
    columns.sort_by_key(|column| column.cell.workers);
    columns
}

/// Everybody in some column, ours first, then the baselines and the peers.
fn contenders<'cell>(columns: &[Column<'cell>]) -> Vec<&'cell str> {
    let mut all: Vec<&str> = Vec::new();
    for family in ["ours", "baseline", "peer"] {
        let entries = columns.iter().flat_map(|column| &column.cell.entries);
        for entry in entries.filter(|entry| entry.family == family) {
            if !all.contains(&entry.contender.as_str()) {
                all.push(&entry.contender);
            }
        }
    }
    all
}

/// What the numbers of a table are.
enum Unit {
    TasksASecond,
    Latency,
    Nanoseconds,
}

impl Unit {
    fn of(workload: &str, columns: &[Column<'_>]) -> Unit {
        let mut entries = columns.iter().flat_map(|column| &column.cell.entries);
        if workload.starts_with("busy_machine") {
            Unit::TasksASecond
        } else if entries.any(|entry| entry.latency.is_some()) {
            Unit::Latency
        } else {
            Unit::Nanoseconds
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Unit::TasksASecond => "tasks a second",
            Unit::Latency => "microseconds: half of them, 99 of a hundred",
            Unit::Nanoseconds => "nanoseconds for each task",
        }
    }

    fn value(&self, cell: &Cell, entry: &Entry) -> String {
        let nanoseconds = cell.summary(entry).median;
        match (self, entry.latency) {
            (Unit::TasksASecond, _) => digits(1e9 / nanoseconds),
            (Unit::Nanoseconds, _) => digits(nanoseconds),
            (Unit::Latency, None) => String::new(),
            (Unit::Latency, Some(Latency { p50, p99 })) => {
                format!("{}, {}", digits(p50 / 1e3), digits(p99 / 1e3))
            }
        }
    }
}

/// Three digits: more would only look exact.
fn digits(value: f64) -> String {
    let three: f64 = format!("{value:.2e}").parse().unwrap_or(value);
    grouped(&three.to_string())
}

fn heads(shelves: &[Shelf], first: &str) -> String {
    let names: Vec<String> = shelves
        .iter()
        .map(|shelf| shelf.records[0].machine.short_name())
        .collect();
    let lines = "---|".repeat(names.len());
    format!("| {first} | {} |\n|---|{lines}\n", names.join(" | "))
}

fn read(repository: &Repository) -> Result<Vec<Shelf>> {
    shelves(&repository.root().join("benchmark").join("records"))
}
