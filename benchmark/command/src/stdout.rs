//! Printing.

use std::io::{self, ErrorKind, Write};
use std::process;

use anyhow::Error;

/// See [`stdout()`].
#[derive(Debug)]
pub struct Stdout(io::Stdout);

/// Standard output, for a command. To write to it does not fail.
///
/// If whoever reads it has gone, as `head` does when it has seen enough, the command ends at once:
/// nobody wants the rest, and that is no fault. If something else is wrong, such as a full disk, it
/// ends with an error. Nothing that is on the stack is dropped then, as if the process were
/// interrupted.
#[must_use]
pub fn stdout() -> Stdout {
    Stdout(io::stdout())
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(self.0.write(bytes).unwrap_or_else(|error| end(error)))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().or_else(|error| end(error))
    }
}

fn end(error: io::Error) -> ! {
    if error.kind() == ErrorKind::BrokenPipe {
        process::exit(0);
    }
    crate::tell(&Error::new(error).context("the output cannot be written"));
    process::exit(1);
}
