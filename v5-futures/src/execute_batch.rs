//! Many tasks at once: one lock and one wake for all of them.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::census::Inside;
use crate::door::Patience;
use crate::pool::Shared;
use crate::scaling::Moment;
use crate::steal::Stealing;
use crate::task::Job;
use crate::{Group, Pool, Reason, Task, worker};

/// What is left of a batch: the tasks that were refused, in their order. None of them has run.
///
/// ```
/// let pool = v5_futures::Pool::new(1, 8).unwrap();
/// pool.shutdown();
/// let rejected = pool.execute_batch([|| println!("one"), || println!("two")]).unwrap_err();
/// assert_eq!((rejected.accepted(), rejected.into_tasks().len()), (0, 2));
/// ```
#[derive(thiserror::Error)]
#[error("after {accepted} tasks of a batch the others were refused: {reason}")]
pub struct RejectedBatch {
    accepted: usize,
    reason: Reason,
    /// Never locked, as in [`Rejected`](crate::Rejected).
    tasks: Mutex<Vec<Task>>,
}

impl RejectedBatch {
    /// How many tasks of the batch were accepted: the first ones.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.accepted
    }

    /// Why the others were refused.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The others.
    #[must_use]
    pub fn into_tasks(self) -> Vec<Task> {
        self.tasks.into_inner()
    }
}

impl fmt::Debug for RejectedBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RejectedBatch")
            .field("accepted", &self.accepted)
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

impl Pool {
    /// Submits many tasks, and waits for places as [`execute`](Pool::execute) does. Returns how many
    /// they were.
    ///
    /// The tasks are taken out of the iterator first, so a batch has an end. As many as there are places
    /// for are queued in one step, spread over the workers that are awake, and one sleeping worker is woken,
    /// who wakes the next. (On a worker, all of them go to its own queue.) A scaling policy is asked once for
    /// each step, and not for each task.
    ///
    /// ```
    /// let pool = v5_futures::Pool::new(2, 64).unwrap();
    /// let tasks = (0..1000).map(|page| move || println!("page {page}"));
    /// assert_eq!(pool.execute_batch(tasks).unwrap(), 1000);
    /// ```
    ///
    /// # Errors
    ///
    /// As [`execute`](Pool::execute): the tasks before the refusal are accepted, the others come back.
    pub fn execute_batch<T: Into<Task>>(
        &self,
        tasks: impl IntoIterator<Item = T>,
    ) -> Result<usize, RejectedBatch> {
        let tasks = tasks.into_iter().map(Into::into);
        self.submit_batch(tasks, Patience::Forever)
    }

    /// Submits as many tasks as there are places for at once.
    ///
    /// ```
    /// # use std::sync::mpsc;
    /// # let pool = v5_futures::Pool::new(1, 2).unwrap();
    /// # let (open, gate) = mpsc::channel::<()>();
    /// # let (begin, begun) = mpsc::channel();
    /// # pool.execute(move || { begin.send(()).unwrap(); gate.recv().unwrap_err(); }).unwrap();
    /// # begun.recv().unwrap();
    /// // The only worker is busy, and there are two places.
    /// let rejected = pool.try_execute_batch([|| (), || (), || ()]).unwrap_err();
    /// assert_eq!((rejected.accepted(), rejected.into_tasks().len()), (2, 1));
    /// # drop(open);
    /// ```
    ///
    /// # Errors
    ///
    /// As [`try_execute`](Pool::try_execute), with the tasks from the first refused one on.
    pub fn try_execute_batch<T: Into<Task>>(
        &self,
        tasks: impl IntoIterator<Item = T>,
    ) -> Result<usize, RejectedBatch> {
        let tasks = tasks.into_iter().map(Into::into);
        self.submit_batch(tasks, Patience::AtOnce)
    }

    fn submit_batch(
        &self,
        tasks: impl Iterator<Item = Task>,
        patience: Patience,
    ) -> Result<usize, RejectedBatch> {
        let job = |task| Job {
            task,
            group: None,
            token: None,
        };
        self.shared.submit_batch(tasks.map(job).collect(), patience)
    }
}

impl Group {
    /// Submits many tasks that belong to the group, as [`Pool::execute_batch`] does.
    ///
    /// # Errors
    ///
    /// As [`Pool::execute_batch`], and [`Cancelled`](Reason::Cancelled) also if the group is.
    pub fn execute_batch<T: Into<Task>>(
        &self,
        tasks: impl IntoIterator<Item = T>,
    ) -> Result<usize, RejectedBatch> {
        let job = |task: T| Job {
            task: task.into(),
            group: Some(Arc::clone(&self.batch)),
            token: Some(self.cancel_token()),
        };
        let jobs = tasks.into_iter().map(job).collect();
        self.shared.submit_batch(jobs, Patience::Forever)
    }
}

impl Shared {
    fn submit_batch(
        self: &Arc<Shared>,
        mut jobs: VecDeque<Job>,
        patience: Patience,
    ) -> Result<usize, RejectedBatch> {
        let patience = worker::lane_in(self).map_or(patience, Patience::OnWorker);
        let all = jobs.len();
        while !jobs.is_empty() {
            self.admit_batch(&mut jobs, patience);
            // The next one waits for a place, if there is none, or learns why there is none.
            let Some(job) = jobs.pop_front() else { break };
            if let Err(rejected) = self.door.admit(job, patience, self) {
                let accepted = all - jobs.len() - 1;
                let reason = rejected.reason();
                let rest = jobs.into_iter().map(|job| job.task);
                let tasks = std::iter::once(rejected.into_task()).chain(rest).collect();
                return Err(RejectedBatch {
                    accepted,
                    reason,
                    tasks: Mutex::new(tasks),
                });
            }
        }
        Ok(all)
    }

    /// Accepts as many tasks as there are places for, from the front.
    fn admit_batch(self: &Arc<Shared>, jobs: &mut VecDeque<Job>, patience: Patience) {
        let mut inside = self.door.inside.lock();
        // They have the same token, so what holds for one holds for all.
        if self.door.allows(&mut inside, &jobs[0], self).is_err() {
            return;
        }
        let some = patience.room(&mut inside, self).min(jobs.len());
        self.dispatch_batch(&mut inside, jobs.drain(..some), patience.home());
        if some > 0 && inside.census.may_grow() {
            // If no thread can be started, the workers that there are will come to the tasks.
            let _ = self.grow(&mut inside, Moment::Submitted);
        }
    }

    /// Queues tasks, in one part for each worker that is awake. To be called under the lock of the door.
    fn dispatch_batch(
        self: &Arc<Shared>,
        inside: &mut Inside,
        mut jobs: impl ExactSizeIterator<Item = Job>,
        home: usize,
    ) {
        let share = match self.dispatch.stealing {
            // Whoever is to run a task has to be woken for it.
            Stealing::Off => 1,
            _ => jobs.len().div_ceil(inside.census.awake.len().max(1)),
        };
        while let Some(mut first) = jobs.next() {
            self.begin(&mut first);
            let lane = self.dispatch(inside, first, home);
            for mut job in jobs.by_ref().take(share - 1) {
                self.begin(&mut job);
                self.lanes[lane].push(job);
                inside.homing.free_some(&self.depot);
            }
        }
        // The first of a share may have found somebody awake for it, and nobody was called for the others.
        inside.census.call_for_queued(self);
    }
}
