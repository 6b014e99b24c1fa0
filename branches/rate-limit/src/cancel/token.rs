//! The cancel token: a request to stop, made once and seen everywhere below.

use std::fmt;
use std::iter;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Select, Sender, bounded};
use parking_lot::Mutex;

use crate::DropGuard;
use crate::limits::Bell;
use crate::queue::Queue;

/// A request to stop, which any number of threads can make, ask for and wait for.
///
/// Clones are the same token. A [`child`](CancelToken::child) is cancelled with its parent, but not
/// the other way round. Cancelling is cooperative: a pool drops the tasks that have not started,
/// while a task that runs has to look at its token itself.
///
/// ```
/// use std::time::Duration;
/// use rate_limit::{CancelToken, Pool};
///
/// let pool = Pool::new(1, 4).unwrap();
/// let token = CancelToken::new();
/// let inside = token.clone();
/// pool.execute_with(&token, move || {
///     // Sleeps for a minute, or until somebody cancels.
///     inside.wait_timeout(Duration::from_secs(60));
/// }).unwrap();
/// token.cancel();
/// pool.wait_idle();
/// ```
///
/// The design is that of Go's `context` (a tree, with deadlines, and a channel to wait at), without
/// its values.
#[derive(Clone)]
pub struct CancelToken {
    node: Arc<Node>,
}

/// A token's place in its tree. Nodes know their parents and not their children: a child leaves
/// nothing behind in its parent.
struct Node {
    /// For threads that look.
    cancelled: AtomicBool,
    /// For threads that wait: a channel in which nothing is ever sent. To cancel is to drop its
    /// sender. That disconnects the receiver, and wakes all who wait for it in a `Select`.
    sender: Mutex<Option<Sender<()>>>,
    receiver: Receiver<()>,
    /// The queues in which a task of this token waits for a limit, and nobody waits for the token.
    bell: Bell,
    /// The earliest deadline from here up to the root.
    deadline: Option<Instant>,
    parent: Option<Arc<Node>>,
}

impl CancelToken {
    /// A new token, the root of its own tree.
    #[must_use]
    pub fn new() -> CancelToken {
        CancelToken::attach(None, None)
    }

    /// A token that is cancelled when this one is, or by itself.
    ///
    /// The child of a cancelled token is born cancelled.
    #[must_use]
    pub fn child(&self) -> CancelToken {
        CancelToken::attach(Some(Arc::clone(&self.node)), self.node.deadline)
    }

    /// A child that counts as cancelled from `deadline` on.
    ///
    /// A deadline later than the parent's has no effect. No timer runs: the clock is read by
    /// whoever asks, and whoever waits wakes in time.
    #[must_use]
    pub fn with_deadline(&self, deadline: Instant) -> CancelToken {
        let earliest = self.node.deadline.map_or(deadline, |own| own.min(deadline));
        CancelToken::attach(Some(Arc::clone(&self.node)), Some(earliest))
    }

    /// A child that counts as cancelled once `timeout` is over; with [`Duration::MAX`], never by
    /// itself.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> CancelToken {
        match Instant::now().checked_add(timeout) {
            Some(deadline) => self.with_deadline(deadline),
            None => self.child(),
        }
    }

    fn attach(parent: Option<Arc<Node>>, deadline: Option<Instant>) -> CancelToken {
        let (sender, receiver) = bounded(0);
        CancelToken {
            node: Arc::new(Node {
                cancelled: AtomicBool::new(false),
                sender: Mutex::new(Some(sender)),
                receiver,
                bell: Bell::default(),
                deadline,
                parent,
            }),
        }
    }

    /// Cancels this token and its descendants. There is no way back; a second call does nothing.
    pub fn cancel(&self) {
        // In this order: a thread that the channel wakes finds the flag set. What orders them is
        // the lock inside of the channel, and not the flag.
        self.node.cancelled.store(true, Relaxed);
        *self.node.sender.lock() = None;
        self.node.bell.ring(|state, _| state.queues.sweep());
    }

    /// Whether this token or one above it is cancelled or past its deadline.
    ///
    /// Takes no lock. The time is proportional to the number of tokens above this one, and with a
    /// deadline the clock is read. It orders nothing else between two threads: what one has written
    /// before it cancelled, the other has to read through a lock or a channel.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.path().any(|node| node.cancelled.load(Relaxed))
            || self.deadline().is_some_and(|at| Instant::now() >= at)
    }

    /// The instant from which on the token counts as cancelled, if it has one.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.node.deadline
    }

    /// Waits until the token is cancelled.
    pub fn wait(&self) {
        self.wait_timeout(Duration::MAX);
    }

    /// Waits until the token is cancelled, but no longer than `timeout`. Returns whether it is. As
    /// a look, it orders nothing else, and takes longer the deeper the token is in its tree.
    ///
    /// A task that would sleep between two attempts sleeps here, and so ends early when nobody
    /// wants it any more.
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        let mut select = Select::new();
        self.ends().for_each(|end| _ = select.recv(end));
        // `ready` may be wrong where others receive meanwhile. Here there is nothing to receive:
        // once an end is disconnected, it stays so.
        let deadline = Instant::now().checked_add(timeout);
        match deadline.into_iter().chain(self.deadline()).min() {
            Some(at) => _ = select.ready_deadline(at),
            None => _ = select.ready(),
        }
        self.is_cancelled()
    }

    /// A guard that cancels the token when it is dropped: when its owner returns early, fails or
    /// panics, nobody goes on working for it.
    ///
    /// ```
    /// let token = rate_limit::CancelToken::new();
    /// let guard = token.drop_guard();
    /// drop(guard);
    /// assert!(token.is_cancelled());
    /// ```
    #[must_use = "the token is cancelled when the guard is dropped"]
    pub fn drop_guard(&self) -> DropGuard {
        DropGuard {
            token: Some(self.clone()),
        }
    }

    /// One of these is disconnected when the token is cancelled. (A deadline disconnects nothing.)
    pub(crate) fn ends(&self) -> impl Iterator<Item = &Receiver<()>> {
        self.path().map(|node| &node.receiver)
    }

    /// Has the queue told when the token is cancelled.
    pub(crate) fn watch(&self, queue: &Weak<Queue>) {
        self.path().for_each(|node| node.bell.add(queue));
    }

    /// From here up to the root.
    fn path(&self) -> impl Iterator<Item = &Node> {
        iter::successors(Some(&*self.node), |node| node.parent.as_deref())
    }
}

impl Default for CancelToken {
    fn default() -> CancelToken {
        CancelToken::new()
    }
}

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelToken")
            .field("cancelled", &self.is_cancelled())
            .field("deadline", &self.deadline())
            .finish_non_exhaustive()
    }
}

/// Without this, a long chain of tokens would be dropped recursively, and overflow the stack. Of
/// several threads that let go of a node at once, `into_inner` gives it to one.
impl Drop for Node {
    fn drop(&mut self) {
        let mut parent = self.parent.take();
        while let Some(node) = parent {
            parent = Arc::into_inner(node).and_then(|mut node| node.parent.take());
        }
    }
}
