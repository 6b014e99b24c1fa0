//! Work stealing: what a worker does when its own queue is empty.

use crate::task::Job;
use crate::worker::Worker;

/// What a worker takes from another one's queue when its own is empty.
///
/// ```
/// use v4_dedicated_queues::{Pool, Stealing};
///
/// let pool = Pool::builder().threads(4).stealing(Stealing::One).build()?;
/// # Ok::<(), v4_dedicated_queues::BuildError>(())
/// ```
///
/// The idea is Cilk's: R. D. Blumofe and C. E. Leiserson, *Scheduling Multithreaded Computations by
/// Work Stealing*, 1999. Half a queue is what Go's scheduler and tokio's take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stealing {
    /// Nothing. A task that is queued behind a long one waits for it, also beside idle workers, and
    /// one that waits for a task behind it waits for ever. For measurements, and for tasks that
    /// must not change their worker. That needs a fixed number of threads: a new worker gets a task
    /// out of another one's queue, and the tasks of one that leaves are moved.
    Off,
    /// One task, the oldest. The next one costs another search.
    One,
    /// Half of the tasks, the older half. What a thief cannot run at once can be stolen from it in
    /// turn.
    #[default]
    Half,
}

impl Worker {
    /// Takes a task out of the queue of another worker.
    pub(crate) fn steal(&mut self) -> Option<Job> {
        let half = match self.shared.dispatch.stealing {
            Stealing::Off => return None,
            Stealing::One => false,
            Stealing::Half => true,
        };
        let queues = self.queues.len();
        // The next search begins behind the last one: there is less where it has been.
        for step in 1..=queues {
            let victim = (self.victim + step) % queues;
            let queue = &self.queues[victim];
            if queue.number != self.number
                && let Some(job) = queue.steal(&self.queue, half)
            {
                self.victim = victim;
                return Some(job);
            }
        }
        None
    }
}
