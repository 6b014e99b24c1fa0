//! What the chapters ask at their ends: how many questions, how long, and that nobody can guess the
//! right answer from its place. And the ways through the book.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use book::CHAPTERS;
use book::preprocessor::expand;
use book::questions::{Choice, Question, of_chapter};
use book::reading::{minutes, size};
use book::repository::Repository;

const QUESTIONS: [usize; 2] = [3, 5];
/// Words of a chapter's questions, with all answers and reasons.
const WORDS: usize = 750;
/// Sentences of a reason.
const SENTENCES: usize = 4;

/// The folders of chapters that teach, and the single ones.
const ASKING: [&str; 10] = [
    "branches/",
    "concepts/",
    "strategies/",
    "versions/",
    "proof/measuring-a-pool.md",
    "proof/the-bug-museum.md",
    "proof/what-a-green-test-proves.md",
    "proof/what-holds-the-laws.md",
    "swapping-the-pool.md",
    "what-a-go-pool-runs-on.md",
];

/// What is for looking things up, or to be worked at, and in no way through the book.
const NOT_READ: [&str; 6] = [
    "a-readers-path.md",
    "glossary.md",
    "introduction.md",
    "proof/museum-",
    "questions/",
    "yours/",
];

fn book() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(chapter: &str) -> String {
    fs::read_to_string(book().join("src").join(chapter)).unwrap()
}

fn asking() -> impl Iterator<Item = &'static str> {
    let asks = |chapter: &&str| ASKING.iter().any(|start| chapter.starts_with(start));
    CHAPTERS.iter().copied().filter(asks)
}

/// The questions of all chapters, with the chapter's file.
fn questions() -> Vec<(&'static str, Vec<Question>)> {
    let repository = Repository::around(book()).unwrap();
    let of = |chapter| {
        (
            chapter,
            of_chapter(&repository, Path::new(chapter)).unwrap(),
        )
    };
    asking().map(of).collect()
}

/// Numbers of two digits and more, and those with a unit: what somebody has measured, perhaps.
fn measured(text: &str) -> Vec<String> {
    let units = ["%", "ns", "µs", "ms", "MiB", "KiB", "MB", "GB"];
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_unit = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '%');
        units.contains(&word)
    };
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let number = word.trim_matches(|c: char| !c.is_ascii_digit() && c != '%');
        let digits = number.trim_end_matches('%');
        if digits.is_empty() || !digits.starts_with(|c: char| c.is_ascii_digit()) {
            continue;
        }
        let has_unit = number.ends_with('%') || words.get(at + 1).is_some_and(|next| is_unit(next));
        if has_unit || digits.contains('.') {
            found.push((*word).to_owned());
        }
    }
    found
}

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

#[test]
fn each_chapter_ends_with_three_to_five_questions() {
    let [least, most] = QUESTIONS;
    for (chapter, questions) in questions() {
        let count = questions.len();
        assert!((least..=most).contains(&count), "{chapter}: {count}");
        let text = text(chapter);
        assert!(text.ends_with("\n\n{{#questions}}\n"), "{chapter}");
        let count: usize = questions.iter().map(all_words).sum();
        assert!(count <= WORDS, "{chapter}: {count} words of questions");
    }
}

fn all_words(question: &Question) -> usize {
    let of_choice = |choice: &Choice| words(&choice.text) + words(&choice.reason);
    words(&question.text) + question.choices.iter().map(of_choice).sum::<usize>()
}

#[test]
fn each_file_of_questions_belongs_to_a_chapter() {
    let mut folders = vec![book().join("questions")];
    let mut files = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(book().join("questions")).unwrap();
                files.insert(name.to_str().unwrap().replace('\\', "/"));
            }
        }
    }
    let expected: BTreeSet<String> = asking().map(str::to_owned).collect();
    assert_eq!(files, expected);
}

#[test]
fn a_question_is_one_and_each_answer_has_a_reason_that_is_short() {
    let mut names = BTreeSet::new();
    for (chapter, questions) in questions() {
        for question in questions {
            let Question {
                name,
                text,
                choices,
            } = &question;
            let place = format!("{chapter}, {name}");
            assert!(names.insert(name.clone()), "{place}: twice");
            assert!(text.ends_with('?'), "{place}: {text}");
            assert!((3..=4).contains(&choices.len()), "{place}");
            let texts: BTreeSet<&str> = choices.iter().map(|choice| &*choice.text).collect();
            assert_eq!(
                texts.len(),
                choices.len(),
                "{place}: an answer is there twice"
            );
            for Choice { text, reason, .. } in choices {
                assert!(text.ends_with('.'), "{place}: {text}");
                assert!(reason.ends_with(['.', ')', '?']), "{place}: {reason}");
                let ends = reason.matches(". ").count() + 1;
                assert!(ends <= SENTENCES, "{place}: {reason}");
                assert!(words(reason) >= 4, "{place}: {reason}");
            }
            for text in choices
                .iter()
                .flat_map(|choice| [&choice.text, &choice.reason])
            {
                let plain = text.replace("{{#", "").replace("}}", "");
                assert_eq!(measured(&plain), [""; 0], "{place}: {text}");
                let shouts = text.contains("! ") || text.ends_with('!');
                assert!(!shouts, "{place}: {text}");
            }
        }
    }
    assert!(names.len() > 100, "{}", names.len());
}

