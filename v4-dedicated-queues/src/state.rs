//! What changes in a pool when its workers are not looking: under one lock.

use crossbeam_channel::Sender;
use parking_lot::MutexGuard;

use crate::Threads;
use crate::lock::lock;
use crate::pool::Shared;
use crate::queues::counts::Counts;
use crate::recycle::Empties;
use crate::workers::Workers;

/// What the pool's lock guards.
///
/// No code of a user runs under this lock, and nobody sleeps under it.
#[derive(Debug)]
pub(crate) struct State {
    /// The only sender of the pool's channel `closed`. `None` once the pool is closed.
    pub(crate) open: Option<Sender<()>>,
    pub(crate) workers: Workers,
    /// Tasks accepted since the start.
    pub(crate) accepted: usize,
    /// So many of them have been taken, if not more: the sum of the slots when it was read last.
    pub(crate) taken: usize,
    /// The counts of workers that have left, and of tasks that no worker has taken.
    pub(crate) past: Counts,
    /// How often the last unfinished task has ended.
    pub(crate) generation: u64,
    /// Submitters that have waited for longer than a moment, and still do.
    pub(crate) impatient: usize,
    /// Boxes of tasks that have run.
    pub(crate) empties: Empties,
}

impl State {
    pub(crate) fn new(open: Sender<()>, threads: Threads) -> State {
        State {
            open: Some(open),
            workers: Workers::new(threads),
            accepted: 0,
            taken: 0,
            past: Counts::default(),
            generation: 0,
            impatient: 0,
            empties: Empties::default(),
        }
    }
}

impl Shared {
    /// Locks the state.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}
