//! How a worker is started, and what happens if it cannot be.

use std::io;
use std::sync::Arc;
use std::thread;

use parking_lot::{Condvar, MutexGuard};

use super::Live;
use crate::pool::Shared;
use crate::queues::worker_queue::WorkerQueue;
use crate::recycle::Empties;
use crate::scaling::Moment;
use crate::state::State;
use crate::worker::Worker;
use crate::{BuildError, Stealing};

impl Shared {
    /// Starts the least number of workers, and those that the policy wants besides.
    pub(crate) fn start_least(self: &Arc<Shared>, min: usize) -> Result<(), BuildError> {
        for number in 1..=min {
            let name = (self.hooks.name)(number);
            let mut state = self.lock();
            state.workers.last_number = number;
            self.start_worker(&mut state, number, Some(name))?;
        }
        let grown = self.grow(&mut self.lock(), Moment::Resized);
        grown.map(drop)
    }

    /// Starts a worker if there is none, without asking the policy. Returns whether it did. Then,
    /// or if there was one, the lock has not been open since.
    pub(crate) fn ensure_worker(
        self: &Arc<Shared>,
        state: &mut MutexGuard<'_, State>,
    ) -> Result<bool, BuildError> {
        Ok(state.workers.live() == 0 && self.start_missing(state, 1)?.is_some())
    }

    /// Starts workers until there are as many as wanted, or as many as there may be. Returns the
    /// number of the last of them, if nobody had the lock since.
    ///
    /// The lock is open while the user's code makes a name. Threads are started under it: whoever
    /// needs a worker would have to wait for the outcome anyway, and a closed pool stays closed.
    pub(crate) fn start_missing(
        self: &Arc<Shared>,
        state: &mut MutexGuard<'_, State>,
        wanted: usize,
    ) -> Result<Option<usize>, BuildError> {
        let (mut named, mut newest) = (None, None);
        // Not more than are missing now, or it might never end: those that come may soon leave.
        let mut missing = state.workers.missing(wanted);
        while state.open.is_some() && missing.min(state.workers.missing(wanted)) > 0 {
            if let Some((number, name)) = named.take() {
                self.start_worker(state, number, name)?;
                if self.queues.dispatch.stealing == Stealing::Off {
                    // It could not get at the task for which it was started.
                    self.give_first(state, number);
                }
                newest = Some(number);
                missing -= 1;
            } else {
                state.workers.last_number += 1;
                let number = state.workers.last_number;
                let name = MutexGuard::unlocked(state, || self.name_of(number));
                (named, newest) = (Some((number, name)), None);
            }
        }
        Ok(newest)
    }

    /// Gives a new worker the oldest job of a queue to begin with, which frees a place.
    pub(crate) fn give_first(&self, state: &mut State, newest: usize) {
        if state.workers.give_first(newest) {
            self.queues.places.vacate();
        }
    }

    /// The name of a worker, or `None` if the function that makes it panics.
    fn name_of(&self, number: usize) -> Option<String> {
        let mut name = None;
        let make = || name = Some((self.hooks.name)(number));
        self.hooks.panic.shield(make);
        name
    }

    fn start_worker(
        self: &Arc<Shared>,
        state: &mut State,
        number: usize,
        name: Option<String>,
    ) -> Result<(), BuildError> {
        let wake = Arc::new(Condvar::new());
        let outside = Arc::clone(&state.outside);
        let queue = Arc::new(WorkerQueue::new(number, outside));
        let worker = Worker {
            number,
            shared: Arc::clone(self),
            wake: Arc::clone(&wake),
            queue: Arc::clone(&queue),
            victims: Arc::new([]),
            last_victim: 0,
            searching: false,
            empties: Empties::default(),
            pending: self.user_threads.add(),
        };
        let threads = thread::Builder::new();
        let threads = match self.stack_size {
            Some(size) => threads.stack_size(size),
            None => threads,
        };
        let thread = match name {
            None => Err(BuildError::Spawn(io::Error::other("it could not be named"))),
            Some(name) if name.contains('\0') => Err(BuildError::ThreadName(name)),
            Some(name) => threads
                .name(name)
                .spawn(move || worker.work())
                .map_err(BuildError::Spawn),
        };
        let workers = &mut state.workers;
        let live = Live {
            wake,
            thread: Some(thread.inspect_err(|_| workers.failures += 1)?),
            first: None,
            queue,
            searches: false,
        };
        workers.live.insert(number, live);
        workers.queues = None;
        workers.note_staffing();
        workers.spawned += 1;
        workers.peak = workers.peak.max(workers.live());
        Ok(())
    }
}
