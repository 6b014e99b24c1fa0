//! The models of v4. To the scenarios it is `pool`.

extern crate model_v4 as pool;

/// Of each kind, in the fast tier.
const SCHEDULES: usize = 30;

#[path = "../../scenarios/common.rs"]
mod common;

#[path = "../../scenarios/adding_up.rs"]
mod adding_up;
#[path = "../../scenarios/admitting.rs"]
mod admitting;
#[path = "../../scenarios/batching.rs"]
mod batching;
#[path = "../../scenarios/cancelling.rs"]
mod cancelling;
#[path = "../../scenarios/changing.rs"]
mod changing;
#[path = "../../scenarios/counting.rs"]
mod counting;
#[path = "../../scenarios/dispatching.rs"]
mod dispatching;
#[path = "../../scenarios/exactly_once.rs"]
mod exactly_once;
#[path = "../../scenarios/freeing.rs"]
mod freeing;
#[path = "../../scenarios/handing_back.rs"]
mod handing_back;
#[path = "../../scenarios/hiring.rs"]
mod hiring;
#[path = "../../scenarios/one_state.rs"]
mod one_state;
#[path = "../../scenarios/panicking.rs"]
mod panicking;
#[path = "../../scenarios/places.rs"]
mod places;
#[path = "../../scenarios/resting.rs"]
mod resting;
#[path = "../../scenarios/searching.rs"]
mod searching;
#[path = "../../scenarios/spawning.rs"]
mod spawning;
#[path = "../../scenarios/staying.rs"]
mod staying;
#[path = "../../scenarios/stealing.rs"]
mod stealing;
#[path = "../../scenarios/stopping.rs"]
mod stopping;
#[path = "../../scenarios/submitting.rs"]
mod submitting;
#[path = "../../scenarios/waiting.rs"]
mod waiting;
#[path = "../../scenarios/waking.rs"]
mod waking;
