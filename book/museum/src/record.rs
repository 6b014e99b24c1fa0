//! What was seen, for the book.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::{Catcher, Copy, Exhibit, Step, schedule};

/// What catches a planted bug must do so in this time.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// New searches that are made for a bug.
const SEARCHES: usize = 5;

/// Schedules of each kind that a model tries when it is to catch a bug: always the same ones. The
/// fast tier tries fewer of them.
const CATCHING: &str = "500";

/// Schedules of each kind that a search tries before it gives up.
const SCHEDULES: usize = 1_000_000;

/// What was seen of an exhibit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// What caught it, in the order of the exhibit's file.
    pub catches: Vec<Catch>,
    /// How long a search takes to find it, if a model does.
    pub search: Option<Search>,
    /// How long it takes to find by repetition on real threads.
    pub stress: Option<Stress>,
    /// Whether the version's laws notice it, all together, each on real threads for as long as in
    /// the fast tier.
    pub laws: Option<LawRun>,
    /// The end of a schedule on which the model fails: steps that came before are left out.
    pub schedule: Vec<Step>,
    /// How many are left out.
    pub left_out: usize,
    /// How it fails after the last step.
    pub ending: String,
}

/// A test that has caught it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Catch {
    /// Which one, as in the exhibit's file.
    pub catcher: String,
    /// Seconds until it failed.
    pub seconds: f64,
    /// The schedule on which a model failed.
    pub schedule: Option<usize>,
}

/// A run of all laws of a version.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LawRun {
    /// Whether one of them failed.
    pub caught: bool,
    /// How long they took. One that hangs is ended by its watchdog.
    pub seconds: f64,
}

/// Searches with schedules that are not the same each time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Search {
    /// The model.
    pub model: String,
    /// Seconds until each has failed.
    pub seconds: Vec<f64>,
    /// The schedule on which each has failed.
    pub schedules: Vec<usize>,
}

/// The same scenario on real threads.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stress {
    /// For how long it was repeated at most.
    pub seconds: u64,
    /// How often it was.
    pub rounds: usize,
    /// Seconds until it failed, if it did.
    pub caught: Option<f64>,
}

impl Search {
    /// Seconds: the fastest search first.
    #[must_use]
    pub fn sorted(&self) -> Vec<f64> {
        let mut seconds = self.seconds.clone();
        seconds.sort_by(f64::total_cmp);
        seconds
    }

    /// The middle one, in seconds.
    #[must_use]
    pub fn median(&self) -> f64 {
        self.sorted()[self.seconds.len() / 2]
    }

    /// The schedule on which the middle one failed.
    #[must_use]
    pub fn median_schedule(&self) -> usize {
        let mut schedules = self.schedules.clone();
        schedules.sort_unstable();
        schedules[schedules.len() / 2]
    }
}

impl Stress {
    pub(crate) fn in_words(&self) -> String {
        let rounds = self.rounds;
        match self.caught {
            Some(seconds) => format!("it failed in round {rounds}, after {seconds:.1} seconds"),
            None => format!(
                "it did not fail in {rounds} rounds, {} seconds",
                self.seconds
            ),
        }
    }
}

impl Record {
    fn path(repository: &Path, exhibit: &str) -> PathBuf {
        repository
            .join("book/museum/records")
            .join(exhibit)
            .with_extension("json")
    }

    /// What was seen of this exhibit when somebody last looked.
    ///
    /// # Errors
    ///
    /// If nobody did.
    pub fn read(repository: &Path, exhibit: &str) -> Result<Record> {
        let path = Record::path(repository, exhibit);
        let text = fs::read_to_string(&path).with_context(|| {
            format!("{exhibit} has no record: `cargo museum --record {exhibit}`")
        })?;
        serde_json::from_str(&text).with_context(|| path.display().to_string())
    }

    /// Keeps it.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn write(&self, repository: &Path, exhibit: &str) -> Result<()> {
        let path = Record::path(repository, exhibit);
        fs::create_dir_all(path.parent().context("a folder")?)?;
        Ok(fs::write(path, serde_json::to_string_pretty(self)? + "\n")?)
    }
}

