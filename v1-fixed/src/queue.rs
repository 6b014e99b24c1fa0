//! The bounded queue: a channel that can be closed while submitters wait for a place in it.

use std::hint;
use std::time::Duration;

use crossbeam_channel::{Receiver, SendError, Sender, TrySendError, bounded, select_biased};
use parking_lot::Mutex;

use crate::Reason;
use crate::task::Job;

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
}

#[derive(Debug)]
struct Open {
    sender: Sender<Job>,
    /// The only sender of `closed`.
    _keeps_open: Sender<()>,
}

impl Queue {
    pub(crate) fn new(capacity: usize) -> Queue {
        let (sender, jobs) = bounded(capacity);
        let (_keeps_open, closed) = bounded(0);
        Queue {
            open: Mutex::new(Some(Open {
                sender,
                _keeps_open,
            })),
            closed,
            jobs,
        }
    }

    /// Queues the job if there is a place for it now.
    pub(crate) fn try_send(&self, job: Job) -> Result<(), (Job, Reason)> {
        // Locked until the end, so that the queue is not closed between the look and the send. That
        // is not for long: `try_send` does not sleep.
        let Some(Open { sender, .. }) = &*self.open.lock() else {
            return Err((job, Reason::ShutDown));
        };
        sender.try_send(job).map_err(|error| match error {
            TrySendError::Full(job) => (job, Reason::Full),
            // Never: `self` has a receiver.
            TrySendError::Disconnected(job) => (job, Reason::ShutDown),
        })
    }

    /// Queues the job, and waits for a place if there is none. With [`Duration::MAX`], for ever.
    ///
    /// A thread that sleeps inside of `send` can only be woken by a receiver. So this one waits for
    /// two things at once: for the queue to be closed, and for a place. It does so without the
    /// lock, and with a clone of the sender, which keeps the workers from leaving until it is
    /// decided.
    pub(crate) fn send_timeout(&self, job: Job, timeout: Duration) -> Result<(), (Job, Reason)> {
        let Some(sender) = self.open.lock().as_ref().map(|open| open.sender.clone()) else {
            return Err((job, Reason::ShutDown));
        };
        (0..SPINS)
            .take_while(|_| self.jobs.is_full())
            .for_each(|_| hint::spin_loop());
        // Sleeps until one of the arms can go on, and runs that one; if both can when it looks, the
        // upper one. The job is moved by the arm that sends it and by no other.
        select_biased! {
            recv(self.closed) -> _ => Err((job, Reason::ShutDown)),
            // It never fails: `self` has a receiver.
            send(sender, job) -> sent => sent.map_err(|SendError(job)| (job, Reason::ShutDown)),
            default(timeout) => Err((job, Reason::Timeout)),
        }
    }

    /// Refuses every job from now on, and those that wait for a place and have not got one yet.
    pub(crate) fn close(&self) {
        *self.open.lock() = None;
    }
}
