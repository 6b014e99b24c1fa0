//! What the terminal shows.

use std::collections::BTreeMap;

use benchmark::claims::{Check, Claim, Finding, MOST_ROUNDS};
use benchmark::records::{Cell, Entry, Equals, Shelf};
use comfy_table::{CellAlignment, Table, presets};
use command::println;

use crate::load::Load;

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header(header.iter().copied());
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Three digits that mean something; a fourth is noise.
pub(crate) fn digits(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Nanoseconds, in the unit that suits them.
fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        1e6.. => format!("{} ms", digits(nanoseconds / 1e6)),
        10_000.0.. => format!("{} us", digits(nanoseconds / 1e3)),
        _ => format!("{nanoseconds:.0} ns"),
    }
}

/// `1 place`, `2 places`.
pub(crate) fn counted(count: usize, of: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {of}{plural}")
}

/// How busy others keep the machine.
pub(crate) fn show_load(when: &str, load: Option<Load>) {
    match load {
        Some(load) => eprintln!(
            "{when}: others keep {:.2} cores busy, the host takes {:.2} away",
            load.others, load.stolen
        ),
        None => eprintln!("{when}: how busy others keep the machine is not known here"),
    }
}

/// The fastest first. Columns that say nothing about this cell are left out.
pub(crate) fn show_cell(cell: &Cell) {
    let tasks = match cell.tasks {
        Some(tasks) => counted(tasks, "task"),
        None => "a set time".to_owned(),
    };
    let places = counted(cell.capacity, "place");
    println!(
        "\n{cell}: {tasks}, {places}, {}",
        counted(cell.rounds(), "round")
    );
    let has_latencies = cell.entries.iter().any(|entry| entry.latency.is_some());
    let has_held = cell.entries.iter().any(|entry| entry.held.is_some());
    let mut header = vec!["contender", "per task", "quartiles", "to the best", "95 %"];
    if has_latencies {
        header.extend(["p50", "p99"]);
    }
    if has_held {
        header.push("bytes held");
    }
    header.push("allocations");
    let mut table = table(&header);
    let mut entries: Vec<&Entry> = cell.entries.iter().collect();
    entries.sort_by(|a, b| cell.summary(a).median.total_cmp(&cell.summary(b).median));
    for entry in &entries {
        let (summary, ratio) = (cell.summary(entry), cell.ratio(entry, entries[0]));
        let to_the_best = if cell.is_none(ratio.median) {
            "none".to_owned()
        } else {
            digits(ratio.median)
        };
        let mut row = vec![
            entry.contender.clone(),
            time(summary.median),
            format!(
                "{} to {}",
                time(summary.lower_quartile),
                time(summary.upper_quartile)
            ),
            to_the_best,
            format!("{} to {}", digits(ratio.low), digits(ratio.high)),
        ];
        if has_latencies {
            let latency = entry.latency;
            row.push(latency.map_or_else(String::new, |latency| time(latency.p50)));
            row.push(latency.map_or_else(String::new, |latency| time(latency.p99)));
        }
        if has_held {
            row.push(entry.held.map_or_else(String::new, digits));
        }
        row.push(
            entry
                .allocations
                .map_or_else(String::new, |count| format!("{count:.2}")),
        );
        table.add_row(row);
    }
    println!("{table}");
    if let Some(floor) = cell.noise_floor() {
        println!(
            "noise floor: {:.1} %, so a difference up to that is none",
            (floor - 1.0) * 100.0
        );
    }
    if let (Some(others), Some(stolen)) = (cell.others, cell.stolen) {
        println!("others kept {others:.2} cores busy, the host took {stolen:.2} away");
    }
    if let Some(why) = cell.spoiled() {
        println!("NOT AT REST: {why}");
    }
}

/// Which cells were not measured at rest, all in one place.
pub(crate) fn show_spoiled(cells: &[&Cell]) {
    let spoiled: Vec<_> = cells
        .iter()
        .filter_map(|cell| Some((cell, cell.spoiled()?)))
        .collect();
    println!("\nnot at rest: {} of {} cells", spoiled.len(), cells.len());
    for (cell, why) in spoiled {
        println!("  {cell}: {why}");
    }
}

