//! `cargo xp`: the book's experiments by name.

#![deny(unsafe_op_in_unsafe_fn)]

#[path = "compare/allocations.rs"]
mod allocations;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use benchmark::experiments::{self, ALL, Experiment, Outcome};
use clap::Parser;
use serde_json::{Value, json};

/// Runs the experiments of the book.
///
/// Each asks a question, waits for no answer, runs for a few seconds and says what happened.
#[derive(Parser)]
#[command(name = "cargo xp", bin_name = "cargo xp")]
struct Arguments {
    /// The experiments to run; without names, the list is shown.
    names: Vec<String>,
    /// Shows the list.
    #[arg(long)]
    list: bool,
    /// Runs all of them.
    #[arg(long)]
    all: bool,
    /// Writes the numbers and the recorded runs to where the book reads them.
    #[arg(long)]
    record: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if arguments.list || (arguments.names.is_empty() && !arguments.all) {
        for experiment in ALL {
            println!("{:24} {}", experiment.name, experiment.question);
        }
        println!("\nRun one with `cargo xp NAME`, all with `cargo xp --all`.");
        return Ok(());
    }
    experiments::count_allocations_with(|work| {
        let before = allocations::so_far().allocations;
        allocations::counted(work);
        allocations::so_far().allocations - before
    });
    let mut broken = Vec::new();
    for experiment in chosen(&arguments)? {
        println!("{}\n  {}", experiment.name, experiment.question);
        println!("predict\n  {}", experiment.predict);
        let outcome = (experiment.run)();
        println!("what happened");
        for line in &outcome.happened {
            println!("  {line}");
        }
        let verdict = if outcome.held { "held" } else { "did NOT hold" };
        println!("checks\n  {}: {verdict}\n", experiment.checks);
        if !outcome.held {
            broken.push(experiment.name);
        }
        if arguments.record {
            record(experiment, &outcome)?;
        }
    }
    if !broken.is_empty() {
        bail!("did not hold: {}", broken.join(", "));
    }
    Ok(())
}

fn chosen(arguments: &Arguments) -> Result<Vec<&'static Experiment>> {
    if arguments.all {
        return Ok(ALL.iter().collect());
    }
    let find = |name: &String| {
        let experiment = ALL.iter().find(|experiment| experiment.name == name);
        experiment
            .with_context(|| format!("no experiment is called `{name}`: see `cargo xp --list`"))
    };
    arguments.names.iter().map(find).collect()
}

/// Dotted names become objects: `v1.left` is `left` within `v1`.
fn nested(results: &BTreeMap<String, f64>) -> Value {
    let mut object = json!({});
    for (name, value) in results {
        let mut place = &mut object;
        for part in name.split('.') {
            place = &mut place[part];
        }
        // Times differ in the third digit from run to run: more of them would only look exact.
        let places = match value.abs() {
            100.0.. => 1.0,
            10.0.. => 10.0,
            _ => 100.0,
        };
        let rounded = (value * places).round() / places;
        *place = if rounded.fract() == 0.0 {
            json!(rounded as i64)
        } else {
            json!(rounded)
        };
    }
    object
}

fn record(experiment: &Experiment, outcome: &Outcome) -> Result<()> {
    let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("../book");
    let results = book
        .join("results")
        .join(format!("{}.json", experiment.name));
    write(&results, &nested(&outcome.results))?;
    for (name, trace) in &outcome.traces {
        let file = book.join("traces").join(format!("{name}.json"));
        write(&file, &serde_json::to_value(trace)?)?;
    }
    for (name, census) in &outcome.censuses {
        let file = book.join("censuses").join(format!("{name}.json"));
        write_lines(&file, &serde_json::to_value(census)?)?;
    }
    Ok(())
}

/// One line for each field: a line for each of thousands of numbers would help nobody.
fn write_lines(file: &PathBuf, value: &Value) -> Result<()> {
    let fields = value.as_object().into_iter().flatten();
    let lines: Vec<String> = fields
        .map(|(name, value)| format!("  \"{name}\": {value}"))
        .collect();
    write_text(file, &format!("{{\n{}\n}}\n", lines.join(",\n")))
}

fn write(file: &PathBuf, value: &Value) -> Result<()> {
    write_text(file, &format!("{}\n", serde_json::to_string_pretty(value)?))
}

fn write_text(file: &PathBuf, text: &str) -> Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, text).with_context(|| format!("writing {}", file.display()))
}