impl Copy {
    /// Asks all that is known to catch a bug, which is planted in the copy.
    ///
    /// # Errors
    ///
    /// If one of them does not catch it, or not within [`DEADLINE`].
    pub fn catches(&self, exhibit: &Exhibit) -> Result<Vec<Catch>> {
        let catch = |catcher: &Catcher| {
            let schedules = [("MODEL_SCHEDULES", CATCHING)];
            let verdict = self.trial(exhibit, catcher)?.run(DEADLINE, &schedules)?;
            ensure!(
                verdict.caught,
                "{}: {catcher} does not catch it",
                exhibit.name
            );
            Ok(Catch {
                catcher: catcher.to_string(),
                seconds: verdict.time.as_secs_f64(),
                schedule: verdict.number_after("failed on schedule "),
            })
        };
        exhibit.catchers.iter().map(catch).collect()
    }

    /// How long the search through schedules takes to find a bug, which is planted in the copy.
    ///
    /// # Errors
    ///
    /// If it is not found.
    pub fn time_search(&self, exhibit: &Exhibit, model: &str) -> Result<Search> {
        let trial = self.search(exhibit, model)?;
        let schedules = SCHEDULES.to_string();
        let mut search = Search {
            model: model.to_owned(),
            seconds: Vec::new(),
            schedules: Vec::new(),
        };
        for _ in 0..SEARCHES {
            let verdict = trial.run(10 * DEADLINE, &[("MODEL_SCHEDULES", &schedules)])?;
            ensure!(verdict.caught, "{}: {model} does not find it", exhibit.name);
            let schedule = verdict.number_after("failed on schedule ");
            search.seconds.push(verdict.time.as_secs_f64());
            search
                .schedules
                .push(schedule.context("the model does not say which schedule")?);
        }
        Ok(search)
    }

    /// How long the same scenario on real threads takes, at most so many seconds.
    ///
    /// # Errors
    ///
    /// If it cannot be run.
    pub fn time_stress(&self, exhibit: &Exhibit, model: &str, seconds: u64) -> Result<Stress> {
        let trial = self.stress(exhibit, model)?;
        let deadline = Duration::from_secs(seconds) + DEADLINE;
        let verdict = trial.run(deadline, &[("STRESS_SECONDS", &seconds.to_string())])?;
        let words = ["no failure in ", "failed in round ", "hangs in round "];
        let rounds = words.iter().find_map(|words| verdict.number_after(words));
        // How long it takes to be sure that it hangs is nobody's fault.
        let time = match verdict.number_after("begun after ") {
            Some(milliseconds) => Duration::from_millis(u64::try_from(milliseconds)?),
            None => verdict.time,
        };
        Ok(Stress {
            seconds,
            rounds: rounds.context("the loop does not say how often it ran")?,
            caught: verdict.caught.then_some(time.as_secs_f64()),
        })
    }

    /// Runs all laws of the version.
    ///
    /// # Errors
    ///
    /// If they cannot be run, or do not end.
    pub fn run_laws(&self, exhibit: &Exhibit) -> Result<LawRun> {
        let verdict = self.laws(exhibit)?.run(10 * DEADLINE, &[])?;
        Ok(LawRun {
            caught: verdict.caught,
            seconds: verdict.time.as_secs_f64(),
        })
    }

    /// A schedule on which the model fails, with few switches between threads, and how it fails.
    ///
    /// # Errors
    ///
    /// If none is found.
    pub fn short_schedule(&self, exhibit: &Exhibit, model: &str) -> Result<(Vec<Step>, String)> {
        let trial = self.trial(exhibit, &Catcher::Model(model.to_owned()))?;
        let verdict = trial.run(DEADLINE, &[("MODEL_JOURNAL", "1")])?;
        ensure!(
            verdict.caught,
            "{}: {model} fails on no short schedule",
            exhibit.name
        );
        let ending = verdict
            .output
            .lines()
            .find_map(|line| line.strip_prefix("end\t"));
        let ending = ending
            .context("the model does not say how it failed")?
            .to_owned();
        Ok((schedule(&verdict.output, &self.workspace()), ending))
    }
}
