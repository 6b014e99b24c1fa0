//! Counts allocations, in a pass of its own.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};

use benchmark::race::Reading;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The system's allocator, watched. While nobody counts, which is whenever something is timed, all
/// it does besides is to read a flag that nobody writes.
struct Counting;

static ENABLED: AtomicBool = AtomicBool::new(false);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicI64 = AtomicI64::new(0);

/// What all threads have allocated so far while counting was on.
pub(crate) fn so_far() -> Reading {
    Reading {
        allocations: ALLOCATIONS.load(Relaxed),
        bytes: BYTES.load(Relaxed),
    }
}

/// Counts what is allocated in the meantime.
pub(crate) fn counted<T>(work: impl FnOnce() -> T) -> T {
    ENABLED.store(true, Relaxed);
    let value = work();
    ENABLED.store(false, Relaxed);
    value
}

/// One more allocation, or none, by which so many bytes came or went.
fn note(allocations: u64, came: usize, went: usize) {
    if ENABLED.load(Relaxed) {
        ALLOCATIONS.fetch_add(allocations, Relaxed);
        BYTES.fetch_add(came as i64 - went as i64, Relaxed);
    }
}

// SAFETY: every call is passed on to `System` as it is, and `note` does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(1, layout.size(), 0);
        // SAFETY: the caller keeps the contract of `alloc`, which is that of `System`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(1, layout.size(), 0);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(1, size, layout.size());
        // SAFETY: as above; the block is one of `System`'s.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        note(0, 0, layout.size());
        // SAFETY: as above; the block is one of `System`'s.
        unsafe { System.dealloc(block, layout) }
    }
}
