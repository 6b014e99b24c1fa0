//! Running the scenarios of a stage.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::{Story, Workshop};

/// How long a search may go on after its time, while it looks for a shorter way to fail.
const PATIENCE: Duration = Duration::from_secs(20);

/// How much is searched, for each scenario.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Schedules at most.
    pub schedules: usize,
    /// Time at most.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            schedules: 1500,
            time: Duration::from_secs(4),
        }
    }
}

/// The compiled scenarios of a stage.
#[derive(Clone, Debug)]
pub struct Program {
    /// What there is, in its order.
    pub scenarios: Vec<Scenario>,
    workshop: Workshop,
    path: PathBuf,
}

/// A scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// The law that it holds.
    pub law: String,
    /// What it is called.
    pub name: String,
}

/// What a search has found.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Nothing, in so many schedules.
    Held(usize),
    /// A schedule that breaks the pool.
    Broken(Story),
}

impl Program {
    pub(crate) fn of(workshop: &Workshop, path: PathBuf) -> Result<Program> {
        let listed = Command::new(&path).output();
        let listed = listed.with_context(|| path.display().to_string())?;
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        let scenario = |line: &str| {
            let (law, name) = line.split_once('\t')?;
            let (law, name) = (law.to_owned(), name.to_owned());
            Some(Scenario { law, name })
        };
        Ok(Program {
            scenarios: listed.lines().filter_map(scenario).collect(),
            workshop: workshop.clone(),
            path,
        })
    }

    /// Searches for a schedule that breaks the pool in this scenario: always the same ones.
    ///
    /// # Errors
    ///
    /// If the process cannot be started.
    pub fn search(&self, scenario: &Scenario, limits: Limits) -> Result<Verdict> {
        let path = self.workshop.output(&scenario.name);
        // A file, since nobody reads while the process runs.
        let output = File::create(&path).with_context(|| path.display().to_string())?;
        let mut child = Command::new(&self.path)
            .arg(&scenario.name)
            .arg(limits.schedules.to_string())
            .arg(limits.time.as_millis().to_string())
            .env_remove("RUST_BACKTRACE")
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| self.path.display().to_string())?;
        let start = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break Some(status);
            }
            if start.elapsed() > limits.time + PATIENCE {
                child.kill()?;
                child.wait()?;
                break None;
            }
            thread::sleep(Duration::from_millis(5));
        };
        let output = fs::read(&path)?;
        let output = String::from_utf8_lossy(&output);
        let number = |key: &str| {
            let mut lines = output.lines();
            lines.find_map(|line| line.strip_prefix(key)?.parse().ok())
        };
        if let Some(tried) = number("tried\t") {
            return Ok(Verdict::Held(tried));
        }
        let ending = output.lines().find_map(|line| line.strip_prefix("end\t"));
        let otherwise = match status {
            Some(status) => format!("the process ends in the middle of it: {status}"),
            None => "a thread goes on and on, and lets no other one go on".to_owned(),
        };
        let ending = ending.map_or(otherwise, str::to_owned);
        let story = Story::new(&self.workshop, &output, number("failed\t"), ending);
        Ok(Verdict::Broken(story))
    }
}
