//! How often an experiment allocates, if the program counts that.
//!
//! To count means to be the program's allocator, which takes `unsafe`. So it is the program that
//! does it, and lends its count.

use std::sync::OnceLock;

/// Runs the work. Returns how many allocations there were meanwhile, of all threads.
pub type Count = fn(&mut dyn FnMut()) -> u64;

static COUNT: OnceLock<Count> = OnceLock::new();

/// From now on, experiments count their allocations with this. Without it they say nothing of them.
pub fn count_allocations_with(count: Count) {
    // Whoever came first stays.
    let _ = COUNT.set(count);
}

/// Runs the work. Returns how often it allocated, or `None` if nobody counts.
pub(super) fn allocations(mut work: impl FnMut()) -> Option<u64> {
    let count = COUNT.get().map(|count| count(&mut work));
    if count.is_none() {
        work();
    }
    count
}
