//! A function applied to many items, a few at a time, with the results in their order.

use std::collections::VecDeque;
use std::fmt;
use std::iter::Fuse;
use std::sync::Arc;

use crate::{JoinError, JoinHandle, Pool, Reason};

/// What a pool makes of an iterator's items, in their order. Made by [`Pool::map`].
///
/// It does nothing until it is asked for a result. If it is dropped, the tasks that have not started are
/// cancelled. If the iterator panics, so does [`next`](Iterator::next), and can be called again.
///
/// After a refusal (the pool is shut down, say) there is one more result, an error, and then no more. The
/// refused item is dropped; those that have not been taken out of the iterator by then stay there.
#[must_use = "nothing is done until the results are asked for"]
pub struct Map<'pool, I: Iterator, T> {
    pool: &'pool Pool,
    items: Fuse<I>,
    function: Arc<dyn Fn(I::Item) -> T + Send + Sync>,
    window: usize,
    /// Tasks whose results are not asked for yet, the oldest first.
    pub(crate) ahead: VecDeque<JoinHandle<T>>,
    /// The end, once the pool has refused a task: an error, and then nothing.
    refused: Option<Option<JoinError>>,
}

impl Pool {
    /// Applies a function to each item, on the workers, and returns the results in the order of the items.
    ///
    /// Lazily: items are taken and submitted when a result is asked for, and never more than a *window* of
    /// them at a time: twice as many as there may be workers, unless [set](Map::window). So the items may
    /// be more than fit into memory. On a worker of the same pool, a result whose task has not begun is
    /// computed in place.
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
    /// Each result is one: a [`JoinError`] if the function panicked for this item or was cancelled, or
    /// if the pool refused the task.
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
        Map {
            pool: self,
            items: items.into_iter().fuse(),
            function: Arc::new(function),
            window: self.limits().end().saturating_mul(2),
            ahead: VecDeque::new(),
            refused: None,
        }
    }
}

impl<I: Iterator, T> Map<'_, I, T> {
    /// How many items may be with the pool at a time, at least 1.
    pub fn window(mut self, items: usize) -> Self {
        self.window = items.max(1);
        self
    }
}

impl<I, T> Iterator for Map<'_, I, T>
where
    I: Iterator,
    I::Item: Send + 'static,
    T: Send + 'static,
{
    type Item = Result<T, JoinError>;

    fn next(&mut self) -> Option<Result<T, JoinError>> {
        while self.refused.is_none() && self.ahead.len() < self.window {
            let Some(item) = self.items.next() else { break };
            let function = Arc::clone(&self.function);
            match self.pool.spawn(move || function(item)) {
                Ok(handle) => self.ahead.push_back(handle.cancel_on_drop()),
                Err(rejected) => {
                    self.refused = Some(Some(match rejected.reason() {
                        Reason::Cancelled => JoinError::CANCELLED,
                        _ => JoinError::ABANDONED,
                    }));
                }
            }
        }
        match self.ahead.pop_front() {
            Some(handle) => Some(handle.join()),
            None => self.refused.as_mut()?.take().map(Err),
        }
    }
}

impl<I: Iterator, T> fmt::Debug for Map<'_, I, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Map")
            .field("window", &self.window)
            .field("ahead", &self.ahead)
            .finish_non_exhaustive()
    }
}
