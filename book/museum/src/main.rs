//! `cargo museum`: plants a bug in a copy, and shows what catches it.

#![warn(clippy::print_stderr, clippy::print_stdout)]

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use command::{Names, print, println};
use museum::{Catcher, Copy, Exhibit, Record, Step, Summary};

/// Plants a bug of a real pool in a copy of a version, and shows what catches it
#[derive(Debug, Parser)]
#[command(bin_name = "cargo museum")]
struct Arguments {
    /// The exhibits, by name; without one, lists them
    #[arg(value_name = "NAME", group = "chosen", value_parser = Names::new(names, "cargo museum"))]
    exhibits: Vec<String>,
    /// All exhibits
    #[arg(long, group = "chosen")]
    all: bool,
    /// For how long to try the scenario on real threads as well, in seconds
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 10,
        requires = "chosen"
    )]
    stress: u64,
    /// Ask all laws of the version, and nothing else
    #[arg(long, conflicts_with = "stress", requires = "chosen")]
    laws: bool,
    /// Keep what was seen for the book
    #[arg(long, requires = "chosen")]
    record: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    command::run(|| run(&arguments))
}

fn names() -> Result<Vec<String>> {
    Exhibit::names(&museum::repository())
}

fn run(arguments: &Arguments) -> Result<()> {
    let repository = museum::repository();
    let exhibits = if arguments.all {
        Exhibit::all(&repository)?
    } else {
        let names = arguments.exhibits.iter();
        names
            .map(|name| Exhibit::named(&repository, name))
            .collect::<Result<_>>()?
    };
    if exhibits.is_empty() {
        return list(&repository);
    }
    let copy = Copy::fresh(&repository)?;
    for exhibit in &exhibits {
        let before = Record::read(&repository, &exhibit.name).ok();
        let record = if arguments.laws {
            let before = before.context("--laws adds to what was seen: look without it first")?;
            ask_laws(&copy, exhibit, before)?
        } else {
            let seen = show(&copy, exhibit, arguments.stress)?;
            let laws = before.and_then(|before| before.laws);
            Record { laws, ..seen }
        };
        if arguments.record {
            record.write(&repository, &exhibit.name)?;
        }
    }
    if arguments.record {
        Summary::of_records(&repository)?.write(&repository)?;
    }
    Ok(())
}

fn list(repository: &Path) -> Result<()> {
    let mut version = "";
    let exhibits = Exhibit::all(repository)?;
    for exhibit in &exhibits {
        if exhibit.version != version {
            version = &exhibit.version;
            println!("{version}");
        }
        println!("  {}", exhibit.name);
        println!("      {} ({})", exhibit.title, exhibit.breaks);
    }
    println!("\n`cargo museum NAME` plants one in a copy and shows what catches it.");
    Ok(())
}

fn ask_laws(copy: &Copy, exhibit: &Exhibit, before: Record) -> Result<Record> {
    copy.plant([exhibit])?;
    let laws = copy.run_laws(exhibit)?;
    let verdict = if laws.caught {
        "notice"
    } else {
        "do not notice"
    };
    println!(
        "the laws of {} {verdict} {} ({:.1} s)",
        exhibit.version, exhibit.name, laws.seconds
    );
    let laws = Some(laws);
    Ok(Record { laws, ..before })
}

fn show(copy: &Copy, exhibit: &Exhibit, stress: u64) -> Result<Record> {
    println!("{} ({})\n", exhibit.title, exhibit.version);
    println!("{}\n\n{}", exhibit.story, exhibit.patch);
    println!("(compiling a version and its models, then searching: this takes a minute or two)\n");
    copy.plant([exhibit])?;
    let mut record = Record {
        catches: copy.catches(exhibit)?,
        search: None,
        stress: None,
        laws: None,
        schedule: Vec::new(),
        left_out: 0,
        ending: String::new(),
    };
    for catch in &record.catches {
        print!("caught by {} in {:.2} s", catch.catcher, catch.seconds);
        match catch.schedule {
            Some(schedule) => println!(", on schedule {schedule}"),
            None => println!(),
        }
    }
    let model = exhibit.catchers.iter().find_map(|catcher| match catcher {
        Catcher::Model(name) => Some(name),
        _ => None,
    });
    let Some(model) = model else {
        println!();
        return Ok(record);
    };
    let search = copy.time_search(exhibit, model)?;
    println!("new searches find it on schedules {:?}", search.schedules);
    let loops = copy.time_stress(exhibit, model, stress)?;
    match loops.caught {
        Some(seconds) => println!(
            "on real threads: in round {}, after {seconds:.2} s",
            loops.rounds
        ),
        None => println!(
            "on real threads: not in {} rounds, {stress} s",
            loops.rounds
        ),
    }
    record.search = Some(search);
    record.stress = Some(loops);
    let (schedule, ending) = copy.short_schedule(exhibit, model)?;
    (record.left_out, record.schedule) = museum::end_of(schedule);
    println!(
        "\nhow it ends, on a schedule with few switches, after {} steps that are left out:\n",
        record.left_out
    );
    print(&record.schedule);
    println!("then: {ending}\n");
    record.ending = ending;
    Ok(record)
}

fn print(schedule: &[Step]) {
    let mut thread = "";
    for step in schedule {
        if step.thread != thread {
            thread = &step.thread;
            println!("{}", step.called());
        }
        let file = step.place.rsplit('/').next().unwrap_or_default();
        let times = match step.times {
            1 => String::new(),
            times => format!(" ({times} times)"),
        };
        println!(
            "    {:<28} {file:<16} {}",
            step.what.clone() + &times,
            step.code
        );
    }
    println!();
}
