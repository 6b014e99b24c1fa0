//! The example of this branch runs to its end.

#[path = "../examples/polite.rs"]
mod polite;

#[test]
fn the_example_ends_well() {
    polite::main().unwrap();
}
