//! Many tasks at once: one lock and one wake for all of them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::{RejectedBatch, Stealing};
use crate::pool::Shared;
use crate::results::queued::Ticket;
use crate::scaling::Moment;
use crate::state::State;
use crate::task::Job;
use crate::{Group, Pool, Task};

impl Pool {
    /// Submits many tasks, and waits for places as [`execute`](Pool::execute) does. Returns how
    /// many they were.
    ///
    /// The tasks are taken out of the iterator first, so a batch has an end. As many as there are
    /// places for are queued in one step, spread over the workers that are awake, and one sleeping
    /// worker is woken, which wakes the next. (On a worker, all of them go to its own queue.) A
    /// scaling policy is asked once for each step, and not for each task.
    ///
    /// ```
    /// let pool = v5_futures::Pool::new(2, 64).unwrap();
    /// let tasks = (0..1000).map(|page| move || println!("page {page}"));
    /// assert_eq!(pool.execute_batch(tasks).unwrap(), 1000);
    /// ```
    ///
    /// # Errors
    ///
    /// As [`execute`](Pool::execute): the tasks before the refusal are accepted, the others come
    /// back.
    pub fn execute_batch<T: Into<Task>>(
        &self,
        tasks: impl IntoIterator<Item = T>,
    ) -> Result<usize, RejectedBatch> {
        let tasks = tasks.into_iter().map(Into::into);
        self.submit_batch(tasks, Some(Duration::MAX))
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
        self.submit_batch(tasks, None)
    }

    fn submit_batch(
        &self,
        tasks: impl Iterator<Item = Task>,
        timeout: Option<Duration>,
    ) -> Result<usize, RejectedBatch> {
        let job = |task| Job {
            task,
            ticket: Ticket::default(),
        };
        self.shared.submit_batch(tasks.map(job).collect(), timeout)
    }
}

impl Group {
    /// Submits many tasks that belong to the group, as [`Pool::execute_batch`] does.
    ///
    /// # Errors
    ///
    /// As [`Pool::execute_batch`]; [`Cancelled`](crate::Reason::Cancelled) also if the group is.
    pub fn execute_batch<T: Into<Task>>(
        &self,
        tasks: impl IntoIterator<Item = T>,
    ) -> Result<usize, RejectedBatch> {
        // Code of the caller, so before the count: it might wait for the group.
        let tasks: Vec<Task> = tasks.into_iter().map(Into::into).collect();
        let job = |task| Job {
            task,
            ticket: Ticket {
                token: Some(self.cancel_token()),
                group: Some(self.tasks.count_in()),
            },
        };
        let jobs = tasks.into_iter().map(job).collect();
        self.shared.submit_batch(jobs, Some(Duration::MAX))
    }
}

impl Shared {
    fn submit_batch(
        self: &Arc<Shared>,
        mut jobs: VecDeque<Job>,
        timeout: Option<Duration>,
    ) -> Result<usize, RejectedBatch> {
        let all = jobs.len();
        while !jobs.is_empty() {
            self.push_batch(&mut jobs);
            // The next one waits for a place, if there is none, or learns why there is none.
            let Some(job) = jobs.pop_front() else { break };
            if let Err((job, reason)) = self.push_timeout(job, timeout) {
                let accepted = all - jobs.len() - 1;
                jobs.push_front(job);
                let tasks = jobs.into_iter().map(|job| job.task).collect();
                return Err(RejectedBatch {
                    accepted,
                    reason,
                    tasks: Mutex::new(tasks),
                });
            }
        }
        Ok(all)
    }

    /// Queues as many jobs as there are places for, from the front.
    fn push_batch(self: &Arc<Shared>, jobs: &mut VecDeque<Job>) {
        let on_worker = self.this_worker();
        let mut state = self.lock();
        // They have the same token, so what holds for one holds for all.
        if state.open.is_none() || jobs[0].is_cancelled(&self.token) || state.workers.live() == 0 {
            return;
        }
        let room = match on_worker {
            Some(_) => usize::MAX,
            None => self.room(&mut state),
        };
        let some = room.min(jobs.len());
        if some == 0 {
            return;
        }
        self.queue_batch(&mut state, jobs.drain(..some), on_worker);
        if state.workers.may_grow() {
            // If no thread can be started, the workers that there are will come to the tasks.
            let _ = self.grow(&mut state, Moment::Submitted);
        }
    }

    /// Queues jobs, in one part for each worker that is awake.
    fn queue_batch(
        &self,
        state: &mut State,
        mut jobs: impl ExactSizeIterator<Item = Job>,
        on_worker: Option<usize>,
    ) {
        let share = match self.queues.dispatch.stealing {
            // The worker that is to run a task has to be woken for it.
            Stealing::Off => 1,
            _ => jobs.len().div_ceil(state.workers.awake.len().max(1)),
        };
        while let Some(first) = jobs.next() {
            let queue = Arc::clone(self.push(state, first, on_worker));
            for job in jobs.by_ref().take(share - 1) {
                state.empties.free_some(&self.queues.depot);
                self.put(&mut state.past, &queue, job, on_worker);
            }
        }
        if self.queues.dispatch.stealing != Stealing::Off {
            self.wake_for_queued(state);
        }
    }
}
