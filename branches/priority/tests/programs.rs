//! The example of this branch runs to its end.

#[path = "../examples/mail.rs"]
mod mail;

#[test]
fn the_example_ends_well() {
    mail::main().unwrap();
}
