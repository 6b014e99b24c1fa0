//! The models of the rate-limit branch. To the scenarios it is `pool`.

extern crate model_rate_limit as pool;

/// Of each kind, in the fast tier.
const SCHEDULES: usize = 100;

#[path = "../../scenarios/common.rs"]
mod common;

#[path = "../../scenarios/cancelling.rs"]
mod cancelling;
#[path = "../../scenarios/counting.rs"]
mod counting;
#[path = "../../scenarios/exactly_once.rs"]
mod exactly_once;
#[path = "../../scenarios/handing_back.rs"]
mod handing_back;
#[path = "../../scenarios/limits.rs"]
mod limits;
#[path = "../../scenarios/one_queue.rs"]
mod one_queue;
#[path = "../../scenarios/panicking.rs"]
mod panicking;
#[path = "../../scenarios/spawning.rs"]
mod spawning;
#[path = "../../scenarios/stopping.rs"]
mod stopping;
#[path = "../../scenarios/submitting.rs"]
mod submitting;
#[path = "../../scenarios/waiting.rs"]
mod waiting;
