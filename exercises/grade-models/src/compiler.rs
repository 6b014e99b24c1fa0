//! Compiling a pool against the facades, and reading what the compiler says.

use std::collections::BTreeMap;
use std::env;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{Program, Workshop, manifest};

/// What came of it.
#[derive(Debug)]
pub enum Compiled {
    /// The pool compiles. Each stage, by its number.
    Stages(BTreeMap<usize, Built>),
    /// It does not: why, in a line.
    Nothing(String),
}

/// What came of one stage.
#[derive(Clone, Debug)]
pub enum Built {
    /// A program.
    Program(Program),
    /// The pool does not have what its scenarios use: the first thing, in a line.
    Missing(String),
}

impl Workshop {
    /// Compiles the scenarios of these stages.
    ///
    /// # Errors
    ///
    /// If cargo cannot be run, or finds fault with a manifest.
    pub fn compile(&self, stages: &[usize]) -> Result<Compiled> {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command
            .args(["build", "--quiet", "--keep-going", "--message-format=json"])
            .arg("--manifest-path")
            .arg(self.manifest())
            .arg("--target-dir")
            .arg(self.target());
        for stage in stages {
            command.args(["--bin", &manifest::target(&self.name, *stage)]);
        }
        let output = command.stdin(Stdio::null()).output();
        let output = output.context("cargo cannot be run")?;
        let messages = String::from_utf8_lossy(&output.stdout);
        let messages = messages.lines().map(serde_json::from_str);
        let messages: Vec<Value> = messages.filter_map(Result::ok).collect();
        if let Some(error) = errors(&messages).find(|error| error["target"]["name"] == "pool") {
            return Ok(Compiled::Nothing(self.in_a_line(&error["message"])));
        }
        let mut built = BTreeMap::new();
        for stage in stages {
            let target = manifest::target(&self.name, *stage);
            let of_it = |message: &&Value| message["target"]["name"] == target.as_str();
            let made = messages.iter().filter(of_it);
            let mut program = made.filter_map(|message| message["executable"].as_str());
            let stage_built = match (program.next_back(), errors(&messages).find(of_it)) {
                (Some(program), _) => Built::Program(Program::of(self, program.into())?),
                (None, Some(error)) => Built::Missing(message(&error["message"]).to_owned()),
                (None, None) => {
                    let told = String::from_utf8_lossy(&output.stderr);
                    bail!("cargo has not compiled the scenarios\n{}", told.trim_end());
                }
            };
            built.insert(*stage, stage_built);
        }
        Ok(Compiled::Stages(built))
    }

    /// Why a pool does not compile against the facades.
    fn in_a_line(&self, error: &Value) -> String {
        let place = error["spans"][0]["file_name"].as_str().unwrap_or_default();
        let place = self.find(place).map(|(place, _)| place).unwrap_or_default();
        let line = &error["spans"][0]["line_start"];
        let message = message(error);
        match not_modelled(message) {
            Some(name) => format!("`{name}` is not modelled ({place}:{line})"),
            None => format!("{message} ({place}:{line})"),
        }
    }
}

fn errors(messages: &[Value]) -> impl Iterator<Item = &Value> {
    let is_error = |message: &&Value| {
        message["reason"] == "compiler-message" && message["message"]["level"] == "error"
    };
    messages.iter().filter(is_error)
}

fn message(error: &Value) -> &str {
    error["message"].as_str().unwrap_or_default()
}

/// What an error says is not there, although somebody has used it.
fn not_modelled(message: &str) -> Option<String> {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match quoted[..] {
        [name, ..] if message.starts_with("unresolved import") => Some(name.to_owned()),
        [name, of, ..] if message.starts_with("cannot find") => Some(format!("{of}::{name}")),
        [name, of, ..] if message.starts_with("no method named") => {
            let of = of.split(['<', '&']).find(|part| !part.is_empty())?;
            Some(format!("{of}::{name}"))
        }
        [name, of, ..] if message.starts_with("no function or associated item") => {
            Some(format!("{of}::{name}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::not_modelled;

    #[test]
    fn what_is_not_modelled_has_a_name() {
        for (message, name) in [
            (
                "unresolved import `std::sync::Barrier`",
                Some("std::sync::Barrier"),
            ),
            ("cannot find `Barrier` in `sync`", Some("sync::Barrier")),
            (
                "no method named `lock_arc` found for struct `Mutex<T>` in the current scope",
                Some("Mutex::lock_arc"),
            ),
            (
                "no function or associated item named `after` found for struct `Select` in the",
                Some("Select::after"),
            ),
            ("mismatched types", None),
        ] {
            assert_eq!(not_modelled(message).as_deref(), name);
        }
    }
}
