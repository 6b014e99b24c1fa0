//! A function applied to many items, with the results in their order.

use std::fmt;
use std::sync::Arc;

use super::block::{Block, Items};
use super::blocks::Blocks;
use super::cell::TaskCell;
use super::handle::Handle;
use super::queued::Queued;
use crate::{JoinError, Pool, Scope, Task};

/// What a pool makes of an iterator's items, in their order. Made by [`Pool::map`] and
/// [`Scope::map`].
///
/// It does nothing until it is asked for a result. If it is dropped, what has not started is
/// cancelled. If the iterator panics, so does [`next`](Iterator::next), and can be called again.
///
/// After a refusal (the pool is shut down, say) there is one more result, an error, and then no
/// more. The items that were refused are dropped; those that have not been taken out of the
/// iterator by then stay there.
#[must_use = "nothing is done until the results are asked for"]
pub struct Map<'pool, I: Iterator, T>(Blocks<'pool, I, T>);

impl Pool {
    /// Applies a function to each item, on the workers, and returns the results in the order of the
    /// items.
    ///
    /// Lazily: items are taken and submitted when a result is asked for, and only so many ahead of
    /// it. They are submitted in *blocks*: at first of one item, and later of as many as take about
    /// 100 microseconds, to get and to apply the function to, and at most 4096. At a time there are
    /// at most four times as many blocks with the pool as there may be workers, or no more items
    /// than a [window](Map::window) that was set. So the items may be more than fit into memory.
    ///
    /// One worker does a block. So the function must not wait for what it does with another item,
    /// unless the window is so small that all blocks have one item.
    ///
    /// On a worker of the same pool, a block that has not begun is computed in place.
    ///
    /// ```
    /// let pool = v5_futures::Pool::new(4, 16)?;
    /// let squares: Result<Vec<u64>, _> = pool.map(1..=5, |n: u64| n * n).collect();
    /// assert_eq!(squares?, [1, 4, 9, 16, 25]);
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Each result is one: a [`JoinError`] if the function panicked for this item, or if its block
    /// was cancelled or refused.
    #[doc(alias = "par_iter")]
    pub fn map<I, T>(
        &self,
        items: I,
        function: impl Fn(I::Item) -> T + Send + Sync + 'static,
    ) -> Map<'_, I::IntoIter, T>
    where
        I: IntoIterator,
        I::Item: Send + 'static,
        T: Send + 'static,
    {
        Map(self.blocks(items, function, None))
    }

    /// Items in blocks, for [`map`](Pool::map) and [`try_map`](Pool::try_map).
    pub(super) fn blocks<I, T>(
        &self,
        items: I,
        function: impl Fn(I::Item) -> T + Send + Sync + 'static,
        stop_at: Option<fn(&T) -> bool>,
    ) -> Blocks<'_, I::IntoIter, T>
    where
        I: IntoIterator,
        I::Item: Send + 'static,
        T: Send + 'static,
    {
        let function = Arc::new(function);
        let pool = Arc::downgrade(&self.shared);
        Blocks::new(items, *self.limits().end(), move |items| {
            let (function, items) = (Arc::clone(&function), Items::new(items, pool.clone()));
            let block = move || Block::of(items, &*function, stop_at);
            let cell = TaskCell::new(block, None, None);
            let task = Task::sharing(Arc::clone(&cell) as Arc<dyn Queued>, false);
            let submitted = self.execute(task).map_err(|rejected| rejected.reason());
            submitted.map(|()| Handle::new(cell))
        })
    }
}

impl<'scope> Scope<'scope, '_> {
    /// As [`Pool::map`], with items and a function that may borrow what outlives the scope.
    ///
    /// ```
    /// let pool = v5_futures::Pool::new(4, 16)?;
    /// let words = ["one", "two", "three"];
    /// let letters: usize = pool.scope(|scope| {
    ///     scope.map(&words, |word| word.len()).map(Result::unwrap).sum()
    /// });
    /// assert_eq!(letters, 11);
    /// # Ok::<(), v5_futures::BuildError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Pool::map`].
    pub fn map<I, T>(
        &'scope self,
        items: I,
        function: impl Fn(I::Item) -> T + Send + Sync + 'scope,
    ) -> Map<'scope, I::IntoIter, T>
    where
        I: IntoIterator,
        I::Item: Send + 'scope,
        T: Send + 'scope,
    {
        let function = Arc::new(function);
        let pool = Arc::downgrade(&self.shared);
        let workers = self.shared.lock().workers.limits.max;
        Map(Blocks::new(items, workers, move |items| {
            let (function, items) = (Arc::clone(&function), Items::new(items, pool.clone()));
            let block = move || Block::of(items, &*function, None);
            let submitted = self.submit(block).map_err(|refused| refused.reason());
            submitted.map(|handle| handle.0)
        }))
    }
}

impl<I: Iterator, T> Map<'_, I, T> {
    /// How many items may be with the pool at a time, at least 1. Blocks are so small then that
    /// there are four for each worker: with a window of less than eight times as many items as
    /// there may be workers, they have one item.
    pub fn window(mut self, items: usize) -> Self {
        self.0.set_window(items);
        self
    }
}

impl<I: Iterator, T> Iterator for Map<'_, I, T> {
    type Item = Result<T, JoinError>;

    #[inline]
    fn next(&mut self) -> Option<Result<T, JoinError>> {
        self.0.next(|| true)
    }
}

impl<I: Iterator, T> fmt::Debug for Map<'_, I, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Map").field(&self.0).finish()
    }
}
