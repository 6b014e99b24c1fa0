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

/// The branches, each with its parent: the version of which it changes one mechanism.
const BRANCHES: [(&str, &str); 2] = [
    ("branches/priority", "v2-cancel-panic"),
    ("branches/rate-limit", "v2-cancel-panic"),
];

/// What a branch writes anew as a whole, and so is not compared line by line.
const REPLACED: [(&str, &str); 2] = [
    ("branches/priority", "queue.rs"),
    ("branches/rate-limit", "queue.rs"),
];

/// The versions and the branches, each with the version before it or its parent.
fn with_parents() -> impl Iterator<Item = (Option<&'static str>, &'static str)> {
    let first = (None, VERSIONS[0]);
    let pairs = VERSIONS.windows(2).map(|pair| (Some(pair[0]), pair[1]));
    let branches = BRANCHES.map(|(branch, parent)| (Some(parent), branch));
    [first].into_iter().chain(pairs).chain(branches)
}

/// The versions and the branches.
fn all() -> impl Iterator<Item = &'static str> {
    with_parents().map(|(_, version)| version)
}

fn is_branch(version: &str) -> bool {
    BRANCHES.iter().any(|(branch, _)| *branch == version)
}

/// What the crate in a folder is called.
fn name(version: &str) -> &str {
    version.trim_start_matches("branches/")
}

/// The name by which its code calls it.
fn in_code(version: &str) -> String {
    name(version).replace('-', "_")
}

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
    for (parent, version) in with_parents() {
        let mut before = parent.map(sources).unwrap_or_default();
        if let (Some(parent), true) = (parent, is_branch(version)) {
            // The examples in the documentation name their crate.
            for text in before.values_mut() {
                *text = text.replace(&in_code(parent), &in_code(version));
            }
        }
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
    }
}

#[test]
fn the_tests_of_every_version_share_the_same_lines() {
    let shared = |version| read(format!("{version}/tests/common/mod.rs"));
    for version in all() {
        assert!(shared(version) == shared(VERSIONS[0]), "{version}");
    }
}

#[test]
fn the_ladder_gives_the_size_of_each_version() {
    let readme = read("README.md");
    for version in all() {
        let lines = lines::of_folder(&root().join(version).join("src")).unwrap();
        let row = rows(&readme).find(|row| row[0] == format!("[{}]({version})", name(version)));
        let row = row.unwrap_or_else(|| panic!("{version} is not in the ladder of README.md"));
        assert_eq!(
            row[2],
            lines.to_string(),
            "{version} in the ladder of README.md"
        );
    }
}

/// What is allowed to be a little longer, for now.
const LONG: [(&str, usize); 1] = [("v5-futures", 155)];

#[test]
fn no_source_file_is_longer_than_a_few_screens() {
    for version in all() {
        let long = LONG.iter().find(|(long, _)| *long == version);
        let most = long.map_or(140, |(_, most)| *most);
        for (name, text) in sources(version) {
            let lines = lines::of_text(&text);
            assert!(lines <= most, "{version}/src/{name}: {lines} lines of code");
        }
    }
}

#[test]
fn a_branch_is_little_longer_than_its_parent() {
    for (branch, parent) in BRANCHES {
        let lines = |version: &str| lines::of_folder(&root().join(version).join("src")).unwrap();
        // A limit has a clock, and workers that sleep until it is time: more than an order.
        let most = match branch {
            "branches/rate-limit" => 710,
            _ => 280,
        };
        let (branch, parent) = (lines(branch), lines(parent));
        assert!(branch <= parent + most, "{branch} lines after {parent}");
    }
}

/// Where v4 has many queues in the place of one, and a search in the place of a wake for each task.
/// These files have the mechanism that it changes: they keep their functions, and not their lines.
const OF_MANY_QUEUES: [&str; 4] = ["state.rs", "submit.rs", "workers/idle.rs", "workers/mod.rs"];

/// In v5 there are two kinds of tasks, and a worker counts what it submits and what it joins.
const OF_RESULTS: [&str; 3] = ["queues/counts.rs", "task.rs", "worker.rs"];

/// In v3 a lock takes the place of the channel, and with it the counts move into one state: files
/// that submit, count or stop say the same in other lines.
#[test]
fn an_old_file_changes_little() {
    for (parent, version) in with_parents() {
        let Some(parent) = parent else { continue };
        let (old, new) = (sources(parent), sources(version));
        let mut sum = 0;
        for (name, text) in old {
            let Some(changed) = new.get(&name) else {
                continue;
            };
            if REPLACED.contains(&(version, &name)) {
                continue;
            }
            // The examples in the documentation name their crate.
            let before = text.replace(&in_code(parent), &in_code(version));
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
            let (gone, added) = (count(&before, changed), count(changed, &before));
            let most = match version {
                "v3-dynamic" => 80,
                "v4-dedicated-queues" if OF_MANY_QUEUES.contains(&&*name) => 130,
                "v5-futures" if OF_RESULTS.contains(&&*name) => 130,
                _ => 60,
            };
            assert!(
                gone.max(added) <= most,
                "{version}/src/{name}: {gone} lines gone, {added} added"
            );
            sum += gone.max(added);
        }
        // A branch is one mechanism: all that is old changes little together.
        let most = if is_branch(version) { 80 } else { usize::MAX };
        assert!(sum <= most, "{version}/src: {sum} lines of old files");
    }
}

#[test]
fn every_limit_names_a_test_that_exists() {
    for version in all() {
        let readme = read(format!("{version}/README.md"));
        let mut named = 0;
        for row in rows(&readme).filter(|row| row.len() == 2) {
            let Some((file, test)) = row[1].split_once("`: `") else {
                continue; // a row of another table
            };
            let (file, test) = (file.trim_matches('`'), test.trim_matches('`'));
            let together = format!("{version}/tests/all/{file}");
            let text = match root().join(&together).exists() {
                true => read(together),
                false => read(format!("{version}/tests/{file}")),
            };
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
