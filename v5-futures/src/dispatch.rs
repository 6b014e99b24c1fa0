//! The push model: whoever submits a task decides whose queue it goes to.

use crate::Builder;
use crate::census::{Census, Inside};
use crate::pool::Shared;
use crate::queue::Lane;
use crate::steal::Stealing;
use crate::task::Job;

/// To which worker's queue a task goes. If a sleeping worker is woken for it, that one gets it instead.
///
/// With [stealing](Stealing) any worker may run it in the end. What a task submits on a worker goes to the
/// queue of that worker.
///
/// ```
/// use v5_futures::{Placement, Pool};
///
/// let pool = Pool::builder().threads(4).placement(Placement::LeastLoaded).build()?;
/// # Ok::<(), v5_futures::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Placement {
    /// To each in turn. It looks at no queue, so it costs nothing, and it knows nothing of long tasks.
    #[default]
    RoundRobin,
    /// To the shortest queue, in turn if several are equally short. It reads a length for each worker that is
    /// awake, and workers write to these at the same time.
    LeastLoaded,
}

/// How tasks get to workers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Dispatch {
    pub(crate) placement: Placement,
    pub(crate) stealing: Stealing,
}

impl Builder {
    /// To whose queue a task goes. Without this, to each worker's in turn.
    pub fn placement(mut self, placement: Placement) -> Builder {
        self.dispatch.placement = placement;
        self
    }
}

impl Shared {
    /// Queues a task, and sees to it that a worker is on its way. To be called under the lock of the door, by
    /// which the task has been counted. `home`: the lane of the worker that submits it, or 0. Returns the
    /// lane of the queue.
    pub(crate) fn dispatch(&self, inside: &mut Inside, job: Job, home: usize) -> usize {
        let census = &mut inside.census;
        // Without stealing nobody else can run what stays at home.
        let stays = home > 0 && self.dispatch.stealing == Stealing::Off;
        let called = if stays { None } else { census.call(self) };
        let lane = match &called {
            _ if home > 0 => home,
            Some(parker) => parker.lane,
            None => census.place(self.dispatch.placement, &self.lanes),
        };
        self.lanes[lane].push(job);
        inside.homing.free_some(&self.depot);
        if let Some(parker) = called {
            parker.wake();
        }
        lane
    }

    /// Moves what a worker leaves behind to the queues of those who stay. To be called under the lock.
    pub(crate) fn move_out(&self, census: &mut Census, lane: usize) {
        if census.shares(lane) {
            return;
        }
        for job in self.lanes[lane].drain() {
            // A tombstone may lie in the queue of the last worker: then there is nobody who could have it.
            if job.task.0.is_dead() {
                continue;
            }
            let to = census.place(self.dispatch.placement, &self.lanes);
            self.lanes[to].push(job);
        }
    }

    /// Whether the worker of a lane has a reason to stay awake. To be called under the lock of the door.
    pub(crate) fn has_work(&self, inside: &mut Inside, lane: usize) -> bool {
        match self.dispatch.stealing {
            Stealing::Off => !self.lanes[lane].is_empty(),
            _ => self.queued(inside) > 0,
        }
    }
}

impl Census {
    /// Whether somebody else works in a lane.
    fn shares(&self, lane: usize) -> bool {
        self.live.iter().any(|member| member.lane == lane)
    }

    /// The lane of one of the live, for a time at which nobody is awake.
    fn any_lane(&self) -> usize {
        let member = self.live.last();
        member.expect("nothing is queued without a worker").lane
    }

    /// The lane for a task that nobody is woken for.
    fn place(&mut self, placement: Placement, lanes: &[Lane]) -> usize {
        self.turn = self.turn.wrapping_add(1);
        let awake = &self.awake;
        if awake.is_empty() {
            // Everybody is in a hook, or asks the policy.
            return self.any_lane();
        }
        let in_turn = |step: usize| awake[self.turn.wrapping_add(step) % awake.len()];
        match placement {
            Placement::RoundRobin => in_turn(0),
            Placement::LeastLoaded => (0..awake.len())
                .map(in_turn)
                .min_by_key(|lane| lanes[*lane].len())
                .unwrap_or_else(|| in_turn(0)),
        }
    }
}
