//! What the tests of every version share: a watchdog, a gate, and a patient look.
#![allow(dead_code, reason = "no test file needs all of it")]

use std::cell::RefCell;
use std::fmt::Debug;
use std::io::{Write, stderr};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Barrier, Condvar, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

/// Longer than any machine is slow: only a hang takes this long.
pub(crate) const LONG: Duration = Duration::from_secs(60);

type Watched = Arc<Mutex<Vec<Weak<dyn Debug + Send + Sync>>>>;

/// Ends the process with the name of the test and the state of its pools, if the test has not
/// dropped this in a minute. A test that hangs is a failure with a message, not a stuck run.
pub(crate) struct Watchdog {
    pools: Watched,
    _alive: Sender<()>,
}

impl Watchdog {
    pub(crate) fn start() -> Watchdog {
        Watchdog::with_limit(LONG)
    }

    pub(crate) fn with_limit(limit: Duration) -> Watchdog {
        let test = thread::current().name().unwrap_or("a test").to_owned();
        let (alive, ended) = mpsc::channel::<()>();
        let pools = Watched::default();
        let watched = Arc::clone(&pools);
        thread::spawn(move || {
            if ended.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                // Not `eprintln!`: what a test prints is kept back, and lost when it aborts.
                let _ = writeln!(stderr(), "watchdog: {test} hangs");
                // A pool that hangs may hold the lock that its `Debug` asks for: look from aside.
                thread::spawn(move || {
                    for pool in watched.lock().unwrap().iter().filter_map(Weak::upgrade) {
                        let _ = writeln!(stderr(), "watchdog: {pool:?}");
                    }
                });
                thread::sleep(Duration::from_secs(1));
                std::process::abort();
            }
        });
        Watchdog {
            pools,
            _alive: alive,
        }
    }

    /// Shows the pool when the test hangs. Does not keep it alive.
    pub(crate) fn watch<P: Debug + Send + Sync + 'static>(&self, pool: P) -> Arc<P> {
        let pool = Arc::new(pool);
        let weak: Weak<P> = Arc::downgrade(&pool);
        self.pools.lock().unwrap().push(weak);
        pool
    }
}

/// Something to wait at until somebody opens it, or drops it while panicking.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub(crate) fn new() -> Gate {
        Gate::default()
    }

    pub(crate) fn open(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }

    pub(crate) fn pass(&self) {
        let open = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(open, |open| !*open).unwrap());
    }

    /// Keeps a worker busy: `submit` is given a task that waits here, to submit it alone or as the
    /// beginning of another. Returns when it has begun.
    pub(crate) fn occupy(&self, submit: impl FnOnce(Box<dyn FnOnce() + Send>)) {
        let (begin, begun) = mpsc::channel();
        let at = self.clone();
        submit(Box::new(move || {
            begin.send(()).unwrap();
            at.pass();
        }));
        begun.recv().unwrap();
    }
}

/// Opens its gate when it goes out of scope, so that a failing test does not hang in a drop.
pub(crate) struct OpenOnDrop<'gate>(pub(crate) &'gate Gate);

impl Drop for OpenOnDrop<'_> {
    fn drop(&mut self) {
        self.0.open();
    }
}

/// A task that counts its run.
pub(crate) fn adds_one(count: &Arc<AtomicUsize>) -> impl FnOnce() + Send + 'static {
    let count = Arc::clone(count);
    move || {
        count.fetch_add(1, SeqCst);
    }
}

/// A task that ends when as many of its kind run at the same time as the barrier asks for.
pub(crate) fn meets(barrier: &Arc<Barrier>) -> impl FnOnce() + Send + 'static {
    let barrier = Arc::clone(barrier);
    move || {
        barrier.wait();
    }
}

/// Does something when the calling thread ends: in the destructor of a thread-local value.
pub(crate) fn at_exit(last: impl FnOnce() + 'static) {
    std::thread_local! {
        static LAST: RefCell<AtExit> = const { RefCell::new(AtExit(None)) };
    }
    LAST.with(|at| at.borrow_mut().0 = Some(Box::new(last)));
}

struct AtExit(Option<Box<dyn FnOnce()>>);

impl Drop for AtExit {
    fn drop(&mut self) {
        if let Some(last) = self.0.take() {
            last();
        }
    }
}

/// Waits for a state that nobody signals. The watchdog is the bound.
pub(crate) fn until(mut state: impl FnMut() -> bool) {
    while !state() {
        thread::yield_now();
    }
}

/// Where Linux shows what the calling thread does.
#[cfg(target_os = "linux")]
pub(crate) fn this_thread() -> std::path::PathBuf {
    let thread = std::fs::read_link("/proc/thread-self").unwrap();
    std::path::Path::new("/proc").join(thread).join("stat")
}

/// Waits until that thread sleeps.
#[cfg(target_os = "linux")]
pub(crate) fn until_asleep(thread: &std::path::Path) {
    until(|| {
        let stat = std::fs::read_to_string(thread).unwrap();
        // The state follows the name, which stands in parentheses.
        stat.rsplit(')')
            .next()
            .is_some_and(|rest| rest.trim_start().starts_with('S'))
    });
}

/// Runs a test of this file again in a process of its own, with `IN_CHILD` set, and returns what
/// it printed and how it ended. `limit` is what the shell is told first, such as `ulimit -v 1000`.
#[cfg(unix)]
pub(crate) fn in_child(test: &str, limit: &str) -> std::process::Output {
    std::process::Command::new("sh")
        .args(["-c", &format!(r#"{limit} && exec "$0" "$@""#)])
        .arg(std::env::current_exe().unwrap())
        .args([test, "--test-threads=1"])
        .env("IN_CHILD", "1")
        .output()
        .unwrap()
}

/// For [`in_child`]: lets the process have half a dozen threads, root's as well.
///
/// The stacks are so large that no seventh fits into the memory, and all else fits many times into
/// what is left. With stacks of the usual size a process may run out of memory in a thread that has
/// just been started, and abort.
#[cfg(target_os = "linux")]
pub(crate) const FEW_THREADS: &str =
    "export MALLOC_ARENA_MAX=1 RUST_MIN_STACK=268435456 && ulimit -c 0 && ulimit -v 1900000";

/// Whether this is the process that [`in_child`] has started.
pub(crate) fn is_child() -> bool {
    std::env::var_os("IN_CHILD").is_some()
}
