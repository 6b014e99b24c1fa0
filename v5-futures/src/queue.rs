//! A worker's own queue, in two parts: one that submitters fill, and one that the worker empties.

use std::collections::VecDeque;
use std::iter;
use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use parking_lot::Mutex;

use crate::count::Count;
use crate::task::Job;

/// The longest buffer that a queue keeps for later once it is empty, in tasks.
pub(crate) const KEPT: usize = 1 << 10;

/// The queue of one worker.
///
/// Submitters write to the inbox. When the desk is empty, the worker exchanges the two: it comes to the inbox
/// once for as many tasks as have gathered. To the desk comes nobody else but a thief, or who sweeps. So to
/// take a task there costs a lock that is nearly always free, on a cache line that stays with the worker.
///
/// Locks are taken in this order: the door, a desk, its inbox, a cell. Nobody holds parts of two lanes.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    pub(crate) inbox: Part,
    pub(crate) desk: Part,
    /// Tasks that the owner has stolen from others.
    pub(crate) stolen: Count,
    /// Tasks that the owner runs on top of others, which wait for them.
    pub(crate) nested: Count,
}

/// Half of a lane, with cache lines to itself.
#[derive(Debug, Default)]
pub(crate) struct Part {
    /// Whether there is a task: 1 or 0, and without the lock a hint. Those who look for tasks read this and
    /// not the line of the lock, to which submitters write for each task. This one changes seldom.
    any: Count,
    stock: Stock,
}

/// What is in a part.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Stock {
    /// The number of tasks. Written under the lock; without it, a hint.
    len: AtomicUsize,
    jobs: Mutex<VecDeque<Job>>,
}

impl Part {
    /// The number of tasks, or what it was a moment ago.
    pub(crate) fn len(&self) -> usize {
        self.stock.len.load(Relaxed)
    }

    /// Whether there is a task, or was a moment ago.
    pub(crate) fn any(&self) -> bool {
        self.any.0.load(Relaxed) > 0
    }

    /// Runs `work` with the part locked.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut VecDeque<Job>) -> T) -> T {
        let mut jobs = self.stock.jobs.lock();
        let result = work(&mut jobs);
        self.stock.len.store(jobs.len(), Relaxed);
        let any = usize::from(!jobs.is_empty());
        if self.any.0.load(Relaxed) != any {
            self.any.0.store(any, Relaxed);
        }
        result
    }

    /// The oldest task.
    pub(crate) fn pop(&self) -> Option<Job> {
        // A hint: a task that is being added may be overlooked. Whoever has to be sure that nothing is here
        // asks under the lock, or asks the count.
        if !self.any() {
            return None;
        }
        self.with(VecDeque::pop_front)
    }
}

impl Lane {
    /// The number of tasks, or what it was a moment ago.
    pub(crate) fn len(&self) -> usize {
        self.desk.len() + self.inbox.len()
    }

    /// Queues a task.
    pub(crate) fn push(&self, job: Job) {
        self.inbox.with(|inbox| inbox.push_back(job));
    }

    /// The oldest task, for whoever comes by. If there is one, it is found: the owner may be about to
    /// exchange the parts, and then the hints say that nothing is here.
    pub(crate) fn pop(&self) -> Option<Job> {
        self.desk.with(|desk| {
            let oldest = desk.pop_front();
            oldest.or_else(|| self.inbox.with(VecDeque::pop_front))
        })
    }

    /// The oldest task that nobody else has claimed.
    pub(crate) fn pop_claimed(&self) -> Option<Job> {
        iter::from_fn(|| self.pop()).find_map(|mut job| job.task.0.claim().then_some(job))
    }

    /// Puts everything from the inbox on the desk, and takes the oldest.
    pub(crate) fn fetch(&self) -> Option<Job> {
        if !self.inbox.any() {
            return None;
        }
        self.desk.with(|desk| {
            // Two workers that share a lane may both have come here.
            if desk.is_empty() {
                self.inbox.with(|inbox| mem::swap(desk, inbox));
            }
            desk.pop_front()
        })
    }

    /// Whether nothing is queued here. Unlike [`Lane::len`] this is certain, as long as nobody adds anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.desk
            .with(|desk| desk.is_empty() && self.inbox.with(|inbox| inbox.is_empty()))
    }

    /// Everything that is queued here, the oldest first.
    pub(crate) fn drain(&self) -> VecDeque<Job> {
        self.desk.with(|desk| {
            self.inbox.with(|inbox| desk.append(inbox));
            mem::take(desk)
        })
    }

    /// Gives back the memory that a crowd of tasks has left behind.
    pub(crate) fn tidy(&self) {
        for part in [&self.desk, &self.inbox] {
            part.with(|jobs| jobs.shrink_to(KEPT));
        }
    }
}
