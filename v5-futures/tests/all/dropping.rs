//! Results that panic when they are dropped: the handler of the pool is told, always, and nobody
//! else. Also if there are two of them.

use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use crate::common::{self, Gate, OpenOnDrop, Watchdog, until};
use crate::scenes::{self, block, on_worker};
use v5_futures::{JoinSet, Pool, ScopedJoinHandle, Task, TryMapError};

/// Panics when it is dropped.
#[derive(Debug)]
struct Sharp;

impl Drop for Sharp {
    fn drop(&mut self) {
        panic!("a result that is sharp");
    }
}

/// A pool whose handler counts what it is told.
fn counting(watchdog: &Watchdog, threads: usize) -> (Arc<Pool>, Arc<AtomicUsize>) {
    let (told, handler) = scenes::counting_handler();
    let pool = Pool::builder().threads(threads).queue_capacity(100);
    let pool = pool.panic_handler(handler).build().unwrap();
    (watchdog.watch(pool), told)
}

/// Runs the test, or what may abort in it, in a process of its own.
#[cfg(unix)]
fn in_a_process(test: &str, work: impl FnOnce()) {
    if common::is_child() {
        return work();
    }
    let child = common::in_child(test, "ulimit -c 0");
    let printed = [child.stdout, child.stderr].concat();
    let printed = String::from_utf8_lossy(&printed);
    assert!(child.status.success(), "{test}: {printed}");
    assert!(
        printed.contains("1 passed"),
        "is it called something else? {printed}"
    );
}

#[cfg(not(unix))]
fn in_a_process(_: &str, work: impl FnOnce()) {
    work();
}

#[test]
fn the_handler_is_told_whether_the_task_ends_before_its_handle_is_dropped_or_after() {
    let watchdog = Watchdog::start();
    let (pool, told) = counting(&watchdog, 1);
    let gate = block(&pool);
    let _open = OpenOnDrop(&gate);
    // After.
    drop(pool.spawn(|| Sharp).unwrap());
    drop(pool.group().spawn(|| Sharp).unwrap());
    gate.open();
    pool.wait_idle();
    assert_eq!(told.load(SeqCst), 2);
    // Before: the drop is on this thread, which does not notice.
    let handle = pool.spawn(|| Sharp).unwrap();
    let cancels = pool.spawn(|| Sharp).unwrap().cancel_on_drop();
    pool.wait_idle();
    drop(handle);
    drop(cancels);
    assert_eq!(told.load(SeqCst), 4);
    let stats = pool.stats();
    assert_eq!((stats.completed, stats.panicked, stats.spawned), (5, 0, 1));
}

/// In place as on another worker.
#[test]
fn the_handler_is_told_also_of_what_is_dropped_on_a_worker() {
    let watchdog = Watchdog::start();
    let (pool, told) = counting(&watchdog, 1);
    on_worker(&pool, |pool| {
        let handle = pool.spawn(|| Sharp).unwrap();
        // It has ended when it has been run on top: the set has its result then.
        let mut set = JoinSet::new();
        set.spawn(pool, || Sharp).unwrap();
        std::mem::forget(set.join_next().unwrap());
        let (task, over) = Task::with_handle(|| Sharp);
        task.run();
        drop((handle, over));
    });
    pool.wait_idle();
    // No pool has accepted the one that its owner has run: nobody is told.
    assert_eq!((told.load(SeqCst), pool.stats().panicked), (1, 0));
}

/// Who has asked for it has it.
#[test]
fn a_result_that_was_asked_for_panics_where_it_is_dropped() {
    let watchdog = Watchdog::start();
    let (pool, told) = counting(&watchdog, 1);
    let result = pool.spawn(|| Sharp).unwrap().join();
    assert!(catch_unwind(AssertUnwindSafe(|| drop(result))).is_err());
    let mut map = pool.map(0..3, |_| Sharp);
    let result = map.next();
    assert!(catch_unwind(AssertUnwindSafe(|| drop(result))).is_err());
    pool.wait_idle();
    assert_eq!(told.load(SeqCst), 0);
    drop(map);
    assert_eq!(told.load(SeqCst), pool.stats().completed - 2);
}

#[test]
fn two_results_in_a_tuple_of_handles_do_not_abort() {
    in_a_process("two_results_in_a_tuple_of_handles_do_not_abort", || {
        let watchdog = Watchdog::start();
        let (pool, told) = counting(&watchdog, 2);
        let handles = [(); 3].map(|()| pool.spawn(|| Sharp).unwrap());
        pool.wait_idle();
        drop(handles);
        // Nor while another panic unwinds.
        let handles = [(); 3].map(|()| pool.spawn(|| Sharp).unwrap());
        pool.wait_idle();
        let unwound = catch_unwind(AssertUnwindSafe(|| {
            let _handles = handles;
            panic!("outside");
        }));
        assert!(unwound.is_err());
        assert_eq!(told.load(SeqCst), 6);
    });
}

