//! Running one law, in a process of its own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

/// How long a law may take before somebody looks whether anything still moves. No law takes a
/// tenth of it.
pub const LIMIT: Duration = Duration::from_secs(4);

/// After so many times the limit the process is ended from outside: the law's own watchdog has not
/// done it.
const PATIENCE: u32 = 8;

/// How often it is looked whether the process has ended.
const LOOK: Duration = Duration::from_millis(5);

/// What a law has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing to complain of.
    Kept,
    /// Something else was observed.
    Broken(Findings),
    /// It did not end.
    Hangs(Findings),
    /// The process ended before the law did: a second panic, a full stack.
    Died(Findings),
}

/// What was observed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// In a sentence.
    pub observed: String,
    /// What each thread did, if the law hangs.
    pub threads: Vec<String>,
    /// Panics of threads that are not the test's.
    pub panics: Vec<String>,
    /// What the process printed at last.
    pub printed: String,
}

impl Verdict {
    /// In a word, as wide as the longest.
    #[must_use]
    pub fn mark(&self) -> &'static str {
        match self {
            Verdict::Kept => "ok   ",
            Verdict::Broken(_) => "FAILS",
            Verdict::Hangs(_) => "HANGS",
            Verdict::Died(_) => "DIES ",
        }
    }

    /// What was observed, unless the law was kept.
    #[must_use]
    pub fn findings(&self) -> Option<&Findings> {
        match self {
            Verdict::Kept => None,
            Verdict::Broken(findings) | Verdict::Hangs(findings) | Verdict::Died(findings) => {
                Some(findings)
            }
        }
    }
}

/// Runs a law of a program.
///
/// # Errors
///
/// If the process cannot be started.
pub fn law(program: &Path, name: &str, reports: &Path) -> Result<Verdict> {
    let file = |ending: &str| reports.join(format!("{name}.{ending}"));
    let (report, printed) = (file("report"), file("printed"));
    let _ = fs::remove_file(&report);
    // A file, since nobody reads while the process runs.
    let output = File::create(&printed).with_context(|| printed.display().to_string())?;
    let mut child = Command::new(program)
        .arg(name)
        .arg(&report)
        .arg(LIMIT.as_millis().to_string())
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .env("RUST_BACKTRACE", "0")
        .spawn()
        .with_context(|| program.display().to_string())?;
    // Counted, and not measured: if this process does not run for a while, nor does that one.
    let mut looks = 0;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break Some(status);
        }
        looks += 1;
        if LOOK * looks > LIMIT * PATIENCE {
            child.kill()?;
            child.wait()?;
            break None;
        }
        thread::sleep(LOOK);
    };
    Ok(read(status, &report, &printed))
}

fn read(status: Option<ExitStatus>, report: &PathBuf, printed: &PathBuf) -> Verdict {
    let text = fs::read_to_string(report).unwrap_or_default();
    let lines = |letter: char| -> Vec<String> {
        let lines = text.lines().filter_map(|line| line.strip_prefix(letter));
        lines.map(|line| line.trim_start().to_owned()).collect()
    };
    let mut findings = Findings {
        observed: lines('o').join("\n"),
        threads: lines('t'),
        panics: lines('p'),
        printed: last_lines(printed),
    };
    match (lines('v').first().map(String::as_str), status) {
        (Some("kept"), _) => Verdict::Kept,
        (Some("broken"), _) => Verdict::Broken(findings),
        (Some("hangs"), _) => Verdict::Hangs(findings),
        (_, Some(status)) => {
            findings.observed = format!("the process ended in the middle of the law: {status}");
            Verdict::Died(findings)
        }
        (_, None) => {
            "it did not end, and had to be ended from outside".clone_into(&mut findings.observed);
            Verdict::Hangs(findings)
        }
    }
}

/// The end of what was printed.
fn last_lines(printed: &PathBuf) -> String {
    const MOST: usize = 8;
    let bytes = fs::read(printed).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(4000)..]).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(MOST)..].join("\n")
}
