//! The grader itself: who passes what, and who is refused by which law.
//!
//! All of it compiles a dozen pools, so it is run by `.ci/run` and not by `cargo test`.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use grade::run::Verdict;
use grade::stages::{self, Stage};
use grade::{Built, Ladder, Rung, Who, Wrong, repository};
use museum::Exhibit;

/// Bugs of the museum, each with the law that refuses it. Those of its exhibits that need luck are
/// not here: a grader that sometimes refuses teaches to ask again.
const EXHIBITS: [(&str, &str); 7] = [
    ("half-of-one-is-none", "all_threads_work"),
    ("a-task-waits-for-a-place-in-its-own-pool", "spares_workers"),
    ("a-cancel-wakes-one-submitter", "cancel_the_pool"),
    (
        "a-returned-task-stays-in-its-group",
        "shutdown_now_hands_back",
    ),
    ("a-smaller-pool-sends-nobody-home", "resize_is_kept"),
    ("a-dropped-task-leaves-its-handle-waiting", "each_way_out"),
    ("who-joins-only-waits", "fork_join_ends"),
];

fn graded(who: &Who) -> Ladder {
    let ladder = Ladder::of(who, None, None, |_| ()).unwrap();
    assert_eq!(ladder.does_not_compile, None, "{}", who.name);
    ladder
}

/// The stages whose laws are all kept.
fn climbed(ladder: &Ladder) -> Vec<usize> {
    let climbed = ladder.rungs.iter().filter(|rung| rung.is_climbed());
    climbed.map(|rung| rung.stage.number).collect()
}

/// The first law that is not kept, with what was found.
fn first(ladder: &Ladder) -> String {
    let first = ladder.first_failing();
    first.map_or_else(String::new, |(law, _)| law.name.to_owned())
}

#[test]
#[ignore = "compiles the laws against five versions: run by `.ci/run`"]
fn each_version_passes_the_stages_up_to_its_own_and_no_other() {
    for version in 1..=5 {
        let ladder = graded(&Who::named(&format!("v{version}")).unwrap());
        let own = stages::ALL.iter().filter(|stage| stage.version <= version);
        let own: Vec<usize> = own.map(|stage| stage.number).collect();
        assert_eq!(climbed(&ladder), own, "v{version}: {}", first(&ladder));
    }
}

/// The starter of a clean clone. Whoever has begun has another one.
#[test]
#[ignore = "compiles the laws: run by `.ci/run`"]
fn the_starter_compiles_and_fails_its_stage() {
    let ladder = graded(&Who::reader().unwrap());
    assert_eq!(first(&ladder), stages::ALL[0].laws[0].name);
    assert_eq!(climbed(&ladder), [0; 0]);
    for rung in &ladder.rungs[1..] {
        let missing = matches!(rung.built, Built::Missing(_) | Built::Later(_));
        assert!(missing, "stage {}: {:?}", rung.stage.number, rung.built);
    }
}

/// What the page of a stage has to be pasted: the first Rust after its signatures, without what is
/// hidden.
fn pasted(stage: &Stage) -> String {
    let page = repository().join("book/src").join(stage.page);
    let page = fs::read_to_string(page).unwrap();
    let (_, signatures) = page.split_once("## Signatures").unwrap();
    let (signatures, _) = signatures.split_once("\n## ").unwrap();
    let Some((_, code)) = signatures.split_once("```rust,no_run\n") else {
        return String::new();
    };
    let (code, _) = code.split_once("```").unwrap();
    let shown = code.lines().filter(|line| !line.starts_with("# "));
    shown.map(|line| format!("{line}\n")).collect()
}

/// Below the starter, page by page. What is missing then is what a page does not say.
#[test]
#[ignore = "compiles the laws: run by `.ci/run`"]
fn with_the_signatures_of_a_page_its_stage_compiles_and_fails() {
    let folder = scratch("pasted");
    let mut text = fs::read_to_string(Who::reader().unwrap().folder.join("src/lib.rs")).unwrap();
    for stage in stages::ALL {
        text += &pasted(stage);
        fs::write(folder.join("lib.rs"), &text).unwrap();
        let who = Who::named(folder.to_str().unwrap()).unwrap();
        let ladder = Ladder::of(&who, Some(stage.number), None, |_| ()).unwrap();
        assert_eq!(ladder.does_not_compile, None, "stage {}", stage.number);
        let rung = &ladder.rungs[0];
        let compiles = matches!(rung.built, Built::Program(_));
        assert!(compiles, "stage {}: {:?}", stage.number, rung.built);
        assert!(!rung.is_climbed(), "stage {}", stage.number);
    }
}

