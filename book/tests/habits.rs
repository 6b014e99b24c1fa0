//! What the whole project is written by: the width of comments, what a manifest says, and what the
//! architecture speaks of.

use std::fs;
use std::path::{Path, PathBuf};

/// Comments, documentation included, keep to so many columns, as the code does.
const WIDTH: usize = 100;

/// What has a page on docs.rs, if it is ever published.
const LIBRARIES: [&str; 10] = [
    "v1-fixed",
    "v2-cancel-panic",
    "v3-dynamic",
    "v4-dedicated-queues",
    "v5-futures",
    "branches/priority",
    "branches/rate-limit",
    "benchmark",
    "book",
    "book/museum",
];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The Rust files below a folder, but for what is compiled or fetched.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if entry.file_type().unwrap().is_dir() {
            if !name.starts_with('.') && !["target", "node_modules"].contains(&&*name) {
                sources(&path, found);
            }
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
}

/// The numbers of the lines that are a comment and too long. What has no place to break, as an
/// address or the row of a table, is not.
fn too_wide(text: &str) -> Vec<usize> {
    let wide = |line: &str| {
        let comment = line.trim_start();
        comment.starts_with("//")
            && line.chars().count() > WIDTH
            && comment.split_whitespace().count() > 2
            && !comment.trim_start_matches(['/', '!', ' ']).starts_with('|')
    };
    let lines = text.lines().enumerate();
    lines
        .filter(|(_, line)| wide(line))
        .map(|(number, _)| number + 1)
        .collect()
}

#[test]
fn comments_keep_to_a_hundred_columns() {
    let root = repository();
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut found = Vec::new();
    let mut seen = 0;
    for file in files {
        let path = file.strip_prefix(&root).unwrap();
        seen += 1;
        for line in too_wide(&fs::read_to_string(&file).unwrap()) {
            found.push(format!("{}:{line}", path.display()));
        }
    }
    assert!(seen > 100, "{seen} files");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_comment_is_too_wide_if_it_could_have_been_broken() {
    let words = "word ".repeat(20);
    assert_eq!(too_wide(&format!("// {words}\n    /// {words}\n")), [1, 2]);
    assert_eq!(too_wide(&format!("// {}", &words[..97])), [0; 0]);
    assert_eq!(too_wide(&format!("//! {}", "address".repeat(20))), [0; 0]);
    assert_eq!(too_wide(&format!("//! | `a` | {words} |")), [0; 0]);
    assert_eq!(too_wide(&format!("let a = \"{words}\";")), [0; 0]);
}

/// And no address, since there is none yet at which anybody would find it.
#[test]
fn a_manifest_says_what_the_crate_is_about() {
    for library in LIBRARIES {
        let manifest = fs::read_to_string(repository().join(library).join("Cargo.toml")).unwrap();
        let has = |key: &str| manifest.lines().any(|line| line.starts_with(key));
        for key in ["description = \"", "keywords = [", "categories = ["] {
            assert!(has(key), "{library}: {key}");
        }
        assert!(has("[package.metadata.docs.rs]"), "{library}");
        for key in ["repository", "homepage", "documentation"] {
            assert!(!has(key), "{library}: {key}");
        }
    }
}

/// The first cell of each row of a table names folders: the first one in full, the others as that,
/// or beside it.
#[test]
fn the_architecture_speaks_of_folders_that_are_there() {
    let text = fs::read_to_string(repository().join("ARCHITECTURE.md")).unwrap();
    let mut seen = 0;
    for row in text.lines().filter(|line| line.starts_with("| `")) {
        let cell = row.split('|').nth(1).unwrap();
        let names: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
        let first = repository().join(names[0]);
        for name in names {
            let beside = first.parent().unwrap().join(name);
            let there = beside.exists() || repository().join(name).exists();
            assert!(there, "{name}, in {row}");
            seen += 1;
        }
    }
    assert!(seen > 15, "{seen}");
}
