//! What v5 does not do.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::task::{Context, Waker};
use std::thread::{self, ThreadId};
use std::time::Duration;

use v5_futures::{JoinHandle, Load, Moment, Pool, Reason, Scaling, Stealing};

use crate::common::{self, Watchdog, at_exit};
use crate::scenes::block;

#[test]
fn a_task_that_runs_is_not_cancelled() {
    let _watchdog = Watchdog::start();
    let pool = Pool::new(1, 1).unwrap();
    let (begin, begun) = mpsc::channel();
    let (open, gate) = mpsc::channel::<()>();
    let task = move || {
        begin.send(()).unwrap();
        let _ = gate.recv();
        42
    };
    let answer = pool.spawn(task).unwrap();
    begun.recv().unwrap();
    assert!(!answer.cancel());
    drop(open);
    assert_eq!(answer.join().unwrap(), 42);
}

#[test]
fn who_polls_or_waits_for_a_time_runs_nothing_in_place() {
    let _watchdog = Watchdog::start();
    let pool = Arc::new(Pool::new(1, 1).unwrap());
    let inside = Arc::clone(&pool);
    let task = move || {
        let child = inside.spawn(|| thread::current().id()).unwrap();
        let mut child = pin!(child);
        let mut context = Context::from_waker(Waker::noop());
        assert!(child.as_mut().poll(&mut context).is_pending());
        let another = inside.spawn(|| ()).unwrap();
        let in_time = another.join_timeout(Duration::from_millis(1));
        assert!(in_time.is_err());
    };
    pool.spawn(task).unwrap().join().unwrap();
    pool.wait_idle();
    assert_eq!(pool.stats().completed, 3);
}

#[test]
fn without_stealing_a_task_still_runs_where_it_is_joined() {
    let _watchdog = Watchdog::start();
    // Each worker is started for a task, and gets it.
    let pool = Pool::builder().threads(0..=2).stealing(Stealing::Off);
    let pool = Arc::new(pool.build().unwrap());
    let (give, handles) = mpsc::channel::<JoinHandle<ThreadId>>();
    let (begin, begun) = mpsc::channel();
    let joiner = pool.spawn(move || {
        begin.send(()).unwrap();
        let child = handles.recv().unwrap();
        (child.join().unwrap(), thread::current().id())
    });
    begun.recv().unwrap();
    let (open, gate) = mpsc::channel::<()>();
    let inside = Arc::clone(&pool);
    let parent = pool.spawn(move || {
        // It stays in the queue of this worker, which is busy, and the other one may not steal it.
        let child = inside.spawn(|| thread::current().id()).unwrap();
        give.send(child).unwrap();
        let _ = gate.recv();
        thread::current().id()
    });
    let (ran, joined) = joiner.unwrap().join().unwrap();
    assert_eq!(ran, joined);
    drop(open);
    assert_ne!(parent.unwrap().join().unwrap(), ran);
}

#[test]
fn a_refused_task_comes_back_without_its_handle() {
    let pool = Pool::new(1, 1).unwrap();
    pool.shutdown();
    let rejected = pool.spawn(|| 42).unwrap_err();
    assert_eq!(rejected.reason(), Reason::ShutDown);
    rejected.into_task().run(); // and what it returns is dropped
}

#[test]
fn tasks_of_a_scope_are_cancelled_where_others_are_handed_back() {
    let _watchdog = Watchdog::start();
    let pool = Pool::new(1, 4).unwrap();
    let ran = AtomicUsize::new(0);
    let (open, gate) = mpsc::channel::<()>();
    let (begin, begun) = mpsc::channel();
    let busy = move || {
        begin.send(()).unwrap();
        let _ = gate.recv();
    };
    pool.execute(busy).unwrap();
    begun.recv().unwrap();
    pool.execute(|| ()).unwrap();
    pool.scope(|scope| {
        let borrows = scope.spawn(|| ran.fetch_add(1, SeqCst)).unwrap();
        assert_eq!(pool.shutdown_now().len(), 1);
        assert!(borrows.join().unwrap_err().is_cancelled());
    });
    drop(open);
    assert_eq!(ran.load(SeqCst), 0);
}

/// A task that joins a task that joins a task, and so on.
fn chain(pool: &Arc<Pool>, length: usize) -> usize {
    if length == 0 {
        return 0;
    }
    let inside = Arc::clone(pool);
    let next = pool.spawn(move || chain(&inside, length - 1)).unwrap();
    next.join().unwrap() + 1
}

#[cfg(unix)]
#[test]
fn a_chain_of_joins_may_be_too_long_for_a_stack() {
    const LENGTH: usize = 10_000;
    if common::is_child() {
        let pool = Arc::new(Pool::new(1, 1).unwrap());
        let inside = Arc::clone(&pool);
        let first = pool.spawn(move || chain(&inside, LENGTH)).unwrap();
        println!("a chain of {}", first.join().unwrap());
        return;
    }
    let ends_with = |stack: &str| {
        let limit = format!("ulimit -c 0 && export RUST_MIN_STACK={stack}");
        let child = common::in_child("a_chain_of_joins_may_be_too_long_for_a_stack", &limit);
        let printed = [child.stdout, child.stderr].concat();
        (
            child.status.success(),
            String::from_utf8_lossy(&printed).into_owned(),
        )
    };
    let (success, printed) = ends_with("1000000");
    assert!(
        !success && printed.contains("overflowed its stack"),
        "{printed}"
    );
    // It is the worker's stack that counts, and nothing else.
    let (success, printed) = ends_with("1000000000");
    assert!(success, "{printed}");
}

