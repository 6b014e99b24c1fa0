//! How a worker is started, and what happens if it cannot be.

use std::io;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

use crate::census::Inside;
use crate::door::{Door, Patience};
use crate::pool::Shared;
use crate::queue::Lane;
use crate::scaling::Moment;
use crate::steal::Stealing;
use crate::tally::Tally;
use crate::task::Job;
use crate::{BuildError, Reason, worker};

/// The way to give a worker the task that it was started for, under the lock of the door.
pub(crate) type First = Arc<Mutex<Option<Job>>>;

impl Shared {
    /// Starts the least number of workers, and those that the policy wants besides.
    pub(crate) fn open(self: &Arc<Shared>, min: usize) -> Result<(), BuildError> {
        for _ in 0..min {
            let number = self.door.inside.lock().census.next_number();
            let name = (self.hooks.name)(number);
            self.enlist(&mut self.door.inside.lock(), number, Some(name))?;
        }
        self.grow(&mut self.door.inside.lock(), Moment::Resized)
            .map(drop)
    }

    /// Starts a worker if there is none, without asking the policy: nothing is queued in a pool
    /// without workers. Returns whether it did, under the lock that is held since.
    pub(crate) fn ensure_worker(
        self: &Arc<Shared>,
        inside: &mut MutexGuard<'_, Inside>,
    ) -> Result<bool, BuildError> {
        if inside.census.live() > 0 {
            return Ok(false);
        }
        // The lock is open for a while. If somebody else starts one then, it is for another task.
        Ok(self.hire(inside, 1)?.is_some())
    }

    /// Starts workers until there are as many as wanted, or as many as there may be. Returns the way to give
    /// the last of them its first task.
    ///
    /// The lock is open while the user's code makes a name. Threads are started under it: whoever
    /// needs a worker would have to wait for the outcome anyway, and a closed door stays closed.
    pub(crate) fn hire(
        self: &Arc<Shared>,
        inside: &mut MutexGuard<'_, Inside>,
        wanted: usize,
    ) -> Result<Option<First>, BuildError> {
        let (mut badge, mut newest) = (None, None);
        // Not more than are missing now, or it might never end: those who come may soon leave again.
        let mut missing = inside.census.lacks(wanted);
        loop {
            if !inside.open || missing.min(inside.census.lacks(wanted)) == 0 {
                return Ok(newest);
            }
            let Some((number, name)) = badge.take() else {
                // Once the lock is open, whoever was started last may come for its task, and find none.
                newest = None;
                let number = inside.census.next_number();
                let name = MutexGuard::unlocked(inside, || self.name_of(number));
                badge = Some((number, name));
                continue; // the lock was open: look again whether anybody is wanted
            };
            let worker = self.enlist(inside, number, name)?;
            if self.dispatch.stealing == Stealing::Off {
                // It could not get at the task for which it was started, in the queue of another worker.
                self.give(&worker);
            }
            newest = Some(worker);
            missing -= 1;
        }
    }

    /// The name of a worker, or `None` if the function that makes it panics.
    fn name_of(&self, number: usize) -> Option<String> {
        let hooks = &self.hooks;
        let mut name = None;
        hooks.panic.shield(|| name = Some((hooks.name)(number)));
        name
    }

    /// A task finds the queue full. If the policy wants one more worker now, it is started with the
    /// oldest task of a queue, whose place is free at once.
    fn make_room(self: &Arc<Shared>, inside: &mut MutexGuard<'_, Inside>) {
        if let Ok(Some(newest)) = self.grow(inside, Moment::Full) {
            self.give(&newest);
        }
    }

    /// Gives a new worker the task at the front of the first queue that has one, if it has none yet. (The
    /// order is not kept across queues.) It takes it before it does anything else, and comes for it through
    /// the lock that is held here.
    fn give(&self, newest: &First) {
        let mut first = newest.lock();
        if first.is_none()
            && let Some(job) = self.lanes.iter().find_map(Lane::pop_claimed)
        {
            self.places.leave(Tally::ANY);
            *first = Some(job);
        }
    }

    /// Starts a worker. To be called under the lock.
    fn enlist(
        self: &Arc<Shared>,
        inside: &mut Inside,
        number: usize,
        name: Option<String>,
    ) -> Result<First, BuildError> {
        let census = &mut inside.census;
        let lane = census.free_lane(number, self.tally.over.len() - 1);
        let started = match name {
            Some(name) => worker::start(self, number, lane, name),
            None => Err(BuildError::Spawn(io::Error::other("it could not be named"))),
        };
        let (thread, first) = started.inspect_err(|_| census.failures += 1)?;
        census.enlist(number, lane, thread);
        Ok(first)
    }
}

impl Door {
    /// Takes a place if there is one, or if there can be one for a new worker.
    ///
    /// While the lock is open in between, a place may come free, and its signal finds nobody asleep. So the
    /// queue is looked at once more, and whoever sleeps then has held the lock since.
    pub(crate) fn offer_or_grow(
        &self,
        inside: &mut MutexGuard<'_, Inside>,
        job: Job,
        patience: Patience,
        shared: &Arc<Shared>,
    ) -> Result<bool, (Job, Reason)> {
        match self.offer(inside, job, patience, shared) {
            Err((job, Reason::Full)) if inside.census.may_grow() => {
                shared.make_room(inside);
                self.offer(inside, job, patience, shared)
            }
            settled => settled,
        }
    }
}
