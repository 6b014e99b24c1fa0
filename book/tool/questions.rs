//! What a chapter asks its readers at its end, each question with answers to choose from.
//!
//! The questions of `book/src/versions/v1-fixed.md` are in `book/questions/versions/v1-fixed.md`:
//!
//! ```text
//! ## which-is-first
//! Which task does a worker of v1 take next?
//!
//! - [ ] The shortest one.
//!   The pool does not know how long a task takes.
//! - [x] The one that has waited longest.
//!   The channel is a queue: first in, first out.
//! ```
//!
//! A question has a name, by which the browser remembers it. Each answer is a line, and below it is
//! why it is right, or why it is not: Markdown, in which directives may stand. Questions and
//! answers are text in which only `` `code` `` is marked.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};

use crate::preprocessor::expand;
use crate::repository::Repository;
use crate::words::caption;

/// A question, and what may be chosen for an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Its name: no other question of the book has it.
    pub name: String,
    /// What is asked.
    pub text: String,
    /// Two or more. One of them is right.
    pub choices: Vec<Choice>,
}

/// An answer to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Whether it is the right one.
    pub is_right: bool,
    /// The answer.
    pub text: String,
    /// Why it is right, or why it is not.
    pub reason: String,
}

/// The questions in a text.
///
/// # Errors
///
/// If a line is in no place, if a name is none, if not one answer is right, or if an answer has no
/// reason.
///
/// ```
/// let text = "## first\nWhich is first?\n\n- [x] A.\n  It is.\n- [ ] B.\n  A is.\n";
/// let questions = book::questions::parse(text).unwrap();
/// assert_eq!(questions[0].text, "Which is first?");
/// assert!(questions[0].choices[0].is_right);
/// assert_eq!(questions[0].choices[1].reason, "A is.");
/// ```
pub fn parse(text: &str) -> Result<Vec<Question>> {
    let mut questions: Vec<Question> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        read(line.trim_end(), &mut questions).with_context(|| format!("line {}", number + 1))?;
    }
    for question in &questions {
        check(question).with_context(|| format!("the question `{}`", question.name))?;
    }
    Ok(questions)
}

/// Adds a line to the questions that are read so far.
fn read(line: &str, questions: &mut Vec<Question>) -> Result<()> {
    if let Some(name) = line.strip_prefix("## ") {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        ensure!(
            name.chars().all(allowed),
            "`{name}` is not a name of small letters, digits and `-`"
        );
        questions.push(Question {
            name: name.to_owned(),
            text: String::new(),
            choices: Vec::new(),
        });
        return Ok(());
    }
    if line.is_empty() {
        return Ok(());
    }
    let question = questions
        .last_mut()
        .context("a question begins with `## NAME`")?;
    let right = line.strip_prefix("- [x] ");
    if let Some(text) = right.or_else(|| line.strip_prefix("- [ ] ")) {
        question.choices.push(Choice {
            is_right: right.is_some(),
            text: text.to_owned(),
            reason: String::new(),
        });
        return Ok(());
    }
    match (question.choices.last_mut(), line.strip_prefix("  ")) {
        (Some(choice), Some(reason)) => append(&mut choice.reason, reason),
        (None, None) => append(&mut question.text, line),
        _ => bail!("neither `- [ ] ANSWER`, nor a reason with two blanks before it"),
    }
    Ok(())
}

/// The text as HTML, with the apostrophes that mdBook gives to what is Markdown.
fn shown(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let parts: Vec<String> = parts
        .map(|(number, part)| match number % 2 {
            0 => part.replace('\'', "\u{2019}"),
            _ => part.to_owned(),
        })
        .collect();
    caption(&parts.join("`"))
}

fn append(text: &mut String, line: &str) {
    if !text.is_empty() {
        text.push(' ');
    }
    text.push_str(line);
}

fn check(question: &Question) -> Result<()> {
    ensure!(!question.text.is_empty(), "nothing is asked");
    ensure!(question.choices.len() > 1, "there is nothing to choose");
    let right = question.choices.iter().filter(|choice| choice.is_right);
    let right = right.count();
    ensure!(right == 1, "{right} of its answers are right, and not one");
    for Choice { text, reason, .. } in &question.choices {
        ensure!(!reason.is_empty(), "`{text}` has no reason");
    }
    Ok(())
}

/// The questions of the chapter in this file, a path from the root of the text.
///
/// # Errors
///
/// If there are none, or if they cannot be read.
pub fn of_chapter(repository: &Repository, chapter: &Path) -> Result<Vec<Question>> {
    let folder = repository.book_name().join("questions");
    let file = folder.join(chapter);
    let file = file.to_str().context("a path is not Unicode")?;
    let file = file.replace('\\', "/");
    parse(&repository.read(&file)?).context(file)
}

/// The questions of a chapter as a section of it.
///
/// An answer is a `details`: it is chosen by being unfolded, with a mouse, a key or a finger, and
/// needs no script for it.
pub(crate) fn section(repository: &Repository, chapter: &Path) -> Result<String> {
    let mut section =
        "## Check yourself\n\nChoose an answer: it says whether it is right, and why.\n\n\
                       <div class=\"questions\">\n"
            .to_owned();
    for question in of_chapter(repository, chapter)? {
        let Question { name, text, .. } = &question;
        // Writing to a `String` cannot fail, here and below.
        let _ = write!(
            section,
            "\n<div class=\"question\" id=\"asks-{name}\" role=\"group\" aria-labelledby=\"asked-{name}\">\n\
             <p id=\"asked-{name}\">{}</p>\n",
            shown(text)
        );
        for choice in &question.choices {
            let reason = expand(&choice.reason, repository, chapter).map_err(|faults| {
                let fault = &faults[0];
                anyhow!("`{name}`: `{}`: {:#}", fault.directive, fault.cause)
            })?;
            let (class, verdict) = match choice.is_right {
                true => ("is-right", "Right."),
                false => ("is-wrong", "No."),
            };
            // Behind a blank line it is Markdown again.
            let _ = write!(
                section,
                "<details class=\"choice {class}\">\n<summary>{}</summary>\n\n\
                 **{verdict}** {reason}\n\n</details>\n",
                shown(&choice.text)
            );
        }
        section.push_str("</div>\n");
    }
    section.push_str("</div>\n");
    Ok(section)
}
