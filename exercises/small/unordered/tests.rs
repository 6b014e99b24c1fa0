//! Results as they come.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use harness::{Gate, OpenOnDrop, doing, laws};
use pool::Pool;

/// Items that count how many of them have been taken.
fn counted(items: u32) -> (Arc<AtomicUsize>, impl Iterator<Item = u32>) {
    let taken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&taken);
    let items = (0..items).inspect(move |_| _ = count.fetch_add(1, SeqCst));
    (taken, items)
}

/// Each item has one result, with any limit: zero counts as one.
fn each_item_has_a_result() {
    let pool = Pool::new(2, 64).unwrap();
    for limit in [0, 1, 3, 10, 100] {
        let results = pool.unordered(0..10, |n: u32| n * n, limit);
        let what = format!("collects the results of ten items, with a limit of {limit}");
        let mut results: Vec<u32> = doing(&what, || results.map(Result::unwrap).collect());
        results.sort_unstable();
        let right: Vec<u32> = (0..10).map(|n| n * n).collect();
        assert!(
            results == right,
            "with a limit of {limit}, the results of 0 to 9 are {results:?}, sorted"
        );
    }
}

/// While one item takes long, the others have their results.
fn nobody_waits_for_a_slow_item() {
    let pool = Pool::new(2, 8).unwrap();
    let gate = Gate::new();
    let _open = OpenOnDrop(&gate);
    let at = gate.clone();
    let page = move |n: u32| {
        if n == 0 {
            doing("runs the item that takes long", || at.pass());
        }
        n
    };
    let mut pages = pool.unordered(0..10, page, 4);
    for _ in 1..10 {
        let what = "asks for the next result, while the first item takes long";
        let page = doing(what, || pages.next());
        let page = page.map(Result::unwrap);
        assert!(
            page.is_some_and(|n| n > 0),
            "beside an item that takes long, the next result is {page:?}"
        );
    }
    gate.open();
    let last = doing("asks for the last result", || pages.next());
    let last = last.map(Result::unwrap);
    assert!(last == Some(0), "the last result is {last:?}");
    let none = doing("asks for one more", || pages.next());
    assert!(none.is_none(), "of ten items there are eleven results");
}

/// Nothing is taken before somebody asks, and then never more than `limit` are with the pool.
fn the_limit_is_kept() {
    let pool = Pool::new(2, 64).unwrap();
    let (taken, items) = counted(50);
    let mut results = pool.unordered(items, |n| n, 4);
    let early = taken.load(SeqCst);
    assert!(early == 0, "nobody has asked, and {early} items are taken");
    for had in 0..50 {
        let result = doing("asks for the next result", || results.next());
        assert!(result.is_some(), "after {had} of 50 results it is over");
        let taken = taken.load(SeqCst);
        assert!(
            taken <= had + 4,
            "with a limit of 4, {taken} items were taken for result {}",
            had + 1
        );
    }
}

/// An item for which the function panics has a result, and the others have theirs.
fn a_panic_is_a_result() {
    let pool = Pool::new(2, 64).unwrap();
    let odd = |n: u32| {
        assert!(n != 3, "three");
        n
    };
    let results = pool.unordered(0..6, odd, 2);
    let what = "collects the results of six items, of which one panics";
    let results: Vec<_> = doing(what, || results.collect());
    let panics = results.iter().filter(|result| result.is_err()).count();
    assert!(
        results.len() == 6 && panics == 1,
        "of six items one panics, and there are {} results, {panics} of them panics",
        results.len()
    );
}

/// When it is dropped, what has not begun never does.
fn dropped_it_cancels() {
    let pool = Pool::new(1, 64).unwrap();
    let gate = Gate::new();
    let _open = OpenOnDrop(&gate);
    let ran = Arc::new(AtomicUsize::new(0));
    let (at, count) = (gate.clone(), Arc::clone(&ran));
    let page = move |n: u32| {
        count.fetch_add(1, SeqCst);
        if n > 0 {
            doing("runs an item that takes long", || at.pass());
        }
    };
    let mut pages = pool.unordered(0..10, page, 4);
    let first = doing("asks for the first result", || pages.next());
    assert!(first.is_some(), "there is no result");
    drop(pages);
    gate.open();
    doing("waits until the pool is idle", || pool.wait_idle());
    // The second may have begun.
    let ran = ran.load(SeqCst);
    assert!(
        ran <= 2,
        "it was dropped after one result, and {ran} items ran"
    );
}

laws! {
    each_item_has_a_result,
    nobody_waits_for_a_slow_item,
    the_limit_is_kept,
    a_panic_is_a_result,
    dropped_it_cancels,
}
