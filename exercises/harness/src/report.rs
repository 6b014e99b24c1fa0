//! What the grader is told.
//!
//! A line for each thing, with a letter in front: `v` for the verdict, `o` for what was observed,
//! `t` for a thread, `p` for a panic on a thread that is not the law's.

use std::fs;
use std::sync::{Mutex, PoisonError};

use crate::{leave, panics};

static FILE: Mutex<String> = Mutex::new(String::new());

/// Names the file.
pub(crate) fn write_to(file: &str) {
    file.clone_into(&mut FILE.lock().unwrap_or_else(PoisonError::into_inner));
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Report {
    code: i32,
    lines: Vec<String>,
}

impl Report {
    /// The law was kept.
    pub(crate) fn kept() -> Report {
        Report {
            code: 0,
            lines: vec!["v kept".to_owned()],
        }
    }

    /// Something else was observed.
    pub(crate) fn broken(observed: &str) -> Report {
        let mut lines = vec!["v broken".to_owned()];
        lines.extend(observed.lines().map(|line| format!("o {line}")));
        Report { code: 1, lines }
    }

    /// Nothing moves, or nothing comes to an end.
    pub(crate) fn hangs(observed: &str, threads: &[String]) -> Report {
        let mut lines = vec!["v hangs".to_owned(), format!("o {observed}")];
        lines.extend(threads.iter().map(|thread| format!("t {thread}")));
        Report { code: 2, lines }
    }

    /// Writes it and ends the process.
    pub(crate) fn end(mut self) -> ! {
        let panics = panics::meanwhile();
        let panics = panics.iter().map(|text| text.replace('\n', " "));
        self.lines.extend(panics.map(|text| format!("p {text}")));
        // Held until the end: of two threads that report, one does.
        let file = FILE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = fs::write(&*file, self.lines.join("\n")) {
            eprintln!("the report cannot be written: {error}");
        }
        leave(self.code);
    }
}
