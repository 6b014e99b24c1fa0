//! Work stealing: what a worker does when its own queue is empty.

use std::hint;
use std::sync::atomic::Ordering::Relaxed;

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

/// How often a worker looks for a task before it sleeps, and how long it spins in between: some
/// microseconds in all. To sleep and be woken takes longer.
const LOOKS: usize = 10;
const SPINS: usize = 10;

impl Worker {
    /// Takes a job out of its own queue, or out of another one. Does not give up at once.
    ///
    /// `None` does not mean that nothing is queued: the queues are looked at one after another, and
    /// a thief moves jobs from one to another meanwhile.
    pub(crate) fn find(&mut self) -> Option<Job> {
        for _ in 0..LOOKS {
            if self.shared.queues.too_many.load(Relaxed) {
                break;
            }
            let own = self.queue.pop(&self.queue.slot);
            if own.is_some() {
                return own;
            }
            self.searching = self.searching || self.shared.queues.search.begin();
            let stolen = self.steal();
            if stolen.is_some() {
                return stolen;
            }
            (0..SPINS).for_each(|_| hint::spin_loop());
        }
        None
    }

    /// Takes a task out of the queue of another worker.
    fn steal(&mut self) -> Option<Job> {
        let half = match self.shared.queues.dispatch.stealing {
            Stealing::Off => return None,
            Stealing::One => false,
            Stealing::Half => true,
        };
        let count = self.victims.len();
        // The next search begins behind the last one: there is less where it has been.
        for step in 1..=count {
            let victim = (self.last_victim + step) % count;
            let queue = &self.victims[victim];
            if queue.number != self.number
                && let Some(job) = queue.steal(&self.queue, half)
            {
                self.last_victim = victim;
                return Some(job);
            }
        }
        None
    }
}
