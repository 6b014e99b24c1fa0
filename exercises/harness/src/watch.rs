//! The watchdog: it waits for the law, and says what all threads do if the law does not end.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use crate::notes;
use crate::report::Report;
use crate::threads::{self, Seen};

/// What the thread is called that runs the law.
pub(crate) const TEST: &str = "the test";

/// How often a law may go on after its time is up, for a quarter of it each: the machine may be
/// busy, too.
const EXTENSIONS: u32 = 12;

/// How often the threads are looked at in one of these.
const LOOKS: u32 = 10;

/// Waits until the law tells that it is over, for `limit`, or longer while its threads run.
pub(crate) fn wait(told: &Receiver<()>, limit: Duration) -> Report {
    if let Some(report) = look(told, limit) {
        return report;
    }
    for _ in 0..EXTENSIONS {
        let before = ticks();
        let mut busy = 0;
        for _ in 0..LOOKS {
            if let Some(report) = look(told, limit / 4 / LOOKS) {
                return report;
            }
            // The first thread is the one that runs this.
            busy += u32::from(threads::seen().iter().skip(1).any(Seen::is_busy));
        }
        // Whoever polls runs a little, for ever. A tick is ten milliseconds.
        let ran = Duration::from_millis(10) * ticks().saturating_sub(before);
        if busy < LOOKS / 2 && ran < limit / 16 {
            return Report::hangs(
                &stuck("nothing moves any more"),
                &describe(&threads::seen()),
            );
        }
    }
    let threads = describe(&threads::seen());
    Report::hangs(&stuck("it runs and runs, and comes to no end"), &threads)
}

/// What is observed of a law that does not end: at what it is.
fn stuck(how: &str) -> String {
    let notes = notes::all();
    let test = notes.iter().find(|one| one.name == TEST);
    match test.and_then(|test| test.notes.last()) {
        Some(note) => format!("{how}, and {TEST} {note}"),
        None => how.to_owned(),
    }
}

/// What there is to report after `time`.
fn look(told: &Receiver<()>, time: Duration) -> Option<Report> {
    match told.recv_timeout(time) {
        Ok(()) => Some(Report::kept()),
        Err(RecvTimeoutError::Disconnected) => Some(Report::broken("the test has panicked")),
        Err(RecvTimeoutError::Timeout) => None,
    }
}

fn ticks() -> u32 {
    let ticks = threads::seen().iter().map(|one| one.ticks).sum::<u64>();
    u32::try_from(ticks).unwrap_or(u32::MAX)
}

/// A line for each thread: its name, and what it does. Those of the law first.
fn describe(seen: &[Seen]) -> Vec<String> {
    let notes = notes::all().clone();
    let of_system: HashMap<&str, &Seen> = seen.iter().map(|one| (&*one.system_id, one)).collect();
    let mut lines = Vec::new();
    let mut known = Vec::new();
    for one in &notes {
        let system = one.system_id.as_deref().and_then(|id| of_system.get(id));
        known.extend(one.system_id.as_deref());
        let note = one.notes.join(", and there ");
        let name = match &*one.name {
            "" => "a thread of the pool",
            name => name,
        };
        match system {
            Some(seen) if seen.is_busy() => lines.push(format!("{name}: {note} (runs)")),
            _ => lines.push(format!("{name}: {note}")),
        }
    }
    let others = seen.iter().skip(1);
    for one in others.filter(|one| !known.contains(&&*one.system_id)) {
        if one.is_of_the_law() {
            lines.push(format!("{}: {}", one.name, one.says()));
            continue;
        }
        // A thread that gets no name has that of the thread which has started it.
        let is_named = one.name != TEST && one.name != seen[0].name;
        let name = if is_named {
            &one.name
        } else {
            "a thread of the pool"
        };
        lines.push(format!("{name}: {}, in no task", one.says()));
    }
    lines
}
