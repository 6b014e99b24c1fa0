//! What handles cost, and what they leave behind.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicIsize, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, mpsc};

use common::{LONG, Watchdog, until};
use v5_futures::{Builder, JoinHandle, JoinSet, Pool, Stealing, Task};

static LIVE: AtomicIsize = AtomicIsize::new(0);
static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

/// Counts the bytes that are allocated, and the allocations.
struct Counting;

// SAFETY: every call is passed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size() as isize, Relaxed);
        ALLOCATIONS.fetch_add(1, Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size() as isize, Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn live() -> isize {
    LIVE.load(Relaxed)
}

/// Runs `work` in a task, with nothing that allocates in the meantime but the pool.
fn on_worker(pool: &Arc<Pool>, work: impl FnOnce(&Arc<Pool>) + Send + 'static) {
    let inside = Arc::clone(pool);
    pool.spawn(move || work(&inside)).unwrap().join().unwrap();
}

/// Asserts that the memory does not grow from a tenth of so many tasks to the last one.
fn stays_flat(name: &str, tasks: usize, mut step: impl FnMut(usize)) {
    let mut tenth = 0;
    for n in 0..tasks {
        step(n);
        if n == tasks / 10 {
            tenth = live();
        }
    }
    let grown = live() - tenth;
    assert!(grown < 8192, "{name}: {grown} bytes more");
}

fn spawns_and_joins_in_one_task(settings: Builder, tasks: usize) {
    let pool = Arc::new(settings.queue_capacity(16).build().unwrap());
    on_worker(&pool, move |pool| {
        stays_flat("in one task", tasks, |n| {
            assert_eq!(pool.spawn(move || n).unwrap().join().unwrap(), n);
        });
    });
}

/// One at a time, and some in a group or a set or a scope.
fn from_outside(tasks: usize) {
    let pool = Pool::new(1, 16).unwrap();
    stays_flat("from outside", tasks, |n| {
        assert_eq!(pool.spawn(move || n).unwrap().join().unwrap(), n);
        let group = pool.group();
        drop(group.spawn(|| ()).unwrap());
        _ = group.spawn(|| ()).unwrap().cancel();
        group.wait();
        pool.scope(|scope| drop(scope.spawn(|| ()).unwrap()));
        let mut set = JoinSet::new();
        set.spawn(&pool, move || n).unwrap();
        assert_eq!(set.join_all().len(), 1);
        // The boxes of tasks are freed by submitters, a few at a time.
        pool.wait_idle();
    });
}

/// A scope that goes on and on does not remember all tasks that it has had.
fn one_scope(tasks: usize) {
    let pool = Arc::new(Pool::new(1, 16).unwrap());
    on_worker(&pool, move |pool| {
        pool.scope(|scope| {
            stays_flat("in one scope", tasks, |n| {
                assert_eq!(scope.spawn(move || n).unwrap().join().unwrap(), n);
            });
        });
    });
}

/// A scope knows its tasks, and they know their scope: that must not keep them when it is over.
fn many_scopes(rounds: usize) {
    let pool = Arc::new(Pool::new(1, 16).unwrap());
    on_worker(&pool, move |pool| {
        stays_flat("in many scopes", rounds, |n| {
            pool.scope(|scope| {
                assert_eq!(scope.spawn(move || n).unwrap().join().unwrap(), n);
            });
        });
    });
}

/// What is at an end of the worker's own queue is taken out of there when it is joined. A tombstone
/// would hold its cell.
fn no_tombstones_at_the_ends() {
    let pool = Arc::new(Pool::new(1, 1 << 10).unwrap());
    on_worker(&pool, |pool| {
        let join_two = |newest_first: bool| {
            let mut two = [0, 1].map(|n| pool.spawn(move || n).unwrap());
            if newest_first {
                two.reverse();
            }
            _ = two.map(|handle| handle.join().unwrap());
        };
        join_two(false); // from here on the queue has the memory that it needs
        for newest_first in [true, false] {
            let before = live();
            (0..100).for_each(|_| join_two(newest_first));
            let grown = live() - before;
            assert!(grown < 1024, "newest first: {newest_first}: {grown} bytes");
        }
    });
}

/// What is taken out of the middle of a queue stays there as a tombstone, but not for ever.
fn tombstones(settings: Builder, how: fn(JoinHandle<usize>)) {
    const CROWD: usize = 500;
    let pool = Arc::new(settings.queue_capacity(64).build().unwrap());
    on_worker(&pool, move |pool| {
        // These stay where they are, in front.
        let kept: Vec<_> = (0..CROWD).map(|n| pool.spawn(move || n).unwrap()).collect();
        let before = live();
        let mut most = 0;
        for round in 0..200 {
            let mut handles: Vec<_> = (0..CROWD)
                .map(|n| Some(pool.spawn(move || n).unwrap()))
                .collect();
            // In an order that jumps about: 7 has no divisor in common with the number.
            for n in 0..CROWD {
                how(handles[(7 * n + round) % CROWD].take().unwrap());
            }
            most = most.max(live() - before);
        }
        // A task with its cell is some hundred bytes, and there are no more tombstones than twice
        // what the queue was at its longest.
        assert!(most < 4 * CROWD as isize * 512, "{most} bytes");
        drop(kept);
    });
}

/// The worker is busy and takes nothing away, and whoever cancels has no queue of its own to look
/// at.
fn tombstones_of_outsiders() {
    const PLACES: usize = 64;
    let pool = Pool::new(1, PLACES).unwrap();
    let (begin, begun) = mpsc::channel();
    let (open, gate) = mpsc::channel::<()>();
    let busy = move || {
        begin.send(()).unwrap();
        _ = gate.recv();
    };
    pool.execute(busy).unwrap();
    begun.recv().unwrap();
    let before = live();
    for _ in 0..10_000 {
        assert!(pool.spawn(|| ()).unwrap().cancel());
        let more = live() - before;
        assert!(more < 4 * PLACES as isize * 512, "{more} bytes");
    }
    drop(open);
}

fn allocations_of(tasks: usize, mut each: impl FnMut()) -> f64 {
    // The queues and the worker's lists have their size by then.
    (0..1000).for_each(|_| each());
    let before = ALLOCATIONS.load(Relaxed);
    (0..tasks).for_each(|_| each());
    (ALLOCATIONS.load(Relaxed) - before) as f64 / tasks as f64
}

/// The cell: the task holds it, and so does its handle.
fn one_allocation_for_a_task() {
    let pool = Arc::new(Pool::new(1, 1024).unwrap());
    let large = [7_u8; 900];
    let spawn = allocations_of(10_000, || {
        _ = black_box(pool.spawn(move || large[7]).unwrap().join());
    });
    let detached = allocations_of(10_000, || drop(pool.spawn(move || large[7]).unwrap()));
    pool.wait_idle();
    let cancelled = allocations_of(10_000, || {
        let (_task, handle) = Task::with_handle(move || large[7]);
        handle.cancel();
    });
    let execute = allocations_of(10_000, || {
        pool.execute(move || _ = black_box(large)).unwrap();
    });
    pool.wait_idle();
    let borrows = large;
    let mut scoped = 0.0;
    pool.scope(|scope| {
        scoped = allocations_of(10_000, || {
            let handle = scope.spawn(|| borrows[7]).unwrap();
            _ = black_box(handle.join());
        });
    });
    // A second one for what is larger than a kibibyte, wherever it goes.
    let larger = [7_u8; 2000];
    let boxed = allocations_of(10_000, || {
        _ = black_box(pool.spawn(move || larger[7]).unwrap().join());
    });
    let boxed_in_scope = pool.scope(|scope| {
        allocations_of(10_000, || {
            let handle = scope.spawn(move || larger[7]).unwrap();
            _ = black_box(handle.join());
        })
    });
    // And less than one in a hundred for the pool.
    for (name, each, bound) in [
        ("spawn", spawn, 1.0),
        ("detached", detached, 1.0),
        ("cancelled", cancelled, 1.0),
        ("execute", execute, 1.0),
        ("in a scope", scoped, 1.0),
        ("larger", boxed, 2.0),
        ("larger, in a scope", boxed_in_scope, 2.0),
    ] {
        assert!(each < bound + 0.01, "{name}: {each} allocations");
    }
    on_worker(&pool, move |pool| {
        let nested = allocations_of(10_000, || _ = pool.spawn(|| 7).unwrap().join());
        assert!(nested < 1.01, "nested: {nested} allocations");
        // A task of a scope on a worker is in a list of the scope as well.
        let nested = pool
            .scope(|scope| allocations_of(10_000, || _ = scope.spawn(|| large[7]).unwrap().join()));
        assert!(nested < 1.01, "nested in a scope: {nested} allocations");
    });
}

/// Blocks, and not items, are what a map allocates for.
fn a_map_allocates_for_its_blocks() {
    let pool = Pool::new(1, 16).unwrap();
    let sum = |items: usize| pool.map(0..items, |n| n).map(Result::unwrap).sum::<usize>();
    sum(1000);
    let before = ALLOCATIONS.load(Relaxed);
    assert_eq!(sum(1_000_000), 499_999_500_000);
    let allocations = ALLOCATIONS.load(Relaxed) - before;
    let blocks = pool.stats().completed;
    assert!(
        allocations < 8 * blocks + 64,
        "{allocations} for {blocks} blocks"
    );
}

/// Items of a map that goes on and on are gone when they have been asked for.
fn one_map(items: usize) {
    let pool = Pool::new(2, 16).unwrap();
    let mut numbers = pool.map(0.., |n: usize| Box::new(n)).window(64);
    stays_flat("in one map", items, |n| {
        assert_eq!(*numbers.next().unwrap().unwrap(), n);
        if n == items / 10 || n + 1 == items {
            pool.wait_idle();
        }
    });
}

/// Handles are kept after the end of the pool, with their results and nothing else of it.
fn handles_that_outlive_their_pool() {
    let before = live();
    let pool = Pool::new(2, 100_000).unwrap();
    let handles: Vec<_> = (0..1000).map(|n| pool.spawn(move || n).unwrap()).collect();
    drop(pool);
    until(|| live() - before < 1000 * 512);
    drop(handles);
    until(|| live() - before < 4096);
}

/// One test in each tier, so that no other allocates meanwhile.
#[test]
fn a_task_with_a_handle_costs_one_allocation_and_leaves_nothing_behind() {
    let watchdog = Watchdog::with_limit(LONG * 3);
    drop(Pool::new(2, 2)); // what a process allocates once
    let one = || Pool::builder().threads(1);
    spawns_and_joins_in_one_task(one(), 100_000);
    spawns_and_joins_in_one_task(Pool::builder().threads(3), 20_000);
    spawns_and_joins_in_one_task(one().stealing(Stealing::Off), 20_000);
    from_outside(2_000);
    one_scope(20_000);
    many_scopes(2_000);
    for how in [
        (|handle: JoinHandle<usize>| _ = handle.join().unwrap()) as fn(JoinHandle<usize>),
        |handle| assert!(handle.cancel()),
    ] {
        tombstones(one(), how);
    }
    tombstones_of_outsiders();
    no_tombstones_at_the_ends();
    one_allocation_for_a_task();
    a_map_allocates_for_its_blocks();
    one_map(50_000);
    handles_that_outlive_their_pool();
    drop(watchdog);
}

#[test]
#[ignore = "takes ten seconds: run by `cargo deep`"]
fn a_million_spawns_and_joins_in_one_task_leave_nothing_behind() {
    let watchdog = Watchdog::with_limit(LONG * 3);
    spawns_and_joins_in_one_task(Pool::builder().threads(1), 1_000_000);
    drop(watchdog);
}
