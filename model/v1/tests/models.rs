//! The models of v1. To the scenarios it is `pool`.

extern crate model_v1 as pool;

/// Of each kind, in the fast tier.
const SCHEDULES: usize = 100;

#[path = "../../scenarios/common.rs"]
mod common;

#[path = "../../scenarios/dying.rs"]
mod dying;
#[path = "../../scenarios/exactly_once.rs"]
mod exactly_once;
#[path = "../../scenarios/one_queue.rs"]
mod one_queue;
#[path = "../../scenarios/spawning.rs"]
mod spawning;
#[path = "../../scenarios/stopping.rs"]
mod stopping;
#[path = "../../scenarios/submitting.rs"]
mod submitting;
#[path = "../../scenarios/waiting.rs"]
mod waiting;
