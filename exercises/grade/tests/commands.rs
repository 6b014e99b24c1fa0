//! `cargo grade`, as a reader types it.

#[path = "../../../benchmark/command/tests/typed/mod.rs"]
mod typed;

use typed::Typed;

const GRADE: &str = env!("CARGO_BIN_EXE_grade");

#[test]
fn a_closed_pipe_ends_it_quietly() {
    Typed::with_nobody_reading(GRADE, &["--help"]).ended_quietly();
}

#[test]
fn the_help_fits_a_terminal() {
    let help = Typed::new(GRADE, &["--help"]).succeeded();
    for line in help.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
}

#[test]
fn a_wrong_name_is_answered_with_what_is_near() {
    let told = Typed::new(GRADE, &["--law", "waiters"]).failed(2);
    assert!(told.contains("all_waiters_wake"), "{told}");
    let told = Typed::new(GRADE, &["--with", "v6"]).failed(1);
    assert!(told.contains("v1 to v5"), "{told}");
    let told = Typed::new(GRADE, &["--stage", "two"]).failed(2);
    assert!(told.contains("a number from 1 to 10"), "{told}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    for arguments in [
        &["--stage", "0"][..],
        &["--stage", "11"],
        &["--law", "bounded", "--stage", "2"],
        &["--hint", "--watch"],
        &["--law", ""],
        &["--models", "--stage", "9"],
    ] {
        Typed::new(GRADE, arguments).failed(2);
    }
}

#[test]
fn the_models_are_asked_for_a_stage() {
    let told = Typed::new(GRADE, &["--models", "--law", "no_ghosts"]).failed(2);
    assert!(told.contains("--models --stage 3"), "{told}");
}

#[test]
fn hints_come_one_by_one_and_begin_again() {
    // A pool of its own, so that nobody's hints are spent.
    let hint = || {
        Typed::new(
            GRADE,
            &["--hint", "--law", "drop_waits", "--with", "rust-book"],
        )
    };
    let all: Vec<String> = (0..5).map(|_| hint().succeeded()).collect();
    assert!(all[0].contains("`drop_waits`"), "{}", all[0]);
    assert_ne!(all[0], all[1]);
    assert_eq!(all[0], all[4], "there are four, and then it begins again");
}