/// Wrong code gets this much time to show itself.
const A_WHILE: Duration = Duration::from_millis(20);

#[test]
fn tasks_that_join_each_other_wait_for_ever() {
    let _watchdog = Watchdog::start();
    for workers in [1, 2] {
        let pool = Arc::new(Pool::new(workers, 2).unwrap());
        let (give, handles) = mpsc::channel::<JoinHandle<()>>();
        let (tell, told) = mpsc::channel();
        let inside = Arc::clone(&pool);
        let first = pool.spawn(move || {
            let second = inside.spawn(move || {
                let first = handles.recv().unwrap();
                // Without a limit, neither would return.
                tell.send(first.join_timeout(A_WHILE).is_err()).unwrap();
            });
            second.unwrap().join().unwrap();
        });
        give.send(first.unwrap()).unwrap();
        assert!(told.recv().unwrap(), "with {workers} workers");
    }
}

#[test]
fn tasks_that_wait_by_a_channel_may_wait_for_ever() {
    let _watchdog = Watchdog::start();
    let pool = Arc::new(Pool::new(1, 1).unwrap());
    let inside = Arc::clone(&pool);
    let parent = pool.spawn(move || {
        let (send, result) = mpsc::channel();
        // The parent has the only worker, and a pool knows nothing of channels.
        inside.execute(move || send.send(42).unwrap()).unwrap();
        let in_time = result.recv_timeout(A_WHILE).is_ok();
        (in_time, result)
    });
    let (in_time, result) = parent.unwrap().join().unwrap();
    assert!(!in_time);
    assert_eq!(result.recv().unwrap(), 42);
}

/// The only worker that may be there leaves, and in its last words submits a long task, for which
/// another worker is started, and joins a short one.
fn joins_in_its_last_words(late: bool) {
    let watchdog = Watchdog::start();
    let known: Arc<OnceLock<Arc<Pool>>> = Arc::default();
    let (tell, told) = mpsc::channel();
    let (at, first) = (Arc::clone(&known), AtomicUsize::new(0));
    let stop = move || {
        if first.fetch_add(1, SeqCst) > 0 {
            return;
        }
        let (at, tell) = (Arc::clone(&at), tell.clone());
        let last_words = move || {
            let pool = at.get().unwrap();
            let gate = block(pool);
            let short = pool.spawn(|| thread::current().id()).unwrap();
            tell.send((short.join().unwrap(), thread::current().id()))
                .unwrap();
            gate.open();
        };
        if late {
            at_exit(last_words);
        } else {
            last_words();
        }
    };
    let pool = Pool::builder().threads(0..=1).on_thread_stop(stop);
    let pool = pool.idle_timeout(Duration::from_millis(1)).build();
    let pool = watchdog.watch(pool.unwrap());
    known.set(Arc::clone(&pool)).unwrap();
    pool.execute(|| ()).unwrap();
    let (ran, joined) = told.recv().unwrap();
    assert_eq!(ran, joined);
}

/// Joins a handle when the clock asks it, and tells where the task ran and where it was joined.
#[derive(Clone, Debug)]
struct Joins {
    handle: Arc<Mutex<Option<JoinHandle<ThreadId>>>>,
    tell: mpsc::SyncSender<(ThreadId, ThreadId)>,
    nested: Arc<AtomicUsize>,
}

impl Scaling for Joins {
    fn wanted(&self, _: Moment, load: &Load) -> usize {
        self.nested.fetch_max(load.nested, SeqCst);
        0
    }

    fn excess(&self, _: &Load) -> usize {
        if let Some(handle) = self.handle.lock().unwrap().take() {
            let ran = handle.join().unwrap();
            self.tell.send((ran, thread::current().id())).unwrap();
        }
        0
    }

    fn period(&self) -> Option<Duration> {
        Some(Duration::from_millis(1))
    }
}

#[test]
fn who_joins_on_a_thread_of_the_pool_that_is_no_worker_runs_the_task_beside_the_workers() {
    joins_in_its_last_words(false);
    joins_in_its_last_words(true);

    let watchdog = Watchdog::start();
    let (tell, told) = mpsc::sync_channel(1);
    let policy = Joins {
        handle: Arc::default(),
        tell,
        nested: Arc::default(),
    };
    let pool = Pool::builder().threads(1..=2).scaling(policy.clone());
    let pool = watchdog.watch(pool.build().unwrap());
    let gate = block(&pool);
    let inside = Arc::clone(&pool);
    let task = move || {
        inside.execute(|| ()).unwrap(); // the policy is asked
        thread::current().id()
    };
    *policy.handle.lock().unwrap() = Some(pool.spawn(task).unwrap());
    let (ran, joined) = told.recv().unwrap();
    gate.open();
    assert_eq!(ran, joined);
    // There is no task below it that would wait.
    assert_eq!(policy.nested.load(SeqCst), 0);
}
