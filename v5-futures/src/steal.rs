//! Work stealing: what a worker does whose own queue is empty.

use std::collections::VecDeque;
use std::mem;
use std::sync::atomic::Ordering::Relaxed;

use crate::Builder;
use crate::homing::Homing;
use crate::park::pause;
use crate::pool::Shared;
use crate::queue::{KEPT, Lane, Part};
use crate::task::Job;

/// What a worker takes from another one's queue when its own is empty.
///
/// ```
/// use v5_futures::{Pool, Stealing};
///
/// let pool = Pool::builder().threads(4).stealing(Stealing::One).build()?;
/// # Ok::<(), v5_futures::BuildError>(())
/// ```
///
/// The idea is Cilk's: R. D. Blumofe and C. E. Leiserson, *Scheduling Multithreaded Computations by Work
/// Stealing*, 1999. Half a queue is what Go's scheduler and tokio's take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stealing {
    /// Nothing. A task that is queued behind a long one waits for it, whoever else is idle, and one that
    /// waits for a task behind it, but does not join it, waits for ever. For measurements, and for tasks that
    /// must not change their worker. That needs a fixed number of threads, and no joins on other workers: who
    /// joins a task runs it, a new worker gets one from another's queue, and those of one that leaves move.
    Off,
    /// One task, the oldest. The next one costs another search.
    One,
    /// Half of the tasks, the older half. What a thief cannot run at once can be stolen from it in turn.
    #[default]
    Half,
}

impl Builder {
    /// What a worker takes from the queue of another one when its own is empty. Without this, half.
    pub fn stealing(mut self, stealing: Stealing) -> Builder {
        self.dispatch.stealing = stealing;
        self
    }
}

/// What a worker carries around.
#[derive(Debug, Default)]
pub(crate) struct Hands {
    /// It has been parked, or was about to be, and is on its way to its next task.
    pub(crate) called: bool,
    /// Boxes whose tasks it has run.
    pub(crate) homing: Homing,
    /// The lane that it has tried last. The next search begins behind it: there is less where it has been.
    victim: usize,
    /// What it has stolen and not put on its desk yet; empty but for that moment.
    loot: VecDeque<Job>,
}

impl Hands {
    /// Gives back memory, before the worker falls asleep.
    pub(crate) fn tidy(&mut self) {
        self.homing.clear();
        self.loot.shrink_to(KEPT);
    }
}

impl Shared {
    /// The next task for the worker of a lane: its own, or another one's.
    ///
    /// `None` does not mean that nothing is queued: a thief may be on its way from one desk to another.
    /// Whoever has to be sure asks [`Shared::has_work`].
    pub(crate) fn next(&self, lane: usize, look: u32, hands: &mut Hands) -> Option<Job> {
        let own = &self.lanes[lane];
        if let Some(job) = own.desk.pop() {
            return Some(job);
        }
        // To let some tasks gather is better than to fetch each as it comes: for every visit, lines of memory
        // travel from the submitter's core and back. Whoever has just been called was waited for long enough.
        if !mem::take(&mut hands.called) {
            pause(look);
        }
        let own = own.fetch();
        if own.is_some() || self.dispatch.stealing == Stealing::Off {
            return own;
        }
        let lanes = self.lanes.len();
        let start = hands.victim;
        let others = (1..=lanes).map(|step| (start + step) % lanes);
        others.filter(|victim| *victim != lane).find_map(|victim| {
            hands.victim = victim;
            let Lane { desk, inbox, .. } = &self.lanes[victim];
            let parts = [desk, inbox].into_iter();
            parts
                .filter(|part| part.any())
                .find_map(|part| self.steal(part, lane, hands))
        })
    }

    /// Takes from one part of another lane: a task to run, and others for the desk.
    ///
    /// In between, they are in nobody's queue. They count as queued all the while, so nobody falls asleep.
    fn steal(&self, part: &Part, lane: usize, hands: &mut Hands) -> Option<Job> {
        let job = part.with(|jobs| {
            let job = jobs.pop_front()?;
            if self.dispatch.stealing == Stealing::Half {
                hands.loot.extend(jobs.drain(..jobs.len() / 2));
            }
            Some(job)
        })?;
        self.lanes[lane]
            .stolen
            .0
            .fetch_add(1 + hands.loot.len(), Relaxed);
        if !hands.loot.is_empty() {
            let desk = &self.lanes[lane].desk;
            desk.with(|desk| desk.append(&mut hands.loot));
        }
        Some(job)
    }
}
