//! What changes in a pool when its workers are not looking: under one lock.

use std::sync::Arc;

use crossbeam_channel::Sender;
use parking_lot::MutexGuard;

use crate::Threads;
use crate::lock::lock;
use crate::pool::Shared;
use crate::queues::Queues;
use crate::queues::counts::Counts;
use crate::queues::outside::Outside;
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
    /// The tasks that were queued when the slots were read last.
    pub(crate) queued_then: usize,
    /// What [`past`](State::past) said by then of those accepted.
    pub(crate) accepted_then: usize,
    /// The counts of workers that have left, and of tasks accepted under this lock or handed back.
    pub(crate) past: Counts,
    /// Where threads that are no workers count.
    pub(crate) outside: Arc<Outside>,
    /// How often the last unfinished task has ended.
    pub(crate) generation: u64,
    /// Submitters that have waited for longer than a moment, and still do.
    pub(crate) impatient: usize,
    /// Boxes of tasks that have run.
    pub(crate) empties: Empties,
}

impl State {
    pub(crate) fn new(open: Sender<()>, threads: Threads, queues: &Queues) -> State {
        State {
            open: Some(open),
            workers: Workers::new(threads, Arc::clone(&queues.staffing)),
            queued_then: 0,
            accepted_then: 0,
            past: Counts::default(),
            outside: Arc::clone(&queues.outside),
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
