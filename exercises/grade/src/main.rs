//! `cargo grade`, as a reader types it.

#![warn(clippy::print_stderr, clippy::print_stdout)]

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use command::{print, println};
use grade::run::Verdict;
use grade::{Built, Hints, Ladder, Rung, Who, exercises, stages};

/// Holds your pool to the laws, stage by stage
///
/// Your pool is in exercises/yours. What to build is in the book, in the part "Your own pool".
#[derive(Debug, Parser)]
#[command(bin_name = "cargo grade")]
struct Arguments {
    /// One stage
    #[arg(long, value_name = "N", value_parser = stage_number)]
    stage: Option<usize>,
    /// One law
    #[arg(long, value_name = "NAME", value_parser = law_name, conflicts_with = "stage")]
    law: Option<String>,
    /// The next hint to the first law that fails, or to the one that is named
    #[arg(long)]
    hint: bool,
    /// Grades again whenever you save
    #[arg(long, conflicts_with = "hint")]
    watch: bool,
    /// Searches for a schedule that breaks the pool, and tells it with the pool's own lines
    #[arg(long, conflicts_with_all = ["hint", "watch"])]
    models: bool,
    /// Another pool: v1 to v5, rust-book, one of exercises/wrong, or a folder with a package
    #[arg(long, value_name = "WHO")]
    with: Option<String>,
}

/// What a reader asked for.
enum Request {
    Grade,
    Hint,
    Models,
    Watch,
}

impl Arguments {
    fn request(&self) -> Request {
        match (self.hint, self.watch, self.models) {
            (true, _, _) => Request::Hint,
            (_, true, _) => Request::Watch,
            (_, _, true) => Request::Models,
            _ => Request::Grade,
        }
    }

    /// What makes no sense, in words that say what does.
    fn refused(&self) -> Option<String> {
        let (law, stage) = (self.law.as_deref(), self.stage);
        match law.and_then(stages::law) {
            Some((stage, _)) if self.models => Some(format!(
                "the models search a whole stage, and no law: `cargo grade --models --stage {}`",
                stage.number
            )),
            _ => {
                let stage = stages::ALL.get(stage?.checked_sub(1)?)?;
                let without = self.models && !grade::is_modelled(stage);
                without.then(|| format!("there are no models of stage {}", stage.number))
            }
        }
    }
}

fn stage_number(text: &str) -> Result<usize, String> {
    let last = stages::ALL.len();
    let number = text.parse().ok();
    let number = number.filter(|number| (1..=last).contains(number));
    number.ok_or_else(|| format!("a stage is a number from 1 to {last}"))
}

fn law_name(name: &str) -> Result<String, String> {
    if name.is_empty() {
        return Err("a law has a name".to_owned());
    }
    if stages::law(name).is_some() {
        return Ok(name.to_owned());
    }
    let laws = stages::ALL.iter().flat_map(|stage| stage.laws);
    let near = laws
        .map(|law| law.name)
        .filter(|known| known.contains(name));
    let near: Vec<&str> = near.take(4).collect();
    Err(match &near[..] {
        [] => "there is no such law: `cargo grade --with v5` shows all".to_owned(),
        near => format!("there is no such law, but {}", near.join(", ")),
    })
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(why) = arguments.refused() {
        let command = &mut Arguments::command();
        command.error(ErrorKind::ArgumentConflict, why).exit();
    }
    let mut climbed = true;
    let status = command::run(|| {
        climbed = run(&arguments)?;
        Ok(())
    });
    if climbed { status } else { ExitCode::FAILURE }
}

/// Whether all is as it should be.
fn run(arguments: &Arguments) -> Result<bool> {
    let named = |name: &String| Who::named(name);
    let who = match arguments.with.as_ref().map_or_else(Who::reader, named) {
        Ok(who) => who,
        // Where the code was when it did not find a pool is of no use to whoever named it.
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error:#}");
            return Ok(false);
        }
    };
    match arguments.request() {
        Request::Grade => grade(arguments, &who),
        Request::Hint => hint(arguments, &who),
        Request::Models => {
            println!("{}, in {}\n", who.title, place(&who));
            if !grade::workshop().join("models/target").exists() {
                println!("(The first time, the models are compiled: this takes a minute.)\n");
            }
            grade::search(&who, arguments.stage, &mut command::stdout())
        }
        Request::Watch => {
            let folders = [who.folder.clone(), exercises().join("laws")];
            grade::on_each_change(&folders, || {
                // Clears the terminal, so that the newest is at its top.
                print!("\x1b[2J\x1b[H");
                if let Err(error) = grade(arguments, &who) {
                    command::tell(&error);
                }
                println!("\nIt is graded again when you save. Ctrl-C ends it.");
                Ok(())
            })?;
            Ok(true)
        }
    }
}

