//! Where a panic ends: tasks, hooks, the handler and drops run on a worker only inside this catch.

use std::any::Any;
use std::fmt;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a task has panicked with, as a handler sees it. It is lent and not given: were it the
/// handler's own, a handler that panics would drop it while it unwinds, and a payload that panics
/// when it is dropped would then abort the process.
type Payload = dyn Any + Send;

type Handler = Box<dyn Fn(&Payload) + Send + Sync>;

/// Who is told of a panic, if anybody.
#[derive(Default)]
pub(crate) struct PanicHandler(Option<Handler>);

impl PanicHandler {
    pub(crate) fn new(handler: impl Fn(&Payload) + Send + Sync + 'static) -> PanicHandler {
        PanicHandler(Some(Box::new(handler)))
    }

    /// Runs code of a user: a task, a drop or a hook. Returns whether it returned; if it panicked,
    /// the handler has been told.
    ///
    /// `AssertUnwindSafe`: the worker itself changes nothing meanwhile. What a task owns is dropped
    /// with it. What it shares with others it may leave half changed, and so may a hook with what
    /// it has captured: to prevent that is their own business, as in a thread that is joined.
    pub(crate) fn shield(&self, user: impl FnOnce()) -> bool {
        let Err(payload) = catch_unwind(AssertUnwindSafe(user)) else {
            return true;
        };
        let told = catch_unwind(AssertUnwindSafe(|| {
            if let Some(handler) = &self.0 {
                handler(&*payload);
            }
        }));
        if let Err(second) = told {
            discard(second);
        }
        discard(payload);
        false
    }
}

/// Drops a value of a user. If that panics, nobody is told, and the payload of that panic is
/// leaked: to drop it might be a third panic, and so on.
pub(crate) fn discard<T>(value: T) {
    catch_unwind(AssertUnwindSafe(|| drop(value))).unwrap_or_else(mem::forget);
}

impl fmt::Debug for PanicHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "set" } else { "none" })
    }
}
