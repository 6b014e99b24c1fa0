//! Compiling the tests of an exercise against a copy, and running them.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result};
use grade::run::{self, Verdict};
use grade::{exercises, workshop};
use serde_json::Value;

use crate::{Exercise, Test};

/// What the reader's copy is called.
pub const READERS: &str = "yours";

/// What came of it.
#[derive(Debug)]
pub enum Checked {
    /// It does not compile: what the compiler says.
    DoesNotCompile(String),
    /// Each test and its verdict, in the order of the file.
    Tests(Vec<(Test, Verdict)>),
}

impl Checked {
    /// The first test that has not passed, if it could be asked.
    #[must_use]
    pub fn first_failing(&self) -> Option<&(Test, Verdict)> {
        match self {
            Checked::DoesNotCompile(_) => None,
            Checked::Tests(tests) => tests.iter().find(|(_, verdict)| *verdict != Verdict::Kept),
        }
    }

    /// Whether all tests have passed.
    #[must_use]
    pub fn is_solved(&self) -> bool {
        matches!(self, Checked::Tests(_)) && self.first_failing().is_none()
    }
}

/// Holds a copy of the exercise's version to its tests. `called` is a name for this copy among
/// those of the exercise.
///
/// # Errors
///
/// If cargo cannot be run, or a process cannot be started.
pub fn check(exercise: &Exercise, copy: &Path, called: &str) -> Result<Checked> {
    let name = format!("exercise-{}-{called}", exercise.name);
    let folder = workshop().join(&name);
    fs::create_dir_all(&folder)?;
    let tests = exercise.folder().join("tests.rs");
    let harness = exercises().join("harness");
    let manifest = format!(
        "# Written by `cargo exercise`.\n[package]\nname = \"{name}\"\nversion = \"0.0.0\"\n\
         edition = \"2024\"\npublish = false\nautobins = false\n\n[workspace]\n\n[profile.dev]\n\
         debug = false\n\n[dependencies]\nharness = {{ path = '{}' }}\n\
         pool = {{ package = \"{}\", path = '{}' }}\n\n[[bin]]\nname = \"{name}\"\npath = '{}'\n",
        harness.display(),
        exercise.version,
        copy.display(),
        tests.display(),
    );
    let path = folder.join("Cargo.toml");
    if fs::read_to_string(&path).is_ok_and(|before| before == manifest) {
        // Untouched, so that nothing is compiled again.
    } else {
        fs::write(&path, manifest)?;
    }
    // What the versions need is in it, so nothing has to be fetched.
    let lock = folder.join("Cargo.lock");
    if !lock.exists() {
        fs::copy(exercises().join("Cargo.lock"), lock).context("exercises/Cargo.lock")?;
    }
    let tests = Test::all(exercise)?;
    match compile(&path, &name, called == READERS)? {
        Err(said) => Ok(Checked::DoesNotCompile(said)),
        Ok(program) => Ok(Checked::Tests(run_all(tests, &program, &folder)?)),
    }
}

/// The program, or what the compiler says. What is compiled again and again is compiled so that the
/// next time is quick.
fn compile(manifest: &Path, name: &str, often: bool) -> Result<Result<PathBuf, String>> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .env("CARGO_INCREMENTAL", if often { "1" } else { "0" })
        .args(["build", "--quiet"])
        .arg("--message-format=json-render-diagnostics")
        .arg("--manifest-path")
        .arg(manifest)
        .arg("--target-dir")
        .arg(workshop().join("target"))
        .stdin(Stdio::null())
        .output()
        .context("cargo cannot be run")?;
    if !output.status.success() {
        return Ok(Err(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let mut programs = messages.lines().filter_map(|line| {
        let message = serde_json::from_str::<Value>(line).ok()?;
        let program = message["executable"].as_str()?;
        (message["target"]["name"] == name).then(|| program.into())
    });
    let program = programs
        .next_back()
        .context("cargo has not made the program")?;
    Ok(Ok(program))
}

/// All at once: they wait more than they work.
fn run_all(tests: Vec<Test>, program: &Path, reports: &Path) -> Result<Vec<(Test, Verdict)>> {
    thread::scope(|scope| {
        let running: Vec<_> = tests
            .into_iter()
            .map(|test| {
                scope.spawn(move || {
                    let verdict = run::law(program, &test.name, reports)?;
                    Ok::<_, anyhow::Error>((test, verdict))
                })
            })
            .collect();
        let ended = running.into_iter().map(thread::ScopedJoinHandle::join);
        ended
            .map(|one| one.unwrap_or_else(|_| anyhow::bail!("a test could not be watched")))
            .collect()
    })
}
