//! What is written to `target/compare`, for others to read.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::claims::{Equals, Finding};
use crate::heat::Heat;

/// What was run.
pub(crate) struct Run<'run> {
    pub(crate) scale: String,
    pub(crate) seed: u64,
    pub(crate) heats: &'run [Heat],
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
        let heats = self.heats.iter().map(|heat| {
            let best = heat.best(|_| true);
            let entries = heat.entries.iter().map(|entry| {
                json!({
                    "contender": entry.name,
                    "family": entry.family,
                    "nanoseconds_per_task": entry.summary(),
                    "ratio_to_best": best.map(|best| entry.ratio_to(best)),
                    "allocations_per_task": entry.allocations_per_task,
                    "samples": entry.samples,
                })
            });
            json!({
                "workload": heat.workload.name,
                "workers": heat.workload.workers,
                "capacity": heat.workload.capacity,
                "tasks": heat.workload.tasks(),
                "rounds": heat.rounds(),
                "entries": entries.collect::<Vec<_>>(),
            })
        });
        json!({
            "machine": {
                "cores": std::thread::available_parallelism().map_or(0, usize::from),
                "system": std::env::consts::OS,
                "architecture": std::env::consts::ARCH,
            },
            "scale": self.scale,
            "seed": self.seed,
            "heats": heats.collect::<Vec<_>>(),
            "a_against_a": self.equals,
            "claims": self.findings.iter().map(|finding| json!({
                "claim": finding.claim,
                "holds": finding.holds(),
                "undecided": finding.is_undecided(),
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
        ])?;
        for heat in self.heats {
            let Some(best) = heat.best(|_| true) else {
                continue;
            };
            for entry in &heat.entries {
                let (summary, ratio) = (entry.summary(), entry.ratio_to(best));
                csv.serialize((
                    &heat.workload.name,
                    heat.workload.workers,
                    &entry.name,
                    entry.family,
                    summary.samples,
                    summary.median,
                    summary.lower_quartile,
                    summary.upper_quartile,
                    ratio.median,
                    ratio.low,
                    ratio.high,
                    entry.allocations_per_task,
                ))?;
            }
        }
        Ok(csv.flush()?)
    }

    fn write_samples(&self, file: &Path) -> Result<()> {
        let mut csv = writer(file)?;
        csv.write_record(["workload", "workers", "contender", "round", "ns_per_task"])?;
        for heat in self.heats {
            let (name, workers) = (&heat.workload.name, heat.workload.workers);
            for entry in &heat.entries {
                for (round, sample) in entry.samples.iter().enumerate() {
                    csv.serialize((name, workers, &entry.name, round + 1, sample))?;
                }
            }
        }
        Ok(csv.flush()?)
    }
}

fn writer(file: &Path) -> Result<csv::Writer<File>> {
    csv::Writer::from_path(file).with_context(|| format!("writing {}", file.display()))
}
