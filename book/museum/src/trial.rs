//! Whether a test finds what is planted.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::exhibit::in_code;
use crate::{Catcher, Copy, Exhibit, short, stress};

/// A compiled test of the copy.
#[derive(Clone, Debug)]
pub struct Trial {
    program: PathBuf,
    folder: PathBuf,
    name: String,
    /// How to choose it among the tests of the program.
    choice: Vec<String>,
    output: PathBuf,
}

/// How a trial ended.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The test has failed.
    pub caught: bool,
    /// How long that took.
    pub time: Duration,
    /// What it has printed.
    pub output: String,
}

impl Verdict {
    /// The number after these words in what the test has printed.
    #[must_use]
    pub fn number_after(&self, words: &str) -> Option<usize> {
        let (_, rest) = self.output.split_once(words)?;
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        rest[..end].parse().ok()
    }
}

impl Copy {
    /// Compiles what catches a bug of this exhibit's version, as the copy is at present.
    ///
    /// # Errors
    ///
    /// If it does not compile, or there is no such test.
    pub fn trial(&self, exhibit: &Exhibit, catcher: &Catcher) -> Result<Trial> {
        let (package, target, name) = catcher.target(&exhibit.version, &self.workspace());
        self.compile(&package, target, name)
    }

    /// As [`Copy::trial`], for all laws of the version together.
    ///
    /// # Errors
    ///
    /// As [`Copy::trial`].
    pub fn laws(&self, exhibit: &Exhibit) -> Result<Trial> {
        let laws = format!("{}::", in_code(&exhibit.version));
        let mut trial = self.compile("benchmark", "laws", laws.clone() + "exactly_once")?;
        trial.choice = vec![laws];
        Ok(trial)
    }

    /// As [`Copy::trial`], for a model's search through new schedules.
    ///
    /// # Errors
    ///
    /// As [`Copy::trial`].
    pub fn search(&self, exhibit: &Exhibit, model: &str) -> Result<Trial> {
        let package = format!("model-{}", short(&exhibit.version));
        self.compile(&package, "models", format!("{model}::deep"))
    }

    /// As [`Copy::trial`], for a model's scenario on real threads.
    ///
    /// # Errors
    ///
    /// As [`Copy::trial`].
    pub fn stress(&self, exhibit: &Exhibit, model: &str) -> Result<Trial> {
        let package = stress::package(&exhibit.version);
        self.compile(&package, "models", format!("{model}::deep"))
    }

    fn compile(&self, package: &str, target: &str, name: String) -> Result<Trial> {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let output = Command::new(cargo)
            .args([
                "test",
                "--no-run",
                "--message-format=json",
                "--package",
                package,
            ])
            .args(["--test", target])
            .current_dir(self.workspace())
            .env("CARGO_TARGET_DIR", self.target())
            .stderr(Stdio::piped())
            .output()
            .context("cargo cannot be run")?;
        ensure!(
            output.status.success(),
            "{package} does not compile:\n{}\n{}",
            String::from_utf8_lossy(&output.stderr),
            errors(&output.stdout),
        );
        let program = messages(&output.stdout).find_map(|message| {
            let is_test = message["target"]["name"] == target && message["profile"]["test"] == true;
            is_test.then(|| message["executable"].as_str().map(PathBuf::from))?
        });
        let program = program.with_context(|| format!("{package} has no test {target}"))?;
        let listed = Command::new(&program)
            .args(["--list", "--exact", &name])
            .output()?;
        ensure!(
            String::from_utf8_lossy(&listed.stdout).contains(&format!("{name}: test")),
            "{package} has no test {name} in {target}"
        );
        let folder = match package {
            "benchmark" => self.workspace().join(package),
            _ => self.workspace(),
        };
        Ok(Trial {
            output: self.target().join(format!("{package}.txt")),
            program,
            choice: ["--exact", &name, "--include-ignored"]
                .map(str::to_owned)
                .to_vec(),
            folder,
            name,
        })
    }
}

impl Trial {
    /// Runs the test.
    ///
    /// # Errors
    ///
    /// If it cannot be run, or has not ended at the deadline.
    pub fn run(&self, deadline: Duration, variables: &[(&str, &str)]) -> Result<Verdict> {
        let output = File::create(&self.output)?;
        let begin = Instant::now();
        let mut child = Command::new(&self.program)
            .args(&self.choice)
            .arg("--nocapture")
            .current_dir(&self.folder)
            .envs(variables.iter().copied())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()?;
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if begin.elapsed() > deadline {
                child.kill()?;
                child.wait()?;
                bail!("{} has not ended within {deadline:?}", self.name);
            }
            thread::sleep(Duration::from_millis(5));
        };
        let time = begin.elapsed();
        let output = String::from_utf8_lossy(&fs::read(&self.output)?).into_owned();
        ensure!(
            output.contains("running ") && !output.contains("running 0 tests"),
            "{} did not run:\n{output}",
            self.name
        );
        Ok(Verdict {
            caught: !status.success(),
            time,
            output,
        })
    }
}

fn messages(stdout: &[u8]) -> impl Iterator<Item = Value> {
    let lines = stdout.split(|byte| *byte == b'\n');
    lines.filter_map(|line| serde_json::from_slice(line).ok())
}

fn errors(stdout: &[u8]) -> String {
    messages(stdout)
        .filter_map(|message| Some(message["message"]["rendered"].as_str()?.to_owned()))
        .collect()
}
