//! What a worker does with its own queue besides taking the oldest task: it adds one without the
//! lock of the state, and takes back one that it joins.

use std::sync::Arc;

use super::worker_queue::WorkerQueue;
use crate::task::Job;

impl WorkerQueue {
    /// Queues a job that the owner of the queue submits. `Err`: its handle has cancelled it.
    ///
    /// The lock of the state is not held. So the job is counted before anybody can take it, here or
    /// by its handle.
    pub(crate) fn push_own(self: &Arc<Self>, mut job: Job) -> Result<(), Job> {
        self.with(|jobs| {
            self.slot.accepted();
            if job.accept(self) {
                jobs.push_back(job);
                return Ok(());
            }
            self.slot.took();
            Err(job)
        })
    }

    /// Takes the job whose cell is at this address, if it is the newest one here or the oldest, and
    /// has it claimed by `claim`, which says whether it could be.
    pub(crate) fn take_from_an_end(&self, cell: *const (), claim: &mut dyn FnMut() -> bool) {
        if self.seems_empty() {
            return;
        }
        self.with(|jobs| {
            let is_newest = jobs.back().is_some_and(|job| job.is_at(cell));
            if !is_newest && !jobs.front().is_some_and(|job| job.is_at(cell)) {
                return;
            }
            // In this order: a task that is dropped unclaimed would end here.
            let claimed = claim();
            let job = match is_newest {
                true => jobs.pop_back(),
                false => jobs.pop_front(),
            };
            job.into_iter().for_each(Job::forget);
            if claimed {
                self.slot.took();
            }
        });
    }

    /// Takes out the tombstones. Returns how many jobs are left.
    pub(crate) fn sweep(&self) -> usize {
        self.with(|jobs| {
            jobs.retain(|job| !job.is_tombstone());
            jobs.len()
        })
    }
}
