//! Writes what an experiment found to where the book reads it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use benchmark::experiments::{Experiment, Outcome};
use serde_json::{Value, json};

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

/// Its numbers, and the runs that are drawn.
pub(crate) fn record(experiment: &Experiment, outcome: &Outcome) -> Result<()> {
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
