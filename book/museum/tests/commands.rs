//! `cargo museum`, as a reader types it.

#[path = "../../../benchmark/command/tests/typed/mod.rs"]
mod typed;

use typed::Typed;

const MUSEUM: &str = env!("CARGO_BIN_EXE_museum");

#[test]
fn a_closed_pipe_ends_it_quietly() {
    for arguments in [&[][..], &["--help"]] {
        Typed::with_nobody_reading(MUSEUM, arguments).ended_quietly();
    }
}

#[test]
fn the_list_fits_a_terminal() {
    let list = Typed::new(MUSEUM, &[]).succeeded();
    for line in list.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn a_wrong_name_is_answered_with_what_is_near() {
    let told = Typed::new(MUSEUM, &["a-worker-joins-himself"]).failed(2);
    assert!(told.contains("'a-worker-joins-itself'"), "{told}");
    let told = Typed::new(MUSEUM, &["joins-itself"]).failed(2);
    assert!(told.contains("'a-worker-joins-itself'"), "{told}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    for arguments in [
        &["--record"][..],
        &["--laws"],
        &["--all", "a-worker-joins-itself"],
        &["a-worker-joins-itself", "--stress", "long"],
    ] {
        Typed::new(MUSEUM, arguments).failed(2);
    }
}
