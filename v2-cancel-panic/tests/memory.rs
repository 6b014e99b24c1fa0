//! What dropped children leave behind in their parent: nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicIsize, Ordering::Relaxed};

use v2_cancel_panic::{CancelToken, Pool};

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
fn dropped_tokens_groups_and_pools_leave_no_memory_behind() {
    let parent = CancelToken::new();
    let pool = Pool::builder()
        .threads(1)
        .cancel_token(parent.child())
        .build()
        .unwrap();
    let round = || {
        for _ in 0..10_000 {
            drop(parent.child().child());
            drop(pool.group());
        }
        for _ in 0..20 {
            // Each pool's own token is a child in this tree.
            drop(
                Pool::builder()
                    .threads(1)
                    .cancel_token(parent.child())
                    .build()
                    .unwrap(),
            );
        }
        pool.wait_idle();
    };
    round();
    let before = LIVE.load(Relaxed);
    round();
    round();
    let grown = LIVE.load(Relaxed) - before;
    assert!(grown < 4096, "{grown} bytes more than before");
}
