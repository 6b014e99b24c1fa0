//! How long a chapter is, and how long it takes.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use mdbook_markdown::pulldown_cmark::{CodeBlockKind, Event, Tag, TagEnd};
use mdbook_markdown::{MarkdownOptions, new_cmark_parser};

use crate::lines;
use crate::preprocessor::expand;
use crate::questions::of_chapter;
use crate::repository::Repository;
use crate::words::counted;

/// What somebody reads in a minute who wants to understand it: so many words.
const WORDS: usize = 200;
/// And so many lines of code.
const LINES: usize = 15;

/// The words and the lines of code that a text shows, all directives expanded.
///
/// ```
/// let text = "Two words.\n\n```rust\nlet a = 1;\n\n// why\n```\n";
/// assert_eq!(book::reading::size(text), (2, 1));
/// ```
#[must_use]
pub fn size(text: &str) -> (usize, usize) {
    let (mut words, mut code) = (0, 0);
    // What the text belongs to: a block in this language, or a sentence.
    let mut block: Option<String> = None;
    for event in new_cmark_parser(text, &MarkdownOptions::default()) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let language = info.split([',', ' ']).next().unwrap_or_default();
                block = Some(language.to_owned());
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)) => block = Some(String::new()),
            Event::End(TagEnd::CodeBlock) => block = None,
            Event::Text(text) | Event::Code(text) => match block.as_deref() {
                None => words += text.split_whitespace().filter(|word| is_word(word)).count(),
                Some("rust") => code += lines::of_text(&without_hidden(&text)),
                Some("diff") => code += lines::of_text(&without_signs(&text)),
                Some(_) => {}
            },
            _ => {}
        }
    }
    (words, code)
}

fn is_word(word: &str) -> bool {
    word.contains(char::is_alphanumeric)
}

/// Rust without the lines that mdBook hides.
fn without_hidden(text: &str) -> String {
    let hidden =
        |line: &&str| matches!(line.trim_start(), "#") || line.trim_start().starts_with("# ");
    let shown: Vec<&str> = text.lines().filter(|line| !hidden(line)).collect();
    shown.join("\n")
}

/// The lines of a diff, as they are in the files.
fn without_signs(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with("@@"));
    let lines: Vec<&str> = lines
        .map(|line| line.get(1..).unwrap_or_default())
        .collect();
    lines.join("\n")
}

/// How many minutes a text takes, all its directives expanded: its words, its lines of code, and a
/// minute for each prediction.
///
/// ```
/// let text = "word ".repeat(390);
/// assert_eq!(book::reading::minutes(&text), 2);
/// ```
#[must_use]
pub fn minutes(text: &str) -> usize {
    let (words, code) = size(text);
    let predictions = text.matches("<details class=\"answer\">").count();
    let reading = (words * LINES + code * WORDS).div_ceil(WORDS * LINES);
    (reading + predictions).max(1)
}

/// The text, with the minutes that it takes below its title. The address by which the browser
/// remembers that it was read is with them.
pub(crate) fn with_minutes(text: &str, page: &Path) -> String {
    let Some((title, rest)) = text.split_once('\n').filter(|_| text.starts_with("# ")) else {
        return text.to_owned();
    };
    let address = page.with_extension("html");
    let address = address.to_string_lossy().replace('\\', "/");
    let minutes = counted(minutes(text) as u64, "minute");
    format!(
        "{title}\n\n<p class=\"minutes\" data-chapter=\"{address}\">About {minutes}</p>\n\n{rest}"
    )
}

/// A list of chapters, each with what it takes, and what they take together.
pub(crate) fn route(repository: &Repository, root: &str, chapters: &[&str]) -> Result<String> {
    let mut list = String::new();
    let mut sum = 0;
    for chapter in chapters {
        let source = repository.book_name().join("src").join(chapter);
        let text = repository.read(&source.to_string_lossy().replace('\\', "/"))?;
        let title = text.lines().next().and_then(|line| line.strip_prefix("# "));
        let title = title.with_context(|| format!("{chapter} does not begin with its title"))?;
        // Without the address that a heading may be given.
        let title = title.split(" {#").next().unwrap_or(title);
        let expanded = expand(&text, repository, Path::new(chapter));
        let expanded = expanded.map_err(|faults| anyhow!("{chapter}:{}", faults[0]))?;
        let minutes = minutes(&expanded);
        sum += minutes;
        // Writing to a `String` cannot fail, here and below.
        let _ = write!(list, "1. [{title}]({root}{chapter}), ");
        let minutes = counted(minutes as u64, "minute");
        let address = Path::new(chapter).with_extension("html");
        let _ = write!(
            list,
            "<span class=\"takes\" data-of=\"{}\"",
            address.to_string_lossy().replace('\\', "/")
        );
        if text.lines().any(|line| line == "{{#questions}}") {
            let questions = of_chapter(repository, Path::new(chapter))?;
            let names: Vec<&str> = questions.iter().map(|asked| &*asked.name).collect();
            let count = counted(names.len() as u64, "question");
            let _ = writeln!(
                list,
                " data-asks=\"{}\">{minutes}, {count}</span>",
                names.join(" ")
            );
        } else {
            let _ = writeln!(list, ">{minutes}</span>");
        }
    }
    Ok(format!(
        "<div class=\"route\">\n\nAbout {} in all.\n\n{list}\n</div>\n",
        hours(sum)
    ))
}

/// So many minutes, as somebody says them who plans a day.
fn hours(minutes: usize) -> String {
    let (whole, rest) = (minutes as u64 / 60, minutes as u64 % 60);
    let hours = counted(whole, "hour");
    match (whole, rest) {
        (0, _) => counted(rest, "minute"),
        (_, 0) => hours,
        (0..10, _) => format!("{hours} and {}", counted(rest, "minute")),
        _ => hours,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_told_in_hours() {
        let told: Vec<String> = [1, 59, 60, 61, 125, 600, 659].map(hours).to_vec();
        let expected = [
            "1 minute",
            "59 minutes",
            "1 hour",
            "1 hour and 1 minute",
            "2 hours and 5 minutes",
            "10 hours",
            "10 hours",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn words_lines_and_predictions_take_time() {
        assert_eq!(minutes(""), 1);
        assert_eq!(minutes(&"word ".repeat(WORDS * 3)), 3);
        let code = format!("```rust\n{}```\n", "a();\n".repeat(LINES * 2));
        assert_eq!(minutes(&code), 2);
        let asks = format!("<details class=\"answer\">\n\n{code}");
        assert_eq!(minutes(&asks), 3);
    }

    #[test]
    fn the_minutes_stand_below_the_title() {
        let text = with_minutes("# Title\n\nText.\n", Path::new("a/b.md"));
        let expected = "# Title\n\n<p class=\"minutes\" data-chapter=\"a/b.html\">About 1 minute</p>\n\n\nText.\n";
        assert_eq!(text, expected);
        assert_eq!(
            with_minutes("No title.\n", Path::new("a.md")),
            "No title.\n"
        );
    }
}
