//! The pools, a file for each family.

use crate::race::Racer;
use crate::workload::Arrival;

pub mod baselines;
pub mod by_hand;
pub mod channel;
pub mod inline;
pub mod ours;
#[cfg(feature = "race")]
pub mod peers;
pub mod wait_group;

/// The versions, a line for each, and after its parent a branch. From v3 on once at their largest
/// size, and once from no thread at all.
pub const OURS: &[Racer] = &[
    Racer::of::<v1_fixed::Pool>("ours"),
    Racer::of::<v2_cancel_panic::Pool>("ours"),
    Racer::of::<priority::Pool>("ours"),
    Racer::of::<rate_limit::Pool>("ours"),
    Racer::of::<ours::NeverBinding>("ours"),
    Racer::of::<v3_dynamic::Pool>("ours"),
    Racer::of::<ours::FromZero<v3_dynamic::Pool>>("ours"),
    Racer::of::<v4_dedicated_queues::Pool>("ours"),
    Racer::of::<ours::FromZero<v4_dedicated_queues::Pool>>("ours"),
    Racer::of::<v5_futures::Pool>("ours"),
    Racer::of::<ours::FromZero<v5_futures::Pool>>("ours"),
];

/// What one writes without a pool.
pub const BASELINES: &[Racer] = &[
    Racer::of::<baselines::ThreadPerTask>("baseline"),
    Racer::of::<baselines::UnbufferedChannel>("baseline"),
    Racer::of::<baselines::BufferedChannel>("baseline"),
    Racer::of::<baselines::MutexQueue>("baseline"),
];

/// Those of them whose queue can hold tasks that nobody takes.
const QUEUES: &[Racer] = &[
    Racer::of::<baselines::BufferedChannel>("baseline"),
    Racer::of::<baselines::MutexQueue>("baseline"),
];

/// What a pool can at best be compared to where every core is busy.
const RECEIVERS: &[Racer] = &[
    Racer::of::<baselines::StdReceiver>("baseline"),
    Racer::of::<baselines::CrossbeamReceiver>("baseline"),
];

/// Other people's pools, and a channel: who the best peer can be.
pub const PEERS: &[Racer] = &[
    #[cfg(feature = "race")]
    Racer::of::<peers::Rayon>("peer"),
    #[cfg(feature = "race")]
    Racer::of::<peers::Threadpool>("peer"),
    #[cfg(feature = "race")]
    Racer::of::<peers::RustyPool>("peer"),
    #[cfg(feature = "race")]
    Racer::of::<peers::TokioBlocking>("peer"),
    #[cfg(feature = "race")]
    Racer::of::<peers::Executors>("peer"),
    #[cfg(feature = "race")]
    Racer::of::<peers::Kanal>("peer"),
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

/// Whose tasks may wait for their own tasks, a line for each, and plain recursion.
pub const FORKERS: &[Racer] = &[
    Racer::forking::<v5_futures::Pool>("ours"),
    Racer::forking::<inline::Inline>("baseline"),
    #[cfg(feature = "race")]
    Racer::forking::<peers::Rayon>("peer"),
];

/// Who applies a function to a list, a line for each, and a plain loop.
pub const MAPPERS: &[Racer] = &[
    Racer::mapping::<v5_futures::Pool>("ours"),
    Racer::mapping::<inline::Inline>("baseline"),
    #[cfg(feature = "race")]
    Racer::mapping::<peers::Rayon>("peer"),
];

/// Who takes part in a race, by how its tasks arrive.
#[must_use]
pub fn racers(arrival: Arrival) -> Vec<Racer> {
    match arrival {
        Arrival::Stream { .. } | Arrival::Bursts { .. } => [OURS, BASELINES, PEERS].concat(),
        Arrival::Busy { .. } => [OURS, RECEIVERS, PEERS].concat(),
        Arrival::Queued { .. } => [OURS, QUEUES, PEERS].concat(),
        Arrival::Joined { .. } => JOINERS.to_vec(),
        Arrival::Mapped { .. } => MAPPERS.to_vec(),
        Arrival::Forked { .. } | Arrival::Sorted { .. } => FORKERS.to_vec(),
    }
}

/// The name and the family of everybody who takes part in some race.
#[must_use]
pub fn everybody() -> Vec<(&'static str, &'static str)> {
    let mut everybody: Vec<_> = Vec::new();
    let lists = [OURS, BASELINES, RECEIVERS, PEERS, JOINERS, FORKERS, MAPPERS];
    for racer in lists.concat() {
        if !everybody.contains(&(racer.name, racer.family)) {
            everybody.push((racer.name, racer.family));
        }
    }
    everybody
}
