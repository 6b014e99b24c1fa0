//! The book's experiments: each asks a question, has an answer to predict, and runs in seconds.
//!
//! `cargo xp` runs them by name. What a run prints and what the book quotes are the same numbers:
//! `cargo xp NAME --record` writes them to where the book reads them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::census::Census;
use crate::trace::Trace;

mod adding_workers;
mod allocations;
mod blocked_submitters;
mod blocked_worker;
mod burst_on_a_small_pool;
mod clone_or_borrow;
mod every_way_out;
mod fixed_or_dynamic;
mod fork_join;
mod gates;
mod how_often_polled;
mod load;
mod map_blocks;
mod map_window;
mod nested_submission;
mod no_way_out;
mod overload;
mod push_or_pull;
mod release_of_submitters;
mod resize_policies;
mod round_trip;
mod scale_down;
mod scale_up;
mod skewed_load;
mod stack;
mod the_last_look;
mod thread_per_task;
mod three_panics;
mod waiting_for_a_child;
mod what_a_yield_costs;
mod what_runs_while_you_wait;
mod what_to_do_when_full;
mod when_a_pool_pays;
mod when_a_task_may_start;
mod which_is_next;
mod which_queue;
mod who_holds_the_lock;
mod who_is_called;
mod who_knows_that_it_failed;
mod who_waits;

pub use allocations::{Count, count_allocations_with};

/// One experiment.
#[derive(Clone, Copy, Debug)]
pub struct Experiment {
    /// What `cargo xp` calls it.
    pub name: &'static str,
    /// What it is about, in the list: at most 54 characters.
    pub title: &'static str,
    /// What is set up, and what it asks.
    pub question: &'static str,
    /// What to write down before the answer is seen: numbers, an order, which of them hangs. How it
    /// is set up is a part of the question.
    pub predict: &'static str,
    /// The law or claim that it checks.
    pub checks: &'static str,
    /// Runs it.
    pub run: fn() -> Outcome,
}

/// What happened.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What a reader is told, line by line.
    pub happened: Vec<String>,
    /// Whether the law or claim held.
    pub held: bool,
    /// The numbers that the book quotes, by name.
    pub results: BTreeMap<String, f64>,
    /// The runs that the book draws, by name.
    pub traces: BTreeMap<&'static str, Trace>,
    /// The runs of which the book draws the workers and the queue, by name.
    pub censuses: BTreeMap<String, Census>,
}

impl Outcome {
    fn tell(&mut self, line: impl Into<String>) {
        self.happened.push(line.into());
    }

    fn result(&mut self, name: impl Into<String>, value: f64) {
        self.results.insert(name.into(), value);
    }
}

/// All experiments, in the order of the book.
pub const ALL: &[Experiment] = &[
    thread_per_task::EXPERIMENT,
    what_a_yield_costs::EXPERIMENT,
    who_holds_the_lock::EXPERIMENT,
    who_waits::EXPERIMENT,
    release_of_submitters::EXPERIMENT,
    three_panics::EXPERIMENT,
    no_way_out::EXPERIMENT,
    burst_on_a_small_pool::EXPERIMENT,
    who_is_called::EXPERIMENT,
    the_last_look::EXPERIMENT,
    adding_workers::EXPERIMENT,
    blocked_submitters::EXPERIMENT,
    blocked_worker::EXPERIMENT,
    skewed_load::EXPERIMENT,
    nested_submission::EXPERIMENT,
    who_knows_that_it_failed::EXPERIMENT,
    round_trip::EXPERIMENT,
    how_often_polled::EXPERIMENT,
    waiting_for_a_child::EXPERIMENT,
    what_runs_while_you_wait::EXPERIMENT,
    fork_join::EXPERIMENT,
    clone_or_borrow::EXPERIMENT,
    map_blocks::EXPERIMENT,
    map_window::EXPERIMENT,
    every_way_out::EXPERIMENT,
    when_a_pool_pays::EXPERIMENT,
    when_a_task_may_start::EXPERIMENT,
    which_queue::EXPERIMENT,
    which_is_next::EXPERIMENT,
    fixed_or_dynamic::EXPERIMENT,
    scale_up::EXPERIMENT,
    scale_down::EXPERIMENT,
    resize_policies::EXPERIMENT,
    what_to_do_when_full::EXPERIMENT,
    push_or_pull::EXPERIMENT,
];

/// How long `work` takes, in milliseconds.
fn millis(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64() * 1000.0
}

/// Runs `work` without the messages that panicking threads print.
fn quietly<T>(work: impl FnOnce() -> T) -> T {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    let value = work();
    std::panic::set_hook(hook);
    value
}

/// Waits until `state` is true, or until `limit` is over. Returns whether it is true.
fn within(limit: Duration, mut state: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !state() {
        if start.elapsed() > limit {
            return false;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    true
}

#[cfg(test)]
mod tests {
    use super::ALL;
    use std::collections::BTreeSet;

    #[test]
    fn every_experiment_says_what_to_predict() {
        for experiment in ALL {
            let name = experiment.name;
            assert!(!experiment.title.is_empty(), "{name}");
            assert!(experiment.question.ends_with('?'), "{name}");
            assert!(experiment.predict.ends_with('?'), "{name}");
            assert_ne!(experiment.predict, experiment.question, "{name}");
        }
    }

    #[test]
    fn no_two_experiments_have_one_name() {
        let names: BTreeSet<_> = ALL.iter().map(|experiment| experiment.name).collect();
        assert_eq!(names.len(), ALL.len());
    }

    #[test]
    #[ignore = "takes seconds and wants a quiet machine: run by `cargo deep`"]
    fn every_experiment_ends_and_its_claim_holds() {
        for experiment in ALL {
            let outcome = (experiment.run)();
            assert!(outcome.held, "{}: {:#?}", experiment.name, outcome.happened);
        }
    }
}