#[test]
fn a_set_that_holds_some_tells_of_each_and_does_not_abort() {
    in_a_process(
        "a_set_that_holds_some_tells_of_each_and_does_not_abort",
        || {
            let watchdog = Watchdog::start();
            let (pool, told) = counting(&watchdog, 2);
            let ends: [fn(JoinSet<Sharp>); 2] = [drop, |mut set| set.detach_all()];
            for (n, end) in ends.into_iter().enumerate() {
                let mut set = JoinSet::new();
                (0..3).for_each(|_| set.spawn(&pool, || Sharp).unwrap());
                pool.wait_idle();
                end(set);
                assert_eq!(told.load(SeqCst), 3 * (n + 1));
            }
            // Some have ended, and some end after the set.
            let mut set = JoinSet::new();
            (0..2).for_each(|_| set.spawn(&pool, || Sharp).unwrap());
            pool.wait_idle();
            let gates = [(); 2].map(|()| block(&pool));
            (0..2).for_each(|_| set.spawn(&pool, || Sharp).unwrap());
            set.detach_all();
            assert_eq!(told.load(SeqCst), 8);
            gates.iter().for_each(Gate::open);
            pool.wait_idle();
            assert_eq!(told.load(SeqCst), 10);
        },
    );
}

/// Results in blocks that nobody has asked for, and in the block that is asked for now.
#[test]
fn a_map_that_holds_some_tells_of_each_and_does_not_abort() {
    in_a_process(
        "a_map_that_holds_some_tells_of_each_and_does_not_abort",
        || {
            let watchdog = Watchdog::start();
            let (pool, told) = counting(&watchdog, 1);
            for asked in [1, 10, 1001] {
                let before = told.load(SeqCst);
                let called = Arc::new(AtomicUsize::new(0));
                let calls = Arc::clone(&called);
                let mut map = pool.map(0..1_000_000, move |_| {
                    calls.fetch_add(1, SeqCst);
                    Sharp
                });
                map = map.window(200);
                map.by_ref().take(asked).for_each(std::mem::forget);
                drop(map);
                // A block may have begun when the map was dropped: then the worker drops its
                // results.
                pool.wait_idle();
                assert_eq!(told.load(SeqCst) - before, called.load(SeqCst) - asked);
            }
        },
    );
}

#[test]
fn a_map_that_is_dropped_while_a_panic_unwinds_does_not_abort() {
    let name = "a_map_that_is_dropped_while_a_panic_unwinds_does_not_abort";
    in_a_process(name, || {
        let watchdog = Watchdog::start();
        let (pool, told) = counting(&watchdog, 1);
        let called = Arc::new(AtomicUsize::new(0));
        let calls = Arc::clone(&called);
        let unwound = catch_unwind(AssertUnwindSafe(|| {
            let mut map = pool.map(0..1_000_000, move |_| {
                calls.fetch_add(1, SeqCst);
                Sharp
            });
            map = map.window(200);
            map.by_ref().take(500).for_each(std::mem::forget);
            panic!("who asks");
        }));
        assert!(unwound.is_err());
        pool.wait_idle();
        assert_eq!(told.load(SeqCst), called.load(SeqCst) - 500);
    });
}

/// The values in front of the error were asked for, and those behind it were not.
#[test]
fn try_map_tells_of_each_behind_the_error_and_does_not_abort() {
    let name = "try_map_tells_of_each_behind_the_error_and_does_not_abort";
    in_a_process(name, || {
        let watchdog = Watchdog::start();
        let (pool, told) = counting(&watchdog, 1);
        let called = Arc::new(AtomicUsize::new(0));
        let calls = Arc::clone(&called);
        let results = pool.try_map(0..100_000, move |n| {
            calls.fetch_add(1, SeqCst);
            if n == 300 { Err(n) } else { Ok(Sharp) }
        });
        let results = results.window(200);
        let mut asked = 0;
        for result in results {
            asked += 1;
            match result {
                Ok(sharp) => std::mem::forget(sharp),
                Err(error) => assert!(matches!(error, TryMapError::Failed(300))),
            }
        }
        pool.wait_idle();
        assert_eq!(asked, 301);
        assert_eq!(told.load(SeqCst), called.load(SeqCst) - asked);
    });
}

