//! Which thread unwinds.
//!
//! All threads of a model are one to the real `std`, which says that a thread panics if any of them
//! does. So whoever lets others go on tells apart what was its own.

use std::cell::Cell;
use std::thread::panicking;

thread_local! {
    /// Whether another thread was unwinding when the present one last went on.
    static OTHERS: Cell<bool> = const { Cell::new(false) };
    /// Whether there is no execution, or one that has failed, and its threads are being torn down.
    static OVER: Cell<bool> = const { Cell::new(true) };
}

/// Whether the calling thread unwinds. (While two do at once, the second may be overlooked.)
#[must_use]
pub fn unwinding() -> bool {
    panicking() && !OTHERS.get()
}

/// For the facades: something in which other threads may go on.
#[doc(hidden)]
pub fn switching<T>(switch: impl FnOnce() -> T) -> T {
    let own = unwinding();
    let result = switch();
    OTHERS.set(panicking() && !own);
    result
}

/// For the facade of `std`: a thread begins.
#[doc(hidden)]
pub fn thread_begins() {
    OTHERS.set(panicking());
}

/// Whether the execution has failed or ended. What unwinds then was told to by nobody.
#[must_use]
pub fn is_over() -> bool {
    OVER.get()
}

pub(crate) fn begin() {
    OTHERS.set(false);
    OVER.set(false);
}

pub(crate) fn over() {
    OVER.set(true);
}
