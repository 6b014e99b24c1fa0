//! `cargo xp`, as a reader types it.

#[path = "../command/tests/typed/mod.rs"]
mod typed;

use typed::Typed;

const XP: &str = env!("CARGO_BIN_EXE_xp");

#[test]
fn a_closed_pipe_ends_it_quietly() {
    for arguments in [&["--list"][..], &["--help"], &["nested-submission"]] {
        Typed::with_nobody_reading(XP, arguments).ended_quietly();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let full = std::fs::File::create("/dev/full").unwrap();
    let told = Typed::with(XP, &["--list"], full).failed(1);
    assert!(told.contains("the output cannot be written"), "{told}");
}

#[test]
fn without_a_terminal_it_waits_for_nobody() {
    let told = Typed::new(XP, &["nested-submission"]).succeeded();
    assert!(!told.contains("your guess"), "{told}");
    for part in [
        "nested-submission\n",
        "\npredict\n",
        "\nwhat happened\n",
        "\nchecks\n",
    ] {
        assert!(told.contains(part), "{part} is missing: {told}");
    }
}

#[test]
fn a_wrong_name_is_answered_with_what_is_near() {
    let told = Typed::new(XP, &["tree-panics"]).failed(2);
    assert!(
        told.contains("'tree-panics'") && told.contains("'three-panics'"),
        "{told}"
    );
    let told = Typed::new(XP, &["panics"]).failed(2);
    assert!(told.contains("'three-panics'"), "{told}");
    let told = Typed::new(XP, &["zzz"]).failed(2);
    assert!(
        told.contains("cargo xp --list") && !told.contains("there is"),
        "{told}"
    );
}

#[test]
fn what_makes_no_sense_is_refused() {
    for arguments in [
        &["--record"][..],
        &["--yes"],
        &["--all", "--list"],
        &["--list", "three-panics"],
        &["--all", "three-panics"],
        &["--lst"],
    ] {
        Typed::new(XP, arguments).failed(2);
    }
}

#[cfg(feature = "race")]
const COMPARE: &str = env!("CARGO_BIN_EXE_compare");

#[cfg(feature = "race")]
#[test]
fn a_closed_pipe_ends_the_comparison_quietly_too() {
    for arguments in [&["--list"][..], &["--help"], &["--check"]] {
        Typed::with_nobody_reading(COMPARE, arguments).ended_quietly();
    }
}

#[cfg(feature = "race")]
#[test]
fn a_comparison_of_what_there_is_not_is_refused() {
    let told = Typed::new(COMPARE, &["--contender", "rusty"]).failed(2);
    assert!(told.contains("'rusty_pool'"), "{told}");
    let told = Typed::new(COMPARE, &["--smoke", "--workload", "emtpy"]).failed(1);
    assert!(
        told.contains("no workload has `emtpy` in its name"),
        "{told}"
    );
    for arguments in [&["--record", "--quick"][..], &["--check", "--full"]] {
        Typed::new(COMPARE, arguments).failed(2);
    }
}

/// Whether a machine is at rest differs; that it is said does not.
#[cfg(feature = "race")]
#[test]
fn a_comparison_says_where_it_ran_and_how_noisy_that_was() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let told = Typed::new(
        COMPARE,
        &[
            "--smoke",
            "--workload",
            "empty w=2",
            "--out",
            out,
            "--seed",
            "1",
        ],
    )
    .succeeded();
    for part in ["noise floor: ", "not at rest: ", "A/A: ", "seed 1."] {
        assert!(told.contains(part), "{part} is missing: {told}");
    }
    let results = std::fs::read_to_string(folder.path().join("results.json")).unwrap();
    let results: serde_json::Value = serde_json::from_str(&results).unwrap();
    assert!(results["machine"]["processor"].is_string(), "{results:#}");
    assert!(
        results["machine"]["cores"].as_u64() > Some(0),
        "{results:#}"
    );
}