#[test]
#[ignore = "compiles the laws: run by `.ci/run`"]
fn the_table_of_the_pool_that_a_reader_has_is_right() {
    let page = repository().join("book/src/yours/the-pool-you-already-have.md");
    let page = fs::read_to_string(page).unwrap();
    let rows: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("| ["))
        .collect();
    assert_eq!(rows.len(), stages::ALL.len());
    let ladder = graded(&Who::named("rust-book").unwrap());
    for (row, rung) in rows.iter().zip(&ladder.rungs) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let named = |kept: bool| {
            let verdicts = rung.verdicts.iter();
            let laws = verdicts.filter(|(_, verdict)| (*verdict == Verdict::Kept) == kept);
            let laws = laws.map(|(law, _)| format!("`{}`", law.name));
            laws.collect::<Vec<_>>().join(", ")
        };
        let number = rung.stage.number;
        assert_eq!(cells[2], named(true), "stage {number}");
        match &rung.built {
            Built::Program(_) => assert_eq!(cells[3], named(false), "stage {number}"),
            _ => assert!(
                cells[3].starts_with("all: "),
                "stage {number}: {}",
                cells[3]
            ),
        }
        let mended = format!("v{}", rung.stage.version);
        let expected = if rung.is_climbed() { "" } else { &mended };
        assert_eq!(cells[4], expected, "stage {number}");
    }
}

#[test]
#[ignore = "compiles a dozen pools: run by `.ci/run`"]
fn a_wrong_pool_is_refused_by_the_law_that_names_its_fault() {
    let all = Wrong::all().unwrap();
    let laws = all.iter().map(|wrong| &*wrong.law);
    let laws = laws.chain(EXHIBITS.map(|(_, law)| law));
    let failed: HashSet<usize> = laws.map(|law| stages::law(law).unwrap().0.number).collect();
    assert_eq!(failed.len(), stages::ALL.len(), "{failed:?}");
    for wrong in &all {
        let (stage, _) = stages::law(&wrong.law).unwrap();
        assert!(
            wrong.name.starts_with(&format!("{}-", stage.number)),
            "{}",
            wrong.name
        );
    }
    let mut found = Vec::new();
    for wrong in &all {
        let who = Who::named(&wrong.name).unwrap();
        check(&who, &wrong.law, &mut found);
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The pool of which these are edits.
#[test]
#[ignore = "compiles the laws: run by `.ci/run`"]
fn the_right_one_among_the_wrong_pools_passes_six_stages() {
    let folder = scratch("right");
    let base = grade::exercises().join("wrong/base.rs");
    fs::copy(base, folder.join("lib.rs")).unwrap();
    let ladder = graded(&Who::named(folder.to_str().unwrap()).unwrap());
    assert_eq!(climbed(&ladder), [1, 2, 3, 4, 5, 6], "{}", first(&ladder));
}

#[test]
#[ignore = "compiles a dozen pools: run by `.ci/run`"]
fn a_bug_of_the_museum_is_refused_by_the_law_that_names_it() {
    let mut found = Vec::new();
    for (name, law) in EXHIBITS {
        check(&planted(name), law, &mut found);
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The law has to be the first that fails, and its stage the one that the pool would be at.
fn check(who: &Who, law: &str, found: &mut Vec<String>) {
    let (stage, _) = stages::law(law).unwrap();
    let ladder = graded(who);
    let before = ladder
        .rungs
        .iter()
        .take_while(|rung| is_before(rung, stage));
    let climbed = before.filter(|rung| !rung.is_climbed()).count() == 0;
    if first(&ladder) != law || !climbed {
        found.push(format!("{}: {} and not {law}", who.name, first(&ladder)));
    }
}

fn is_before(rung: &Rung, stage: &Stage) -> bool {
    rung.stage.number < stage.number
}

/// A copy of a version with a bug of the museum in it.
fn planted(name: &str) -> Who {
    let exhibit = Exhibit::named(&repository(), name).unwrap();
    let folder = scratch(&format!("museum-{name}"));
    grade::copy_version(&exhibit.version, &folder).unwrap();
    for (path, text) in exhibit.planted(&repository()).unwrap() {
        let path = Path::new(&path).strip_prefix(&exhibit.version).unwrap();
        fs::write(folder.join(path), text).unwrap();
    }
    Who::named(folder.to_str().unwrap()).unwrap()
}

/// A folder for what is written here.
fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}
