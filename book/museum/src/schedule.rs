//! The schedule on which a model fails, as it tells it.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::without_parents;

/// As much of a schedule as anybody will read.
const MOST: usize = 60;

/// Something that a thread does in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The thread's name.
    pub thread: String,
    /// What it does.
    pub what: String,
    /// The file that tells it to, relative to the repository, and the line, with the bug in it.
    /// Empty if it is nothing that a line of the pool or of the scenario says.
    pub place: String,
    /// What is written there.
    pub code: String,
    /// How often it is done, with the steps between this one and its next appearance.
    pub times: usize,
}

impl Step {
    /// What a reader calls the thread.
    #[must_use]
    pub fn called(&self) -> String {
        match &*self.thread {
            "main-thread" => "the scenario".to_owned(),
            // Shuttle's way to print it: `ThreadId { task_id: main-thread(3) }`.
            thread if thread.starts_with("ThreadId") => {
                let number = thread.chars().filter(char::is_ascii_digit);
                format!("thread {}", number.collect::<String>())
            }
            thread => thread.to_owned(),
        }
    }
}

/// The steps that a model of the workspace has printed.
pub(crate) fn schedule(output: &str, workspace: &Path) -> Vec<Step> {
    steps(output, |path| {
        let place = in_repository(path);
        let code = code(workspace, &place).unwrap_or_default();
        (place, code)
    })
}

/// The steps that a model has printed. Loops are told once, and what one line does is one step.
///
/// Of each path with its line, `look` says how a reader finds it, and what is written there: both
/// are empty if it is of no interest.
pub fn steps(output: &str, look: impl Fn(&str) -> (String, String)) -> Vec<Step> {
    let steps = output.lines().filter_map(|line| {
        let mut parts = line.strip_prefix("step\t")?.split('\t').map(str::to_owned);
        let (thread, what, path) = (parts.next()?, parts.next()?, parts.next()?);
        let (place, code) = look(&path);
        Some(Step {
            thread,
            what,
            place,
            code,
            times: 1,
        })
    });
    let mut told = Vec::new();
    for step in steps {
        told.push(step);
        fold(&mut told);
    }
    told.dedup_by(|next, step| {
        let same = (&next.thread, &next.place) == (&step.thread, &step.place);
        let joined = same && next.times == step.times && !step.place.is_empty();
        if joined {
            step.what = format!("{}, {}", step.what, next.what);
        }
        joined
    });
    told
}

/// The end of a schedule, and how many steps come before.
#[must_use]
pub fn end_of(mut schedule: Vec<Step>) -> (usize, Vec<Step>) {
    let left_out = schedule.len().saturating_sub(MOST);
    (left_out, schedule.split_off(left_out))
}

/// If the last steps are the same as those before them, tells them once. They are the same if they
/// differ in numbers alone, which are left out then.
fn fold(steps: &mut Vec<Step>) {
    for period in 1..=8 {
        let Some(begin) = steps.len().checked_sub(2 * period) else {
            return;
        };
        let (before, again) = steps[begin..].split_at(period);
        let same = |(one, other): (&Step, &Step)| {
            (&one.thread, &one.place) == (&other.thread, &other.place)
                && without_numbers(&one.what) == without_numbers(&other.what)
        };
        if before.iter().zip(again).all(same) {
            let again = steps.split_off(begin + period);
            for (step, again) in steps[begin..].iter_mut().zip(again) {
                step.times += 1;
                if step.what != again.what {
                    step.what = without_numbers(&step.what);
                }
            }
            return;
        }
    }
}

fn without_numbers(what: &str) -> String {
    let words = what
        .split(' ')
        .filter(|word| word.parse::<usize>().is_err());
    words.collect::<Vec<_>>().join(" ")
}

/// A place as a reader finds it. The facades are none: it is for them to know what they do when
/// something is dropped. Nor is what lies outside of the repository, as an adapter of the standard
/// library that asks a channel for the next message.
fn in_repository(path: &str) -> String {
    let path = without_parents(path);
    let facade = path.starts_with("model/") && !path.starts_with("model/scenarios/");
    let outside = path.starts_with('/') || Path::new(&path).is_absolute();
    if facade || outside {
        String::new()
    } else {
        path
    }
}

/// The line of code at a place.
fn code(workspace: &Path, place: &str) -> Option<String> {
    let (file, line) = place.rsplit_once(':')?;
    let text = fs::read_to_string(workspace.join(file)).ok()?;
    let line = text
        .lines()
        .nth(line.parse::<usize>().ok()?.checked_sub(1)?)?;
    Some(line.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_one_of_the_pool_or_of_the_scenario() {
        for (path, place) in [
            (
                "model/v1/../../v1-fixed/src/pool.rs:7",
                "v1-fixed/src/pool.rs:7",
            ),
            (
                "model/scenarios/waiting.rs:7",
                "model/scenarios/waiting.rs:7",
            ),
            ("model/parking_lot/src/lib.rs:7", ""),
            ("/rustc/5980/library/core/src/iter/adapters/map.rs:107", ""),
        ] {
            assert_eq!(in_repository(path), place, "{path}");
        }
    }
}
