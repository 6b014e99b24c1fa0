//! The example of this version runs to its end.

#[path = "../examples/words.rs"]
mod words;

#[test]
fn the_example_ends_well() {
    words::main().unwrap();
}
