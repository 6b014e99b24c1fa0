//! The cancel token: a request to stop, made once and seen everywhere below.

use std::fmt;
use std::sync::atomic::{
    AtomicBool,
    Ordering::{Acquire, Release},
};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

/// A request to stop, which any number of threads can make, ask for and wait for.
///
/// Clones are the same token. A [`child`](CancelToken::child) is cancelled with its parent, but
/// not the other way round. Cancelling is cooperative: a pool drops the tasks that have not started,
/// while a task that runs has to look at its token itself.
///
/// ```
/// use std::time::Duration;
/// use v5_futures::{CancelToken, Pool};
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
/// The design is that of Go's `context` (a tree, with deadlines), without its values.
#[derive(Clone)]
pub struct CancelToken {
    node: Arc<Node>,
}

/// A token's place in its tree. Nodes know their parents and not their children: a child leaves
/// nothing behind in its parent.
struct Node {
    cancelled: AtomicBool,
    /// The earliest deadline from here up to the root.
    deadline: Option<Instant>,
    parent: Option<Arc<Node>>,
    family: Arc<Family>,
}

/// What all tokens of a tree share: the place to wait.
#[derive(Default)]
struct Family {
    /// Those who are to be called. The lock is also the one under which a waiter looks at its
    /// token and falls asleep.
    listeners: Mutex<Vec<Weak<dyn OnCancel>>>,
    /// Signalled when any token of the tree is cancelled.
    cancelled: Condvar,
}

/// Somebody who waits elsewhere and wants to be woken when a token of the tree is cancelled.
pub(crate) trait OnCancel: Send + Sync {
    fn on_cancel(&self);
}

impl CancelToken {
    /// A new token, the root of its own tree.
    #[must_use]
    pub fn new() -> CancelToken {
        CancelToken::attach(None, None, Arc::default())
    }

    /// A token that is cancelled when this one is, or by itself.
    ///
    /// The child of a cancelled token is born cancelled.
    #[must_use]
    pub fn child(&self) -> CancelToken {
        CancelToken::attach(
            Some(Arc::clone(&self.node)),
            self.node.deadline,
            Arc::clone(&self.node.family),
        )
    }

    /// A child that counts as cancelled from `deadline` on.
    ///
    /// A deadline later than the parent's has no effect. No timer runs: the clock is read by
    /// whoever asks, and whoever waits wakes in time.
    #[must_use]
    pub fn with_deadline(&self, deadline: Instant) -> CancelToken {
        let earliest = self.node.deadline.map_or(deadline, |own| own.min(deadline));
        CancelToken::attach(
            Some(Arc::clone(&self.node)),
            Some(earliest),
            Arc::clone(&self.node.family),
        )
    }

    /// A child that counts as cancelled once `time` is over; with [`Duration::MAX`], never by
    /// itself.
    #[must_use]
    pub fn with_timeout(&self, time: Duration) -> CancelToken {
        match Instant::now().checked_add(time) {
            Some(deadline) => self.with_deadline(deadline),
            None => self.child(),
        }
    }

    fn attach(
        parent: Option<Arc<Node>>,
        deadline: Option<Instant>,
        family: Arc<Family>,
    ) -> CancelToken {
        CancelToken {
            node: Arc::new(Node {
                cancelled: AtomicBool::new(false),
                deadline,
                parent,
                family,
            }),
        }
    }

    /// Cancels this token and its descendants. There is no way back; a second call does nothing.
    ///
    /// Wakes all threads that wait for a token of the same tree; those whose token is still good
    /// go back to sleep.
    pub fn cancel(&self) {
        if self.node.cancelled.swap(true, Release) {
            return;
        }
        let family = &self.node.family;
        // Whoever looked at the token under this lock and found it good is asleep by the time that
        // the lock is ours. Listeners are called without it: they take locks of their own.
        let listeners: Vec<_> = {
            let listeners = family.listeners.lock();
            listeners.iter().filter_map(Weak::upgrade).collect()
        };
        family.cancelled.notify_all();
        for listener in listeners {
            listener.on_cancel();
        }
    }

    /// Whether this token or one above it is cancelled or past its deadline.
    ///
    /// Takes no lock. The time is proportional to the number of tokens above this one, and with a
    /// deadline the clock is read.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        let mut node = Some(&self.node);
        while let Some(at) = node {
            if at.cancelled.load(Acquire) {
                return true;
            }
            node = at.parent.as_ref();
        }
        self.deadline().is_some_and(|at| Instant::now() >= at)
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

    /// Waits until the token is cancelled, but no longer than `patience`. Returns whether it is.
    ///
    /// A task that would sleep between two attempts sleeps here, and so ends early when nobody
    /// wants it any more.
    pub fn wait_timeout(&self, patience: Duration) -> bool {
        let until = [Instant::now().checked_add(patience), self.deadline()];
        let until = until.into_iter().flatten().min();
        let mut listeners = self.node.family.listeners.lock();
        let mut late = false;
        while !self.is_cancelled() && !late {
            match until {
                Some(at) => {
                    late = self
                        .node
                        .family
                        .cancelled
                        .wait_until(&mut listeners, at)
                        .timed_out();
                }
                None => self.node.family.cancelled.wait(&mut listeners),
            }
        }
        self.is_cancelled()
    }

    /// A guard that cancels the token when it is dropped: when its owner returns early, fails or
    /// panics, nobody goes on working for it.
    ///
    /// ```
    /// let token = v5_futures::CancelToken::new();
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

    /// Calls the listener whenever a token of this tree is cancelled, as long as the listener
    /// lives. Once is enough for a tree.
    pub(crate) fn notify(&self, listener: &Weak<dyn OnCancel>) {
        let mut listeners = self.node.family.listeners.lock();
        if !listeners.iter().any(|known| known.ptr_eq(listener)) {
            listeners.retain(|known| known.strong_count() > 0);
            listeners.push(Weak::clone(listener));
        }
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

/// A long chain of tokens would drop each other recursively, and overflow the stack.
impl Drop for Node {
    fn drop(&mut self) {
        let mut parent = self.parent.take();
        while let Some(node) = parent {
            parent = Arc::into_inner(node).and_then(|mut node| node.parent.take());
        }
    }
}

/// Cancels its token when it is dropped. Made by [`CancelToken::drop_guard`].
#[derive(Debug)]
pub struct DropGuard {
    /// `None` only once it is disarmed.
    token: Option<CancelToken>,
}

impl DropGuard {
    /// Lets the guard go without cancelling.
    pub fn disarm(mut self) {
        self.token = None;
    }
}

impl Drop for DropGuard {
    fn drop(&mut self) {
        if let Some(token) = &self.token {
            token.cancel();
        }
    }
}
