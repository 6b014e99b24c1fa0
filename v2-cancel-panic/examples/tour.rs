//! A tour of v2: a search that survives a broken shelf and ends when the book is found.
//!
//! Run it with `cargo run -p v2-cancel-panic --example tour`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use v2_cancel_panic::{CancelToken, Pool, Reason};

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let broken = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&broken);
    let pool = Pool::builder()
        .threads(2)
        .queue_capacity(64)
        .thread_name(|number| format!("librarian-{number}"))
        .panic_handler(move |_payload| {
            counted.fetch_add(1, Ordering::Relaxed);
        })
        .build()?;

    // One task panics. The others do not notice, and the worker stays.
    let shelves = pool.group();
    for shelf in 0..6 {
        shelves.execute(move || assert!(shelf != 3, "shelf {shelf} is broken"))?;
    }
    let report = shelves.wait();
    assert_eq!((report.completed, report.panicked), (5, 1));
    assert_eq!((broken.load(Ordering::Relaxed), pool.threads()), (1, 2));
    println!(
        "{} shelves searched, {} broken",
        report.completed, report.panicked
    );

    // The first to find the book cancels the search: what has not started never will.
    let search = CancelToken::new();
    let looked = Arc::new(AtomicUsize::new(0));
    let mut submitted = 0;
    for room in 0..40 {
        let (found, looked) = (search.clone(), Arc::clone(&looked));
        let visit = move || {
            looked.fetch_add(1, Ordering::Relaxed);
            if room == 2 {
                found.cancel();
            }
            // A task that takes long looks at its token now and then; this one sleeps on it.
            found.wait_timeout(Duration::from_millis(2));
        };
        match pool.execute_with(&search, visit) {
            Ok(()) => submitted += 1,
            Err(rejected) => assert_eq!(rejected.reason(), Reason::Cancelled),
        }
    }
    pool.wait_idle();
    let stats = pool.stats();
    let looked = looked.load(Ordering::Relaxed);
    println!("{looked} rooms visited, {} spared", stats.cancelled);
    assert_eq!(looked + stats.cancelled, submitted);

    // A search with a deadline ends by itself.
    let evening = CancelToken::new().with_timeout(Duration::from_millis(10));
    let inside = evening.clone();
    pool.execute_with(&evening, move || inside.wait())?;

    // A shutdown with a deadline says what is left, and one in a hurry hands tasks back.
    pool.shutdown_timeout(Duration::from_secs(60))?;
    assert!(pool.shutdown_now().is_empty());
    let stats = pool.stats();
    assert_eq!(
        stats.accepted,
        stats.completed + stats.panicked + stats.cancelled + stats.returned
    );
    Ok(())
}
