//! The example of this version runs to its end.

#[path = "../examples/ticket_office.rs"]
mod ticket_office;

#[test]
fn the_example_ends_well() {
    ticket_office::main().unwrap();
}
