//! What runs one law on one pool, in a process of its own.
//!
//! A file of laws ends with [`laws!`], which makes its `main`. The process is told a law, where to
//! leave its report, and how long the law may take. It reports that the law was kept, what was
//! observed instead, or that nothing moves any more, and which thread waits where.
//!
//! The threads that a law starts are started with [`spawn`], so that they have names. What they
//! wait for they say themselves, with [`doing`]; a task of a law does the same on the thread of the
//! pool.

mod gate;
mod notes;
mod panics;
mod report;
mod threads;
mod watch;

pub use gate::{Gate, OpenOnDrop};
pub use notes::doing;
pub use panics::expecting_a_panic;
pub use threads::{restless, spawn};

use std::env;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long a law may wait for what takes a moment. The deadline of the law comes first.
pub const LONG: Duration = Duration::from_secs(60);

/// Makes the `main` of a file of laws.
#[macro_export]
macro_rules! laws {
    ($($law:ident),+ $(,)?) => {
        fn main() {
            $crate::run(&[$((stringify!($law), $law as fn())),+]);
        }
    };
}

/// Runs the law that the arguments name. Behind [`laws!`].
///
/// # Panics
///
/// If the arguments are not those that the grader gives.
pub fn run(laws: &[(&str, fn())]) {
    let arguments: Vec<String> = env::args().collect();
    let [_, name, file, millis] = &arguments[..] else {
        // For a test that asks which laws there are.
        laws.iter().for_each(|(name, _)| println!("{name}"));
        return;
    };
    let (_, law) = laws
        .iter()
        .find(|(known, _)| known == name)
        .expect("the grader names a law of this stage");
    let limit = Duration::from_millis(millis.parse().expect("a number of milliseconds"));
    report::write_to(file);
    panics::listen();
    let (tell, told) = mpsc::channel();
    let law = *law;
    threads::start(watch::TEST, move || {
        law();
        let _ = tell.send(());
    });
    let report = watch::wait(&told, limit);
    report.end();
}

/// A task that counts its run.
pub fn adds_one(count: &Arc<AtomicUsize>) -> impl FnOnce() + Send + 'static {
    let count = Arc::clone(count);
    move || {
        count.fetch_add(1, SeqCst);
    }
}

/// Waits for a state that nobody signals. The deadline of the law is the bound.
pub fn until(what: &str, mut state: impl FnMut() -> bool) {
    doing(what, || {
        while !state() {
            thread::sleep(Duration::from_micros(100));
        }
    });
}

/// Ends the process at once: nothing is dropped that might wait for the pool.
fn leave(code: i32) -> ! {
    process::exit(code);
}
