//! The example of this version runs to its end.

#[path = "../examples/search.rs"]
mod search;

#[test]
fn the_example_ends_well() {
    search::main().unwrap();
}
