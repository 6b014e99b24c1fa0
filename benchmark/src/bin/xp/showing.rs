//! What the reader sees, and is asked.

use std::io::{BufRead, Write};

use anyhow::Result;
use benchmark::experiments::{ALL, Experiment, Outcome};
use textwrap::Options;

/// How wide a terminal is at least.
const WIDTH: usize = 80;

/// All experiments, one a line.
pub(crate) fn list() -> String {
    let line = |experiment: &Experiment| format!("{:24}  {}\n", experiment.name, experiment.title);
    let lines: String = ALL.iter().map(line).collect();
    format!("{lines}\nRun one with `cargo xp NAME`, all with `cargo xp --all`.\n")
}

/// What the reader is told before it runs.
pub(crate) fn question(experiment: &Experiment) -> String {
    let Experiment {
        name,
        question,
        predict,
        ..
    } = experiment;
    format!(
        "{name}\n{}\n\npredict\n{}\n",
        wrapped(question),
        wrapped(predict)
    )
}

/// Waits for a line. `None` if it is empty, or if there is no more.
pub(crate) fn ask(mut reader: impl BufRead, mut out: impl Write) -> Result<Option<String>> {
    write!(out, "your guess, or just Enter: ")?;
    out.flush()?;
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        // The reader's own Enter is missing.
        writeln!(out)?;
    }
    writeln!(out)?;
    let guess = line.trim();
    Ok((!guess.is_empty()).then(|| guess.to_owned()))
}

/// What the reader is told afterwards.
pub(crate) fn answer(experiment: &Experiment, guess: Option<&str>, outcome: &Outcome) -> String {
    let guess = guess.map(|guess| format!("you guessed\n{}\n\n", wrapped(guess)));
    let happened = outcome.happened.iter().map(|line| format!("  {line}\n"));
    let happened: String = happened.collect();
    let verdict = if outcome.held { "held" } else { "did NOT hold" };
    let checks = wrapped(&format!("{}: {verdict}", experiment.checks));
    let guess = guess.unwrap_or_default();
    format!("{guess}what happened\n{happened}\nchecks\n{checks}\n")
}

fn wrapped(text: &str) -> String {
    let options = Options::new(WIDTH)
        .initial_indent("  ")
        .subsequent_indent("  ");
    textwrap::fill(text, options)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    const EXPERIMENT: Experiment = Experiment {
        name: "half-of-ten",
        title: "the half of ten",
        question: "What is the half of ten?",
        predict: "Which number?",
        checks: "halves are smaller",
        run: Outcome::default,
    };

    fn outcome() -> Outcome {
        Outcome {
            happened: vec!["it is 5".into()],
            held: true,
            ..Outcome::default()
        }
    }

    #[test]
    fn what_is_told_beforehand_fits_a_terminal() {
        let told = ALL.iter().map(question).chain([list()]);
        for line in told.collect::<String>().lines() {
            assert!(line.chars().count() <= WIDTH, "{line}");
        }
    }

    #[test]
    fn the_list_has_a_line_for_each() {
        let list = list();
        for Experiment { name, title, .. } in ALL {
            let line = list.lines().find(|line| line.starts_with(name)).unwrap();
            assert!(line.ends_with(title), "{line}");
        }
    }

    #[test]
    fn a_guess_is_shown_beside_what_happened() {
        let mut out = Vec::new();
        let guess = ask(&b"  about six \nthe next line"[..], &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "your guess, or just Enter: \n"
        );
        assert_eq!(
            answer(&EXPERIMENT, guess.as_deref(), &outcome()),
            "you guessed\n  about six\n\nwhat happened\n  it is 5\n\nchecks\n  halves are smaller: held\n"
        );
    }

    #[test]
    fn no_guess_is_needed() {
        for input in ["\n", " \n", ""] {
            assert_eq!(ask(input.as_bytes(), io::sink()).unwrap(), None);
        }
        let told = answer(&EXPERIMENT, None, &outcome());
        assert!(told.starts_with("what happened\n  it is 5\n"), "{told}");
    }

    #[test]
    fn a_claim_that_did_not_hold_is_named() {
        let told = answer(&EXPERIMENT, None, &Outcome::default());
        assert!(
            told.ends_with("checks\n  halves are smaller: did NOT hold\n"),
            "{told}"
        );
    }
}
