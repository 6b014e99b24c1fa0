//! The tasks of a scope, and the one who waits for all of them.

use std::any::Any;
use std::mem;
use std::sync::Arc;

use parking_lot::{Condvar, Mutex};

use crate::handle::Child;
use crate::panic::discard;

type Payload = Box<dyn Any + Send>;

/// The list of children is looked through when it has become as long as this, or twice as long as last time.
const SHORT: usize = 64;

/// What a scope shares with its tasks.
pub(crate) struct Family {
    inside: Mutex<Inside>,
    /// Signalled when the last child has ended, and when there is a new one.
    changed: Condvar,
    /// Whether the scope is on a worker of its pool: then it runs what has not begun when it has to wait.
    pub(crate) on_worker: bool,
}

#[derive(Default)]
struct Inside {
    /// Tasks that have been spawned and are not over.
    unfinished: usize,
    /// On a worker: the tasks that the scope may have to run itself. Some have begun, some are over.
    children: Vec<Arc<dyn Child>>,
    /// How many children there may be until those that are over are taken out.
    tidy_at: usize,
    /// The first panic of a task whose handle is gone.
    panic: Option<Payload>,
}

impl Family {
    pub(crate) fn new(on_worker: bool) -> Family {
        Family {
            inside: Mutex::default(),
            changed: Condvar::new(),
            on_worker,
        }
    }

    /// One more task. To be called before a worker can see it.
    pub(crate) fn child_begins(&self) {
        self.inside.lock().unfinished += 1;
    }

    /// A task is over, or was refused. What it captured is dropped, and nobody uses its result any more but
    /// through its handle.
    pub(crate) fn child_ended(&self) {
        let mut inside = self.inside.lock();
        inside.unfinished -= 1;
        if inside.unfinished == 0 {
            self.changed.notify_one();
        }
    }

    /// A task that the scope may run itself.
    pub(crate) fn adopt(&self, child: Arc<dyn Child>) {
        let mut inside = self.inside.lock();
        if inside.children.len() >= inside.tidy_at.max(SHORT) {
            inside.children.retain(|child| !child.is_over());
            inside.tidy_at = 2 * inside.children.len();
        }
        inside.children.push(child);
        // The scope may be waiting already: tasks can spawn others.
        self.changed.notify_one();
    }

    /// A task has panicked, and nobody has its handle.
    pub(crate) fn blame(&self, payload: Payload) {
        let mut inside = self.inside.lock();
        let late = match inside.panic {
            Some(_) => Some(payload),
            None => inside.panic.replace(payload),
        };
        drop(inside);
        discard(late);
    }

    /// Returns once all tasks are over. On a worker, runs those that have not begun.
    pub(crate) fn wait(&self) {
        let mut inside = self.inside.lock();
        while inside.unfinished > 0 {
            // The newest first: the oldest are those that others take.
            match inside.children.pop() {
                Some(child) => {
                    drop(inside);
                    child.run_on_worker();
                    drop(child);
                    inside = self.inside.lock();
                }
                None => self.changed.wait(&mut inside),
            }
        }
        // They know their family, and it knows them: without this, neither would ever be freed.
        let children = mem::take(&mut inside.children);
        drop(inside);
        drop(children);
    }

    /// The first panic of a task whose handle is gone.
    pub(crate) fn take_panic(&self) -> Option<Payload> {
        self.inside.lock().panic.take()
    }
}
