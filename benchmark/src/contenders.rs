//! The pools, a file for each family.

use crate::race::Racer;

pub mod baselines;
pub mod inline;
pub mod ours;
#[cfg(feature = "race")]
pub mod peers;
pub mod wait_group;

/// Who takes part in a race, a line for each.
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
