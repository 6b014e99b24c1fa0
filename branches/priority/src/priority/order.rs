//! Which task is next: a queue for each level, and a deadline for each task.

use std::collections::VecDeque;
use std::fmt;

use super::Priority;
use crate::task::Job;

/// The tasks that wait, in a queue for each level.
///
/// If the highest level always came first, a lower task would wait as long as higher ones come. So
/// each task has a deadline: its number, in the order in which tasks are accepted, plus `ageing`
/// for each level below the highest. **The earliest deadline is next.** A task of the highest level
/// overtakes one that was accepted earlier only if its own number is not above the other's
/// deadline: that is a bound on how many do.
///
/// Nothing has to be done while a task waits. Its deadline never changes, no clock is read, and the
/// tasks of one level are always in order: only the first of each queue can be next.
pub(crate) struct Order {
    /// For each level, the tasks in the order accepted, each with its number.
    queues: [VecDeque<(u64, Job)>; Priority::ALL.len()],
    /// How many tasks each queue has room for: whoever fills one leaves the others open.
    capacity: usize,
    /// How many later tasks may overtake a task, for each level between it and the highest.
    ageing: u64,
    /// The number of the next task: as many have been accepted.
    next: u64,
}

impl Order {
    pub(crate) fn new(capacity: usize, ageing: u64) -> Order {
        Order {
            queues: Priority::ALL.map(|_| VecDeque::with_capacity(capacity)),
            capacity,
            ageing,
            next: 0,
        }
    }

    /// The number of places for each level.
    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(crate) fn len(&self) -> usize {
        self.queues.iter().map(VecDeque::len).sum()
    }

    pub(crate) fn is_full(&self, level: Priority) -> bool {
        self.queues[level.index()].len() >= self.capacity
    }

    /// Accepts a job. It has to be known that there is a place for it.
    pub(crate) fn push(&mut self, job: Job) {
        self.queues[job.task.priority().index()].push_back((self.next, job));
        self.next += 1;
    }

    /// Takes the job with the earliest deadline; of two with the same, the more urgent one.
    pub(crate) fn pop(&mut self) -> Option<Job> {
        let most_urgent_first = self.queues.iter_mut().rev().zip(0..);
        let deadlines = most_urgent_first.filter_map(|(queue, below)| {
            let (number, _) = queue.front()?;
            // A deadline too late for a number: that of a task that anybody may overtake.
            let deadline = number.saturating_add(self.ageing.saturating_mul(below));
            Some((deadline, queue))
        });
        // Of equal ones, `min_by_key` finds the first.
        let (_, queue) = deadlines.min_by_key(|(deadline, _)| *deadline)?;
        let (_, job) = queue.pop_front()?;
        Some(job)
    }
}

/// How many tasks wait, of each level. The tasks themselves say nothing.
impl fmt::Debug for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = self.queues.iter().map(VecDeque::len);
        f.debug_map()
            .entries(Priority::ALL.iter().zip(waiting))
            .finish()
    }
}
