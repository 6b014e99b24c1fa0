//! Names as arguments.

use std::ffi::OsStr;

use anyhow::Result;
use clap::builder::{PossibleValuesParser, StyledStr, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, Error};

/// How many names to show at most.
const MOST: usize = 4;

/// A parser for an argument that is one of many names. A wrong one is answered with those that are
/// near it, and not with all of them as clap would do.
#[derive(Clone, Debug)]
pub struct Names {
    all: fn() -> Result<Vec<String>>,
    list: &'static str,
}

impl Names {
    /// The names are asked for when one is given. `list` is the command that shows them.
    #[must_use]
    pub fn new(all: fn() -> Result<Vec<String>>, list: &'static str) -> Names {
        Names { all, list }
    }

    fn advise(&self, error: &mut Error, names: &[String], wrong: &str) {
        error.remove(ContextKind::ValidValue);
        let alike = match error.remove(ContextKind::SuggestedValue) {
            Some(ContextValue::String(name)) => Some(name),
            _ => None,
        };
        let is_near = |name: &&String| {
            alike.as_ref() == Some(name) || (wrong.len() > 2 && name.contains(wrong))
        };
        let mut near: Vec<_> = names.iter().filter(is_near).collect();
        near.sort_by_key(|name| alike.as_ref() != Some(name));
        let near = near.into_iter().take(MOST);
        let near = near.map(|name| format!("there is '{name}'"));
        let list = format!("`{}` shows all names", self.list);
        let tips = near.chain([list]).map(StyledStr::from).collect();
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
    }
}

impl TypedValueParser for Names {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, Error> {
        let failed = |error| Error::raw(ErrorKind::Io, format!("{error:#}\n")).with_cmd(command);
        let names = (self.all)().map_err(failed)?;
        let parser = PossibleValuesParser::new(&names);
        parser.parse_ref(command, arg, value).map_err(|mut error| {
            self.advise(&mut error, &names, &value.to_string_lossy());
            error
        })
    }
}
