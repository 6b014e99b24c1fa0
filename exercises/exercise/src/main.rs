//! `cargo exercise`, as a reader types it.

#![warn(clippy::print_stderr, clippy::print_stdout)]

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use command::{Names, println};
use exercise::{Checked, Exercise, READERS, ReadersCopy, Variant, check};
use grade::run::Verdict;
use grade::{from_the_root, repository, say, workshop, wrapped};

/// Something to change in a copy of a version, and tests for it
#[derive(Debug, Parser)]
#[command(bin_name = "cargo exercise")]
struct Arguments {
    #[command(subcommand)]
    request: Request,
}

#[derive(Debug, Subcommand)]
enum Request {
    /// All exercises, and how far you are
    List,
    /// Makes your copy, and says what is asked
    Start(Named),
    /// Runs the tests on your copy
    Check {
        #[command(flatten)]
        of: Named,
        /// Another one in its place: starter, solution, or one of the wrong ones
        #[arg(long, value_name = "VARIANT")]
        with: Option<String>,
    },
    /// The next hint
    Hint(Named),
    /// What a solution changes in the starter
    Solution(Named),
    /// Makes your copy anew; what you have is kept beside it
    Reset(Named),
}

#[derive(Args, Debug)]
struct Named {
    /// Which exercise
    #[arg(value_parser = Names::new(Exercise::names, "cargo exercise list"))]
    name: String,
}

impl Named {
    fn exercise(&self) -> Result<Exercise> {
        Exercise::named(&self.name)
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut solved = true;
    let status = command::run(|| {
        solved = run(&arguments.request)?;
        Ok(())
    });
    if solved { status } else { ExitCode::FAILURE }
}

/// Whether all is as it should be.
fn run(request: &Request) -> Result<bool> {
    match request {
        Request::List => list()?,
        Request::Start(of) => start(&of.exercise()?)?,
        Request::Check { of, with: None } => return checked(&of.exercise()?),
        Request::Check {
            of,
            with: Some(variant),
        } => return another(&of.exercise()?, variant),
        Request::Hint(of) => hint(&of.exercise()?)?,
        Request::Solution(of) => solution(&of.exercise()?)?,
        Request::Reset(of) => reset(&of.exercise()?)?,
    }
    Ok(true)
}

fn list() -> Result<()> {
    let all = Exercise::all()?;
    let wide = all.iter().map(|one| one.name.len()).max().unwrap_or(0);
    for exercise in &all {
        let copy = ReadersCopy::of(exercise);
        let state = match (copy.is_started(), copy.is_solved()) {
            (_, true) => "solved",
            (true, _) => "started",
            _ => "",
        };
        let name = &exercise.name;
        println!("{state:<7}  {name:<wide$}  {}", exercise.chapter_title());
    }
    println!("\n`cargo exercise start NAME` makes your copy, and says what is asked.");
    Ok(())
}

fn start(exercise: &Exercise) -> Result<()> {
    let copy = ReadersCopy::of(exercise);
    let begun = copy.is_started();
    if !begun {
        copy.start()?;
    }
    println!("{}\n", exercise.title);
    show(&exercise.question);
    println!();
    let name = &exercise.name;
    let mut lines = Vec::new();
    let file = copy.folder.join(&exercise.file);
    let begun = if begun { " (as you left it)" } else { "" };
    let file = format!("{}{begun}", file.display());
    let tests = exercise.folder().join("tests.rs");
    say("your copy", &from_the_root(&file), &mut lines);
    say(
        "the tests",
        &from_the_root(&tests.display().to_string()),
        &mut lines,
    );
    let chapter = format!(
        "{} (book/src/{})",
        exercise.chapter_title(),
        exercise.chapter
    );
    say("chapter", &chapter, &mut lines);
    let next = format!("`cargo exercise check {name}`, `cargo exercise hint {name}`");
    say("next", &next, &mut lines);
    lines.iter().for_each(|line| println!("{line}"));
    Ok(())
}

fn checked(exercise: &Exercise) -> Result<bool> {
    let copy = ReadersCopy::of(exercise);
    copy.ensure_started()?;
    println!("{}, in {}\n", exercise.title, place(&copy));
    if !workshop().join("target").exists() {
        println!("(The first time, what the pool needs is compiled: this takes a moment.)\n");
    }
    let checked = check(exercise, &copy.folder, READERS)?;
    tell(&checked);
    let name = &exercise.name;
    if checked.is_solved() {
        copy.solve()?;
        println!("\nAll tests pass. `cargo exercise solution {name}` shows how we did it.");
    } else if checked.first_failing().is_some() {
        let next = format!("`cargo exercise check {name}`, `cargo exercise hint {name}`");
        let mut lines = Vec::new();
        say("next", &next, &mut lines);
        lines.iter().for_each(|line| println!("{line}"));
    }
    Ok(checked.is_solved())
}

fn place(copy: &ReadersCopy<'_>) -> String {
    let inside = copy.folder.strip_prefix(repository());
    inside.unwrap_or(&copy.folder).display().to_string()
}

/// In the place of the reader's copy, something of ours.
fn another(exercise: &Exercise, name: &str) -> Result<bool> {
    let variant = Variant::named(exercise, name)?;
    let folder = workshop().join("sources");
    let folder = folder.join(format!("exercise-{}-{name}", exercise.name));
    variant.write(exercise, &folder)?;
    println!("{}: {name}\n", exercise.title);
    let checked = check(exercise, &folder, name)?;
    tell(&checked);
    Ok(checked.is_solved())
}

fn tell(checked: &Checked) {
    match checked {
        Checked::DoesNotCompile(text) => {
            println!("It does not compile:\n\n{}", from_the_root(text.trim_end()));
        }
        Checked::Tests(tests) => {
            for (test, verdict) in tests {
                println!("  {}   {}", verdict.mark(), test.name);
            }
        }
    }
    if let Some((test, verdict)) = checked.first_failing() {
        println!("\nFirst: `{}` {}", test.name, word(verdict));
        let mut lines = Vec::new();
        say("the test", &test.says, &mut lines);
        grade::observed(verdict, &mut lines);
        lines.iter().for_each(|line| println!("{line}"));
    }
}

fn word(verdict: &Verdict) -> String {
    verdict.mark().trim().to_lowercase()
}

fn hint(exercise: &Exercise) -> Result<()> {
    let copy = ReadersCopy::of(exercise);
    copy.ensure_started()?;
    match copy.next_hint()? {
        Some((number, hint)) => {
            show(&format!(
                "Hint {number} of {}: {hint}",
                exercise.hints.len()
            ));
        }
        None => println!("There is no hint to this one."),
    }
    Ok(())
}

fn solution(exercise: &Exercise) -> Result<()> {
    let solution = Variant::named(exercise, "solution")?;
    solution.diff().iter().for_each(|line| println!("{line}"));
    if !solution.story.is_empty() {
        println!();
        show(&solution.story);
    }
    Ok(())
}

fn reset(exercise: &Exercise) -> Result<()> {
    let copy = ReadersCopy::of(exercise);
    let before = copy.reset()?;
    let before = from_the_root(&before.display().to_string());
    println!("Your copy is the starter again. What you had is in {before}.");
    Ok(())
}

fn show(text: &str) {
    wrapped(text).iter().for_each(|line| println!("{line}"));
}
