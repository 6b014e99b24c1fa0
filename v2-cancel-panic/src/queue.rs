//! The bounded queue: a channel that can be closed while submitters wait for a place in it.

use std::time::Instant;
use std::{hint, iter};

use crossbeam_channel::{Receiver, Select, SendError, Sender, TrySendError, bounded};
use parking_lot::Mutex;

use crate::task::Job;
use crate::{CancelToken, Reason};

/// How often a submitter looks for a place before it sleeps: for about a microsecond. To sleep and
/// be woken takes longer.
const SPINS: usize = 32;

/// The way from those who submit to those who work.
///
/// Workers receive until the channel is empty and its last sender is gone. So a job that is sent is
/// received, even if the queue is closed in the middle of the `send`.
#[derive(Debug)]
pub(crate) struct Queue {
    /// What it takes to submit. `None` once the queue is closed.
    open: Mutex<Option<Open>>,
    /// Nothing is ever sent here. When its only sender is dropped, which closes the queue, each
    /// `recv` returns at once with an error: that wakes all who wait.
    closed: Receiver<()>,
    /// The end from which workers receive.
    pub(crate) jobs: Receiver<Job>,
    /// The pool's token: no job is accepted once it is cancelled.
    token: CancelToken,
}

#[derive(Debug)]
struct Open {
    sender: Sender<Job>,
    /// The only sender of `closed`.
    _keeps_open: Sender<()>,
}

impl Queue {
    pub(crate) fn new(capacity: usize, token: CancelToken) -> Queue {
        let (sender, jobs) = bounded(capacity);
        let (_keeps_open, closed) = bounded(0);
        Queue {
            open: Mutex::new(Some(Open {
                sender,
                _keeps_open,
            })),
            closed,
            jobs,
            token,
        }
    }

    /// Queues the job if there is a place for it now.
    pub(crate) fn try_send(&self, job: Job) -> Result<(), (Job, Reason)> {
        // Locked until the end, so that the queue is not closed between the look and the send. That
        // is not for long: `try_send` does not sleep.
        let Some(Open { sender, .. }) = &*self.open.lock() else {
            return Err((job, Reason::ShutDown));
        };
        if job.is_cancelled(&self.token) {
            return Err((job, Reason::Cancelled));
        }
        sender.try_send(job).map_err(|error| match error {
            TrySendError::Full(job) => (job, Reason::Full),
            // Never: `self` has a receiver.
            TrySendError::Disconnected(job) => (job, Reason::ShutDown),
        })
    }

    /// Queues the job, and waits for a place if there is none. Without a deadline, for ever.
    ///
    /// A thread that sleeps inside of `send` can only be woken by a receiver. So this one waits for
    /// several things at once: for the queue to be closed, for each token that can cancel the job,
    /// and for a place. It does so without the lock, and with a clone of the sender, which keeps
    /// the workers from leaving until it is decided.
    pub(crate) fn send_deadline(
        &self,
        job: Job,
        deadline: Option<Instant>,
    ) -> Result<(), (Job, Reason)> {
        let Some(sender) = self.open.lock().as_ref().map(|open| open.sender.clone()) else {
            return Err((job, Reason::ShutDown));
        };
        (0..SPINS)
            .take_while(|_| self.jobs.is_full())
            .for_each(|_| hint::spin_loop());
        // Cloned, since the job moves while the select still borrows the ends of its token.
        let tokens: Vec<_> = iter::once(&self.token).chain(&job.token).cloned().collect();
        let of_tokens = tokens.iter().flat_map(CancelToken::ends);
        // What is disconnected when the wait is in vain: the first by a close, the rest by a
        // cancel.
        let ends: Vec<_> = iter::once(&self.closed).chain(of_tokens).collect();
        // If several can go on when it looks, the first does: a place is worth nothing then.
        let mut select = Select::new_biased();
        for end in &ends {
            select.recv(end);
        }
        let place = select.send(&sender);
        let deadlines = tokens.iter().filter_map(CancelToken::deadline);
        let selected = match deadlines.chain(deadline).min() {
            Some(at) => select.select_deadline(at),
            None => Ok(select.select()),
        };
        match selected {
            Ok(selected) if selected.index() == place => {
                // It never fails: `self` has a receiver.
                let sent = selected.send(&sender, job);
                sent.map_err(|SendError(job)| (job, Reason::ShutDown))
            }
            Ok(selected) => {
                let end = selected.index();
                // What is selected has to be done, or its drop panics.
                let _disconnected = selected.recv(ends[end]);
                match end {
                    0 => Err((job, Reason::ShutDown)),
                    _ => Err((job, Reason::Cancelled)),
                }
            }
            // It was the deadline of a token, or that of the caller.
            Err(_) if job.is_cancelled(&self.token) => Err((job, Reason::Cancelled)),
            Err(_) => Err((job, Reason::Timeout)),
        }
    }

    /// Refuses every job from now on, and those that wait for a place and have not got one yet.
    pub(crate) fn close(&self) {
        *self.open.lock() = None;
    }
}
