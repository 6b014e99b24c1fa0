//! What catches a bug.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use anyhow::{Context, Error, Result, bail};

use crate::exhibit::in_code;
use crate::sources::TOGETHER;
use crate::{folder, short};

/// A test of one of three kinds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Catcher {
    /// A model, by its path among the scenarios: `waiting::a_wait_for_nothing_returns`.
    Model(String),
    /// A law, by its name among those of a version: `exactly_once`.
    Law(String),
    /// A test of the version's own.
    Test {
        /// The file in `tests` or in `tests/all`, without its ending.
        file: String,
        /// The path of the test in there.
        name: String,
    },
}

impl Catcher {
    /// The package and the test target that it is in, and its name there, as the files of this
    /// workspace are.
    #[must_use]
    pub fn target(&self, version: &str, workspace: &Path) -> (String, &str, String) {
        let short = short(version);
        match self {
            Catcher::Model(name) => (format!("model-{short}"), "models", format!("{name}::fast")),
            Catcher::Law(name) => (
                "benchmark".into(),
                "laws",
                format!("{}::{name}", in_code(version)),
            ),
            Catcher::Test { file, name } => {
                let all = workspace.join(folder(version)).join(TOGETHER);
                match all.join(format!("{file}.rs")).exists() {
                    true => (version.into(), "all", format!("{file}::{name}")),
                    false => (version.into(), file, name.clone()),
                }
            }
        }
    }
}

impl FromStr for Catcher {
    type Err = Error;

    fn from_str(text: &str) -> Result<Catcher> {
        let (kind, name) = text.split_once(' ').context("a kind and a name")?;
        match kind {
            "model" => Ok(Catcher::Model(name.into())),
            "law" => Ok(Catcher::Law(name.into())),
            "test" => {
                let (file, name) = name.split_once("::").context("test FILE::NAME")?;
                let (file, name) = (file.into(), name.into());
                Ok(Catcher::Test { file, name })
            }
            _ => bail!("{kind} is not model, law or test"),
        }
    }
}

impl fmt::Display for Catcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Catcher::Model(name) => write!(f, "model {name}"),
            Catcher::Law(name) => write!(f, "law {name}"),
            Catcher::Test { file, name } => write!(f, "test {file}::{name}"),
        }
    }
}
