//! The lesson check: what the READMEs say of the versions is what the folders hold.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use book::lines;

/// The rungs of the ladder, in order.
const VERSIONS: [&str; 5] = [
    "v1-fixed",
    "v2-cancel-panic",
    "v3-dynamic",
    "v4-dedicated-queues",
    "v5-futures",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The source files of a version, by name.
fn sources(version: &str) -> BTreeMap<String, String> {
    let files = fs::read_dir(root().join(version).join("src")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names
        .map(|name| (name.clone(), read(format!("{version}/src/{name}"))))
        .collect()
}

/// The cells of the rows of all tables in a text.
fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines()
        .filter(|line| line.starts_with("| "))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
}

#[test]
fn each_readme_says_which_files_are_new_changed_or_the_same() {
    let mut before: BTreeMap<String, String> = BTreeMap::new();
    for version in VERSIONS {
        let now = sources(version);
        let mut found: BTreeMap<&str, &str> = now
            .iter()
            .map(|(name, text)| match before.get(name) {
                None => (name.as_str(), "new"),
                Some(old) if old == text => (name.as_str(), "the same"),
                Some(_) => (name.as_str(), "changed"),
            })
            .collect();
        for name in before.keys().filter(|name| !now.contains_key(*name)) {
            found.insert(name, "gone");
        }
        let readme = read(format!("{version}/README.md"));
        let said: BTreeMap<&str, &str> = rows(&readme)
            .filter(|row| matches!(row[1], "new" | "changed" | "the same" | "gone"))
            .map(|row| (row[0].trim_matches('`'), row[1]))
            .collect();
        assert_eq!(said, found, "{version}/README.md against {version}/src");
        before = now;
    }
}

#[test]
fn the_tests_of_every_version_share_the_same_lines() {
    let shared = |version| read(format!("{version}/tests/common/mod.rs"));
    for version in VERSIONS {
        assert!(shared(version) == shared(VERSIONS[0]), "{version}");
    }
}

#[test]
fn the_ladder_gives_the_size_of_each_version() {
    let readme = read("README.md");
    for version in VERSIONS {
        let lines = lines::of_folder(&root().join(version).join("src")).unwrap();
        let row = rows(&readme).find(|row| row[0] == format!("[{version}]({version})"));
        let row = row.unwrap_or_else(|| panic!("{version} is not in the ladder of README.md"));
        assert_eq!(
            row[2],
            lines.to_string(),
            "{version} in the ladder of README.md"
        );
    }
}

#[test]
fn no_source_file_is_longer_than_a_few_screens() {
    for version in VERSIONS {
        for (name, text) in sources(version) {
            let lines = lines::of_text(&text);
            assert!(lines <= 175, "{version}/src/{name}: {lines} lines of code");
        }
    }
}

#[test]
fn an_old_file_changes_little() {
    for pair in VERSIONS.windows(2) {
        let (old, new) = (sources(pair[0]), sources(pair[1]));
        for (name, text) in old {
            let Some(changed) = new.get(&name) else {
                continue;
            };
            // The examples in the documentation name their crate.
            let before = text.replace(&pair[0].replace('-', "_"), "");
            let after = changed.replace(&pair[1].replace('-', "_"), "");
            let count = |a: &str, b: &str| {
                let mut theirs: Vec<&str> = b.lines().collect();
                let gone = |line: &&str| match theirs.iter().position(|other| other == line) {
                    Some(at) => {
                        theirs.swap_remove(at);
                        false
                    }
                    None => true,
                };
                a.lines().filter(gone).count()
            };
            let (gone, added) = (count(&before, &after), count(&after, &before));
            assert!(
                gone.max(added) <= 60,
                "{}/src/{name}: {gone} lines gone, {added} added",
                pair[1]
            );
        }
    }
}

/// Files with several policies in them: each is shown where it is explained.
const IN_PARTS: [&str; 3] = ["resize_policy.rs", "scale_down.rs", "scale_up.rs"];

#[test]
fn every_line_of_a_new_file_is_in_the_book() {
    let chapters: Vec<String> = book::CHAPTERS
        .iter()
        .map(|chapter| read(format!("book/src/{chapter}")))
        .collect();
    let mut before: BTreeMap<String, String> = BTreeMap::new();
    for version in VERSIONS {
        let now = sources(version);
        for name in now.keys().filter(|name| !before.contains_key(*name)) {
            let whole = format!("{{{{#file {version}/src/{name}}}}}");
            assert!(
                IN_PARTS.contains(&name.as_str())
                    || chapters.iter().any(|chapter| chapter.contains(&whole)),
                "no chapter shows the whole of {version}/src/{name}"
            );
        }
        before = now;
    }
}

#[test]
fn every_limit_names_a_test_that_exists() {
    for version in VERSIONS {
        let readme = read(format!("{version}/README.md"));
        let mut named = 0;
        for row in rows(&readme).filter(|row| row.len() == 2) {
            let Some((file, test)) = row[1].split_once(": ") else {
                continue;
            };
            let (file, test) = (file.trim_matches('`'), test.trim_matches('`'));
            let text = read(format!("{version}/tests/{file}"));
            assert!(
                text.contains(&format!("fn {test}()")),
                "{version}/tests/{file}: {test}"
            );
            named += 1;
        }
        assert!(
            named >= 4,
            "{version}/README.md shows its limits with tests"
        );
    }
}

#[test]
fn the_names_of_the_laws_in_the_book_are_the_names_of_tests() {
    let laws = read("benchmark/tests/laws.rs");
    let book = read("book/src/introduction.md");
    let mut named = 0;
    for row in rows(&book)
        .filter(|row| row.len() == 3 && matches!(row[1], "v1" | "v2" | "v3" | "v4" | "v5"))
    {
        let test = row[0].trim_start_matches("a ").replace([' ', '-'], "_");
        assert!(
            laws.contains(&format!("fn {test}()")),
            "no test is called {test}"
        );
        named += 1;
    }
    assert_eq!(named, 11);
}
