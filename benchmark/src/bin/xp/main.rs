//! `cargo xp`: the book's experiments by name.

#![deny(unsafe_op_in_unsafe_fn)]
#![warn(clippy::print_stderr, clippy::print_stdout)]

#[path = "../compare/allocations.rs"]
mod allocations;
mod recording;
mod showing;

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use anyhow::{Result, bail};
use benchmark::experiments::{self, ALL, Experiment};
use clap::Parser;
use command::{Names, print, println};

/// Runs the experiments of the book.
///
/// Each asks a question, waits for your guess, runs for a few seconds and says what happened.
#[derive(Parser)]
#[command(name = "cargo xp", bin_name = "cargo xp")]
struct Arguments {
    /// The experiments to run; without names, the list is shown
    #[arg(value_name = "NAME", group = "chosen", value_parser = Names::new(names, "cargo xp --list"))]
    names: Vec<String>,
    /// Shows the list
    #[arg(long, conflicts_with = "chosen")]
    list: bool,
    /// Runs all of them, and waits for no guess
    #[arg(long, group = "chosen")]
    all: bool,
    /// Waits for no guess. Nor does it where the input or the output is no terminal
    #[arg(short, long, requires = "chosen")]
    yes: bool,
    /// Writes the numbers and the recorded runs to where the book reads them, and waits for no
    /// guess
    #[arg(long, requires = "chosen")]
    record: bool,
}

impl Arguments {
    fn chosen(&self) -> impl Iterator<Item = &'static Experiment> {
        let chosen = |experiment: &&Experiment| {
            self.all || self.names.iter().any(|name| name == experiment.name)
        };
        ALL.iter().filter(chosen)
    }

    fn waits(&self) -> bool {
        let terminal = || io::stdin().is_terminal() && io::stdout().is_terminal();
        !self.all && !self.yes && !self.record && terminal()
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    command::run(|| run(&arguments))
}

fn run(arguments: &Arguments) -> Result<()> {
    if arguments.names.is_empty() && !arguments.all {
        print!("{}", showing::list());
        return Ok(());
    }
    experiments::count_allocations_with(|work| {
        let before = allocations::so_far().allocations;
        allocations::counted(work);
        allocations::so_far().allocations - before
    });
    let mut broken = Vec::new();
    for experiment in arguments.chosen() {
        println!("{}", showing::question(experiment));
        let guess = match arguments.waits() {
            true => showing::ask(io::stdin().lock(), command::stdout())?,
            false => None,
        };
        let outcome = (experiment.run)();
        println!(
            "{}",
            showing::answer(experiment, guess.as_deref(), &outcome)
        );
        if !outcome.held {
            broken.push(experiment.name);
        }
        if arguments.record {
            recording::record(experiment, &outcome)?;
        }
    }
    if !broken.is_empty() {
        bail!("did not hold: {}", broken.join(", "));
    }
    Ok(())
}

fn names() -> Result<Vec<String>> {
    Ok(ALL
        .iter()
        .map(|experiment| experiment.name.into())
        .collect())
}
