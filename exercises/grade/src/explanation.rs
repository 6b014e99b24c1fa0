//! What is said of the first law that is not kept.

use std::fs;
use std::path::MAIN_SEPARATOR;

use crate::compiler::Built;
use crate::models::is_modelled;
use crate::run::{Findings, Verdict};
use crate::stages::{Law, Stage};
use crate::{Ladder, Who, repository};

const WIDTH: usize = 80;

/// How wide the words at the left are.
const LEFT: usize = 11;

/// The first thing to do, in lines for a terminal. Nothing, if all is kept.
#[must_use]
pub fn explain(ladder: &Ladder, who: &Who) -> Vec<String> {
    let mut lines = Vec::new();
    let Some(rung) = ladder.next() else {
        return lines;
    };
    let stage = rung.stage;
    if let Some((law, verdict)) = ladder.first_failing() {
        lines.push(format!(
            "First: stage {}, `{}` {}",
            stage.number,
            law.name,
            verdict.mark().trim().to_lowercase()
        ));
        of_law(law, verdict, &mut lines);
        let sleeps = |thread: &String| thread.contains("sleeps (");
        let nobody_knows_where = |findings: &Findings| findings.threads.iter().any(sleeps);
        if is_modelled(stage) && verdict.findings().is_some_and(nobody_knows_where) {
            let command = format!("`cargo grade --models --stage {}`", stage.number);
            let text = format!("{command} says in what each thread sleeps, and on which line.");
            say("where", &text, &mut lines);
        }
    } else {
        of_what_is_missing(stage, &rung.built, &mut lines);
    }
    if who.is_reader() {
        let page = format!("book/src/{}, or `cargo book`", stage.page);
        say("the page", &page, &mut lines);
        let next = next_commands(ladder, stage.number, is_modelled(stage));
        if !next.is_empty() {
            say("next", &next, &mut lines);
        }
    }
    lines
}

/// What to type now. What was asked for already is no answer.
fn next_commands(ladder: &Ladder, stage: usize, is_modelled: bool) -> String {
    let is_asked = ladder.rungs.len() == 1;
    let mut next = Vec::new();
    if !is_asked {
        next.push(format!("`cargo grade --stage {stage}`"));
    }
    if let Some((law, _)) = ladder.first_failing() {
        next.push(format!("`cargo grade --hint --law {}`", law.name));
        if is_modelled {
            next.push(format!("`cargo grade --models --stage {stage}`"));
        }
    }
    next.join(", ")
}

fn of_law(law: &Law, verdict: &Verdict, lines: &mut Vec<String>) {
    say("the law", law.says, lines);
    observed(verdict, lines);
    let still_to_do = |findings: &Findings| findings.observed.ends_with(": not yet implemented");
    let means = if verdict.findings().is_some_and(still_to_do) {
        "That is a `todo!()` that is still there."
    } else {
        law.means
    };
    say("usually", means, lines);
    let chapter = format!("{} (book/src/{})", title(law.chapter), law.chapter);
    say("explained", &chapter, lines);
}

/// What was observed, unless all is as it should be.
pub fn observed(verdict: &Verdict, lines: &mut Vec<String>) {
    if let Some(findings) = verdict.findings() {
        // A thread that is gone is why the others wait.
        for panic in grouped(&findings.panics) {
            say("panic", &from_the_root(&panic), lines);
        }
        say("observed", &from_the_root(&findings.observed), lines);
        for (n, thread) in grouped(&findings.threads).iter().enumerate() {
            say(if n == 0 { "threads" } else { "" }, thread, lines);
        }
        if matches!(verdict, Verdict::Died(_)) {
            for line in findings.printed.lines() {
                say("it printed", line, lines);
            }
        }
    }
}

/// Paths in a text, from the root of the repository.
#[must_use]
pub fn from_the_root(text: &str) -> String {
    let root = format!("{}{MAIN_SEPARATOR}", repository().display());
    text.replace(&root, "")
}

/// The same words once, with their number.
fn grouped(texts: &[String]) -> Vec<String> {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for text in texts {
        let (name, what) = text.split_once(": ").unwrap_or((text, ""));
        match groups.iter_mut().find(|(of, _)| *of == what) {
            Some((_, names)) => names.push(name),
            None => groups.push((what, vec![name])),
        }
    }
    let text = |(what, names): &(&str, Vec<&str>)| match (&names[..], *what) {
        ([name], "") => (*name).to_owned(),
        ([name], what) => format!("{name}: {what}"),
        (names, what) if names.len() > 4 => {
            format!(
                "{} and {} more: {what}",
                names[..3].join(", "),
                names.len() - 3
            )
        }
        (names, what) => format!("{}: {what}", names.join(", ")),
    };
    groups.iter().map(text).collect()
}

