//! The tests of v5, a module for each topic.
//!
//! They are one program: what a test shares with the others, the generic code of pools and handles
//! above all, is compiled and linked once. `cargo test -p v5-futures --test all joining::` runs the
//! tests of one topic. What looks at its whole process is a program of its own: `memory.rs` counts
//! what is allocated, and `arguments.rs` is read as LLVM gets it.

#[path = "../common/mod.rs"]
mod common;
mod scenes;

// Handles.
mod awaiting;
mod cancelling;
mod dropping;
mod errors;
mod forking;
mod joining;
mod results;
mod stacks;

// Many results.
mod blocks;
mod join_sets;
mod maps;
mod sets;

// Tasks that borrow.
mod missed;
mod scope_lifetimes;
mod scopes;

// The pool around them.
mod handlers;
mod leaving;
mod policies;
mod shutting_down;
mod waiting;

// All of it together.
mod attacks;
mod calling_back;
mod limits;
mod programs;
mod random_programs;
