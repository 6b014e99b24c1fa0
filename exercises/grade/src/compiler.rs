//! Compiling the laws, and reading what the compiler says.

use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{Package, stages, workshop};

/// What came of it.
#[derive(Debug)]
pub enum Compiled {
    /// The pool compiles. Each stage, by its number.
    Stages(BTreeMap<usize, Built>),
    /// It does not: what the compiler says.
    Nothing(String),
}

/// What came of one stage.
#[derive(Clone, Debug)]
pub enum Built {
    /// A program.
    Program(PathBuf),
    /// The pool does not have all that the laws use: `Pool::try_execute`, `Reason`.
    Missing(Vec<String>),
    /// It is not asked, since something is missing of an earlier one: which.
    Later(usize),
    /// The laws use something in another way than the pool has it: what the compiler says.
    Different(String),
}

impl Compiled {
    /// Compiles these stages.
    ///
    /// # Errors
    ///
    /// If cargo cannot be run, or finds fault with a manifest.
    pub fn from(package: &Package, stages: &[usize]) -> Result<Compiled> {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command
            .args(["build", "--quiet", "--keep-going", "--message-format=json"])
            .arg("--manifest-path")
            .arg(package.manifest())
            .arg("--target-dir")
            .arg(workshop().join("target"));
        for stage in stages {
            command.args(["--bin", &package.target(*stage)]);
        }
        let output = command
            .stdin(Stdio::null())
            .output()
            .context("cargo cannot be run")?;
        let messages = String::from_utf8_lossy(&output.stdout);
        let messages: Vec<Value> = messages
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        let mut built = BTreeMap::new();
        let mut elsewhere = String::new();
        for stage in stages {
            let target = package.target(*stage);
            if let Some(stage_built) = of_target(&messages, &target) {
                built.insert(*stage, stage_built);
            }
        }
        for message in errors(&messages) {
            let target = message["target"]["name"].as_str().unwrap_or_default();
            let of_a_stage = |stage: &stages::Stage| package.target(stage.number) == target;
            if !stages::ALL.into_iter().any(of_a_stage) {
                elsewhere += message["message"]["rendered"].as_str().unwrap_or_default();
            }
        }
        if !elsewhere.is_empty() {
            return Ok(Compiled::Nothing(elsewhere));
        }
        if built.len() < stages.len() {
            let told = String::from_utf8_lossy(&output.stderr);
            bail!("cargo has not compiled the laws\n{}", told.trim_end());
        }
        Ok(Compiled::Stages(built))
    }
}

fn errors(messages: &[Value]) -> impl Iterator<Item = &Value> {
    let is_error = |message: &&Value| {
        message["reason"] == "compiler-message" && message["message"]["level"] == "error"
    };
    messages.iter().filter(is_error)
}

fn of_target(messages: &[Value], target: &str) -> Option<Built> {
    let of_it = |message: &&Value| message["target"]["name"] == target;
    let made = messages.iter().filter(of_it);
    let mut programs = made.filter_map(|message| message["executable"].as_str());
    if let Some(program) = programs.next_back() {
        return Some(Built::Program(program.into()));
    }
    let mut names = Vec::new();
    let mut different = None;
    for error in errors(messages).filter(of_it) {
        let error = &error["message"];
        let message = error["message"].as_str().unwrap_or_default();
        let code = error["code"]["code"].as_str().unwrap_or_default();
        let missing = missing(code, message);
        // What is left is the summary at the end: so many errors.
        if missing.is_empty() && !code.is_empty() {
            different = different.or(error["rendered"].as_str());
        }
        names.extend(missing);
    }
    names.sort();
    names.dedup();
    match different {
        _ if !names.is_empty() => Some(Built::Missing(names)),
        Some(text) => Some(Built::Different(text.to_owned())),
        None => None,
    }
}

/// What an error says is missing.
fn missing(code: &str, message: &str) -> Vec<String> {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match (code, &quoted[..]) {
        ("E0432", names) => {
            let names = names.iter().filter_map(|name| name.strip_prefix("pool::"));
            names.map(|name| format!("`{name}`")).collect()
        }
        ("E0599" | "E0609", [name, of, ..]) => {
            let mut of = of.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
            let of = of.rfind(|part| !part.is_empty());
            vec![match (code, of) {
                ("E0609", Some(of)) => format!("the field `{of}.{name}`"),
                (_, Some(of)) => format!("`{of}::{name}`"),
                (_, None) => format!("`{name}`"),
            }]
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::missing;

    #[test]
    fn what_is_missing_is_named() {
        for (code, message, expected) in [
            (
                "E0599",
                "no method named `try_execute` found for struct `Arc<Pool>` in the current scope",
                "`Pool::try_execute`",
            ),
            (
                "E0599",
                "no function or associated item named `builder` found for struct `yours::Pool` in",
                "`Pool::builder`",
            ),
            (
                "E0599",
                "no method named `wait` found for reference `&CancelToken` in the current scope",
                "`CancelToken::wait`",
            ),
            ("E0432", "unresolved import `pool::Reason`", "`Reason`"),
            (
                "E0432",
                "unresolved imports `pool::Reason`, `pool::Task`",
                "`Reason` `Task`",
            ),
            (
                "E0609",
                "no field `stolen` on type `Stats`",
                "the field `Stats.stolen`",
            ),
            ("E0308", "mismatched types", ""),
            ("", "aborting due to 2 previous errors", ""),
        ] {
            assert_eq!(missing(code, message).join(" "), expected, "{message}");
        }
    }
}
