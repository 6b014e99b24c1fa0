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
