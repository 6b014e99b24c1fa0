//! A program that searches for a schedule that breaks a scenario, for whoever runs it.

use std::env;
use std::io::{self, Write};
use std::panic;
use std::process::ExitCode;
use std::time::Duration;

use crate::search::{Failure, Limits, before_an_abort, search};

/// A model, and the law that it holds.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// The law, by the name of its test.
    pub law: &'static str,
    /// The name of the model.
    pub name: &'static str,
    /// What it does.
    pub model: fn(),
}

/// Makes the `main` of a program that searches: see [`run`]. Each law is followed by the names of
/// the functions that are its models.
///
/// ```ignore
/// scenarios! {
///     exactly_once: [every_task_runs, no_task_runs_twice],
///     shutdown_ends: [a_shutdown_drains_the_queue],
/// }
/// ```
#[macro_export]
macro_rules! scenarios {
    ($($law:ident: [$($model:ident),* $(,)?]),* $(,)?) => {
        fn main() -> ::std::process::ExitCode {
            $crate::run(&[$($($crate::Scenario {
                law: stringify!($law),
                name: stringify!($model),
                model: $model,
            }),*),*])
        }
    };
}

/// What a program does that was made by [`scenarios!`](crate::scenarios).
///
/// Without arguments it lists its scenarios, each with its law. With a name, a number of schedules
/// and a number of milliseconds, it searches, and prints what it has found in lines whose parts are
/// divided by tabulators: `tried N`, or the `step`s of a schedule, the `end` and `failed N`.
pub fn run(scenarios: &[Scenario]) -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let numbers = |at: usize| arguments.get(at)?.parse().ok();
    let Some(name) = arguments.first() else {
        for Scenario { law, name, .. } in scenarios {
            println!("{law}\t{name}");
        }
        return ExitCode::SUCCESS;
    };
    let found = scenarios.iter().find(|scenario| scenario.name == name);
    let (Some(scenario), Some(schedules), Some(time)) = (found, numbers(1), numbers(2)) else {
        eprintln!("usage: [NAME SCHEDULES MILLISECONDS]");
        return ExitCode::FAILURE;
    };
    // Each failure on the way to a short one would be reported.
    panic::set_hook(Box::new(|panic| {
        if let Some(failure) = before_an_abort(panic) {
            tell(&failure);
        }
    }));
    let limits = Limits {
        schedules,
        time: Duration::from_millis(u64::try_from(time).unwrap_or(u64::MAX)),
    };
    match search(scenario.model, limits) {
        Ok(tried) => println!("tried\t{tried}"),
        Err(failure) => tell(&failure),
    }
    ExitCode::SUCCESS
}

fn tell(failure: &Failure) {
    for entry in &failure.journal {
        println!("{entry}");
    }
    println!("end\t{}", failure.ending);
    println!("failed\t{}", failure.schedule);
    let _ = io::stdout().flush();
}
