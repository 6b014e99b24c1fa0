//! What people ask is found: by the pages' own search, in the first places. `questions.json` has
//! the questions, each with what its asker would type and the sections that answer it.

mod scratch;
mod search;

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use serde::Deserialize;

use search::{Index, asset};

/// Nobody reads on further down.
const PLACES: usize = 5;

#[derive(Deserialize)]
struct Asked {
    questions: Vec<Question>,
    /// What learners type, and so has to occur somewhere.
    words: Vec<String>,
}

#[derive(Deserialize)]
struct Question {
    question: String,
    /// The thread in which it was asked. Its title is the first of the queries.
    asked: String,
    queries: Vec<String>,
    /// The sections with the answer.
    found: Vec<String>,
}

static ASKED: LazyLock<Asked> =
    LazyLock::new(|| serde_json::from_str(include_str!("questions.json")).unwrap());

static PAGES: LazyLock<PathBuf> = LazyLock::new(|| scratch::pages("questions"));

static INDEX: LazyLock<Index> = LazyLock::new(|| Index::of(&PAGES));

fn queries() -> Vec<&'static str> {
    let queries = ASKED.questions.iter().flat_map(|asked| &asked.queries);
    queries.map(String::as_str).collect()
}

/// In which place the first of the sections is, counted from 1.
fn place(query: &str, sections: &[String]) -> Option<usize> {
    let found = INDEX.search(query);
    let first = found
        .iter()
        .position(|found| sections.iter().any(|section| section == found));
    first.map(|place| place + 1)
}

#[test]
fn each_query_finds_an_answer_in_the_first_places() {
    let mut missed = Vec::new();
    for asked in &ASKED.questions {
        for query in &asked.queries {
            let place = place(query, &asked.found);
            if place.is_none_or(|place| place > PLACES) {
                let first = &INDEX.search(query);
                let first = &first[..PLACES.min(first.len())];
                missed.push(format!("{query:?}, place {place:?}, after {first:#?}"));
            }
        }
    }
    let (all, found) = (queries().len(), queries().len() - missed.len());
    assert!(
        missed.is_empty(),
        "{found} of {all}; missed:\n{}",
        missed.join("\n")
    );
}

#[test]
fn each_answer_is_a_section_of_the_book() {
    let addresses: Vec<&str> = INDEX
        .sections()
        .into_iter()
        .map(|(address, _)| address)
        .collect();
    for Question {
        question,
        asked,
        queries,
        found,
    } in &ASKED.questions
    {
        assert!(asked.starts_with("https://"), "{question}");
        assert!(!queries.is_empty() && !found.is_empty(), "{question}");
        for section in found {
            assert!(
                addresses.contains(&section.as_str()),
                "{question}: {section}"
            );
        }
    }
}

/// Each section of the pages with questions is an answer, and is found by its question.
#[test]
fn each_question_of_the_book_is_found_by_itself() {
    let sections = INDEX.sections();
    let chapters = book::CHAPTERS.iter();
    for chapter in chapters.filter(|path| path.starts_with("questions/")) {
        let page = chapter.replace(".md", ".html#");
        let on_page = sections
            .iter()
            .filter(|(address, _)| address.starts_with(&page));
        let questions: Vec<_> = on_page.skip(1).collect(); // the first is the title of the page
        assert!(!questions.is_empty(), "{chapter}");
        for (address, heading) in questions {
            assert_eq!(INDEX.search(heading).first(), Some(address), "{heading}");
        }
    }
}

#[test]
fn what_learners_type_occurs() {
    let text = INDEX.text();
    let missing = ASKED
        .words
        .iter()
        .filter(|word| !text.contains(&word.to_lowercase()));
    assert_eq!(missing.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn the_museum_is_found_by_its_own_page_and_not_by_each_exhibit() {
    assert!(
        place(
            "bug museum",
            &["proof/the-bug-museum.html#the-bug-museum".to_owned()]
        ) == Some(1)
    );
    let exhibits = INDEX
        .sections()
        .into_iter()
        .filter(|(address, _)| address.starts_with("proof/museum-"));
    assert_eq!(exhibits.collect::<Vec<_>>(), []);
}

#[test]
fn a_source_file_is_not_found() {
    let sections = INDEX.sections();
    let files = sections
        .iter()
        .filter(|(address, _)| address.starts_with("source/"));
    assert_eq!(files.count(), 0);
    assert!(PAGES.join("source/v1-fixed/pool.html").exists());
}

/// What `search/mod.rs` finds, and in which order, in twice as many places as anybody reads. Below
/// that, scores are so close that it matters in which order they are added up. Needs `node`, and
/// says so if there is none.
#[test]
fn the_script_of_the_pages_finds_the_same() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/search/search.mjs");
    let child = Command::new("node")
        .arg(script)
        .arg(asset(&PAGES, "elasticlunr-", ".js"))
        .arg(asset(&PAGES, "searchindex-", ".js"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    if child
        .as_ref()
        .is_err_and(|error| error.kind() == ErrorKind::NotFound)
    {
        eprintln!("not compared with the script of the pages: there is no `node`");
        return;
    }
    let mut child = child.unwrap();
    let words = ASKED.words.iter().map(String::as_str);
    let queries: Vec<&str> = queries().into_iter().chain(words).collect();
    let mut stdin = child.stdin.take().unwrap();
    stdin
        .write_all(serde_json::to_string(&queries).unwrap().as_bytes())
        .unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let found: Vec<Vec<String>> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found.len(), queries.len());
    for (query, theirs) in queries.iter().zip(found) {
        let mut ours = INDEX.scored(query);
        // Two sections with the same score stand in either order: the sums differ in their last
        // digits.
        for (n, address) in theirs.iter().enumerate().take(ours.len()) {
            let here = ours[n].1;
            let alike = |score: f64| (score - here).abs() <= 1e-9 * here;
            let after = ours[n..].iter().take_while(|(_, score)| alike(*score));
            if let Some(at) = after
                .map(|(address, _)| address)
                .position(|one| one == address)
            {
                ours[n..=n + at].rotate_right(1);
            }
        }
        let ours: Vec<&str> = ours.into_iter().map(|(address, _)| address).collect();
        assert_eq!(ours, theirs, "{query}");
    }
}
