//! What a scope shares with its tasks, and how it waits for all of them.

use std::any::Any;
use std::mem;
use std::sync::Arc;

use parking_lot::{Condvar, Mutex};

use super::handle::Child;
use crate::JoinError;
use crate::panic::discard;

/// The list of tasks is looked through when it has become as long as this, or twice as long as
/// after the last time.
const SHORT: usize = 64;

/// What a scope shares with its tasks.
pub(crate) struct ScopeState {
    tasks: Mutex<Tasks>,
    /// Notified when the last task has ended, and when there is a new one.
    changed: Condvar,
    /// Whether the scope is on a worker of its pool: then it runs what has not begun when it has
    /// to wait.
    pub(super) on_worker: bool,
}

#[derive(Default)]
struct Tasks {
    /// How many have been spawned and have not ended.
    unfinished: usize,
    /// On a worker: those that the scope may have to run itself. Some have begun, some have ended.
    children: Vec<Arc<dyn Child>>,
    /// How many children there may be until those that have ended are taken out.
    tidy_at: usize,
    /// What is missed: the first panic that nobody has asked about, or else how many tasks the pool
    /// has cancelled that nobody has asked about.
    panic: Option<Box<dyn Any + Send>>,
    cancelled: usize,
}

impl ScopeState {
    pub(super) fn new(on_worker: bool) -> ScopeState {
        ScopeState {
            tasks: Mutex::default(),
            changed: Condvar::new(),
            on_worker,
        }
    }

    /// One more task. To be called before a worker can see it.
    pub(super) fn task_begins(&self) {
        self.tasks.lock().unfinished += 1;
    }

    /// A task has ended, or was refused. What it captured is dropped, and nobody uses its result
    /// any more, except through its handle.
    pub(super) fn task_ended(&self) {
        let mut tasks = self.tasks.lock();
        tasks.unfinished -= 1;
        if tasks.unfinished == 0 {
            self.changed.notify_one();
        }
    }

    /// A task that the scope may run itself.
    pub(super) fn adopt(&self, child: Arc<dyn Child>) {
        let mut tasks = self.tasks.lock();
        if tasks.children.len() >= tasks.tidy_at.max(SHORT) {
            tasks.children.retain(|child| !child.has_ended());
            tasks.tidy_at = 2 * tasks.children.len();
        }
        tasks.children.push(child);
        // The scope may be waiting already: tasks can spawn others.
        self.changed.notify_one();
    }

    /// A task has ended with this error, and nobody has its handle. A task that its owner has
    /// cancelled is not missed.
    pub(super) fn miss(&self, error: JoinError) {
        let mut tasks = self.tasks.lock();
        tasks.cancelled += usize::from(error.is_by_pool());
        let payload = error.try_into_panic().ok();
        let late = match (payload, &tasks.panic) {
            (Some(payload), None) => tasks.panic.replace(payload),
            (late, _) => late,
        };
        drop(tasks);
        discard(late);
    }

    /// Returns once all tasks have ended. On a worker, runs those that have not begun.
    pub(super) fn wait(&self) {
        let mut tasks = self.tasks.lock();
        while tasks.unfinished > 0 {
            // The newest first: the oldest are those that others take.
            match tasks.children.pop() {
                Some(child) => {
                    drop(tasks);
                    child.run_on_worker();
                    drop(child);
                    tasks = self.tasks.lock();
                }
                None => self.changed.wait(&mut tasks),
            }
        }
        // They know their scope, and it knows them: without this, neither would ever be freed.
        let children = mem::take(&mut tasks.children);
        drop(tasks);
        drop(children);
    }

    /// What nobody has asked about: the first panic, and how many tasks the pool has cancelled.
    pub(super) fn take_missed(&self) -> (Option<Box<dyn Any + Send>>, usize) {
        let mut tasks = self.tasks.lock();
        (tasks.panic.take(), mem::take(&mut tasks.cancelled))
    }
}
