//! Some items of a map, and what has become of them: one task.
//!
//! A task costs some hundred nanoseconds, and an item may cost two. So items go to the pool in
//! blocks, and each block takes about as long as it takes to make the cost of a task small.

use std::collections::VecDeque;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Weak;
use std::time::{Duration, Instant};
use std::vec;

use crate::JoinError;
use crate::panic::PanicHandler;
use crate::pool::Shared;

/// About as long as a block should take.
const TIME: Duration = Duration::from_micros(100);

/// A block has at most so many times as many items as the one before.
const GROWTH: usize = 8;

/// The most items in a block.
const LARGEST: usize = 1 << 12;

/// The results of some items.
pub(super) struct Block<T> {
    /// In the order of the items, without those that have panicked.
    values: vec::IntoIter<T>,
    /// The numbers of items that have panicked, and with what.
    panics: VecDeque<(usize, JoinError)>,
    /// The number of the item whose result is next, as long as there is a panic behind it.
    next: usize,
    /// So many items had a result when the block was made.
    len: usize,
    /// How long it took to get them.
    time: Duration,
    /// Hears of panics that nobody has asked about.
    pool: Weak<Shared>,
}

impl<T> Block<T> {
    /// Applies a function to items, up to the first result that it is to stop at, or, if there is
    /// any such, to the first panic.
    pub(super) fn of<I>(
        mut items: Items<I>,
        function: &impl Fn(I) -> T,
        stop_at: Option<fn(&T) -> bool>,
    ) -> Block<T> {
        let begun = Instant::now();
        let mut values = Vec::with_capacity(items.left.len());
        let mut panics = VecDeque::new();
        loop {
            let mut left = items.left.by_ref().map(function);
            let rest = catch_unwind(AssertUnwindSafe(|| match stop_at {
                None => values.extend(left),
                Some(stop) => {
                    while !values.last().is_some_and(stop) {
                        let Some(value) = left.next() else { break };
                        values.push(value);
                    }
                }
            }));
            let Err(payload) = rest else { break };
            let number = values.len() + panics.len();
            panics.push_back((number, JoinError::panicked(payload)));
            if stop_at.is_some() {
                break;
            }
        }
        let len = values.len() + panics.len();
        let pool = items.pool.clone();
        drop(items); // behind a stop
        Block {
            values: values.into_iter(),
            panics,
            next: 0,
            len,
            time: begun.elapsed(),
            pool,
        }
    }

    /// What there is before the first block has ended.
    pub(super) fn empty() -> Block<T> {
        Block {
            values: Vec::new().into_iter(),
            panics: VecDeque::new(),
            next: 0,
            len: 0,
            time: Duration::ZERO,
            pool: Weak::new(),
        }
    }

    /// The result of the next item. An item may cost two nanoseconds: this should not cost more.
    #[inline]
    pub(super) fn next(&mut self) -> Option<Result<T, JoinError>> {
        if !self.panics.is_empty() {
            let number = self.next;
            self.next += 1;
            let is_next = |(panicked, _): &mut (usize, JoinError)| *panicked == number;
            if let Some((_, error)) = self.panics.pop_front_if(is_next) {
                return Some(Err(error));
            }
        }
        self.values.next().map(Ok)
    }

    /// How many items the next block should have, if to get its items takes as long as for this
    /// one. Blocks grow step by step, so that a few items that take long are not in one of them.
    pub(super) fn next_size(&self, pulled_in: Duration) -> usize {
        let each = self.time.max(pulled_in).as_nanos() / self.len.max(1) as u128;
        let fit = TIME.as_nanos() / each.max(1);
        let fit = usize::try_from(fit).unwrap_or(LARGEST);
        fit.clamp(1, LARGEST).min(GROWTH * self.len.max(1))
    }
}

/// The items of a block. Those that are left are dropped one by one: two that panic in one drop
/// would abort the process.
pub(super) struct Items<I> {
    left: vec::IntoIter<I>,
    pool: Weak<Shared>,
}

impl<I> Items<I> {
    pub(super) fn new(items: Vec<I>, pool: Weak<Shared>) -> Items<I> {
        let left = items.into_iter();
        Items { left, pool }
    }
}

impl<I> Drop for Items<I> {
    fn drop(&mut self) {
        let pool = &self.pool;
        self.left
            .by_ref()
            .for_each(|item| shield(pool, || drop(item)));
    }
}

/// Runs code of a user. The handler of the pool is told of a panic, if there is one.
fn shield(pool: &Weak<Shared>, user: impl FnOnce()) {
    match pool.upgrade() {
        Some(shared) => shared.hooks.panic.shield(user),
        None => PanicHandler::default().shield(user),
    };
}

/// Of those who ask for no more, nobody hears of the panics, and values may panic when dropped.
impl<T> Drop for Block<T> {
    fn drop(&mut self) {
        for (_, error) in mem::take(&mut self.panics) {
            if let Ok(payload) = error.try_into_panic() {
                shield(&self.pool, || resume_unwind(payload));
            }
        }
        if mem::needs_drop::<T>() {
            let values = self.values.by_ref();
            values.for_each(|value| shield(&self.pool, || drop(value)));
        }
    }
}
