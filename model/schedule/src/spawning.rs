//! Whether a thread can be started.

use std::cell::Cell;

use shuttle::rand::{Rng, thread_rng};

thread_local! {
    /// All threads of a model share one thread.
    static SUPPLY: Cell<Supply> = const { Cell::new(Supply::Endless) };
    static WORKING: Cell<usize> = const { Cell::new(0) };
}

#[derive(Clone, Copy)]
enum Supply {
    Endless,
    /// So many are left.
    Left(usize),
    /// Sometimes there is one, sometimes not.
    Unsteady,
}

/// From now on the machine has so many threads for `thread::Builder`, and no more: the next ones
/// cannot be started, even when others have ended.
pub fn spawns_fail_after(threads: usize) {
    SUPPLY.set(Supply::Left(threads));
}

/// From now on each thread of a `thread::Builder` is started, or is not.
pub fn spawns_may_fail() {
    SUPPLY.set(Supply::Unsteady);
}

/// From now on every thread can be started, as at the beginning of a model.
pub fn spawns_succeed() {
    SUPPLY.set(Supply::Endless);
}

/// How many threads work that a `thread::Builder` has started. One that is joined does not.
#[must_use]
pub fn working() -> usize {
    WORKING.get()
}

/// For the facade of `std`: takes a thread, if there is one.
#[doc(hidden)]
#[must_use]
pub fn take_thread() -> bool {
    match SUPPLY.get() {
        Supply::Endless => true,
        Supply::Left(0) => false,
        Supply::Left(threads) => {
            SUPPLY.set(Supply::Left(threads - 1));
            true
        }
        Supply::Unsteady => thread_rng().gen_bool(0.5),
    }
}

/// For the facade of `std`: a thread is counted as [`working`] until this is dropped.
#[doc(hidden)]
#[derive(Debug)]
pub struct AtWork(());

impl AtWork {
    /// Counts one.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "there is no default thread")]
    pub fn new() -> AtWork {
        WORKING.set(WORKING.get() + 1);
        AtWork(())
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        WORKING.set(WORKING.get() - 1);
    }
}

/// The beginning of an execution: what the one before has left behind is forgotten.
pub(crate) fn begin() {
    spawns_succeed();
    WORKING.set(0);
}
