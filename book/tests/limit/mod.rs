//! A time limit, so that a test that hangs fails with a message.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;
use std::{process, thread};

/// Far more than any test here takes.
const LIMIT: Duration = Duration::from_secs(60);

/// Runs the test. When the time is up, the whole process ends, as the test's thread cannot.
pub(crate) fn within_a_minute(name: &str, test: impl FnOnce()) {
    let (finished, watch) = channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            if watch.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
                eprintln!("{name} has not ended after {LIMIT:?}");
                process::abort();
            }
        });
        // Dropped at the end of the test, also if it panics.
        let _finished = finished;
        test();
    });
}