fn ladder(arguments: &Arguments, who: &Who, show: impl FnMut(&Rung)) -> Result<Ladder> {
    Ladder::of(who, arguments.stage, arguments.law.as_deref(), show)
}

fn grade(arguments: &Arguments, who: &Who) -> Result<bool> {
    println!("{}, in {}\n", who.title, place(who));
    if !grade::workshop().join("target").exists() {
        println!("(The first time, the laws are compiled: this takes a minute.)\n");
    }
    let ladder = ladder(arguments, who, |rung| show(rung, who))?;
    if let Some(text) = &ladder.does_not_compile {
        println!("It does not compile:\n\n{}", text.trim_end());
        return Ok(false);
    }
    println!();
    for line in grade::explain(&ladder, who) {
        println!("{line}");
    }
    let climbed = ladder.next().is_none();
    if climbed {
        say_all_kept(&ladder, who);
    }
    Ok(climbed)
}

fn say_all_kept(ladder: &Ladder, who: &Who) {
    let laws: usize = ladder.rungs.iter().map(|rung| rung.verdicts.len()).sum();
    match (&ladder.rungs[..], laws) {
        ([only], 1) => println!("`{}` is kept.", only.verdicts[0].0.name),
        ([only], _) => {
            println!("Stage {}: all {laws} laws are kept.", only.stage.number);
            if grade::is_modelled(only.stage) {
                println!(
                    "A lost wake-up may pass a hundred times: `cargo grade --models --stage {}` \
                     looks for one.",
                    only.stage.number
                );
            }
            let next = stages::ALL.get(only.stage.number);
            if let Some(next) = next.filter(|_| who.is_reader()) {
                println!(
                    "Next: stage {}, {} (book/src/{})",
                    next.number, next.title, next.page
                );
            }
        }
        (rungs, _) => println!("All {} stages: all {laws} laws are kept.", rungs.len()),
    }
}

/// Where the pool is, from the root of the repository if it is in there.
fn place(who: &Who) -> String {
    let root = grade::repository();
    let inside = who.folder.strip_prefix(&root).unwrap_or(&who.folder);
    inside.display().to_string()
}

fn show(rung: &Rung, who: &Who) {
    let stage = rung.stage;
    if let Built::Later(earlier) = rung.built {
        println!(
            "stage {:<2}  {}: after stage {earlier}",
            stage.number, stage.title
        );
        return;
    }
    println!("stage {:<2}  {}", stage.number, stage.title);
    // Whoever builds a pool mends it. Of the one that everybody has, it is said who does.
    let mended = |kept: bool| match kept || !who.is_everybodys() {
        true => String::new(),
        false => format!("mended by v{}", stage.version),
    };
    match &rung.built {
        Built::Program(_) => {
            for (law, verdict) in &rung.verdicts {
                let mended = mended(*verdict == Verdict::Kept);
                let line = format!("  {}   {:<34} {mended}", verdict.mark(), law.name);
                println!("{}", line.trim_end());
            }
        }
        Built::Missing(names) => {
            println!("  --      needs {}", in_a_line(names));
            if who.is_everybodys() {
                for law in stage.laws {
                    println!("  --      {:<34} {}", law.name, mended(false));
                }
            }
        }
        Built::Later(_) => {}
        Built::Different(_) => {
            println!("  --      does not fit your pool: the compiler says where");
        }
    }
}

/// As many names as a line has room for.
fn in_a_line(names: &[String]) -> String {
    const ROOM: usize = 56;
    let mut line = String::new();
    for (n, name) in names.iter().enumerate() {
        if n > 0 && line.len() + name.len() > ROOM {
            return format!("{line} and {} more", names.len() - n);
        }
        line += if n > 0 { ", " } else { "" };
        line += name;
    }
    line
}

fn hint(arguments: &Arguments, who: &Who) -> Result<bool> {
    let (stage, law) = if let Some(name) = &arguments.law {
        stages::law(name).context("the law was there a moment ago")?
    } else {
        let ladder = ladder(arguments, who, |_| ())?;
        if ladder.does_not_compile.is_some() {
            println!("It does not compile: `cargo grade` shows why.");
            return Ok(false);
        }
        let Some(rung) = ladder.next() else {
            println!("Everything is kept: there is nothing left to hint at.");
            return Ok(true);
        };
        let law = ladder.first_failing().map(|(law, _)| law);
        (rung.stage, law.unwrap_or(&rung.stage.laws[0]))
    };
    let hints = Hints::to(law, stage, who)?;
    println!("stage {}, `{}`: {}\n", stage.number, law.name, law.says);
    match hints.next()? {
        Some((number, hint)) => {
            let hint = format!("Hint {number} of {}: {hint}", hints.len());
            grade::wrapped(&hint)
                .iter()
                .for_each(|line| println!("{line}"));
        }
        None => println!("There is no hint to this one. {}", law.means),
    }
    Ok(true)
}
