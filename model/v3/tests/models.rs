//! The models of v3. To the scenarios it is `pool`.

extern crate model_v3 as pool;

/// Of each kind, in the fast tier.
const SCHEDULES: usize = 100;

#[path = "../../scenarios/common.rs"]
mod common;

#[path = "../../scenarios/admitting.rs"]
mod admitting;
#[path = "../../scenarios/cancelling.rs"]
mod cancelling;
#[path = "../../scenarios/changing.rs"]
mod changing;
#[path = "../../scenarios/counting.rs"]
mod counting;
#[path = "../../scenarios/exactly_once.rs"]
mod exactly_once;
#[path = "../../scenarios/handing_back.rs"]
mod handing_back;
#[path = "../../scenarios/hiring.rs"]
mod hiring;
#[path = "../../scenarios/one_queue.rs"]
mod one_queue;
#[path = "../../scenarios/one_state.rs"]
mod one_state;
#[path = "../../scenarios/panicking.rs"]
mod panicking;
#[path = "../../scenarios/resting.rs"]
mod resting;
#[path = "../../scenarios/spawning.rs"]
mod spawning;
#[path = "../../scenarios/staying.rs"]
mod staying;
#[path = "../../scenarios/stopping.rs"]
mod stopping;
#[path = "../../scenarios/submitting.rs"]
mod submitting;
#[path = "../../scenarios/waiting.rs"]
mod waiting;