/// What each machine's newest record says about a claim. Returns how many of them say something
/// else than what is known.
pub(crate) fn show_verdicts(
    claim: &Claim,
    shelves: &[Shelf],
    now: &BTreeMap<String, String>,
) -> usize {
    println!("\nclaim: {}", claim.name);
    let mut table = table(&[
        "machine",
        "verdict",
        "worst ratio",
        "95 %",
        "bar",
        "where",
        "record",
    ]);
    let mut surprises = 0;
    for shelf in shelves {
        let known = claim.is_known_to_fail_on(&shelf.name);
        let Some(verdict) = claim.on(shelf, now) else {
            table.add_row([shelf.name.as_str(), "not measured"]);
            continue;
        };
        let holds = verdict.finding.holds();
        let counts = verdict.is_current && verdict.finding.at_rest;
        surprises += usize::from(counts && holds == known);
        let mut said = if holds { "holds" } else { "MISSED" }.to_owned();
        if known {
            said.push_str(", known to fail");
        }
        if !verdict.finding.at_rest {
            said.push_str(", not at rest");
        }
        let age = if verdict.is_current {
            ""
        } else {
            ", of older sources"
        };
        let worst = verdict.finding.worst();
        let ratio =
            |of: fn(&Check) -> f64| worst.map_or_else(String::new, |check| digits(of(check)));
        table.add_row([
            shelf.name.clone(),
            said,
            ratio(|check| check.ratio.median),
            match worst {
                Some(check) if check.ratio.samples > 1 => {
                    format!(
                        "{} to {}",
                        digits(check.ratio.low),
                        digits(check.ratio.high)
                    )
                }
                _ => "not known".to_owned(),
            },
            ratio(|check| check.bar),
            worst.map_or_else(String::new, |check| check.what.clone()),
            format!("{}{age}", verdict.record.date),
        ]);
    }
    println!("{table}");
    surprises
}

pub(crate) fn show_equals(equals: &[Equals]) {
    if equals.is_empty() {
        return;
    }
    println!("\nA/A: a contender against itself");
    let mut table = table(&["pair", "ratio", "95 %", "rounds", "contains 1"]);
    for pair in equals {
        table.add_row([
            pair.what.clone(),
            format!("{:.3}", pair.ratio.median),
            format!("{:.3} to {:.3}", pair.ratio.low, pair.ratio.high),
            pair.ratio.samples.to_string(),
            if pair.ratio.contains(1.0) {
                "yes"
            } else {
                "NO"
            }
            .to_owned(),
        ]);
    }
    println!("{table}");
    if equals.iter().any(|pair| pair.ratio.samples < 6) {
        println!("These are too few rounds for an interval of 95 %.");
        return;
    }
    let missing = equals
        .iter()
        .filter(|pair| !pair.ratio.contains(1.0))
        .count();
    println!(
        "{missing} of {} intervals do not contain 1. By chance, one in twenty does not.",
        equals.len()
    );
}

pub(crate) fn show_finding(finding: &Finding) {
    let mut verdict = if finding.holds() { "holds" } else { "MISSED" }.to_owned();
    if !finding.at_rest {
        verdict.push_str(", but it was not measured at rest");
    }
    println!("\nclaim: {}: {verdict}", finding.claim);
    let mut table = table(&["ratio", "median", "95 %", "bar", "rounds", "verdict"]);
    for check in &finding.checks {
        let mut verdict = if check.holds() { "holds" } else { "MISSED" }.to_owned();
        if check.is_undecided() {
            verdict.push_str(", interval straddles the bar");
        }
        if check.is_within_noise() {
            verdict.push_str(", within the noise");
        }
        table.add_row([
            check.what.clone(),
            format!("{:.3}", check.ratio.median),
            format!("{:.3} to {:.3}", check.ratio.low, check.ratio.high),
            format!("{:.2}", check.bar),
            check.ratio.samples.to_string(),
            verdict,
        ]);
    }
    println!("{table}");
    if let Some(mean) = finding.mean_of_medians {
        println!("The geometric mean of the medians, for comparison: {mean:.3}");
    }
    if finding.is_undecided() {
        println!(
            "Where an interval straddles its bar, the median decides: {MOST_ROUNDS} rounds are the most."
        );
    }
}
