//! What scopes leave behind: nothing.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicIsize, Ordering::Relaxed};

use common::Watchdog;
use v5_futures::Pool;

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

/// One test, so that no other allocates meanwhile. What a scope shares with its tasks knows them, and they
/// know it, so it must not be left to itself with those that are over.
#[test]
fn a_scope_on_a_worker_leaves_no_memory_behind() {
    let _watchdog = Watchdog::start();
    let pool = Arc::new(Pool::new(1, 4).unwrap());
    let round = || {
        let inside = Arc::clone(&pool);
        let scopes = move || {
            for _ in 0..1000 {
                inside.scope(|scope| {
                    let one = scope.spawn(|| 1).unwrap();
                    assert_eq!(one.join().unwrap(), 1);
                });
            }
        };
        pool.spawn(scopes).unwrap().join().unwrap();
    };
    round();
    let before = LIVE.load(Relaxed);
    round();
    round();
    let grown = LIVE.load(Relaxed) - before;
    assert!(grown < 4096, "{grown} bytes more than before");
}
