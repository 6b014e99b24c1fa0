//! `std::thread`.

use ::std::fmt;
use ::std::io;
use ::std::num::NonZero;
use ::std::panic::{AssertUnwindSafe, catch_unwind};
use ::std::sync::Arc;
use ::std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use ::std::time::Duration;

pub use ::shuttle::thread::{AccessError, Scope, ScopedJoinHandle, ThreadId};
pub use ::std::thread::Result;

use model_schedule::{AtWork, note, pass, pause, step, switching, take_thread, thread_begins};

pub use crate::local::LocalKey;

/// Every machine has two cores here, or a schedule could not be replayed on another.
///
/// # Errors
///
/// Never.
pub fn available_parallelism() -> io::Result<NonZero<usize>> {
    Ok(NonZero::<usize>::MIN.saturating_add(1))
}

/// Lets others go on, or does not.
pub fn yield_now() {
    pause();
}

/// Sleeps for a time that nobody can foresee.
#[track_caller]
pub fn sleep(time: Duration) {
    note("sleeps for some time");
    pause();
    pass(time);
}

/// Whether this thread unwinds: a panic of another one is not its own.
#[must_use]
pub fn panicking() -> bool {
    model_schedule::unwinding()
}

/// Sleeps until somebody calls [`Thread::unpark`], or has done so before. It may wake by itself.
#[track_caller]
pub fn park() {
    note("parks");
    switching(::shuttle::thread::park);
    note("goes on");
}

/// Sleeps for a time that nobody can foresee, and leaves the token of `unpark` where it is: to wake
/// spuriously is allowed.
#[track_caller]
pub fn park_timeout(time: Duration) {
    note("parks for some time");
    pause();
    pass(time);
}

/// The calling thread.
#[must_use]
pub fn current() -> Thread {
    Thread(::shuttle::thread::current())
}

/// A scope, which ends when all threads that were started in it have ended.
pub fn scope<'env, F, T>(work: F) -> T
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
{
    switching(|| ::shuttle::thread::scope(work))
}

/// A thread, as others see it.
#[derive(Clone, Debug)]
pub struct Thread(::shuttle::thread::Thread);

impl Thread {
    /// Its name, if it has one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.0.name()
    }

    /// What tells it from others.
    #[must_use]
    pub fn id(&self) -> ThreadId {
        self.0.id()
    }

    /// Wakes it from its [`park`], or from the next one.
    #[track_caller]
    pub fn unpark(&self) {
        switching(|| self.0.unpark());
        note("unparks a thread");
    }
}

/// Starts a thread.
///
/// This is how scenarios start threads of their own, of which there are always enough. (The real
/// one panics if there are not: no pool uses it.)
#[track_caller]
pub fn spawn<F, T>(work: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    Builder::new().start(work, None)
}

/// Settings of a thread to be.
#[derive(Debug, Default)]
#[must_use = "a builder does nothing until it spawns"]
pub struct Builder(shuttle::thread::Builder);

impl Builder {
    /// A thread without a name.
    pub fn new() -> Builder {
        Builder::default()
    }

    /// Names the thread.
    pub fn name(self, name: String) -> Builder {
        Builder(self.0.name(name))
    }

    /// The stack of a modelled thread is as large as it is.
    pub fn stack_size(self, _size: usize) -> Builder {
        self
    }

    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// If the scenario says so ([`spawns_fail_after`](model_schedule::spawns_fail_after) and its
    /// like). What would have run is dropped before this returns, as in the real std.
    #[track_caller]
    pub fn spawn<F, T>(self, work: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        if !take_thread() {
            // Others go on while the operating system looks for a thread.
            step();
            note("gets no thread");
            drop(work);
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(self.start(work, Some(AtWork::new())))
    }

    #[track_caller]
    fn start<F, T>(self, work: F, at_work: Option<AtWork>) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let over = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&over);
        // Shuttle takes a panic that leaves a thread for the failure of the model. In std it ends
        // the thread, and is for whoever joins it.
        let work = move || {
            thread_begins();
            let result = catch_unwind(AssertUnwindSafe(work));
            note(match result {
                Ok(_) => "ends",
                Err(_) => "ends in a panic",
            });
            ended.store(true, SeqCst);
            drop(at_work);
            // Its work is done, and its thread-local values are still there.
            step();
            result
        };
        let thread = switching(|| self.0.spawn(work));
        note("starts a thread");
        let handle = thread.expect("Shuttle starts any number of threads");
        JoinHandle {
            thread: Thread(handle.thread().clone()),
            handle,
            over,
        }
    }
}

/// The right to wait for the end of a thread.
pub struct JoinHandle<T> {
    handle: shuttle::thread::JoinHandle<Result<T>>,
    thread: Thread,
    over: Arc<AtomicBool>,
}

impl<T> JoinHandle<T> {
    /// Waits until the thread is gone, and its thread-local values with it.
    ///
    /// # Errors
    ///
    /// What the thread has panicked with.
    #[track_caller]
    pub fn join(self) -> Result<T> {
        let name = self.thread().name().map(str::to_owned);
        note(format_args!(
            "waits for the end of {}",
            name.as_deref().unwrap_or("a thread")
        ));
        let joined = switching(|| self.handle.join());
        joined.and_then(|result: Result<T>| result)
    }

    /// Whether the thread has returned or panicked. Its thread-local values may still be there.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        step();
        self.over.load(SeqCst)
    }

    /// The thread itself.
    #[must_use]
    pub fn thread(&self) -> &Thread {
        &self.thread
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").finish_non_exhaustive()
    }
}
