//! `grade-models LIB.RS [STAGE ..]`: searches for a schedule that breaks the pool with this source.

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use grade_models::{Limits, Outcome, STAGES, Workshop, grade};

fn main() -> ExitCode {
    match run() {
        Ok(Outcome::Held { .. }) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<Outcome> {
    let mut arguments = env::args().skip(1);
    let pool = arguments
        .next()
        .context("usage: grade-models LIB.RS [STAGE ..]")?;
    let stages: Vec<usize> = arguments
        .map(|stage| {
            stage
                .parse()
                .with_context(|| format!("'{stage}' is no stage"))
        })
        .collect::<Result<_>>()?;
    let stages = if stages.is_empty() {
        &STAGES
    } else {
        &stages[..]
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/models");
    let workshop = Workshop::new("pool-of-a-reader", &PathBuf::from(pool), &folder)?;
    grade(&workshop, stages, Limits::default(), &mut io::stdout())
}
