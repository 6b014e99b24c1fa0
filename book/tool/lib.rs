//! What stands behind the pages of the book.
//!
//! The text is in `book/src`, a plain mdBook. This crate compiles its examples, and with the
//! feature `site` it builds the pages and serves them:
//!
//! - each chapter's Rust blocks are doc tests of this crate (`cargo test -p book --doc`);
//! - `directive` describes the `{{#...}}` lines by which code, differences between versions,
//!   measured numbers and figures come into the text; `preprocessor` expands them;
//! - `questions` reads what a chapter asks, and `reading` says how long it takes;
//! - `source` makes a page of each source file of the versions;
//! - [`lines`] counts lines of code. It needs no feature.
//!
//! A new chapter is a line in `book/src/SUMMARY.md` and a line at the end of this file.

pub mod lines;

#[cfg(feature = "site")]
mod beside;
#[cfg(feature = "site")]
mod canvas;
#[cfg(feature = "site")]
pub mod census;
#[cfg(feature = "site")]
pub mod diff;
#[cfg(feature = "site")]
pub mod directive;
#[cfg(feature = "site")]
mod drawing;
#[cfg(feature = "site")]
mod excerpt;
#[cfg(feature = "site")]
pub mod figure;
#[cfg(feature = "site")]
mod finding;
#[cfg(feature = "site")]
mod item;
#[cfg(feature = "site")]
mod laws;
#[cfg(feature = "site")]
pub mod listener;
#[cfg(feature = "site")]
mod measured;
#[cfg(feature = "site")]
mod museum;
#[cfg(feature = "site")]
mod panels;
#[cfg(feature = "site")]
mod playback;
#[cfg(feature = "site")]
pub mod preprocessor;
#[cfg(feature = "site")]
pub mod questions;
#[cfg(feature = "site")]
pub mod reading;
#[cfg(feature = "site")]
pub mod repository;
#[cfg(feature = "site")]
mod results;
#[cfg(feature = "site")]
pub mod server;
#[cfg(feature = "site")]
pub mod site;
#[cfg(feature = "site")]
pub mod source;
#[cfg(feature = "site")]
pub mod trace;
#[cfg(feature = "site")]
mod words;

/// Lists the chapters, and has rustdoc collect the examples of each.
macro_rules! chapters {
    ($($name:ident = $path:literal),+ $(,)?) => {
        /// The files of the chapters, relative to `book/src`.
        pub const CHAPTERS: &[&str] = &[$($path),+];

        $(
            #[cfg(doctest)]
            #[doc = include_str!(concat!("../src/", $path))]
            mod $name {}
        )+
    };
}

chapters! {
    introduction = "introduction.md",
    a_readers_path = "a-readers-path.md",
    what_is_a_worker_pool = "concepts/what-is-a-worker-pool.md",
    a_thread_per_task = "concepts/a-thread-per-task.md",
    what_the_code_uses = "concepts/what-the-code-uses.md",
    what_a_yield_costs = "concepts/what-a-yield-costs.md",
    the_pool_you_already_have = "yours/the-pool-you-already-have.md",
    your_own_pool = "yours/your-own-pool.md",
    stage_1 = "yours/1-threads-and-a-queue.md",
    stage_2 = "yours/2-refusing-and-handing-back.md",
    stage_3 = "yours/3-back-pressure.md",
    stage_4 = "yours/4-waiting.md",
    stage_5 = "yours/5-shutting-down.md",
    stage_6 = "yours/6-a-panic-costs-one-task.md",
    stage_7 = "yours/7-cancelling.md",
    stage_8 = "yours/8-growing-and-shrinking.md",
    stage_9 = "yours/9-a-queue-each.md",
    stage_10 = "yours/10-results.md",
    v1_fixed = "versions/v1-fixed.md",
    v1_stopping = "versions/v1-stopping.md",
    v2_panics = "versions/v2-panics.md",
    v2_cancelling = "versions/v2-cancelling.md",
    what_fast_code_uses = "concepts/what-fast-code-uses.md",
    v3_growing = "versions/v3-growing.md",
    v3_shrinking = "versions/v3-shrinking.md",
    v4_a_queue_each = "versions/v4-a-queue-each.md",
    v4_stealing = "versions/v4-stealing.md",
    what_a_short_task_costs = "versions/what-a-short-task-costs.md",
    v4_waiting_for_its_own_pool = "versions/v4-waiting-for-its-own-pool.md",
    v5_a_result_comes_back = "versions/v5-a-result-comes-back.md",
    v5_how_the_panic_comes_back = "versions/v5-how-the-panic-comes-back.md",
    v5_await = "versions/v5-await.md",
    v5_joining_without_deadlock = "versions/v5-joining-without-deadlock.md",
    v5_borrowing = "versions/v5-borrowing.md",
    v5_many_results = "versions/v5-many-results.md",
    swapping_the_pool = "swapping-the-pool.md",
    which_task_is_next = "branches/which-task-is-next.md",
    when_a_task_may_start = "branches/when-a-task-may-start.md",
    dispatch = "strategies/dispatch.md",
    what_a_go_pool_runs_on = "what-a-go-pool-runs-on.md",
    queues = "strategies/queues.md",
    worker_management = "strategies/worker-management.md",
    scale_up = "strategies/scale-up.md",
    scale_down = "strategies/scale-down.md",
    resize_policies = "strategies/resize-policies.md",
    rejection = "strategies/rejection.md",
    how_do_i = "questions/how-do-i.md",
    running_a_pool = "questions/running-a-pool.md",
    why_does_it = "questions/why-does-it.md",
    glossary = "glossary.md",
    the_bug_museum = "proof/the-bug-museum.md",
    museum_v1 = "proof/museum-v1-fixed.md",
    museum_v2 = "proof/museum-v2-cancel-panic.md",
    museum_v3 = "proof/museum-v3-dynamic.md",
    museum_v4 = "proof/museum-v4-dedicated-queues.md",
    museum_v5 = "proof/museum-v5-futures.md",
    museum_priority = "proof/museum-priority.md",
    museum_rate_limit = "proof/museum-rate-limit.md",
    what_a_green_test_proves = "proof/what-a-green-test-proves.md",
    what_holds_the_laws = "proof/what-holds-the-laws.md",
    measuring_a_pool = "proof/measuring-a-pool.md",
}
