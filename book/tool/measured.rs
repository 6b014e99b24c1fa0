//! What the races have measured, the machines side by side.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::{Result, ensure};
use benchmark::claims::{CLAIMS, Check, Claim, Finding};
use benchmark::records::{A_AGAINST_A, Cell, Entry, Record, Shelf, shelves, sources};

use crate::repository::Repository;
use crate::results::grouped;

/// The machines: what each is, and what its records say of themselves.
pub(crate) fn machines(repository: &Repository) -> Result<String> {
    let mut out = String::new();
    for shelf in read(repository)? {
        for (place, record) in shelf.records.iter().enumerate() {
            let machine = &record.machine;
            if place == 0 {
                writeln!(out, "- **{}**: {machine}.", short_name(record))?;
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
        let ratio = &check.ratio;
        let interval = match ratio.samples {
            0 | 1 => String::new(),
            _ => format!(" ({:.2} to {:.2})", ratio.low, ratio.high),
        };
        format!(": {:.2}{interval}, bar {:.2}", ratio.median, check.bar)
    };
    finding.worst().map_or_else(String::new, told)
}

/// How everybody did on a workload: a column for each machine and number of workers.
pub(crate) fn race(repository: &Repository, workload: &str) -> Result<String> {
    let shelves = read(repository)?;
    let columns: Vec<(String, &Cell)> = shelves
        .iter()
        .flat_map(|shelf| newest(shelf, workload))
        .collect();
    ensure!(
        !columns.is_empty(),
        "no record has measured a workload that is called `{workload}`"
    );
    let mut out = format!("| {} |", unit(workload));
    for (name, cell) in &columns {
        let mark = if cell.spoiled().is_some() {
            ", not at rest"
        } else {
            ""
        };
        write!(out, " {name}, w = {}{mark} |", cell.workers)?;
    }
    out.push_str("\n|---|");
    out.push_str(&"---:|".repeat(columns.len()));
    out.push('\n');
    for contender in contenders(&columns) {
        write!(out, "| {contender} |")?;
        for (_, cell) in &columns {
            let value = cell.entry(contender).map(|entry| value(workload, entry));
            write!(out, " {} |", value.unwrap_or_default())?;
        }
        out.push('\n');
    }
    Ok(out)
}

/// The cells of the newest record that has some of that workload, with the name of the machine.
fn newest<'shelf>(shelf: &'shelf Shelf, workload: &str) -> Vec<(String, &'shelf Cell)> {
    let of_record = |record: &'shelf Record| -> Vec<(String, &'shelf Cell)> {
        let cells = record.cells.iter().filter(|cell| cell.base() == workload);
        cells.map(|cell| (short_name(record), cell)).collect()
    };
    let mut found = shelf.records.iter().map(of_record);
    found.find(|cells| !cells.is_empty()).unwrap_or_default()
}

/// Everybody in some column, ours first, then the baselines and the peers.
fn contenders<'cell>(columns: &[(String, &'cell Cell)]) -> Vec<&'cell str> {
    let mut all: Vec<&str> = Vec::new();
    for family in ["ours", "baseline", "peer"] {
        let entries = columns.iter().flat_map(|(_, cell)| &cell.entries);
        for entry in entries.filter(|entry| entry.family == family && entry.family != A_AGAINST_A) {
            if !all.contains(&entry.contender.as_str()) {
                all.push(&entry.contender);
            }
        }
    }
    all
}

/// What the numbers of a workload are.
fn unit(workload: &str) -> &'static str {
    if workload.starts_with("busy_machine") {
        "tasks a second"
    } else if is_timed_one_by_one(workload) {
        "microseconds: half of them, 99 of a hundred"
    } else {
        "nanoseconds for each task"
    }
}

fn is_timed_one_by_one(workload: &str) -> bool {
    let timed = [
        "busy_round_trip",
        "idle_ping_pong",
        "one_task_after",
        "burst_from_rest",
    ];
    timed.iter().any(|start| workload.starts_with(start))
}

fn value(workload: &str, entry: &Entry) -> String {
    let nanoseconds = entry.summary().median;
    if workload.starts_with("busy_machine") {
        return digits(1e9 / nanoseconds);
    }
    match entry.latency().filter(|_| is_timed_one_by_one(workload)) {
        Some(latency) => format!(
            "{}, {}",
            digits(latency.p50 / 1e3),
            digits(latency.p99 / 1e3)
        ),
        None => digits(nanoseconds),
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
        .map(|shelf| short_name(&shelf.records[0]))
        .collect();
    let lines = "---|".repeat(names.len());
    format!("| {first} | {} |\n|---|{lines}\n", names.join(" | "))
}

/// A processor as a heading has room for it.
fn short_name(record: &Record) -> String {
    let name = record
        .machine
        .processor
        .replace("(R)", "")
        .replace("(TM)", "");
    let name = name.split(" CPU").next().unwrap_or(&name);
    name.trim_end_matches(" Processor").trim().to_owned()
}

fn read(repository: &Repository) -> Result<Vec<Shelf>> {
    shelves(&repository.root().join("benchmark").join("records"))
}
