//! Every chapter's examples are tested, and nothing untested looks like an example.

use std::collections::BTreeSet;
use std::path::Path;

use mdbook_driver::MDBook;
use mdbook_driver::book::BookItem;
use mdbook_markdown::pulldown_cmark::{CodeBlockKind, Event, Tag, TagEnd};
use mdbook_markdown::{MarkdownOptions, new_cmark_parser};

/// The files and texts of the chapters in `SUMMARY.md`.
fn chapters() -> Vec<(String, String)> {
    let book = MDBook::load(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    book.iter()
        .filter_map(|item| match item {
            BookItem::Chapter(chapter) => chapter
                .source_path
                .as_ref()
                .map(|path| (path.to_str().unwrap().to_owned(), chapter.content.clone())),
            _ => None,
        })
        .collect()
}

/// Rust in blocks that look like examples, but that rustdoc does not compile.
fn untested(text: &str) -> Vec<String> {
    let mut untested = Vec::new();
    let mut ignored = false;
    for event in new_cmark_parser(text, &MarkdownOptions::default()) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let words: Vec<&str> = info.split([',', ' ']).collect();
                // mdBook takes `rs` for Rust, rustdoc does not.
                ignored = words.contains(&"rs")
                    || words.contains(&"rust") && words.iter().any(|w| w.starts_with("ignore"));
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)) => {
                untested.push("an indented block, which rustdoc takes for Rust".to_owned());
            }
            Event::End(TagEnd::CodeBlock) => ignored = false,
            Event::Text(code) if ignored => {
                let directive = |line: &&str| line.starts_with("{{#") && line.ends_with("}}");
                let lines = code.lines().map(str::trim).filter(|line| !line.is_empty());
                untested.extend(lines.filter(|line| !directive(line)).map(str::to_owned));
            }
            _ => {}
        }
    }
    untested
}

/// What a chapter asks the reader to predict, and shows all the same.
///
/// The answer is whatever follows the question in its section: tables, and what is drawn from a
/// recorded run. A patch is part of a question.
fn given_away(text: &str) -> Vec<String> {
    let mut given_away = Vec::new();
    let (mut asked, mut answered, mut folded) = (None, false, false);
    let mut settle = |asked: &mut Option<String>, answered: &mut bool| {
        if let Some(question) = asked.take().filter(|_| !*answered) {
            given_away.push(format!("{question}: there is no {{{{#answer}}}}"));
        }
        *answered = false;
    };
    let mut shown = Vec::new();
    let mut code = false;
    for line in text.lines() {
        code ^= line.trim_start().starts_with("```");
        if code {
            continue;
        }
        if line.starts_with("## ") {
            settle(&mut asked, &mut answered);
        }
        if line.starts_with("## Predict") || line.contains("Predict: ") {
            asked = Some(line.to_owned());
        }
        match line.trim() {
            "{{#answer}}" => (folded, answered) = (true, true),
            "{{#end}}" => folded = false,
            line => {
                let starts = ["|", "{{#trace ", "{{#census ", "{{#findings}}", "<figure"];
                let shows = starts.iter().any(|start| line.starts_with(start));
                if shows && asked.is_some() && !folded {
                    shown.push(line.to_owned());
                }
            }
        }
    }
    settle(&mut asked, &mut answered);
    given_away.extend(shown);
    given_away
}

#[test]
fn what_is_to_be_predicted_is_folded() {
    let chapters = chapters();
    let asks = |text: &str| text.lines().any(|line| line.starts_with("## Predict"));
    assert!(chapters.iter().filter(|(_, text)| asks(text)).count() > 20);
    for (path, text) in chapters {
        assert_eq!(given_away(&text), [""; 0], "in {path}");
    }
}

#[test]
fn an_answer_that_is_given_away_is_found() {
    let fine = "| a |\n## Predict, then run\nHow many?\n```sh\n| a |\n```\n{{#answer}}\n| a |\n{{#end}}\n\
                ## The laws\n| a |\nWhy? Predict: one, or two?\n{{#answer}}\n{{#trace a}}\n{{#end}}\nOn.\n";
    assert_eq!(given_away(fine), [""; 0]);
    for (text, found) in [
        (
            "## Predict\n\nFive.\n## Next\n",
            "## Predict: there is no {{#answer}}",
        ),
        (
            "One? Predict: how many\n",
            "One? Predict: how many: there is no {{#answer}}",
        ),
        (
            "## Predict\n{{#census a b}}\n{{#answer}}\n{{#end}}\n",
            "{{#census a b}}",
        ),
        (
            "## Predict\n{{#answer}}\n{{#end}}\n| a |\n## Next\n| b |\n",
            "| a |",
        ),
    ] {
        assert_eq!(given_away(text), [found]);
    }
}

#[test]
fn every_chapter_of_the_summary_is_in_the_list_and_the_other_way_round() {
    let chapters = chapters();
    let summary: BTreeSet<&str> = chapters.iter().map(|(path, _)| path.as_str()).collect();
    let listed: BTreeSet<&str> = book::CHAPTERS.iter().copied().collect();
    assert_eq!(summary, listed, "SUMMARY.md and the list in tool/lib.rs");
    assert_eq!(
        listed.len(),
        book::CHAPTERS.len(),
        "a chapter is listed twice"
    );
}

#[test]
fn an_ignored_block_holds_nothing_but_directives() {
    for (path, text) in chapters() {
        assert_eq!(untested(&text), [""; 0], "in {path}");
    }
}

#[test]
fn untested_code_is_found() {
    let fine =
        "```rust\nlet a = 1;\n```\n```rust,ignore\n{{#include a.rs}}\n```\n```text\nlet a\n```\n";
    assert_eq!(untested(fine), [""; 0]);
    assert_eq!(
        untested("```rust,ignore\n{{#include a.rs}}\nlet a = 1;\n```\n"),
        ["let a = 1;"]
    );
    assert_eq!(
        untested("- a\n\n  ```rust ignore\n  let a = 1;\n  ```\n"),
        ["let a = 1;"]
    );
    assert_eq!(untested("```rs\nlet a = 1;\n```\n"), ["let a = 1;"]);
    assert_eq!(untested("text\n\n    let a = 1;\n").len(), 1);
}
