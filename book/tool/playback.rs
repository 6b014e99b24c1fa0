//! What the script needs to play a figure: where its time axis is, and what there is to say at each
//! moment.
//!
//! `theme/play.js` reads it from an attribute. Without a script the figure shows the whole run.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::canvas::{LEFT, RIGHT};
use crate::census::Census;
use crate::trace::{Fate, Run};
use crate::words::{plain, text};

/// A figure that can be played.
#[derive(Debug, Serialize)]
pub(crate) struct Playback {
    /// Where the axis begins and ends in the drawing, how far down it is, and the time at its end
    /// in microseconds.
    axis: (f64, f64, f64, u64),
    /// The runs that are told apart, if there are several.
    runs: Vec<String>,
    /// What the numbers of a state count, for each run: one of them, and several.
    names: Vec<[&'static str; 2]>,
    /// A time in microseconds, and the numbers from then on.
    states: Vec<(u64, Vec<u64>)>,
}

impl Playback {
    /// A run on an axis that ends at `end` and is so far down.
    pub(crate) fn of_run(run: &Run, end: u64, axis: f64) -> Playback {
        let [waiting, queued, running, over] = [0, 1, 2, 3];
        let mut changes: BTreeMap<u64, [i64; 4]> = BTreeMap::new();
        let mut change = |at: u64, what: usize, by: i64| changes.entry(at).or_default()[what] += by;
        change(0, queued, 0);
        for wait in run.waits.iter().filter(|wait| wait.is_long(run)) {
            change(wait.time.start, waiting, 1);
            change(wait.time.end, waiting, -1);
        }
        let mut before = 0;
        for &(at, length) in &run.queue {
            let length = length.cast_signed();
            change(at, queued, length - before);
            before = length;
        }
        for task in &run.tasks {
            let busy = task.busy(run.end);
            if task.started.is_some() {
                change(busy.start, running, 1);
                change(busy.end, running, -1);
            }
            match task.ended {
                Some((_, Fate::Cancelled)) if task.started.is_some() => change(busy.end, over, 1),
                Some((at, _)) => change(at, over, 1),
                None => {}
            }
        }
        let mut now = [0_i64; 4];
        let states = changes.into_iter().map(|(at, change)| {
            for (now, change) in now.iter_mut().zip(change) {
                *now += change;
            }
            (at, now.map(i64::unsigned_abs).to_vec())
        });
        Playback {
            axis: (LEFT, RIGHT, axis, end),
            runs: Vec::new(),
            names: ["waiting to submit", "in the queue", "running", "over"]
                .map(|name| [name; 2])
                .to_vec(),
            states: thinned(states, end),
        }
    }

    /// Several runs on one axis.
    pub(crate) fn of_censuses(runs: &[Census], end: u64, axis: f64) -> Playback {
        let mut times = BTreeSet::from([0]);
        for run in runs {
            let steps = [&run.live, &run.busy, &run.queued].into_iter().flatten();
            times.extend(steps.map(|&(at, _)| at));
        }
        let states = times.into_iter().map(|at| {
            let now = runs.iter().flat_map(|run| run.at(at)).collect();
            (at, now)
        });
        Playback {
            axis: (LEFT, RIGHT, axis, end),
            runs: runs.iter().map(|run| plain(&run.title)).collect(),
            names: vec![["worker", "workers"], ["busy"; 2], ["in the queue"; 2]],
            states: thinned(states, end),
        }
    }

    /// The attribute of the figure.
    pub(crate) fn attribute(&self) -> String {
        let json = serde_json::to_string(self).unwrap_or_default();
        format!("data-play=\"{}\"", text(&json))
    }
}

/// Of the states that fall on one point of the axis, the last.
fn thinned(states: impl Iterator<Item = (u64, Vec<u64>)>, end: u64) -> Vec<(u64, Vec<u64>)> {
    let point = |at: u64| ((RIGHT - LEFT) * at as f64 / end as f64).round();
    let mut thinned: Vec<(u64, Vec<u64>)> = Vec::new();
    for state in states {
        match thinned.last_mut() {
            Some(last) if last.0 > 0 && point(last.0) == point(state.0) => *last = state,
            _ => thinned.push(state),
        }
    }
    thinned
}
