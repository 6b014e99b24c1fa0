//! What each thread says that it is doing.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use crate::threads;

/// A thread and its notes, the innermost last.
#[derive(Clone, Debug)]
pub(crate) struct Notes {
    pub(crate) id: ThreadId,
    pub(crate) name: String,
    /// What the system calls it, where it tells.
    pub(crate) system_id: Option<String>,
    pub(crate) notes: Vec<String>,
}

static ALL: Mutex<Vec<Notes>> = Mutex::new(Vec::new());

/// Notes what the calling thread does while it does it. If the law hangs, the note is what the
/// report says of the thread.
pub fn doing<R>(what: &str, work: impl FnOnce() -> R) -> R {
    let id = thread::current().id();
    let mut all = all();
    match all.iter_mut().find(|one| one.id == id) {
        Some(one) => one.notes.push(what.to_owned()),
        None => all.push(Notes {
            id,
            name: threads::name(),
            system_id: threads::system_id(),
            notes: vec![what.to_owned()],
        }),
    }
    drop(all);
    // In a drop, since the work may panic where it is caught.
    let _end = End(id);
    work()
}

struct End(ThreadId);

impl Drop for End {
    fn drop(&mut self) {
        let mut all = all();
        if let Some(at) = all.iter().position(|one| one.id == self.0) {
            all[at].notes.pop();
            if all[at].notes.is_empty() {
                all.swap_remove(at);
            }
        }
    }
}

/// The threads that are doing something.
pub(crate) fn all() -> MutexGuard<'static, Vec<Notes>> {
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}
