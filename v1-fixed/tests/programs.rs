//! The example of this version runs to its end.

#[path = "../examples/tour.rs"]
mod tour;

#[test]
fn the_tour_ends_well() {
    tour::main().unwrap();
}
