//! Code of a user that runs because of a task with a handle: a drop, a waker, what the handler of
//! the pool does.
//!
//! Nothing in here has a type parameter. What has one is compiled again for each closure that is
//! ever spawned, and to catch a panic is much code.

use std::any::Any;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::task::Waker;

use crate::panic::PanicHandler;
use crate::pool::Shared;

/// Runs code of a user, once. The handler of the pool is told of a panic; without a pool, nobody.
///
/// A handle must not keep a pool alive, whose handler may know the handle. So it asks for its pool
/// each time.
pub(super) fn shield(pool: Option<Arc<Shared>>, user: &mut dyn FnMut()) {
    match pool {
        Some(shared) => shared.hooks.panic.shield(user),
        None => PanicHandler::default().shield(user),
    };
}

/// Wakes whoever has left a waker.
pub(super) fn wake(pool: Option<Arc<Shared>>, mut waker: Option<Waker>) {
    shield(pool, &mut || waker.take().into_iter().for_each(Waker::wake));
}

/// Tells the handler of a panic.
pub(super) fn tell(pool: Option<Arc<Shared>>, payload: Box<dyn Any + Send>) {
    let mut payload = Some(payload);
    shield(pool, &mut || {
        if let Some(payload) = payload.take() {
            resume_unwind(payload);
        }
    });
}
