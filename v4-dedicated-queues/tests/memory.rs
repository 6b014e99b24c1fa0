//! What tasks leave behind in their pool: a few small boxes, and after the pool nothing.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicIsize, Ordering::Relaxed};

use common::{Gate, Watchdog, until};
use v4_dedicated_queues::{Pool, Stealing};

static LIVE: AtomicIsize = AtomicIsize::new(0);

/// Counts the bytes that are allocated.
struct Counting;

// SAFETY: every call is passed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size() as isize, Relaxed);
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

/// Queues so many tasks with captures of that size, and returns when all are over.
fn crowd<const SIZE: usize>(pool: &Arc<Pool>, tasks: usize) {
    let gate = Gate::new();
    gate.occupy(|task| pool.execute(task).unwrap());
    for _ in 0..tasks {
        let bytes = [0_u8; SIZE];
        pool.execute(move || _ = std::hint::black_box(bytes))
            .unwrap();
    }
    let (inside, nested) = (Arc::clone(pool), tasks);
    // And the same on a worker, beyond the bound.
    let parent = move || {
        for _ in 0..nested {
            let bytes = [0_u8; SIZE];
            inside
                .execute(move || _ = std::hint::black_box(bytes))
                .unwrap();
        }
    };
    pool.execute(parent).unwrap();
    gate.open();
    pool.wait_idle();
}

/// One test, so that no other allocates meanwhile.
#[test]
fn a_crowd_of_tasks_leaves_a_few_small_boxes_and_a_dropped_pool_nothing() {
    let watchdog = Watchdog::start();
    // What a process allocates once.
    let build = |stealing| {
        let pool = Pool::builder().threads(2).queue_capacity(30_000);
        Arc::new(pool.stealing(stealing).build().unwrap())
    };
    let first = build(Stealing::Half);
    crowd::<100>(&first, 10);
    drop(first);
    for stealing in [Stealing::Off, Stealing::One, Stealing::Half] {
        let before = live();
        let pool = build(stealing);
        crowd::<100>(&pool, 10);
        let fresh = live();
        crowd::<100>(&pool, 20_000);
        // Workers free their boxes, and give back what their queues took, before they sleep. What
        // remains is on the way to a submitter: some two thousand boxes at most, and queues of a
        // thousand tasks.
        let kept = || live() - fresh;
        until(|| kept() < 2200 * 128 + 4 * 1024 * 64);
        // Large boxes are not recycled.
        let small = live();
        crowd::<4000>(&pool, 100);
        until(|| live() - small < 40 * 4000);
        drop(pool);
        // Threads that have been joined may be cleaned up a moment later.
        until(|| live() - before < 4096);
    }
    drop(watchdog);
}
