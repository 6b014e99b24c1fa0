//! The pools, a file for each family.

use crate::race::Racer;
use crate::workload::Arrival;

pub mod baselines;
pub mod by_hand;
pub mod inline;
pub mod ours;
#[cfg(feature = "race")]
pub mod peers;
pub mod wait_group;

/// Who executes tasks, a line for each.
pub const RACERS: &[Racer] = &[
    Racer::of::<v1_fixed::Pool>("ours"),
    Racer::of::<v2_cancel_panic::Pool>("ours"),
    Racer::of::<v3_dynamic::Pool>("ours"),
    Racer::of::<ours::FromZero<v3_dynamic::Pool>>("ours"),
    Racer::of::<v4_dedicated_queues::Pool>("ours"),
    Racer::of::<ours::FromZero<v4_dedicated_queues::Pool>>("ours"),
    Racer::of::<v5_futures::Pool>("ours"),
    Racer::of::<ours::FromZero<v5_futures::Pool>>("ours"),
    Racer::of::<baselines::ThreadPerTask>("baseline"),
    Racer::of::<baselines::UnbufferedChannel>("baseline"),
    Racer::of::<baselines::BufferedChannel>("baseline"),
    Racer::of::<baselines::MutexQueue>("baseline"),
    #[cfg(feature = "race")]
    Racer::of::<peers::Rayon>("peer"),
    #[cfg(feature = "race")]
    Racer::of::<peers::Threadpool>("peer"),
    #[cfg(feature = "race")]
    Racer::of::<peers::RustyPool>("peer"),
    #[cfg(feature = "race")]
    Racer::of::<peers::TokioBlocking>("peer"),
];

/// Who gives back what tasks return, a line for each.
pub const JOINERS: &[Racer] = &[
    Racer::joining::<v5_futures::Pool>("ours"),
    Racer::joining::<baselines::ThreadPerTask>("baseline"),
    Racer::joining::<by_hand::ByHand>("baseline"),
    #[cfg(feature = "race")]
    Racer::joining::<peers::Rayon>("peer"),
    #[cfg(feature = "race")]
    Racer::joining::<peers::RustyPool>("peer"),
    #[cfg(feature = "race")]
    Racer::joining::<peers::TokioBlocking>("peer"),
];

/// Whose tasks may wait for their own tasks, a line for each.
pub const FORKERS: &[Racer] = &[
    Racer::forking::<v5_futures::Pool>("ours"),
    #[cfg(feature = "race")]
    Racer::forking::<peers::Rayon>("peer"),
];

/// Who takes part in a race, by how its tasks arrive.
#[must_use]
pub const fn racers(arrival: Arrival) -> &'static [Racer] {
    match arrival {
        Arrival::Stream { .. } | Arrival::Bursts { .. } => RACERS,
        Arrival::Joined { .. } => JOINERS,
        Arrival::Forked { .. } => FORKERS,
    }
}

/// The name and the family of everybody who takes part in some race.
#[must_use]
pub fn everybody() -> Vec<(&'static str, &'static str)> {
    let mut everybody: Vec<_> = Vec::new();
    for racer in [RACERS, JOINERS, FORKERS].concat() {
        if !everybody.contains(&(racer.name, racer.family)) {
            everybody.push((racer.name, racer.family));
        }
    }
    everybody
}
