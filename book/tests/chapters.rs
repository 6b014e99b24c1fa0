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
