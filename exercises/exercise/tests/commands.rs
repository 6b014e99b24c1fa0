//! `cargo exercise`, as a reader types it.

#[path = "../../../benchmark/command/tests/typed/mod.rs"]
mod typed;

use exercise::Exercise;
use typed::Typed;

const EXERCISE: &str = env!("CARGO_BIN_EXE_exercise");

#[test]
fn a_closed_pipe_ends_it_quietly() {
    Typed::with_nobody_reading(EXERCISE, &["list"]).ended_quietly();
}

#[test]
fn all_are_listed() {
    let told = Typed::new(EXERCISE, &["list"]).succeeded();
    for name in Exercise::names().unwrap() {
        assert!(told.contains(&name), "{told}");
    }
    assert!(
        told.lines().all(|line| line.chars().count() <= 100),
        "{told}"
    );
}

#[test]
fn a_wrong_name_is_answered_with_what_is_near() {
    let told = Typed::new(EXERCISE, &["start", "insists"]).failed(2);
    assert!(told.contains("there is 'insist'"), "{told}");
    Typed::new(EXERCISE, &["check", ""]).failed(2);
}

#[test]
fn a_solution_is_shown_as_a_diff() {
    for name in Exercise::names().unwrap() {
        let told = Typed::new(EXERCISE, &["solution", &name]).succeeded();
        assert!(told.starts_with("--- src/"), "{name}: {told}");
        assert!(told.contains("\n+"), "{name}: {told}");
    }
}
