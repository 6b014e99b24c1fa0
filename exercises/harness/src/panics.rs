//! Panics: a thread of the law that panics has observed something, and a thread of the pool that
//! panics may be why.

use std::cell::Cell;
use std::panic::{self, PanicHookInfo};
use std::sync::{Mutex, PoisonError};

use crate::report::Report;
use crate::threads;

std::thread_local! {
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

static MEANWHILE: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Keeps at most so many.
const MOST: usize = 5;

/// Has each panic reported that nobody expects.
pub(crate) fn listen() {
    panic::set_hook(Box::new(|panic| {
        if EXPECTED.try_with(Cell::get).unwrap_or(false) {
            return;
        }
        let text = text(panic);
        if threads::of_the_law() {
            // Now, and not when the stack is unwound: a drop on it might wait for the pool.
            Report::broken(&text).end();
        }
        let mut all = MEANWHILE.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() < MOST {
            let name = match threads::name() {
                name if name.is_empty() => "a thread of the pool".to_owned(),
                name => name,
            };
            all.push(format!("{name}: {text}"));
        }
    }));
}

/// The panics of threads that the law has not started.
pub(crate) fn meanwhile() -> Vec<String> {
    MEANWHILE
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

/// Runs what may panic: a panic of this thread is not reported meanwhile.
pub fn expecting_a_panic<R>(work: impl FnOnce() -> R) -> R {
    struct End;
    impl Drop for End {
        fn drop(&mut self) {
            EXPECTED.with(|expected| expected.set(false));
        }
    }
    EXPECTED.with(|expected| expected.set(true));
    let _end = End;
    work()
}

/// A sentence of the law as it is. Anything else with the place where it was said.
fn text(panic: &PanicHookInfo<'_>) -> String {
    let message = panic.payload_as_str().unwrap_or("something without a text");
    let of_the_law = |file: &str| {
        let name = file.rsplit(['/', '\\']).next().unwrap_or_default();
        name.starts_with("stage_") || ["busy.rs", "gate.rs", "tests.rs"].contains(&name)
    };
    match panic.location() {
        Some(place) if !of_the_law(place.file()) || message.contains("called `") => {
            format!("panicked at {place}: {message}")
        }
        _ => message.to_owned(),
    }
}
