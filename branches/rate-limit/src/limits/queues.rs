//! Where tasks wait: a queue for each limit, and one for the tasks without.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Weak};
use std::time::Instant;

use crossbeam_channel::Sender;

use super::limit_queue::{LimitQueue, Taken};
use super::{Limit, Place};
use crate::queue::Queue;
use crate::task::Job;
use crate::{CancelToken, Reason};

/// The tasks that wait.
pub(crate) struct LimitQueues {
    /// The only sender of the queue's `closed`. `None` once the queue is closed.
    pub(crate) open: Option<Sender<()>>,
    /// The first is that without a limit, and always there. The others are there while they are in
    /// use: there may be a limit for each of a million keys.
    pub(super) queues: Vec<LimitQueue>,
    /// The empty buffer of the queue that was given up last, for the next one: with short tasks a
    /// queue comes and goes with each of them.
    spare: VecDeque<(u64, Job)>,
    /// The number of the next task: the order in which they were accepted.
    next: u64,
    /// Whether a limit has to be looked at again. If not, and a task waits for a limit, then a
    /// worker sleeps for the earliest instant at which one may start.
    pub(super) changed: bool,
    /// Whether a token was cancelled: a task that waits may be in the middle of its queue.
    pub(super) sweep: bool,
    /// No token that a task behind a limit has is past its deadline before this.
    pub(super) deadline: Option<Instant>,
    /// The pool's token: no task is accepted once it is cancelled.
    pub(super) pool: CancelToken,
    /// Whether that token tells this queue: from the first task with a limit on.
    watches_pool: bool,
    /// The queue that this is in, for whatever has to tell it that something has changed.
    me: Weak<Queue>,
}

impl LimitQueues {
    pub(crate) fn new(
        capacity: usize,
        open: Sender<()>,
        pool: CancelToken,
        me: Weak<Queue>,
    ) -> LimitQueues {
        let jobs = VecDeque::with_capacity(capacity);
        let unlimited = LimitQueue {
            capacity,
            jobs,
            ..LimitQueue::default()
        };
        LimitQueues {
            open: Some(open),
            queues: vec![unlimited],
            spare: VecDeque::new(),
            next: 0,
            changed: false,
            sweep: false,
            deadline: None,
            pool,
            watches_pool: false,
            me,
        }
    }

    /// The number of places for tasks without a limit.
    pub(crate) fn capacity(&self) -> usize {
        self.queues[0].capacity
    }

    pub(crate) fn len(&self) -> usize {
        self.queues.iter().map(|queue| queue.jobs.len()).sum()
    }

    /// Whether no task waits, and none will.
    pub(crate) fn is_over(&self) -> bool {
        self.open.is_none() && self.len() == 0
    }

    /// The queue of this limit, which is made if it is not there.
    fn at(&mut self, limit: Option<&Limit>) -> usize {
        let Some(limit) = limit else { return 0 };
        let of = |queue: &LimitQueue| queue.limit.as_ref().is_some_and(|other| other.is(limit));
        self.queues.iter().position(of).unwrap_or_else(|| {
            limit.watch(&self.me);
            self.queues.push(LimitQueue {
                limit: Some(limit.clone()),
                capacity: limit.places(),
                jobs: mem::take(&mut self.spare),
                ..LimitQueue::default()
            });
            self.queues.len() - 1
        })
    }

    /// Accepts the job, unless the queue is closed, the job is cancelled, or its queue is full.
    pub(crate) fn push(&mut self, job: Job) -> Result<(), (Job, Reason)> {
        if self.open.is_none() {
            return Err((job, Reason::ShutDown));
        }
        if job.task.limit.is_some() {
            // Before the look: a token that is cancelled after it tells the queue.
            let pool = (!mem::replace(&mut self.watches_pool, true)).then_some(&self.pool);
            let tokens = job.token.iter().chain(pool);
            tokens.for_each(|token| token.watch(&self.me));
        }
        if job.is_cancelled(&self.pool) {
            return Err((job, Reason::Cancelled));
        }
        let at = self.at(job.task.limit.as_ref());
        let queue = &mut self.queues[at];
        if queue.is_full() {
            return Err((job, Reason::Full));
        }
        if at > 0 {
            let deadline = job
                .deadline(&self.pool)
                .into_iter()
                .chain(self.deadline)
                .min();
            // For the first of a queue nobody keeps the time yet, nor for an earlier deadline.
            self.changed |= queue.jobs.is_empty() || deadline != self.deadline;
            self.deadline = deadline;
        }
        queue.jobs.push_back((self.next, job));
        self.next += 1;
        Ok(())
    }

    /// A submitter waits for a place of this limit, there.
    pub(crate) fn wait(&mut self, limit: Option<&Limit>) -> Arc<Place> {
        let at = self.at(limit);
        self.queues[at].wait()
    }

    /// A submitter waits no more. Whom to signal: it may have been woken for more than one place,
    /// or need none.
    pub(crate) fn leave(&mut self, limit: Option<&Limit>) -> Option<Arc<Place>> {
        let at = self.at(limit);
        self.queues[at].waiting -= 1;
        let place = self.queues[at].signal();
        self.give_up(at);
        place
    }

    /// Takes a task out of a queue.
    pub(super) fn take(
        &mut self,
        at: usize,
        place: usize,
        cancelled: Option<bool>,
    ) -> Option<Taken> {
        let (_, job) = self.queues[at].jobs.remove(place)?;
        let place = self.queues[at].signal();
        if at > 0 {
            self.give_up(at);
            // Another task is the first of its queue, or may be cancelled.
            self.look_again();
        }
        Some(Taken {
            job,
            cancelled,
            place,
        })
    }

    /// Forgets the queue if it is not in use.
    fn give_up(&mut self, at: usize) {
        if at > 0 && self.queues[at].is_unused() {
            self.spare = self.queues.swap_remove(at).jobs;
            if self.queues.len() == 1 {
                (self.changed, self.sweep, self.deadline) = (false, false, None);
            }
        }
    }
}
