//! What `map` and `try_map` have in common: items that go to a pool in blocks, a few blocks at a
//! time, and results that come back in the order of the items.

use std::collections::VecDeque;
use std::fmt;
use std::iter::Fuse;
use std::mem;
use std::time::{Duration, Instant};

use super::block::Block;
use super::handle::Handle;
use super::queued::CancelledBy;
use crate::{JoinError, Reason};

/// Items on their way through a pool.
pub(super) struct Blocks<'tasks, I: Iterator, T> {
    items: Fuse<I>,
    submit: Box<Submit<'tasks, I::Item, T>>,
    /// Without a window, blocks may be ahead of the results by so many.
    most: usize,
    /// Items may be ahead of the results by so many, if that was said.
    window: Option<usize>,
    /// The next block has so many items.
    size: usize,
    /// Items of the next block. They stay here if the iterator panics.
    pulled: Vec<I::Item>,
    /// Blocks whose results are not asked for yet, the oldest first.
    ahead: VecDeque<Ahead<'tasks, T>>,
    /// So many items are in these.
    items_ahead: usize,
    /// The results that are asked for now.
    results: Block<T>,
    /// What there is in place of the results of a block that was cancelled: so many errors like
    /// this one.
    lost: Option<(usize, JoinError)>,
    /// The end, once the pool has refused a block: an error, and then nothing.
    refused: Option<Option<JoinError>>,
}

/// How a block of items becomes a task.
type Submit<'tasks, I, T> =
    dyn Fn(Vec<I>) -> Result<Handle<'tasks, Block<T>>, Reason> + Send + 'tasks;

struct Ahead<'tasks, T> {
    handle: Handle<'tasks, Block<T>>,
    items: usize,
    /// How long it took to get the items from the iterator.
    pulled_in: Duration,
}

impl<'tasks, I: Iterator, T> Blocks<'tasks, I, T> {
    pub(super) fn new(
        items: impl IntoIterator<IntoIter = I>,
        workers: usize,
        submit: impl Fn(Vec<I::Item>) -> Result<Handle<'tasks, Block<T>>, Reason> + Send + 'tasks,
    ) -> Blocks<'tasks, I, T> {
        Blocks {
            items: items.into_iter().fuse(),
            submit: Box::new(submit),
            most: workers.saturating_mul(4),
            window: None,
            size: 1,
            pulled: Vec::new(),
            ahead: VecDeque::new(),
            items_ahead: 0,
            results: Block::empty(),
            lost: None,
            refused: None,
        }
    }

    pub(super) fn set_window(&mut self, items: usize) {
        self.window = Some(items.max(1));
    }

    /// The next result, as soon as it is there. As long as blocks fit into the window, they are
    /// submitted first, but only while it is true that more are wanted.
    #[inline]
    pub(super) fn next(&mut self, more: impl Fn() -> bool) -> Option<Result<T, JoinError>> {
        loop {
            let result = self.results.next();
            if result.is_some() {
                return result;
            }
            if let Some((left, error)) = &mut self.lost {
                let error = error.alike();
                *left -= 1;
                if *left == 0 {
                    self.lost = None;
                }
                return Some(Err(error));
            }
            // No more than that before the next measurement, however wide the window is.
            let mut most = self.most;
            while most > 0 && more() && self.submit_one() {
                most -= 1;
            }
            match self.ahead.pop_front() {
                Some(ahead) => self.receive(ahead),
                None => return self.refused.as_mut()?.take().map(Err),
            }
        }
    }

    /// Cancels what is ahead, as far as it has not begun.
    pub(super) fn cancel(&mut self) {
        self.items_ahead = 0;
        for ahead in mem::take(&mut self.ahead) {
            ahead.handle.cancel();
        }
    }

    /// Submits one block, if it fits into the window and there are items.
    fn submit_one(&mut self) -> bool {
        let size = match self.window {
            None if self.ahead.len() >= self.most => 0,
            None => self.size,
            Some(window) => {
                let share = (window / self.most).max(1);
                let room = window.saturating_sub(self.items_ahead);
                self.size.min(share).min(room)
            }
        };
        if self.refused.is_some() || size == 0 {
            return false;
        }
        let begun = Instant::now();
        let missing = size.saturating_sub(self.pulled.len());
        self.pulled.reserve(missing);
        self.pulled.extend(self.items.by_ref().take(missing));
        let pulled_in = begun.elapsed();
        // There may be more, of a time at which the iterator panicked and the window was wider.
        let items = self.pulled.len().min(size);
        let rest = self.pulled.split_off(items);
        if items == 0 {
            return false;
        }
        match (self.submit)(mem::replace(&mut self.pulled, rest)) {
            Ok(handle) => {
                self.items_ahead += items;
                self.ahead.push_back(Ahead {
                    handle,
                    items,
                    pulled_in,
                });
            }
            Err(Reason::Cancelled) => {
                self.refused = Some(Some(JoinError::cancelled(CancelledBy::Pool)));
            }
            Err(_) => self.refused = Some(Some(JoinError::ABANDONED)),
        }
        true
    }

    /// Waits for a block.
    fn receive(&mut self, mut ahead: Ahead<'tasks, T>) {
        self.items_ahead -= ahead.items;
        match ahead.handle.take_cell().join() {
            Ok(block) => {
                self.size = block.next_size(ahead.pulled_in);
                self.results = block;
            }
            Err(error) => self.lost = Some((ahead.items, error)),
        }
    }
}

impl<I: Iterator, T> Drop for Blocks<'_, I, T> {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl<I: Iterator, T> fmt::Debug for Blocks<'_, I, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocks")
            .field("window", &self.window)
            .field("size", &self.size)
            .field("ahead", &self.ahead.len())
            .finish_non_exhaustive()
    }
}
