//! How tasks are cancelled whose closures hold handles that cancel other tasks, and so on.
//!
//! To drop the first handle drops a closure, which drops the second handle, and each level takes
//! some of the stack. So beyond a certain depth, a handle that is dropped inside such a drop leaves
//! its task to the one below it, which ends them one after another. It is cancelled at once all the
//! same: to claim it needs no stack.

use std::cell::RefCell;
use std::sync::Arc;

use super::handle::Child;

/// So many levels are ended where they are. A drop in one of them may wait for the end of what it
/// cancels.
const DEEPEST: usize = 16;

std::thread_local! {
    static NESTED: RefCell<Nested> = const { RefCell::new(Nested { depth: 0, left: Vec::new() }) };
}

struct Nested {
    /// How many such drops are on the stack.
    depth: usize,
    /// What is left to the deepest of them.
    left: Vec<Arc<dyn Child>>,
}

/// Ends a task that has been claimed to be cancelled.
pub(super) fn cancel(claimed: Arc<dyn Child>) {
    let mut next = Some(claimed);
    // At the end of a thread the list may be gone. Then it is done here, however deep that is.
    let _ = NESTED.try_with(|nested| nested.borrow_mut().enter(&mut next));
    while let Some(claimed) = next.take() {
        // No panic comes out of this: what the closure holds is dropped in a catch.
        claimed.finish_cancel();
        drop(claimed);
        let _ = NESTED.try_with(|nested| nested.borrow_mut().leave(&mut next));
    }
}

impl Nested {
    /// Leaves the task to another one, if the stack is deep.
    fn enter(&mut self, task: &mut Option<Arc<dyn Child>>) {
        if self.depth == DEEPEST {
            self.left.extend(task.take());
        } else {
            self.depth += 1;
        }
    }

    /// What is to be done next, or one level less.
    fn leave(&mut self, next: &mut Option<Arc<dyn Child>>) {
        *next = self.left.pop();
        if next.is_none() {
            self.depth -= 1;
        }
    }
}
