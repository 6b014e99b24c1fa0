//! Many handles, and the results as they come.

use std::collections::BTreeMap;
use std::fmt;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use super::join_set_ended::{Ended, Member};
use crate::{JoinError, JoinHandle, Pool, Rejected, worker};

/// Handles whose results are wanted in the order in which the tasks end.
///
/// The results can be waited for by a thread ([`join_next`](JoinSet::join_next)) or be polled for.
/// The name and the rules are those of tokio: a set that is dropped cancels its tasks, as far as
/// they have not started, unless it is told to [let them go](JoinSet::detach_all).
///
/// ```
/// use v5_futures::{JoinSet, Pool};
///
/// let pool = Pool::new(2, 8)?;
/// let mut pages = JoinSet::new();
/// for page in ["one", "two", "three"] {
///     pages.spawn(&pool, move || page.len())?;
/// }
/// let mut letters = 0;
/// while let Some(length) = pages.join_next() {
///     letters += length?;
/// }
/// assert_eq!(letters, 11);
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
pub struct JoinSet<T> {
    /// Each under a number, which is larger than those before.
    handles: BTreeMap<u64, JoinHandle<T>>,
    next_number: u64,
    /// Those with a smaller number have begun, or are not here any more.
    begun: u64,
    ended: Arc<Ended>,
}

impl<T> JoinSet<T> {
    /// A set without handles.
    #[must_use]
    pub fn new() -> JoinSet<T> {
        JoinSet {
            handles: BTreeMap::new(),
            next_number: 0,
            begun: 0,
            ended: Arc::default(),
        }
    }

    /// Submits a task, as [`Pool::spawn`], and puts its handle into the set.
    ///
    /// # Errors
    ///
    /// As [`Pool::spawn`].
    pub fn spawn(
        &mut self,
        pool: &Pool,
        closure: impl FnOnce() -> T + Send + 'static,
    ) -> Result<(), Rejected>
    where
        T: Send + 'static,
    {
        self.insert(pool.spawn(closure)?);
        Ok(())
    }

    /// Puts a handle into the set. The handles may be of several pools.
    ///
    /// # Panics
    ///
    /// Later, when its turn comes, if the handle has been awaited or polled to its end.
    pub fn insert(&mut self, handle: JoinHandle<T>) {
        let number = self.next_number;
        self.next_number += 1;
        let member = Member::new(number, &self.ended);
        // The handle is here before it can end, and if a waker that it had panics when it is
        // dropped.
        let handle = self.handles.entry(number).or_insert(handle);
        if !handle
            .handle
            .cell()
            .set_waker(Waker::from(Arc::clone(&member)))
        {
            member.wake();
        }
    }

    /// The number of handles in the set.
    #[must_use]
    pub fn len(&self) -> usize {
        self.handles.len()
    }

    /// Whether the set has no handles.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.handles.is_empty()
    }

    /// Waits until a task of the set has ended, takes it out and returns its result. `None`: the
    /// set is empty.
    ///
    /// On a worker, if no task has ended yet, it runs the oldest task of the worker's pool that has
    /// not begun. It waits for any task, and runs a certain one: if that one waits for something
    /// that the caller would do after another result, both wait for ever. The time that it takes to
    /// find one is proportional to the number of handles of other pools.
    pub fn join_next(&mut self) -> Option<Result<T, JoinError>> {
        while !self.handles.is_empty() {
            let next = self.take_next();
            if next.is_some() {
                return next;
            }
            if !self.run_one() {
                self.ended.wait(None);
            }
        }
        None
    }

    /// Waits until a task of the set has ended, but no longer than `timeout`. `None` if the set is
    /// empty or no task has ended by then.
    ///
    /// It runs nothing in place, which might take longer; but a time too long to have an end, such
    /// as [`Duration::MAX`], is the same as [`join_next`](JoinSet::join_next).
    pub fn join_next_timeout(&mut self, timeout: Duration) -> Option<Result<T, JoinError>> {
        let Some(deadline) = Instant::now().checked_add(timeout) else {
            return self.join_next();
        };
        let mut late = false;
        while !self.handles.is_empty() {
            let next = self.take_next();
            if next.is_some() || late {
                return next;
            }
            late = self.ended.wait(Some(deadline));
        }
        None
    }

    /// Waits for all tasks, and returns their results in the order in which they ended.
    #[must_use = "the errors of the tasks are in it"]
    pub fn join_all(mut self) -> Vec<Result<T, JoinError>> {
        std::iter::from_fn(|| self.join_next()).collect()
    }

    /// The result of a task that has ended, or `Pending`, and then the waker is called when there
    /// is one. `Ready(None)`: the set is empty.
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use v5_futures::{JoinError, JoinSet};
    ///
    /// async fn sum(mut set: JoinSet<u32>) -> Result<u32, JoinError> {
    ///     let mut sum = 0;
    ///     while let Some(number) = poll_fn(|context| set.poll_join_next(context)).await {
    ///         sum += number?;
    ///     }
    ///     Ok(sum)
    /// }
    /// ```
    pub fn poll_join_next(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<T, JoinError>>> {
        if self.handles.is_empty() {
            return Poll::Ready(None);
        }
        // Cloned before the lock is taken, and the old one dropped after it: both are code of a
        // user.
        let waker = context.waker().clone();
        let other = self.ended.set_waker(waker);
        drop(other);
        match self.take_next() {
            Some(result) => Poll::Ready(Some(result)),
            None => Poll::Pending,
        }
    }

    /// Cancels all tasks that have not started. Their results are errors, and come as the others
    /// do.
    pub fn cancel_all(&self) {
        for handle in self.handles.values() {
            handle.cancel();
        }
    }

    /// Takes the handles out and drops them: the tasks go on, and nobody hears of them. (A handle
    /// that was told to [cancel](JoinHandle::cancel_on_drop) before it was inserted does so.)
    pub fn detach_all(&mut self) {
        self.begun = self.next_number;
        self.ended = Arc::default();
        drop(mem::take(&mut self.handles));
    }

    /// The result of a task that has ended.
    fn take_next(&mut self) -> Option<Result<T, JoinError>> {
        let number = self.ended.take_number()?;
        let handle = self.handles.remove(&number);
        Some(handle.expect("a task ends once").join())
    }

    /// Runs the oldest task that has not begun, if the calling thread is a worker of its pool.
    fn run_one(&mut self) -> bool {
        if worker::pool_of_this_thread() == 0 {
            return false;
        }
        let mut all_begun = true;
        for (number, handle) in self.handles.range(self.begun..) {
            let cell = handle.handle.cell();
            let had_ended = cell.has_ended();
            cell.run_on_worker();
            all_begun &= !cell.is_waiting();
            if all_begun {
                self.begun = number + 1;
            }
            // If it has run here, then it has ended.
            if !had_ended && cell.has_ended() {
                return true;
            }
        }
        false
    }
}

impl<T> Drop for JoinSet<T> {
    fn drop(&mut self) {
        let handles = mem::take(&mut self.handles).into_values();
        handles.for_each(|handle| drop(handle.cancel_on_drop()));
    }
}

impl<T> Default for JoinSet<T> {
    fn default() -> JoinSet<T> {
        JoinSet::new()
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinSet")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
