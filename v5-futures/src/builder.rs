//! How a pool is set up.

use std::any::Any;
use std::fmt;
use std::mem;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::census::{Census, Inside};
use crate::claim::Tombstones;
use crate::dispatch::Dispatch;
use crate::door::Door;
use crate::homing::{Depot, Homing};
use crate::panic::{PanicHandler, discard};
use crate::places::Places;
use crate::pool::Shared;
use crate::queue::Lane;
use crate::stats::Endings;
use crate::tally::Tally;
use crate::token::OnCancel;
use crate::{BuildError, CancelToken, OnDemand, Pool, Scaling, Threads, tick, worker};

/// The largest number of lanes: of queues, and of counts. Beyond it, workers share them.
const LANES: usize = 64;

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
    idle_timeout: Option<Duration>,
    pub(crate) dispatch: Dispatch,
    token: CancelToken,
    hooks: Hooks,
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

    /// The number of threads, or the least and the largest number of them: `threads(0..=16)` starts
    /// the first one when it is needed. Without this, as many as the machine runs at a time
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

    /// How long a worker without a task stays, if there are more than the least number of them.
    /// Without this, what the policy says, or else a minute. [`Duration::ZERO`]: it leaves when it finds
    /// nothing to do. [`Duration::MAX`]: it stays.
    pub fn idle_timeout(mut self, time: Duration) -> Builder {
        self.idle_timeout = Some(time);
        self
    }

    /// Who decides when a worker is started, and how long one stays. Without this, [`OnDemand`].
    pub fn scaling(mut self, policy: impl Scaling) -> Builder {
        self.hooks.scaling = Box::new(policy);
        self
    }

    /// Who is told of a panic: of a task, of a value that a task has captured or returned, of a waker, of a
    /// hook or of a policy. The payload is most often a `&str` or a `String` behind the [`Any`].
    ///
    /// A panic of a task with a handle goes to whoever asks the handle, and comes here if nobody does and the
    /// pool is still there: on the thread that drops the handle, if the task has ended by then. What is
    /// locked around such a drop must not be locked here.
    ///
    /// Called where the panic was: on the worker, where waiting for the pool is a panic as it is in a
    /// task, or, for a policy or a name, on the thread that needed it. A handler
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
    /// Called by [`build`](Builder::build), and a panic in it is a panic there. Called by whoever needs a
    /// worker beyond the least number: there a panic means that none is started. No number is used twice.
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
    /// A [`BuildError`] if a number is zero or above its limit, if the least number of threads is above the
    /// largest, if a thread name contains a zero
    /// byte, or if a thread cannot be started. Nothing is left behind.
    pub fn build(self) -> Result<Pool, BuildError> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let threads = self.threads.unwrap_or(cores.into()).checked()?;
        if self.capacity == 0 {
            return Err(BuildError::NoCapacity);
        }
        if self.capacity > Pool::MAX_CAPACITY {
            return Err(BuildError::TooMuchCapacity(self.capacity));
        }
        Pool::start(self, threads, cores)
    }
}

impl Pool {
    /// Settings for a pool that needs more than two numbers.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Starts the threads. The numbers have been checked.
    fn start(settings: Builder, threads: Threads, cores: usize) -> Result<Pool, BuildError> {
        let inside = Inside {
            open: true,
            census: Census::new(threads),
            taken: 0,
            homing: Homing::default(),
        };
        let door = Arc::new(Door::new(inside, settings.token.clone()));
        let weak: Weak<Door> = Arc::downgrade(&door);
        settings.token.notify(&(weak as Weak<dyn OnCancel>));
        let scaling = &settings.hooks.scaling;
        let idle_timeout = settings.idle_timeout.or(scaling.idle_timeout());
        let period = scaling.period();
        // No more lanes than can be of use: who waits has to read them all.
        let lanes = threads.max.max(cores).min(LANES);
        let shared = Arc::new(Shared {
            number: worker::next_number(),
            dispatch: settings.dispatch,
            hooks: settings.hooks,
            idle_timeout: idle_timeout.unwrap_or(Duration::from_secs(60)),
            token: settings.token,
            born: Instant::now(),
            door,
            lanes: (0..=lanes).map(|_| Lane::default()).collect(),
            depot: Depot::default(),
            places: Places::new(settings.capacity, lanes),
            tombstones: Tombstones::new(settings.capacity),
            tally: Tally::new(lanes),
            endings: Endings::new(lanes),
            overstaffed: AtomicBool::new(false),
            living: Mutex::new(0),
            left: Condvar::new(),
        });
        let mut pool = Pool {
            shared,
            threads: Mutex::default(),
            gave_up: AtomicBool::new(false),
        };
        // On an error the pool is dropped, which stops and joins the threads started so far.
        pool.shared.open(threads.min)?;
        if let Some(period) = period {
            let ticking = tick::start(&pool.shared, period)?;
            pool.threads.get_mut().push(ticking);
        }
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
