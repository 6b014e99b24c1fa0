//! The push model: the thread that submits a task decides whose queue it goes to.

use std::sync::Arc;

use super::counts::Counts;
use super::worker_queue::WorkerQueue;
use crate::Stealing;
use crate::pool::Shared;
use crate::state::State;
use crate::stats::Ending;
use crate::task::Job;
use crate::workers::Workers;

/// To which worker's queue a task goes. If a sleeping worker is woken for it, that one gets it
/// instead.
///
/// With [stealing](crate::Stealing) any worker may run it in the end. What a task submits on a
/// worker goes to the queue of that worker.
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
    /// To each in turn. It looks at no queue, so it costs nothing, and it knows nothing of long
    /// tasks.
    #[default]
    RoundRobin,
    /// To the shortest queue, in turn if several are equally short. It reads a length for each
    /// worker that is awake, and workers write to these at the same time.
    LeastLoaded,
}

impl Shared {
    /// Accepts a job, puts it into a queue, and sees to it that a worker comes to it. Returns the
    /// queue.
    pub(crate) fn push<'state>(
        &self,
        state: &'state mut State,
        job: Job,
        on_worker: Option<usize>,
    ) -> &'state Arc<WorkerQueue> {
        self.note_idle(state);
        let own = on_worker.filter(|number| state.workers.queue_of(*number).is_some());
        // Without stealing nobody else could run what stays on a worker.
        let stays = own.is_some() && self.queues.dispatch.stealing == Stealing::Off;
        let woken = match stays {
            true => None,
            false => self.wake_for_task(state),
        };
        let State {
            workers,
            past,
            empties,
            ..
        } = state;
        let queue = match own.or(woken) {
            Some(number) => workers.queue_of(number).expect("it is live"),
            None => workers.place(self.queues.dispatch.placement),
        };
        empties.free_some(&self.queues.depot);
        self.put(past, queue, job, on_worker);
        queue
    }

    /// Accepts a job, and puts it into that queue.
    pub(crate) fn put(
        &self,
        past: &mut Counts,
        queue: &Arc<WorkerQueue>,
        mut job: Job,
        on_worker: Option<usize>,
    ) {
        past.accepted += 1;
        if job.accept(queue) {
            if on_worker.is_none() {
                self.queues.places.occupy();
            }
            queue.push(job);
        } else {
            // Its handle has cancelled it. So it is counted as that, and nothing is queued.
            past.taken += 1;
            past.ended[Ending::Cancelled as usize] += 1;
            drop(job.ticket.record(Ending::Cancelled));
        }
    }
}

impl Workers {
    /// The queue for a task that nobody is woken for.
    fn place(&mut self, placement: Placement) -> &Arc<WorkerQueue> {
        self.turn = self.turn.wrapping_add(1);
        let turn = self.turn;
        let awake = &self.awake;
        if awake.is_empty() {
            // All of them run a start hook, or ask the policy.
            return self.any_queue();
        }
        let in_turn = |step: usize| &awake[turn.wrapping_add(step) % awake.len()];
        match placement {
            Placement::RoundRobin => in_turn(0),
            Placement::LeastLoaded => (0..awake.len())
                .map(in_turn)
                .min_by_key(|queue| queue.len())
                .unwrap_or_else(|| in_turn(0)),
        }
    }
}