fn of_what_is_missing(stage: &Stage, built: &Built, lines: &mut Vec<String>) {
    match built {
        Built::Missing(names) => {
            lines.push(format!("Next: stage {}, {}", stage.number, stage.title));
            let names = format!("{}. The page has the signatures.", names.join(", "));
            say("it needs", &names, lines);
        }
        Built::Different(text) => {
            lines.push(format!(
                "First: stage {} does not compile against your pool",
                stage.number
            ));
            let why = match missing_trait(text) {
                Some(bound) => format!("a trait is missing: `{bound}`."),
                None => "a type differs, or a trait is missing.".to_owned(),
            };
            say("probably", &why, lines);
            lines.push(String::new());
            lines.extend(beginning(text).map(from_the_root));
            lines.push(String::new());
        }
        Built::Program(_) | Built::Later(_) => {}
    }
}

/// Which trait which type has not, if that is why.
fn missing_trait(text: &str) -> Option<String> {
    let first = text.lines().next()?;
    let (_, message) = first.split_once("error[E0277]: ")?;
    let mut quoted = message.split('`').skip(1).step_by(2);
    if message.starts_with("the trait bound") {
        return quoted.next().map(str::to_owned);
    }
    let missing = if message.ends_with("shared between threads safely") {
        "Sync"
    } else if message.ends_with("sent between threads safely") {
        "Send"
    } else {
        let of = quoted.next()?;
        return Some(format!("{of}: {}", quoted.next()?));
    };
    // The last is the one that the law names.
    let within = text.rsplit("within the type `").next()?;
    let (name, _) = within.split_once('`')?;
    Some(format!("{name}: {missing}"))
}

/// What the compiler says, up to its notes on notes.
fn beginning(text: &str) -> impl Iterator<Item = &str> {
    let is_note = |line: &str| line.trim_start_matches([' ', '=']).starts_with("note: ");
    text.lines().take_while(move |line| !is_note(line))
}

/// A chapter by its title.
fn title(chapter: &str) -> String {
    let (file, _) = chapter.split_once('#').unwrap_or((chapter, ""));
    let text = fs::read_to_string(repository().join("book/src").join(file));
    let text = text.unwrap_or_default();
    let heading = text.lines().find_map(|line| line.strip_prefix("# "));
    heading.unwrap_or(file).to_owned()
}

/// A text in lines for a terminal. Its paragraphs stay apart.
#[must_use]
pub fn wrapped(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split("\n\n") {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        fill(String::new(), paragraph, &mut lines);
    }
    lines
}

/// A word at the left, and what there is to say about it, within the terminal.
pub fn say(word: &str, text: &str, lines: &mut Vec<String>) {
    fill(format!("  {word:LEFT$}"), text, lines);
}

/// Lines that begin with `line`, or with as many spaces.
fn fill(mut line: String, text: &str, lines: &mut Vec<String>) {
    let empty = line.chars().count();
    for word in text.split_whitespace() {
        let used = line.chars().count();
        if used > empty && used + 1 + word.chars().count() > WIDTH {
            lines.push(line);
            line = " ".repeat(empty);
        } else if used > empty {
            line.push(' ');
        }
        line += word;
    }
    lines.push(line);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_between_words() {
        let mut lines = Vec::new();
        say("usually", &"four ".repeat(30), &mut lines);
        assert!(lines[0].starts_with("  usually    four four"), "{lines:?}");
        assert!(lines[1].starts_with("             four"), "{lines:?}");
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH));
        assert_eq!(lines.concat().matches("four").count(), 30);
    }

    #[test]
    fn a_missing_trait_is_named() {
        for (text, bound) in [
            (
                "error[E0277]: `(dyn FnOnce() + Send)` cannot be shared between threads safely\n\
                 note: .. within the type `Box<..>`\nnote: .. within the type `Rejected`",
                Some("Rejected: Sync"),
            ),
            (
                "error[E0277]: the trait bound `Rejected: std::error::Error` is not satisfied",
                Some("Rejected: std::error::Error"),
            ),
            (
                "error[E0277]: `Rejected` doesn't implement `Debug`",
                Some("Rejected: Debug"),
            ),
            ("error[E0308]: mismatched types", None),
        ] {
            assert_eq!(missing_trait(text).as_deref(), bound);
        }
    }

    #[test]
    fn threads_that_do_the_same_share_a_line() {
        let texts = ["a: waits", "b: waits", "c: runs", "d"].map(str::to_owned);
        assert_eq!(grouped(&texts), ["a, b: waits", "c: runs", "d"]);
        let many = [1, 2, 3, 4, 5].map(|n| format!("w{n}: sleeps"));
        assert_eq!(grouped(&many), ["w1, w2, w3 and 2 more: sleeps"]);
    }
}
