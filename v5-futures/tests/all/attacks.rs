//! What a hostile caller does. Each of these has once broken something.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use crate::common::{self, Gate, OpenOnDrop, Watchdog};
use v5_futures::{JoinSet, Pool};

#[test]
fn a_window_that_becomes_smaller_while_items_are_ahead() {
    let _watchdog = Watchdog::start();
    let pool = Pool::new(2, 8).unwrap();
    let pulled = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&pulled);
    let items = (0..1000).inspect(move |_| _ = counting.fetch_add(1, SeqCst));
    let mut map = pool.map(items, |n: usize| n);
    assert_eq!(map.next().unwrap().unwrap(), 0);
    let ahead = pulled.load(SeqCst);
    let mut map = map.window(1);
    assert_eq!(map.next().unwrap().unwrap(), 1);
    assert!(pulled.load(SeqCst) <= ahead + 1);
    assert_eq!(map.map(Result::unwrap).last(), Some(999));
}

/// A waker that panics when it is dropped.
struct Hostile;

impl Wake for Hostile {
    fn wake(self: Arc<Self>) {}
}

impl Drop for Hostile {
    fn drop(&mut self) {
        std::panic::resume_unwind(Box::new("a waker"));
    }
}

#[test]
fn a_waker_that_panics_when_dropped_loses_no_task() {
    let _watchdog = Watchdog::start();
    let gate = Gate::new();
    let pool = Pool::new(1, 8).unwrap();
    let _open = OpenOnDrop(&gate);
    gate.occupy(|task| pool.execute(task).unwrap());
    let mut handle = pool.spawn(|| 1).unwrap().cancel_on_drop();
    let waker = Waker::from(Arc::new(Hostile));
    let mut context = Context::from_waker(&waker);
    assert!(Pin::new(&mut handle).poll(&mut context).is_pending());
    let _ = catch_unwind(AssertUnwindSafe(|| drop(waker)));
    let _ = catch_unwind(AssertUnwindSafe(|| drop(handle)));
    gate.open();
    assert!(
        pool.wait_idle_timeout(Duration::from_secs(10)),
        "{:?}",
        pool.stats()
    );
}

/// Does something when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[test]
fn a_drop_that_cancels_and_then_waits_for_that() {
    let _watchdog = Watchdog::with_limit(Duration::from_secs(20));
    let gate = Gate::new();
    let pool = Arc::new(Pool::new(1, 8).unwrap());
    let _open = OpenOnDrop(&gate);
    gate.occupy(|task| pool.execute(task).unwrap());
    let inside = Arc::clone(&pool);
    let in_time = Arc::new(AtomicBool::new(false));
    let result = Arc::clone(&in_time);
    let captured = OnDrop(move || {
        let group = inside.group();
        let handle = group.spawn(|| ()).unwrap().cancel_on_drop();
        drop(handle);
        result.store(group.wait_timeout(Duration::from_secs(5)).is_ok(), SeqCst);
    });
    let outer = pool.spawn(move || drop(captured)).unwrap().cancel_on_drop();
    drop(outer);
    assert!(in_time.load(SeqCst));
}

#[test]
fn a_long_chain_of_sets_is_dropped() {
    let _watchdog = Watchdog::start();
    let gate = Gate::new();
    let pool = Pool::new(1, 1 << 18).unwrap();
    let _open = OpenOnDrop(&gate);
    gate.occupy(|task| pool.execute(task).unwrap());
    let mut set = JoinSet::new();
    for _ in 0..100_000 {
        let inner = set;
        set = JoinSet::new();
        set.spawn(&pool, move || drop(inner)).unwrap();
    }
    drop(set);
}

// In a process of its own, since it looks at the memory of the whole.
#[cfg(target_os = "linux")]
#[test]
fn hooks_that_join_leave_few_tombstones() {
    let _watchdog = Watchdog::start();
    if !common::is_child() {
        let output = common::in_child("hooks_that_join_leave_few_tombstones", "true");
        assert!(output.status.success(), "{output:?}");
        return;
    }
    let slot: Arc<std::sync::OnceLock<std::sync::Weak<Pool>>> = Arc::default();
    let inside = Arc::clone(&slot);
    let (say, said) = std::sync::mpsc::channel();
    let pool = Pool::builder()
        .threads(0..=1)
        .queue_capacity(4)
        .on_thread_start(move || {
            let pool = inside.get().unwrap().upgrade().unwrap();
            let before = rss();
            for n in 0..100_000 {
                pool.spawn(move || n).unwrap().join().unwrap();
            }
            say.send(rss() - before).unwrap();
        });
    let pool = Arc::new(pool.build().unwrap());
    slot.set(Arc::downgrade(&pool)).unwrap();
    pool.execute(|| ()).unwrap();
    let grown = said.recv().unwrap();
    assert!(grown < 4096, "{grown} KiB");
}

#[cfg(target_os = "linux")]
fn rss() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_panic_hook_runs_without_a_lock() {
    let _watchdog = Watchdog::with_limit(Duration::from_secs(20));
    std::thread_local! {
        static ARMED: Cell<Option<Arc<Pool>>> = const { Cell::new(None) };
    }
    let old = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if let Ok(Some(pool)) = ARMED.try_with(Cell::take) {
            drop(pool.shutdown_now());
        }
        old(info);
    }));
    let gate = Gate::new();
    let pool = Arc::new(Pool::new(1, 8).unwrap());
    let _open = OpenOnDrop(&gate);
    gate.occupy(|task| pool.execute(task).unwrap());
    let mut handle = pool.spawn(|| 1).unwrap();
    assert!(handle.cancel());
    let mut context = Context::from_waker(Waker::noop());
    assert!(Pin::new(&mut handle).poll(&mut context).is_ready());
    ARMED.set(Some(Arc::clone(&pool)));
    let again = catch_unwind(AssertUnwindSafe(|| {
        Pin::new(&mut handle).poll(&mut context).is_ready()
    }));
    assert!(again.is_err());
}
