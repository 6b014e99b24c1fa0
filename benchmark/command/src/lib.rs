//! What the commands of this workspace share: how they [print](println), how they [fail](run),
//! which names they take (`Names`), and where they [put](target_folder) what they make.
//!
//! The commands of the benchmark and of the book depend on it, and it on none of them. Without the
//! feature `names` it is next to nothing, so a library may use it, too.

#![forbid(unsafe_code)]

#[cfg(feature = "names")]
mod names;
mod stdout;
mod target;

use std::backtrace::BacktraceStatus;
use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Error, Result};

#[cfg(feature = "names")]
pub use names::Names;
pub use stdout::{Stdout, stdout};
pub use target::target_folder;

/// Prints a line to [`stdout()`]. In the place of the standard library's, which panics on a closed
/// pipe.
#[macro_export]
macro_rules! println {
    () => {
        $crate::println!("")
    };
    ($($text:tt)*) => {
        $crate::print_line(::std::format_args!($($text)*))
    };
}

/// Prints to [`stdout()`]. In the place of the standard library's, which panics on a closed pipe.
#[macro_export]
macro_rules! print {
    ($($text:tt)*) => {
        $crate::print_part(::std::format_args!($($text)*))
    };
}

/// Behind [`println!`](println).
#[doc(hidden)]
pub fn print_line(text: std::fmt::Arguments<'_>) {
    print_part(format_args!("{text}\n"));
}

/// Behind [`print!`](print).
#[doc(hidden)]
pub fn print_part(text: std::fmt::Arguments<'_>) {
    // It does not return with an error.
    let _ = stdout().write_fmt(text);
}

/// Runs a command: what `main` returns.
///
/// An error is told in one line, with its causes, and the exit code is 1. (2 is clap's, for
/// arguments that it does not understand.) A backtrace is printed if `RUST_BACKTRACE` asks for it.
pub fn run(command: impl FnOnce() -> Result<()>) -> ExitCode {
    match command() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&error);
            ExitCode::FAILURE
        }
    }
}

/// Tells of an error that does not end the command.
pub fn tell(error: &Error) {
    // If nobody reads that either, there is nobody left to tell.
    let mut stderr = io::stderr().lock();
    let _ = writeln!(stderr, "error: {error:#}");
    if error.backtrace().status() == BacktraceStatus::Captured {
        let _ = writeln!(stderr, "\n{}", error.backtrace());
    }
}
