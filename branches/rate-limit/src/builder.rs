//! How a pool is set up.

use std::any::Any;
use std::fmt;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;

use parking_lot::Mutex;

use crate::panic::{PanicHandler, discard};
use crate::pool::Shared;
use crate::queue::Queue;
use crate::worker::Worker;
use crate::{BuildError, CancelToken, Pool};

/// Settings of a pool to be. Made by [`Pool::builder`].
///
/// ```
/// use rate_limit::Pool;
///
/// let pool = Pool::builder()
///     .threads(2)
///     .queue_capacity(32)
///     .thread_name(|number| format!("resize-{number}"))
///     .panic_handler(|_payload| eprintln!("a picture could not be resized"))
///     .build()?;
/// # Ok::<(), rate_limit::BuildError>(())
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct Builder {
    threads: Option<usize>,
    capacity: usize,
    token: CancelToken,
    hooks: Hooks,
}

/// The code of the user that workers run apart from tasks.
pub(crate) struct Hooks {
    pub(crate) panic: PanicHandler,
    pub(crate) name: Box<dyn Fn(usize) -> String + Send + Sync>,
    pub(crate) start: Box<dyn Fn() + Send + Sync>,
    pub(crate) stop: Box<dyn Fn() + Send + Sync>,
}

impl Builder {
    pub(crate) fn new() -> Builder {
        Builder {
            threads: None,
            capacity: 1024,
            token: CancelToken::new(),
            hooks: Hooks {
                panic: PanicHandler::default(),
                name: Box::new(|number| format!("worker-{number}")),
                start: Box::new(|| ()),
                stop: Box::new(|| ()),
            },
        }
    }

    /// The number of threads. Without this, as many as the machine runs at a time
    /// ([`available_parallelism`](thread::available_parallelism)).
    pub fn threads(mut self, threads: usize) -> Builder {
        self.threads = Some(threads);
        self
    }

    /// The number of places in the queue. Without this, 1024.
    pub fn queue_capacity(mut self, capacity: usize) -> Builder {
        self.capacity = capacity;
        self
    }

    /// Who is told of a panic: of a task, of a value that a task has captured, or of a hook. The
    /// payload is most often a `&str` or a `String` behind the [`Any`].
    ///
    /// Called on the worker, where waiting for the pool is a panic as it is in a task. A handler
    /// that panics itself loses its message, and nothing else. Without a handler the message of
    /// the standard panic hook is all that is heard.
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
    /// Called by [`build`](Builder::build), and a panic in it is a panic there.
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
    /// A [`BuildError`] if a number is zero or above its limit, if a thread name contains a zero
    /// byte, or if a thread cannot be started. Nothing is left behind.
    pub fn build(self) -> Result<Pool, BuildError> {
        let cores = || thread::available_parallelism().map_or(1, usize::from);
        let threads = self.threads.unwrap_or_else(cores);
        match (threads, self.capacity) {
            (0, _) => Err(BuildError::NoThreads),
            (n, _) if n > Pool::MAX_THREADS => Err(BuildError::TooManyThreads(n)),
            (_, 0) => Err(BuildError::NoCapacity),
            (_, n) if n > Pool::MAX_CAPACITY => Err(BuildError::TooMuchCapacity(n)),
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
    fn start(settings: Builder, threads: usize) -> Result<Pool, BuildError> {
        let pool = Pool {
            shared: Arc::new(Shared {
                hooks: settings.hooks,
                queue: Queue::new(settings.capacity, settings.token.clone()),
                token: settings.token,
                counters: Default::default(),
                unfinished: Arc::default(),
                workers: Arc::default(),
                thread_ids: Mutex::default(),
            }),
            threads: Mutex::default(),
            gave_up: AtomicBool::new(false),
        };
        // On an error the pool is dropped, which stops and joins the threads started so far.
        for number in 1..=threads {
            let name = (pool.shared.hooks.name)(number);
            if name.contains('\0') {
                return Err(BuildError::ThreadName(name));
            }
            let thread = Worker::start(&pool.shared, name)?;
            pool.threads.lock().push(thread);
        }
        Ok(pool)
    }
}

/// The last to let go of a pool may be one of its workers, which then drops what the hooks have
/// captured: code of a user as well.
impl Drop for Hooks {
    fn drop(&mut self) {
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
