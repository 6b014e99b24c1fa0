//! A function that may fail, applied to many items: the first error ends it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::blocks::Blocks;
use crate::{JoinError, Pool};

/// What a pool makes of an iterator's items, in their order, up to the first error. Made by
/// [`Pool::try_map`].
#[must_use = "nothing is done until the results are asked for"]
pub struct TryMap<'pool, I: Iterator, T, E> {
    blocks: Blocks<'pool, I, Result<T, E>>,
    /// Whether a task has failed or panicked.
    failed: Arc<AtomicBool>,
    has_ended: bool,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TryMapError<E> {
    /// The function returned an error.
    #[error(transparent)]
    Failed(E),
    /// The function did not return.
    #[error(transparent)]
    Join(#[from] JoinError),
}

/// Says that a task has failed, unless it is told otherwise.
struct Attempt {
    failed: Arc<AtomicBool>,
    succeeded: bool,
}

impl Pool {
    /// Applies a function to each item, on the workers, and returns the results in the order of the
    /// items, up to the first error.
    ///
    /// Lazily and in blocks, as [`map`](Pool::map). When the function has failed or panicked, no
    /// more items are taken, and it is not applied to those behind in the same block. When the turn
    /// of the error comes, the blocks behind it are cancelled, as far as they have not started.
    ///
    /// ```
    /// let pool = v5_futures::Pool::new(4, 16)?;
    /// let parse = |text: &str| text.parse::<u8>();
    /// let numbers: Result<Vec<u8>, _> = pool.try_map(["1", "2", "three", "4"], parse).collect();
    /// assert_eq!(numbers.unwrap_err().to_string(), "invalid digit found in string");
    /// # Ok::<(), v5_futures::BuildError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The last result may be one: what the function returned, or a [`JoinError`] if it panicked,
    /// was cancelled or was refused.
    pub fn try_map<I, T, E>(
        &self,
        items: I,
        function: impl Fn(I::Item) -> Result<T, E> + Send + Sync + 'static,
    ) -> TryMap<'_, I::IntoIter, T, E>
    where
        I: IntoIterator,
        I::Item: Send + 'static,
        T: Send + 'static,
        E: Send + 'static,
    {
        let failed = Arc::new(AtomicBool::new(false));
        let is_failed = Arc::clone(&failed);
        let attempt = move |item| {
            let mut attempt = Attempt {
                failed: Arc::clone(&is_failed),
                succeeded: false,
            };
            let result = function(item);
            attempt.succeeded = result.is_ok();
            result
        };
        TryMap {
            blocks: self.blocks(items, attempt, Some(Result::is_err)),
            failed,
            has_ended: false,
        }
    }
}

impl<I: Iterator, T, E> TryMap<'_, I, T, E> {
    /// How many items may be with the pool at a time, at least 1.
    pub fn window(mut self, items: usize) -> Self {
        self.blocks.set_window(items);
        self
    }
}

impl<I: Iterator, T, E> Iterator for TryMap<'_, I, T, E> {
    type Item = Result<T, TryMapError<E>>;

    fn next(&mut self) -> Option<Result<T, TryMapError<E>>> {
        if self.has_ended {
            return None;
        }
        let result = match self.blocks.next(|| !self.failed.load(Relaxed))? {
            Ok(result) => result.map_err(TryMapError::Failed),
            Err(error) => Err(TryMapError::Join(error)),
        };
        if result.is_err() {
            self.has_ended = true;
            self.blocks.cancel();
        }
        Some(result)
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if !self.succeeded {
            self.failed.store(true, Relaxed);
        }
    }
}

impl<I: Iterator, T, E> fmt::Debug for TryMap<'_, I, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TryMap")
            .field("has_ended", &self.has_ended)
            .finish_non_exhaustive()
    }
}
