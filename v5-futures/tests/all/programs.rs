//! The example of this version runs to its end.

#[path = "../../examples/thumbnails.rs"]
mod thumbnails;

#[test]
fn the_example_ends_well() {
    thumbnails::main().unwrap();
}
