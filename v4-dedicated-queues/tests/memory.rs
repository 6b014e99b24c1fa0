//! What workers that come and go leave behind in their pool: nothing.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicIsize, Ordering::Relaxed};
use std::time::Duration;

use common::{Watchdog, until};
use v4_dedicated_queues::Pool;

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

/// One test, so that no other allocates meanwhile.
#[test]
fn workers_that_come_and_go_leave_no_memory_behind() {
    let watchdog = Watchdog::start();
    let pool = Pool::builder().threads(0..=2).idle_timeout(Duration::ZERO);
    let pool = watchdog.watch(pool.build().unwrap());
    let round = || {
        for _ in 0..500 {
            pool.execute(|| ()).unwrap();
            until(|| pool.threads() == 0);
        }
    };
    round();
    let (before, spawned) = (LIVE.load(Relaxed), pool.stats().spawned);
    (0..4).for_each(|_| round());
    let (grown, spawned) = (LIVE.load(Relaxed) - before, pool.stats().spawned - spawned);
    assert!(spawned >= 2000, "{spawned} workers came and went");
    // A few have left a moment ago, and are not joined yet.
    assert!(grown < 65_536, "{grown} bytes more than before");
}
