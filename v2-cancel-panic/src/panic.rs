//! Where a panic ends: no code of a user runs on a worker outside of this file's catch.

use std::any::Any;
use std::fmt;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a task has panicked with.
type Payload = Box<dyn Any + Send>;

/// Who is told of a panic, if anybody.
#[derive(Default)]
pub(crate) struct PanicHandler(Option<Box<dyn Fn(Payload) + Send + Sync>>);

impl PanicHandler {
    pub(crate) fn new(handler: impl Fn(Payload) + Send + Sync + 'static) -> PanicHandler {
        PanicHandler(Some(Box::new(handler)))
    }

    /// Runs code of a user: a task, a drop or a hook. Returns whether it returned; if it panicked,
    /// the handler has been told.
    ///
    /// `AssertUnwindSafe`: what a panic leaves half done is the closure's own, and dropped with it;
    /// what it shares with others is guarded by their mutexes, or was never safe to share.
    pub(crate) fn shield(&self, user: impl FnOnce()) -> bool {
        let Err(payload) = catch_unwind(AssertUnwindSafe(user)) else {
            return true;
        };
        // The handler may panic as well, and so may a payload when it is dropped. The payload of
        // such a second panic is leaked: to drop it might be a third, and so on without end.
        let told = catch_unwind(AssertUnwindSafe(|| match &self.0 {
            Some(handler) => handler(payload),
            None => drop(payload),
        }));
        told.unwrap_or_else(mem::forget);
        false
    }
}

impl fmt::Debug for PanicHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "set" } else { "none" })
    }
}
