//! The example of this version runs to its end.

#[path = "../examples/word_count.rs"]
mod word_count;

#[test]
fn the_example_ends_well() {
    word_count::main().unwrap();
}
