//! What the terminal shows.

use comfy_table::{CellAlignment, Table, presets};

use crate::claims::{Equals, Finding, MOST_ROUNDS};
use crate::heat::Heat;

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

/// The fastest first.
pub(crate) fn show_heat(heat: &Heat) {
    let workload = &heat.workload;
    println!(
        "\n{workload}: {} tasks, {} places, {} rounds",
        workload.tasks(),
        workload.capacity,
        heat.rounds()
    );
    let header = [
        "contender",
        "per task",
        "quartiles",
        "to the best",
        "95 %",
        "allocations",
    ];
    let mut table = table(&header);
    let mut entries: Vec<_> = heat.entries.iter().collect();
    entries.sort_by(|a, b| a.summary().median.total_cmp(&b.summary().median));
    for entry in &entries {
        let (summary, ratio) = (entry.summary(), entry.ratio_to(entries[0]));
        table.add_row([
            entry.name.clone(),
            time(summary.median),
            format!(
                "{} to {}",
                time(summary.lower_quartile),
                time(summary.upper_quartile)
            ),
            digits(ratio.median),
            format!("{} to {}", digits(ratio.low), digits(ratio.high)),
            format!("{:.2}", entry.allocations_per_task),
        ]);
    }
    println!("{table}");
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
            if pair.contains_one { "yes" } else { "NO" }.to_owned(),
        ]);
    }
    println!("{table}");
    if equals.iter().any(|pair| pair.ratio.samples < 6) {
        println!("These are too few rounds for an interval of 95 %.");
        return;
    }
    let missing = equals.iter().filter(|pair| !pair.contains_one).count();
    println!(
        "{missing} of {} intervals do not contain 1. By chance, one in twenty does not.",
        equals.len()
    );
}

pub(crate) fn show_finding(finding: &Finding) {
    let verdict = if finding.holds() { "holds" } else { "MISSED" };
    println!("\nclaim: {}: {verdict}", finding.claim);
    let mut table = table(&["ratio", "median", "95 %", "bar", "rounds", "verdict"]);
    for check in &finding.checks {
        let mut verdict = if check.holds() { "holds" } else { "MISSED" }.to_owned();
        if check.is_undecided() {
            verdict.push_str(", interval straddles the bar");
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
