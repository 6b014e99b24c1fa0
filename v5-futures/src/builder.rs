//! How a pool is set up.

use std::any::Any;
use std::fmt;
use std::mem;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::bounded;
use parking_lot::{Condvar, Mutex};

use crate::panic::{PanicHandler, discard};
use crate::pool::Shared;
use crate::queues::outside::Outside;
use crate::queues::{Dispatch, Queues};
use crate::scaling::tick;
use crate::state::State;
use crate::worker::next_pool_number;
use crate::{BuildError, CancelToken, OnDemand, Pool, Scaling, Threads};

/// Settings of a pool to be. Made by [`Pool::builder`].
///
/// ```
/// use v5_futures::Pool;
///
/// let pool = Pool::builder()
///     .threads(2..=8)
///     .queue_capacity(32)
///     .thread_name(|number| format!("resize-{number}"))
///     .panic_handler(|_payload| eprintln!("a picture could not be resized"))
///     .build()?;
/// # Ok::<(), v5_futures::BuildError>(())
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct Builder {
    threads: Option<Threads>,
    capacity: usize,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) stack_size: Option<usize>,
    pub(crate) dispatch: Dispatch,
    token: CancelToken,
    pub(crate) hooks: Hooks,
}

/// The code of the user that workers run apart from tasks.
pub(crate) struct Hooks {
    pub(crate) panic: PanicHandler,
    pub(crate) scaling: Box<dyn Scaling>,
    pub(crate) name: Box<dyn Fn(usize) -> String + Send + Sync>,
    pub(crate) start: Box<dyn Fn() + Send + Sync>,
    pub(crate) stop: Box<dyn Fn() + Send + Sync>,
}

impl Builder {
    pub(crate) fn new() -> Builder {
        Builder {
            threads: None,
            capacity: 1024,
            idle_timeout: None,
            stack_size: None,
            dispatch: Dispatch::default(),
            token: CancelToken::new(),
            hooks: Hooks {
                panic: PanicHandler::default(),
                scaling: Box::new(OnDemand),
                name: Box::new(|number| format!("worker-{number}")),
                start: Box::new(|| ()),
                stop: Box::new(|| ()),
            },
        }
    }

    /// The number of threads, or the least and the largest number of them: `threads(0..=16)`
    /// starts the first one when it is needed. Without this, as many as the machine runs at a time
    /// ([`available_parallelism`](thread::available_parallelism)).
    pub fn threads(mut self, threads: impl Into<Threads>) -> Builder {
        self.threads = Some(threads.into());
        self
    }

    /// The number of places in all queues together. Without this, 1024.
    pub fn queue_capacity(mut self, capacity: usize) -> Builder {
        self.capacity = capacity;
        self
    }

    /// Who is told of a panic: of a task, of a value that a task has captured, of a hook or of a
    /// policy. The payload is most often a `&str` or a `String` behind the [`Any`].
    ///
    /// Called where the panic was: on the worker, where waiting for the pool is a panic as it is in
    /// a task, or, for a policy or a name, on the thread that needed it. A handler that panics
    /// itself loses its message, and nothing else. Without a handler the message of the standard
    /// panic hook is all that is heard.
    pub fn panic_handler(
        mut self,
        handler: impl Fn(&(dyn Any + Send)) + Send + Sync + 'static,
    ) -> Builder {
        self.hooks.panic = PanicHandler::new(handler);
        self
    }

    /// A token that cancels the pool. The pool's own ([`Pool::cancel_token`]) is a child of it.
    pub fn cancel_token(mut self, token: CancelToken) -> Builder {
        self.token = token.child();
        self
    }

    /// How threads are named, from their numbers 1, 2 and so on. Without this, `worker-1` etc.
    ///
    /// Called by [`build`](Builder::build), and a panic in it is a panic there. Called by whoever
    /// needs a worker beyond the least number: there a panic means that none is started. No number
    /// is used twice.
    pub fn thread_name(
        mut self,
        name: impl Fn(usize) -> String + Send + Sync + 'static,
    ) -> Builder {
        self.hooks.name = Box::new(name);
        self
    }

    /// What each worker does before its first task. If it panics, the panic handler is told and
    /// the worker works all the same.
    pub fn on_thread_start(mut self, hook: impl Fn() + Send + Sync + 'static) -> Builder {
        self.hooks.start = Box::new(hook);
        self
    }

    /// What each worker does after its last task. If it panics, the panic handler is told.
    pub fn on_thread_stop(mut self, hook: impl Fn() + Send + Sync + 'static) -> Builder {
        self.hooks.stop = Box::new(hook);
        self
    }

    /// Starts the pool.
    ///
    /// # Errors
    ///
    /// A [`BuildError`] if a number is zero or above its limit, if the least number of threads is
    /// above the largest, if a thread name contains a zero byte, or if a thread cannot be started.
    /// Nothing is left behind.
    pub fn build(self) -> Result<Pool, BuildError> {
        let cores = || thread::available_parallelism().map_or(1, usize::from);
        let threads = self.threads.unwrap_or_else(|| cores().into()).checked()?;
        match self.capacity {
            0 => Err(BuildError::NoCapacity),
            n if n > Pool::MAX_CAPACITY => Err(BuildError::TooMuchCapacity(n)),
            _ => Pool::start(self, threads),
        }
    }
}

impl Pool {
    /// Settings for a pool that needs more than two numbers.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Starts the threads. The numbers have been checked.
    fn start(settings: Builder, threads: Threads) -> Result<Pool, BuildError> {
        let (open, closed) = bounded(0);
        let scaling = &settings.hooks.scaling;
        let idle_timeout = settings.idle_timeout.or(scaling.idle_timeout());
        let number = next_pool_number();
        let (dispatch, capacity) = (settings.dispatch, settings.capacity);
        let shared = Arc::new_cyclic(|shared| {
            let outside = Outside::new(number, Weak::clone(shared));
            let queues = Queues::new(dispatch, capacity, outside);
            Shared {
                state: Mutex::new(State::new(open, threads, &queues)),
                hooks: settings.hooks,
                token: settings.token,
                idle_timeout: idle_timeout.unwrap_or(Duration::from_secs(60)),
                stack_size: settings.stack_size,
                built: Instant::now(),
                number,
                all_ended: Condvar::new(),
                queues,
                closed,
                user_threads: Arc::default(),
            }
        });
        let pool = Pool {
            shared,
            threads: Mutex::default(),
            gave_up: AtomicBool::new(false),
        };
        // On an error the pool is dropped, which stops and joins the threads started so far.
        pool.shared.start_least(threads.min)?;
        tick::start(&pool)?;
        Ok(pool)
    }
}

/// The last to let go of a pool may be one of its workers, which then drops what the hooks have
/// captured: code of a user as well.
impl Drop for Hooks {
    fn drop(&mut self) {
        discard(mem::replace(&mut self.scaling, Box::new(OnDemand)));
        discard(mem::take(&mut self.panic));
        discard(mem::replace(&mut self.name, Box::new(|_| String::new())));
        discard(mem::replace(&mut self.start, Box::new(|| ())));
        discard(mem::replace(&mut self.stop, Box::new(|| ())));
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks")
            .field("panic", &self.panic)
            .finish_non_exhaustive()
    }
}
