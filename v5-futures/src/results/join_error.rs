//! Why a handle has no result.

use std::any::Any;
use std::fmt;

use parking_lot::Mutex;

use super::queued::CancelledBy;

/// Why a task has no result: it panicked, it was cancelled, or it was dropped without having run.
///
/// ```
/// let pool = v5_futures::Pool::new(1, 4)?;
/// let error = pool.spawn(|| -> u8 { panic!("the disk is full") })?.join().unwrap_err();
/// assert!(error.is_panic());
/// assert_eq!(error.to_string(), "the task panicked: the disk is full");
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(thiserror::Error)]
#[error("{why}")]
pub struct JoinError {
    why: Why,
}

#[derive(Debug)]
enum Why {
    /// A payload need not be [`Sync`], but an error should be. Locked to copy its text, and for
    /// nothing else.
    Panicked(Mutex<Box<dyn Any + Send>>),
    Cancelled(CancelledBy),
    Abandoned,
    NotSubmitted,
}

impl JoinError {
    pub(crate) const ABANDONED: JoinError = JoinError {
        why: Why::Abandoned,
    };
    pub(crate) const NOT_SUBMITTED: JoinError = JoinError {
        why: Why::NotSubmitted,
    };

    pub(crate) fn cancelled(by: CancelledBy) -> JoinError {
        let why = Why::Cancelled(by);
        JoinError { why }
    }

    pub(crate) fn panicked(payload: Box<dyn Any + Send>) -> JoinError {
        JoinError {
            why: Why::Panicked(Mutex::new(payload)),
        }
    }

    /// Whether the pool has cancelled the task, and not its owner.
    pub(crate) fn is_by_pool(&self) -> bool {
        matches!(self.why, Why::Cancelled(CancelledBy::Pool))
    }

    /// Whether the task ran and panicked.
    #[must_use]
    pub fn is_panic(&self) -> bool {
        matches!(self.why, Why::Panicked(_))
    }

    /// Whether a token or [`JoinHandle::cancel`](crate::JoinHandle::cancel) kept the task from
    /// starting.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(self.why, Why::Cancelled(_))
    }

    /// Whether the task was dropped without having run, by whoever had it: it had been refused, or
    /// handed back by [`Pool::shutdown_now`](crate::Pool::shutdown_now), or never submitted.
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        matches!(self.why, Why::Abandoned)
    }

    /// Whether the task was joined before it was submitted: nobody was going to run it. It can
    /// still be submitted, but its result has nowhere to go.
    #[must_use]
    pub fn is_not_submitted(&self) -> bool {
        matches!(self.why, Why::NotSubmitted)
    }

    /// Another error of the same kind, for another item of the same task. There is only one payload
    /// of a panic.
    pub(crate) fn alike(&self) -> JoinError {
        match self.why {
            Why::Cancelled(by) => JoinError::cancelled(by),
            Why::NotSubmitted => JoinError::NOT_SUBMITTED,
            Why::Panicked(_) | Why::Abandoned => JoinError::ABANDONED,
        }
    }

    /// What the task panicked with. To let the panic go on here, hand it to
    /// [`resume_unwind`](std::panic::resume_unwind).
    ///
    /// # Panics
    ///
    /// If the task did not panic.
    #[must_use]
    pub fn into_panic(self) -> Box<dyn Any + Send> {
        match self.try_into_panic() {
            Ok(payload) => payload,
            Err(error) => panic!("there is no panic in this error: {error}"),
        }
    }

    /// What the task panicked with.
    ///
    /// # Errors
    ///
    /// The error itself, if the task did not panic.
    pub fn try_into_panic(self) -> Result<Box<dyn Any + Send>, JoinError> {
        match self.why {
            Why::Panicked(payload) => Ok(payload.into_inner()),
            _ => Err(self),
        }
    }
}

/// What `panic!` leaves is a text, of one of two types. Anything else has no words.
fn copied(payload: &Mutex<Box<dyn Any + Send>>) -> Option<String> {
    let payload = payload.lock();
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // The text is copied: what it is written to is a user's, and no lock is held then.
            Why::Panicked(payload) => match copied(payload) {
                Some(text) => write!(f, "the task panicked: {text}"),
                None => f.write_str("the task panicked"),
            },
            Why::Cancelled(CancelledBy::Owner) => {
                f.write_str("the task was cancelled before it started")
            }
            Why::Cancelled(CancelledBy::Pool) => {
                f.write_str("the task was cancelled with its pool before it started")
            }
            Why::Abandoned => f.write_str("the task was dropped without having run"),
            Why::NotSubmitted => f.write_str("the task has not been submitted"),
        }
    }
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JoinError({})", self.why)
    }
}
