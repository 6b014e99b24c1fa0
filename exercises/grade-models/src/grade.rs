//! All of it, for a command.

use std::io::Write;

use anyhow::Result;

use crate::{Built, Compiled, Limits, Story, Verdict, Workshop};

/// What came of a search through the scenarios of some stages.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// No schedule has broken the pool. How many were tried, of how many scenarios.
    Held {
        /// Schedules.
        schedules: usize,
        /// Scenarios.
        scenarios: usize,
    },
    /// One has.
    Broken {
        /// The stage.
        stage: usize,
        /// The law.
        law: String,
        /// The scenario.
        scenario: String,
        /// What happened.
        story: Story,
    },
    /// The first stage is not there, so nothing was searched.
    Nothing,
    /// The pool uses something that is not modelled, or does not compile anyway.
    NotModelled(String),
}

/// Compiles a pool against the facades, searches the scenarios of these stages one after another,
/// and prints what comes of it. It ends with the first schedule that breaks the pool, or with the
/// first stage that is not there: whoever is at stage 2 has no use for what stage 6 finds.
///
/// # Errors
///
/// If something cannot be read, written or started.
pub fn grade(
    workshop: &Workshop,
    stages: &[usize],
    limits: Limits,
    out: &mut dyn Write,
) -> Result<Outcome> {
    let built = match workshop.compile(stages)? {
        Compiled::Stages(built) => built,
        Compiled::Nothing(why) => {
            writeln!(out, "the models cannot look at this pool: {why}")?;
            return Ok(Outcome::NotModelled(why));
        }
    };
    let (mut schedules, mut scenarios) = (0, 0);
    for (stage, built) in built {
        let program = match built {
            Built::Program(program) => program,
            Built::Missing(why) => {
                writeln!(out, "stage {stage} is not there yet: {why}")?;
                break;
            }
        };
        for scenario in &program.scenarios {
            match program.search(scenario, limits)? {
                Verdict::Held(tried) => {
                    schedules += tried;
                    scenarios += 1;
                }
                Verdict::Broken(story) => {
                    let (law, name) = (&scenario.law, &scenario.name);
                    let on = match story.schedule {
                        Some(number) => format!("on schedule {number}"),
                        None => "on some schedule".to_owned(),
                    };
                    writeln!(
                        out,
                        "your bug, {on} of stage {stage}, {law}: {name}\n\n{story}"
                    )?;
                    return Ok(Outcome::Broken {
                        stage,
                        law: law.clone(),
                        scenario: name.clone(),
                        story,
                    });
                }
            }
        }
        writeln!(out, "stage {stage}: no schedule has broken it")?;
    }
    if scenarios == 0 {
        writeln!(out, "nothing was searched")?;
        return Ok(Outcome::Nothing);
    }
    writeln!(
        out,
        "{schedules} schedules of {scenarios} scenarios, and none breaks this pool"
    )?;
    Ok(Outcome::Held {
        schedules,
        scenarios,
    })
}
