//! `cargo book`, as a reader types it.

mod scratch;
#[path = "../../benchmark/command/tests/typed/mod.rs"]
mod typed;

use std::fs;

use typed::Typed;

const BOOK: &str = env!("CARGO_BIN_EXE_book");

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let pages = scratch::folder("commands-closed-pipe");
    let pages = pages.to_str().unwrap();
    Typed::with_nobody_reading(BOOK, &["build", "-d", pages]).ended_quietly();
    Typed::with_nobody_reading(BOOK, &["--port", "0", "-d", pages]).ended_quietly();
    Typed::with_nobody_reading(BOOK, &["--help"]).ended_quietly();
}

#[test]
fn what_cannot_be_done_is_told_in_one_way() {
    let folder = scratch::folder("commands-errors");
    fs::write(folder.join("file"), "").unwrap();
    let below_a_file = folder.join("file/pages");
    let below_a_file = below_a_file.to_str().unwrap();
    for command in ["build", "serve"] {
        let told = Typed::new(BOOK, &[command, "-d", below_a_file]).failed(1);
        assert!(told.contains(below_a_file), "{told}");
    }
    let told = Typed::new(BOOK, &["draw", "v1-twelve-tasks", "-o", below_a_file]).failed(1);
    assert!(told.contains(below_a_file), "{told}");
}

#[test]
fn a_wrong_name_is_answered_with_what_is_near() {
    let told = Typed::new(BOOK, &["draw", "twelve", "-o", "twelve.svg"]).failed(2);
    assert!(told.contains("'v1-twelve-tasks'"), "{told}");
    let told = Typed::new(BOOK, &["biuld"]).failed(2);
    assert!(told.contains("'build'"), "{told}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    for arguments in [
        &["--port", "70000"][..],
        &["build", "--open"],
        &["serve", "x"],
    ] {
        Typed::new(BOOK, arguments).failed(2);
    }
}
