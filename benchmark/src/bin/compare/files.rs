//! What is written to `target/compare`, for others to read.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use benchmark::claims::Finding;
use benchmark::records::{Cell, Equals, Machine};

/// What was run.
pub(crate) struct Run<'run> {
    pub(crate) machine: Machine,
    pub(crate) load_before: Option<f64>,
    pub(crate) scale: String,
    pub(crate) seed: u64,
    pub(crate) cells: &'run [&'run Cell],
    pub(crate) equals: &'run [Equals],
    pub(crate) findings: &'run [Finding],
}

impl Run<'_> {
    /// Writes `results.json`, `summary.csv` and `samples.csv`.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
        let json = folder.join("results.json");
        let text = format!("{}\n", serde_json::to_string_pretty(&self.to_json())?);
        fs::write(&json, text).with_context(|| format!("writing {}", json.display()))?;
        self.write_summary(&folder.join("summary.csv"))?;
        self.write_samples(&folder.join("samples.csv"))
    }

    fn to_json(&self) -> Value {
        let cells = self.cells.iter().map(|cell| {
            let best = cell.best(|_| true);
            let entries = cell.entries.iter().map(|entry| {
                json!({
                    "contender": entry.contender,
                    "family": entry.family,
                    "nanoseconds_per_task": entry.summary(),
                    "latency": entry.latency,
                    "ratio_to_best": best.map(|best| entry.ratio_to(best)),
                    "allocations_per_task": entry.allocations,
                    "bytes_per_queued_task": entry.held,
                    "samples": entry.samples,
                })
            });
            json!({
                "workload": cell.name,
                "workers": cell.workers,
                "capacity": cell.capacity,
                "tasks": cell.tasks,
                "rounds": cell.rounds(),
                "load_of_others": cell.others,
                "stolen": cell.stolen,
                "noise_floor": cell.noise_floor(),
                "spoiled": cell.spoiled().map(|why| why.to_string()),
                "measured_again": cell.again,
                "entries": entries.collect::<Vec<_>>(),
            })
        });
        json!({
            "machine": self.machine,
            "load_before": self.load_before,
            "scale": self.scale,
            "seed": self.seed,
            "cells": cells.collect::<Vec<_>>(),
            "a_against_a": self.equals,
            "claims": self.findings.iter().map(|finding| json!({
                "claim": finding.claim,
                "holds": finding.holds(),
                "undecided": finding.is_undecided(),
                "at_rest": finding.at_rest,
                "checks": finding.checks,
                "mean_of_medians": finding.mean_of_medians,
            })).collect::<Vec<_>>(),
        })
    }

    fn write_summary(&self, file: &Path) -> Result<()> {
        let mut csv = writer(file)?;
        csv.write_record([
            "workload",
            "workers",
            "contender",
            "family",
            "rounds",
            "median_ns",
            "lower_quartile_ns",
            "upper_quartile_ns",
            "ratio_to_best",
            "ratio_low",
            "ratio_high",
            "allocations_per_task",
            "p50_ns",
            "p99_ns",
            "spoiled",
        ])?;
        for cell in self.cells {
            let Some(best) = cell.best(|_| true) else {
                continue;
            };
            let spoiled = cell.spoiled().map(|why| why.to_string());
            for entry in &cell.entries {
                let (summary, ratio) = (cell.summary(entry), cell.ratio(entry, best));
                let latency = entry.latency;
                csv.serialize((
                    (&cell.name, cell.workers, &entry.contender, &entry.family),
                    (summary.samples, summary.median),
                    (summary.lower_quartile, summary.upper_quartile),
                    (ratio.median, ratio.low, ratio.high),
                    entry.allocations,
                    latency.map(|latency| latency.p50),
                    latency.map(|latency| latency.p99),
                    &spoiled,
                ))?;
            }
        }
        Ok(csv.flush()?)
    }

    fn write_samples(&self, file: &Path) -> Result<()> {
        let mut csv = writer(file)?;
        csv.write_record(["workload", "workers", "contender", "round", "ns_per_task"])?;
        for cell in self.cells {
            let (name, workers) = (&cell.name, cell.workers);
            for entry in &cell.entries {
                for (round, sample) in entry.samples.iter().enumerate() {
                    csv.serialize((name, workers, &entry.contender, round + 1, sample))?;
                }
            }
        }
        Ok(csv.flush()?)
    }
}

fn writer(file: &Path) -> Result<csv::Writer<File>> {
    csv::Writer::from_path(file).with_context(|| format!("writing {}", file.display()))
}