#[test]
fn a_scope_does_not_panic_because_of_them_and_does_not_abort() {
    let name = "a_scope_does_not_panic_because_of_them_and_does_not_abort";
    in_a_process(name, || {
        let watchdog = Watchdog::start();
        let (pool, told) = counting(&watchdog, 2);
        let items = [1, 2, 3];
        let number = pool.scope(|scope| {
            // One ends after its handle is gone, the others before.
            let gates = [(); 2].map(|()| block(&pool));
            drop(scope.spawn(|| Sharp).unwrap());
            gates.iter().for_each(Gate::open);
            let both = [(); 2].map(|()| scope.spawn(|| Sharp).unwrap());
            until(|| both.iter().all(ScopedJoinHandle::is_finished));
            drop(both);
            let mut map = scope.map(&items, |_| Sharp);
            std::mem::forget(map.next());
            42
        });
        pool.wait_idle();
        // Those of the map, as far as it has made them.
        assert!((3..=5).contains(&told.load(SeqCst)), "{told:?}");
        assert_eq!((number, pool.stats().panicked), (42, 0));
    });
}

/// What is told is dropped as well, and that panics, and what that panics with does, too.
#[test]
fn payloads_that_panic_when_dropped_are_as_harmless() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic_any(Bomb);
        }
    }
    struct Full;
    impl Drop for Full {
        fn drop(&mut self) {
            panic_any(Bomb);
        }
    }
    in_a_process("payloads_that_panic_when_dropped_are_as_harmless", || {
        let watchdog = Watchdog::start();
        let (pool, told) = counting(&watchdog, 1);
        let handles = [(); 2].map(|()| pool.spawn(|| Full).unwrap());
        pool.wait_idle();
        drop(handles);
        let mut map = pool.map(0..100, |n| {
            if n % 2 == 0 {
                panic_any(Bomb);
            }
            Full
        });
        std::mem::forget(map.next());
        std::mem::forget(map.next());
        drop(map);
        pool.wait_idle();
        assert!(told.load(SeqCst) >= 2);
        assert_eq!(pool.spawn(|| 42).unwrap().join().unwrap(), 42);
    });
}

/// A pool that is gone has no handler. The results are dropped, and that is all.
#[test]
fn without_a_pool_nobody_is_told() {
    in_a_process("without_a_pool_nobody_is_told", || {
        let watchdog = Watchdog::start();
        let (pool, told) = counting(&watchdog, 1);
        let handles = [(); 3].map(|()| pool.spawn(|| Sharp).unwrap());
        pool.shutdown();
        drop(pool);
        drop(handles);
        assert_eq!(told.load(SeqCst), 0);
    });
}

/// A worker drops the items behind an error one after another.
#[test]
fn items_behind_an_error_that_panic_when_dropped_do_not_abort() {
    let name = "items_behind_an_error_that_panic_when_dropped_do_not_abort";
    in_a_process(name, || {
        let watchdog = Watchdog::start();
        let (pool, told) = counting(&watchdog, 1);
        // No more than there are in the block of the first error, and in those ahead of it.
        let items = (0..1001).map(|n| (n, (n >= 1000).then(|| Sharp)));
        let mut results = pool.try_map(items, |(n, sharp)| {
            std::mem::forget(sharp);
            if n == 900 { Err(n) } else { Ok(n) }
        });
        assert_eq!(results.by_ref().take_while(Result::is_ok).count(), 900);
        drop(results);
        pool.wait_idle();
        assert!(told.load(SeqCst) <= 1);
    });
}

/// A map that is cancelled drops a block with all its items.
#[test]
fn items_of_a_block_that_is_cancelled_may_panic_when_they_are_dropped() {
    let name = "items_of_a_block_that_is_cancelled_may_panic_when_they_are_dropped";
    in_a_process(name, || {
        let watchdog = Watchdog::start();
        let (pool, told) = counting(&watchdog, 2);
        let gate = Gate::new();
        let at = gate.clone();
        // Nothing else submits to this pool, so this is the number of the item's block.
        let items = (0..100_000).map(|_| (pool.stats().accepted, Sharp));
        let mut results = pool.map(items, move |(block, sharp)| {
            std::mem::forget(sharp);
            if block >= 20 {
                at.pass();
            }
            block
        });
        results = results.window(200);
        // Others are ahead then, and two of them are at the gate or come to it.
        while results.next().unwrap().unwrap() < 19 {}
        drop(results);
        gate.open();
        pool.wait_idle();
        let stats = pool.stats();
        assert_eq!(stats.accepted, stats.completed + stats.cancelled);
        assert!(stats.cancelled > 0 && told.load(SeqCst) > 0);
    });
}
