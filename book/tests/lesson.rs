//! The lesson check: what the READMEs say of the versions is what the folders hold.

mod scratch;

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

/// The source files of a version, by their paths below `src`: `cancel/token.rs`.
fn sources(version: &str) -> BTreeMap<String, String> {
    files(&root().join(version).join("src"), "")
}

/// The files of a folder and of the folders in it, by their paths after `prefix`.
fn files(folder: &Path, prefix: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            found.extend(files(&entry.path(), &format!("{name}/")));
        } else {
            found.insert(name, read(entry.path()));
        }
    }
    found
}

#[test]
fn a_file_in_a_folder_is_called_by_its_path() {
    let folder = scratch::with_files(
        "lesson-folders",
        &[
            ("src/cancel/mod.rs", "a"),
            ("src/cancel/deep/b.rs", "b"),
            ("src/lib.rs", "c"),
        ],
    );
    let found = files(&folder.join("src"), "");
    let found: Vec<_> = found
        .iter()
        .map(|(name, text)| (&**name, &**text))
        .collect();
    let expected = [
        ("cancel/deep/b.rs", "b"),
        ("cancel/mod.rs", "a"),
        ("lib.rs", "c"),
    ];
    assert_eq!(found, expected);
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

/// The versions that are not yet written for the lower bar.
const LONG: [&str; 2] = ["v4-dedicated-queues", "v5-futures"];

#[test]
fn no_source_file_is_longer_than_a_few_screens() {
    for version in VERSIONS {
        let most = if LONG.contains(&version) { 175 } else { 140 };
        for (name, text) in sources(version) {
            let lines = lines::of_text(&text);
            assert!(lines <= most, "{version}/src/{name}: {lines} lines of code");
        }
    }
}

/// The pairs of versions that are not compared line by line for now.
const SUSPENDED: [(&str, &str); 1] = [
    // v3 is written anew, and v4 follows.
    ("v3-dynamic", "v4-dedicated-queues"),
];

#[test]
fn only_neighbours_are_suspended() {
    for (old, new) in SUSPENDED {
        assert!(
            VERSIONS.windows(2).any(|pair| pair == [old, new]),
            "{old}, {new}"
        );
    }
}

/// In v3 a lock takes the place of the channel, and with it the counts move into one state: files
/// that submit, count or stop say the same in other lines.
#[test]
fn an_old_file_changes_little() {
    for pair in VERSIONS.windows(2) {
        if SUSPENDED.contains(&(pair[0], pair[1])) {
            continue;
        }
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
            let most = if pair[1] == "v3-dynamic" { 80 } else { 60 };
            assert!(
                gone.max(added) <= most,
                "{}/src/{name}: {gone} lines gone, {added} added",
                pair[1]
            );
        }
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
