//! How tasks are cancelled whose closures hold handles that cancel other tasks, and so on.
//!
//! To drop the first handle drops a closure, which drops the second handle, and each level takes
//! some of the stack. So a handle that is dropped inside such a drop leaves its task to the
//! outermost one, which ends them one after another. It is cancelled at once all the same: to claim
//! it needs no stack.

use std::cell::RefCell;
use std::sync::Arc;

use super::handle::Child;

std::thread_local! {
    /// What is left to the outermost drop; `None` outside of one.
    static LEFT: RefCell<Option<Vec<Arc<dyn Child>>>> = const { RefCell::new(None) };
}

/// Ends a task that has been claimed to be cancelled.
pub(super) fn cancel(claimed: Arc<dyn Child>) {
    let mut next = Some(claimed);
    let leave = |left: &RefCell<Option<Vec<_>>>| match &mut *left.borrow_mut() {
        Some(left) => left.extend(next.take()),
        outside => *outside = Some(Vec::new()),
    };
    // At the end of a thread there may be no list any more. Then it is done here, on the stack.
    let _ = LEFT.try_with(leave);
    while let Some(claimed) = next {
        // No panic comes out of this: what the closure holds is dropped in a catch.
        claimed.finish_cancel();
        drop(claimed);
        next = LEFT.try_with(take_one).ok().flatten();
    }
}

fn take_one(left: &RefCell<Option<Vec<Arc<dyn Child>>>>) -> Option<Arc<dyn Child>> {
    let mut left = left.borrow_mut();
    let next = left.as_mut().and_then(Vec::pop);
    if next.is_none() {
        *left = None;
    }
    next
}