/// Neither by its place, nor by being the longest.
#[test]
fn the_right_answer_cannot_be_guessed() {
    let mut places = [0; 4];
    let (mut longest, mut all) = (0, 0);
    for (chapter, questions) in questions() {
        let place = |question: &Question| question.choices.iter().position(|c| c.is_right);
        let chapters: BTreeSet<_> = questions.iter().map(place).collect();
        assert!(chapters.len() > 1, "{chapter}: always in the same place");
        for question in &questions {
            places[place(question).unwrap()] += 1;
            let length = |choice: &Choice| choice.text.len();
            let most = question.choices.iter().map(length).max().unwrap();
            let right = question.choices.iter().find(|choice| choice.is_right);
            longest += usize::from(length(right.unwrap()) == most);
            all += 1;
        }
    }
    let first_three = &places[..3];
    for count in first_three {
        assert!(count * 5 > all, "{places:?}");
        assert!(count * 2 < all, "{places:?}");
    }
    assert!(
        longest * 2 < all,
        "the right one is the longest in {longest} of {all}"
    );
}

#[test]
fn a_measured_number_is_found() {
    assert_eq!(
        measured("It took 20 ms, or 5 µs. Or 30%, 1.5 times."),
        ["20", "5", "30%,", "1.5"]
    );
    assert_eq!(measured("Two of 16 workers, v1 and `a4`, at 0."), [""; 0]);
}

/// The chapters of a way, in their order.
fn route(text: &str, heading: &str) -> Vec<String> {
    let section = text.split(heading).nth(1).unwrap();
    let line = section
        .lines()
        .find_map(|line| line.strip_prefix("{{#route "));
    let files = line.unwrap().trim_end_matches("}}").split(' ');
    files.map(str::to_owned).collect()
}

#[test]
fn each_way_goes_in_the_order_of_the_book_and_holds_the_shorter_one() {
    let path = text("a-readers-path.md");
    let ways = ["## Two hours\n", "## A weekend\n", "## All\n"].map(|way| route(&path, way));
    let summary = text("SUMMARY.md");
    for way in &ways {
        let places = way
            .iter()
            .map(|file| summary.find(&format!("({file})")).unwrap());
        let places: Vec<usize> = places.collect();
        assert!(places.is_sorted(), "{way:?}");
    }
    for pair in ways.windows(2) {
        assert!(pair[0].iter().all(|file| pair[1].contains(file)));
    }
    let taught = |chapter: &&str| !NOT_READ.iter().any(|start| chapter.starts_with(start));
    let all: BTreeSet<&str> = CHAPTERS.iter().copied().filter(taught).collect();
    assert_eq!(
        ways[2].iter().map(String::as_str).collect::<BTreeSet<_>>(),
        all
    );
}

#[test]
fn two_hours_are_two_hours_and_a_weekend_is_one() {
    let repository = Repository::around(book()).unwrap();
    let path = text("a-readers-path.md");
    for (way, [least, most]) in [
        ("## Two hours\n", [80, 120]),
        ("## A weekend\n", [300, 600]),
    ] {
        let takes = |chapter: &String| {
            let text = expand(&text(chapter), &repository, Path::new(chapter));
            minutes(&text.unwrap())
        };
        let sum: usize = route(&path, way).iter().map(takes).sum();
        assert!((least..=most).contains(&sum), "{way}: {sum} minutes");
    }
}

/// `size.rs` leaves the questions out, since what is left is what the chapter says.
#[test]
fn the_words_of_questions_are_no_words_of_the_chapter() {
    let repository = Repository::around(book()).unwrap();
    let chapter = "versions/v1-fixed.md";
    let whole = text(chapter);
    let count = |text: &str| size(&expand(text, &repository, Path::new(chapter)).unwrap()).0;
    assert!(count(&whole) > count(&whole.replace("{{#questions}}", "")));
}
