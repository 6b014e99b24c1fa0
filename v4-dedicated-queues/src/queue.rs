//! A worker's own queue, in two parts: one that submitters fill, and one that the worker empties.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use parking_lot::{Mutex, MutexGuard};

use crate::homing::{EmptyBox, Homing};
use crate::task::Job;

/// The longest buffer that a queue keeps for later once it is empty, in tasks.
const KEPT: usize = 1 << 10;

/// The queue of one worker.
///
/// Submitters write to the inbox. When the desk is empty, the worker exchanges the two: one lock for as many
/// tasks as have come. What is on the desk only thieves look at besides, so taking a task from there costs a lock that is nearly always
/// free, and on a cache line that stays with the worker. Both parts are open to thieves.
///
/// Locks are taken in this order: the door, a desk, its inbox. Nobody holds parts of two lanes.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    pub(crate) inbox: Part,
    pub(crate) desk: Part,
}

/// Half of a lane, with cache lines to itself.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Part {
    /// The number of tasks. Written under the lock; without it, a hint.
    len: AtomicUsize,
    stock: Mutex<Stock>,
}

#[derive(Debug, Default)]
pub(crate) struct Stock {
    pub(crate) jobs: VecDeque<Job>,
    /// Boxes on their way home. Only in inboxes: submitters come by.
    pub(crate) homing: Homing,
}

impl Part {
    /// The number of tasks, or what it was a moment ago.
    pub(crate) fn len(&self) -> usize {
        self.len.load(Relaxed)
    }

    /// Runs `work` with the part locked.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Stock) -> T) -> T {
        let mut stock = self.stock.lock();
        let result = work(&mut stock);
        self.note_len(&stock);
        result
    }

    /// The oldest task.
    fn pop(&self) -> Option<Job> {
        // Those who only add to this part are its owner and submitters to an inbox; whoever has to be
        // sure that nothing is here does not rely on this hint.
        if self.len() == 0 {
            return None;
        }
        self.with(|stock| stock.jobs.pop_front())
    }

    fn note_len(&self, stock: &MutexGuard<'_, Stock>) {
        self.len.store(stock.jobs.len(), Relaxed);
    }
}

impl Lane {
    /// The number of tasks, or what it was a moment ago.
    pub(crate) fn len(&self) -> usize {
        self.desk.len() + self.inbox.len()
    }

    /// Queues a task. Returns boxes that have come home: the submitter frees them.
    pub(crate) fn push(&self, job: Job) -> [Option<EmptyBox>; 2] {
        self.inbox.with(|inbox| {
            inbox.jobs.push_back(job);
            inbox.homing.arrive()
        })
    }

    /// The oldest task, for the owner.
    pub(crate) fn take(&self, homing: &mut Homing) -> Option<Job> {
        self.desk.pop().or_else(|| self.fetch(homing))
    }

    /// The oldest task, for whoever comes by.
    pub(crate) fn pop(&self) -> Option<Job> {
        self.desk.pop().or_else(|| self.inbox.pop())
    }

    /// Puts everything from the inbox on the desk, and takes the oldest.
    fn fetch(&self, homing: &mut Homing) -> Option<Job> {
        if self.inbox.len() == 0 {
            return None;
        }
        self.desk.with(|desk| {
            self.inbox.with(|inbox| {
                // Two workers that share a lane may both have come here.
                if desk.jobs.is_empty() {
                    std::mem::swap(&mut desk.jobs, &mut inbox.jobs);
                }
                inbox.homing.send(homing);
            });
            desk.jobs.pop_front()
        })
    }

    /// Whether nothing is queued here. Unlike [`Lane::len`] this is certain, as long as nobody adds anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.desk
            .with(|desk| desk.jobs.is_empty() && self.inbox.with(|inbox| inbox.jobs.is_empty()))
    }

    /// Everything that is queued here, the oldest first.
    pub(crate) fn drain(&self) -> VecDeque<Job> {
        self.desk.with(|desk| {
            self.inbox.with(|inbox| {
                desk.jobs.append(&mut inbox.jobs);
            });
            std::mem::take(&mut desk.jobs)
        })
    }

    /// Gives back the memory that a crowd of tasks has left behind.
    pub(crate) fn tidy(&self) {
        for part in [&self.desk, &self.inbox] {
            part.with(|stock| stock.jobs.shrink_to(KEPT));
        }
    }
}
