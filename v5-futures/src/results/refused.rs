//! What a scope gives back when its pool refuses a task: why, and the closure.

use std::error::Error;
use std::fmt;

use super::scoped_handle::RejectedSpawn;
use crate::Reason;

/// A scope's pool has refused a task. It has not run, and this is its closure. From
/// [`Scope::submit`](crate::Scope::submit) and [`Scope::try_spawn`](crate::Scope::try_spawn).
///
/// ```
/// use v5_futures::{Pool, Reason};
///
/// let pool = Pool::new(1, 1)?;
/// pool.shutdown();
/// let name = String::from("row 7");
/// pool.scope(|scope| {
///     let refused = scope.submit(|| name.len()).unwrap_err();
///     assert_eq!(refused.reason(), Reason::ShutDown);
///     let measure = refused.into_closure();
///     assert_eq!(measure(), 5);
/// });
/// # Ok::<(), v5_futures::BuildError>(())
/// ```
///
/// It borrows what the closure borrows. For a caller that lives longer there is [`RejectedSpawn`],
/// into which `?` turns this.
pub struct Refused<F> {
    reason: Reason,
    closure: F,
}

impl<F> Refused<F> {
    pub(super) fn new(reason: Reason, closure: F) -> Refused<F> {
        Refused { reason, closure }
    }

    /// Why the task was refused.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The closure, to be called, or submitted again.
    #[must_use = "the closure is dropped otherwise"]
    pub fn into_closure(self) -> F {
        self.closure
    }
}

impl<F> From<Refused<F>> for RejectedSpawn {
    /// Drops the closure.
    fn from(refused: Refused<F>) -> RejectedSpawn {
        RejectedSpawn::new(refused.reason)
    }
}

/// A closure cannot be printed, so it is left out.
impl<F> fmt::Debug for Refused<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused")
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

impl<F> fmt::Display for Refused<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        RejectedSpawn::new(self.reason).fmt(f)
    }
}

impl<F> Error for Refused<F> {}
