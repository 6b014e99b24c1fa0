//! The models of v5. To the scenarios it is `pool`.

extern crate model_v5 as pool;

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
#[path = "../../scenarios/bounding.rs"]
mod bounding;
#[path = "../../scenarios/burying.rs"]
mod burying;
#[path = "../../scenarios/cancelling.rs"]
mod cancelling;
#[path = "../../scenarios/changing.rs"]
mod changing;
#[path = "../../scenarios/claiming.rs"]
mod claiming;
#[path = "../../scenarios/counting.rs"]
mod counting;
#[path = "../../scenarios/dispatching.rs"]
mod dispatching;
#[path = "../../scenarios/exactly_once.rs"]
mod exactly_once;
#[path = "../../scenarios/freeing.rs"]
mod freeing;
#[path = "../../scenarios/gathering.rs"]
mod gathering;
#[path = "../../scenarios/handing_back.rs"]
mod handing_back;
#[path = "../../scenarios/handing_over.rs"]
mod handing_over;
#[path = "../../scenarios/hiring.rs"]
mod hiring;
#[path = "../../scenarios/joining.rs"]
mod joining;
#[path = "../../scenarios/letting_go.rs"]
mod letting_go;
#[path = "../../scenarios/mapping.rs"]
mod mapping;
#[path = "../../scenarios/missing.rs"]
mod missing;
#[path = "../../scenarios/one_state.rs"]
mod one_state;
#[path = "../../scenarios/panicking.rs"]
mod panicking;
#[path = "../../scenarios/places.rs"]
mod places;
#[path = "../../scenarios/polling.rs"]
mod polling;
#[path = "../../scenarios/resolving.rs"]
mod resolving;
#[path = "../../scenarios/resting.rs"]
mod resting;
#[path = "../../scenarios/scoping.rs"]
mod scoping;
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
#[path = "../../scenarios/taking_back.rs"]
mod taking_back;
#[path = "../../scenarios/unlocked.rs"]
mod unlocked;
#[path = "../../scenarios/unsubmitted.rs"]
mod unsubmitted;
#[path = "../../scenarios/waiting.rs"]
mod waiting;
#[path = "../../scenarios/waking.rs"]
mod waking;
