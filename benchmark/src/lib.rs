//! What drives every pool alike: the traits through which laws and races see a pool, the pools
//! behind them, the workloads that they race on, the experiments of the book, and the recorder of
//! what a pool does, with the census that is made of it.

#![forbid(unsafe_code)]

pub mod census;
#[cfg(feature = "records")]
pub mod claims;
pub mod contender;
pub mod contenders;
mod crew;
#[cfg(feature = "cli")]
pub mod experiments;
pub mod race;
#[cfg(feature = "records")]
pub mod records;
mod spinners;
pub mod statistics;
pub mod trace;
pub mod workload;
