//! A command, run as somebody would who types it. Each package has it look at its own.

use std::io;
use std::process::{Command, Output, Stdio};

/// What came of it.
#[derive(Debug)]
pub(crate) struct Typed {
    command: String,
    output: Output,
}

#[allow(dead_code, reason = "not every package needs all of it")]
impl Typed {
    /// Without a terminal, and with nothing to read.
    pub(crate) fn new(program: &str, arguments: &[&str]) -> Typed {
        Typed::with(program, arguments, Stdio::piped())
    }

    /// Into a pipe that nobody reads any more. The other end is closed before the command begins,
    /// so the first line that it prints fails, however fast it is.
    pub(crate) fn with_nobody_reading(program: &str, arguments: &[&str]) -> Typed {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        Typed::with(program, arguments, writer)
    }

    /// With its output going there.
    pub(crate) fn with(program: &str, arguments: &[&str], stdout: impl Into<Stdio>) -> Typed {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(Stdio::piped());
        command
            .env_remove("RUST_BACKTRACE")
            .env_remove("RUST_LIB_BACKTRACE");
        let output = command.spawn().unwrap().wait_with_output().unwrap();
        Typed {
            command: format!("{command:?}"),
            output,
        }
    }

    fn told(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    /// It ended well, and said nothing of the pipe.
    pub(crate) fn ended_quietly(&self) {
        assert_eq!(self.output.status.code(), Some(0), "{self:?}");
        assert_eq!(self.told(), "", "{self:?}");
    }

    /// What it printed.
    pub(crate) fn succeeded(&self) -> String {
        assert_eq!(self.output.status.code(), Some(0), "{self:?}");
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    /// What it said of the error: as all commands do, and without a backtrace, for which nobody has
    /// asked.
    pub(crate) fn failed(&self, code: i32) -> String {
        let told = self.told();
        assert_eq!(self.output.status.code(), Some(code), "{self:?}");
        assert!(told.starts_with("error: "), "{}: {told}", self.command);
        assert!(
            !told.contains("panicked") && !told.contains("backtrace"),
            "{told}"
        );
        told
    }
}
