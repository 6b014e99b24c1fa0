//! Tasks on top of each other: a worker runs one while another waits further down on the same
//! stack.

use std::cell::Cell;

std::thread_local! {
    /// How many tasks lie on this thread's stack.
    static TASKS: Cell<usize> = const { Cell::new(0) };
}

/// Does the work of a task, and tells it how many others are below it.
pub(super) fn on_stack<T>(work: impl FnOnce(usize) -> T) -> T {
    /// Also if the work panics.
    struct Leave(usize);

    impl Drop for Leave {
        fn drop(&mut self) {
            TASKS.with(|tasks| tasks.set(self.0));
        }
    }

    let leave = Leave(TASKS.with(Cell::get));
    TASKS.with(|tasks| tasks.set(leave.0 + 1));
    work(leave.0)
}
