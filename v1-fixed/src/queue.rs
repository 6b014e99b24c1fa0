//! The bounded queue: a channel that can be closed while submitters wait for a place in it.

use std::time::Duration;

use crossbeam_channel::{Receiver, SendError, Sender, TrySendError, bounded, select};
use parking_lot::Mutex;

use crate::Reason;
use crate::task::Job;

/// The way from those who submit to those who work.
///
/// Workers receive until the channel is empty and its last sender is gone. So a job that is sent is
/// received, even if the queue is closed in the middle of the `send`; every later one is refused.
#[derive(Debug)]
pub(crate) struct Queue {
    /// What it takes to submit. `None` once the queue is closed.
    open: Mutex<Option<Open>>,
    /// Nothing is ever sent here. It is disconnected when the queue is closed, and that wakes all
    /// who wait for it.
    closed: Receiver<()>,
    /// The end from which workers receive.
    pub(crate) jobs: Receiver<Job>,
}

#[derive(Debug)]
struct Open {
    sender: Sender<Job>,
    /// The only sender of `closed`.
    _closed: Sender<()>,
}

impl Queue {
    pub(crate) fn new(capacity: usize) -> Queue {
        let (sender, jobs) = bounded(capacity);
        let (_closed, closed) = bounded(0);
        Queue {
            open: Mutex::new(Some(Open { sender, _closed })),
            closed,
            jobs,
        }
    }

    /// Queues the job if there is a place for it now.
    pub(crate) fn try_send(&self, job: Job) -> Result<(), (Job, Reason)> {
        let Some(Open { sender, .. }) = &*self.open.lock() else {
            return Err((job, Reason::ShutDown));
        };
        sender.try_send(job).map_err(|error| match error {
            TrySendError::Full(job) => (job, Reason::Full),
            TrySendError::Disconnected(job) => (job, Reason::ShutDown),
        })
    }

    /// Queues the job, and waits for a place if there is none. With [`Duration::MAX`], for ever.
    ///
    /// A thread that sleeps inside of `send` can only be woken by a worker. So this one waits for
    /// two things at once: for a place, and for the queue to be closed. It does so without the lock,
    /// and with a sender of its own.
    pub(crate) fn send_timeout(&self, job: Job, timeout: Duration) -> Result<(), (Job, Reason)> {
        let Some(sender) = self.open.lock().as_ref().map(|open| open.sender.clone()) else {
            return Err((job, Reason::ShutDown));
        };
        select! {
            send(sender, job) -> sent => sent.map_err(|SendError(job)| (job, Reason::ShutDown)),
            recv(self.closed) -> _ => Err((job, Reason::ShutDown)),
            default(timeout) => Err((job, Reason::Timeout)),
        }
    }

    /// Refuses every job from now on, and those that wait for a place.
    pub(crate) fn close(&self) {
        *self.open.lock() = None;
    }
}
