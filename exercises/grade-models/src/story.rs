//! A schedule that breaks a pool, for its author to read.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;

use museum::Step;

use crate::Workshop;

/// What the threads did on a schedule that breaks the pool.
#[derive(Clone, Debug)]
pub struct Story {
    /// How many were tried, with this one. Nothing is known of it if the process has died.
    pub schedule: Option<usize>,
    /// The end of it.
    pub steps: Vec<Step>,
    /// The steps that come before, and are left out.
    pub left_out: usize,
    /// Which thread waits where at the end.
    pub waiting: Vec<Step>,
    /// How it ends.
    pub ending: String,
}

/// How the note of a thread ends that has not gone on since.
const WAITS: [&str; 4] = [
    "sleeps",
    "waits for the lock",
    "parks",
    "waits for the end of",
];

/// No law forbids that, so it is told what the model has against it.
const CIRCLES: &str = "    Whoever looks again and again, and never sleeps, may keep the others from \
                       going on\n    for as long as the system lets it.";

impl Story {
    pub(crate) fn new(
        workshop: &Workshop,
        output: &str,
        schedule: Option<usize>,
        ending: String,
    ) -> Story {
        let steps = museum::steps(output, |path| look(workshop, path));
        let mut last = BTreeMap::new();
        for step in &steps {
            last.insert(&step.thread, step);
        }
        let waits = |step: &Step| {
            let last = step.what.rsplit(", ").next().unwrap_or_default();
            WAITS.iter().any(|what| last.starts_with(what))
        };
        let waiting = last.into_values().filter(|step| waits(step));
        let waiting = waiting.cloned().collect();
        let (left_out, steps) = museum::end_of(steps);
        Story {
            schedule,
            steps,
            left_out,
            waiting,
            ending,
        }
    }

    /// Whether a line of the pool's own sources is told, with these words in it.
    #[must_use]
    pub fn tells(&self, words: &str) -> bool {
        let own = |step: &&Step| step.place.starts_with("src/");
        self.steps
            .iter()
            .filter(own)
            .any(|step| step.code.contains(words))
    }
}

/// A place as a reader finds it, and what is written there.
fn look(workshop: &Workshop, path: &str) -> (String, String) {
    let found = path.rsplit_once(':').and_then(|(file, line)| {
        let (place, file) = workshop.find(file)?;
        let number: usize = line.parse().ok()?;
        let text = fs::read_to_string(file).ok()?;
        let code = text.lines().nth(number.checked_sub(1)?)?.trim().to_owned();
        Some((format!("{place}:{line}"), code))
    });
    found.unwrap_or_default()
}

/// What a step does, for somebody who has not read what the facades note.
fn in_words(what: &str) -> String {
    // The place of such a step is where the guard began.
    if what == "opens the lock of" {
        return "unlocks what it locked at".to_owned();
    }
    let parts = what.split(", ").map(|part| match part {
        "opens the lock of" | "opens the lock for" => "unlocks",
        "wakes 0" => "finds nobody to wake",
        part => part,
    });
    parts.collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.left_out > 0 {
            writeln!(f, "({} steps before)", self.left_out)?;
        }
        let mut thread = "";
        let steps = self.steps.iter().chain(&self.waiting);
        let places = steps.map(|step| step.place.len()).max().unwrap_or(0);
        for step in &self.steps {
            if step.thread != thread {
                thread = &step.thread;
                writeln!(f, "{}", step.called())?;
            }
            let times = match step.times {
                1 => String::new(),
                times => format!(" ({times} times)"),
            };
            let what = in_words(&step.what) + &times;
            let line = format!("    {what:<28} {:<places$} {}", step.place, step.code);
            writeln!(f, "{}", line.trim_end())?;
        }
        writeln!(f, "then: {}", self.ending)?;
        if self.ending.starts_with("threads go round in circles") {
            writeln!(f, "{CIRCLES}")?;
        }
        let last = |step: &Step| step.what.rsplit(", ").next().unwrap_or_default().to_owned();
        let widest = self.waiting.iter().map(|step| last(step).len()).max();
        let widest = widest.unwrap_or(0);
        for step in &self.waiting {
            let (thread, place) = (step.called() + ":", &step.place);
            let what = last(step);
            let line = format!(
                "    {thread:<14} {what:<widest$} {place:<places$} {}",
                step.code
            );
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn a_lock_is_unlocked_and_nobody_is_zero() {
        for (noted, told) in [
            ("locks, opens the lock of", "locks, unlocks"),
            ("opens the lock of", "unlocks what it locked at"),
            ("opens the lock for, sleeps", "unlocks, sleeps"),
            ("locks, wakes 0", "locks, finds nobody to wake"),
            ("wakes 10", "wakes 10"),
        ] {
            assert_eq!(in_words(noted), told);
        }
    }
}
