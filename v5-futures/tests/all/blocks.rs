//! Maps in blocks of many items: what is the same as with one item in a block, and what is not.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::common::{Gate, OpenOnDrop, Watchdog, until};
use crate::scenes::{self, OnDrop, block, busy, on_worker};
use v5_futures::{Pool, TryMapError};

/// Items that know in which block they are: nothing but a map submits to this pool, and an item is
/// taken when as many blocks have been accepted as there are before its own.
fn numbered(pool: &Pool, items: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..items).map(|n| (n, pool.stats().accepted))
}

/// How many items there are in each block.
fn sizes(blocks: &[usize]) -> Vec<usize> {
    let of = |block: &[usize]| block.len();
    blocks.chunk_by(|one, next| one == next).map(of).collect()
}

#[test]
fn the_first_blocks_have_one_item_and_they_grow_step_by_step() {
    let watchdog = Watchdog::start();
    for (workers, items) in [(1, 30_000), (3, 30_000)] {
        let pool = watchdog.watch(Pool::new(workers, 100).unwrap());
        let blocks = pool.map(numbered(&pool, items), |(_, block)| block);
        let blocks: Vec<_> = blocks.map(Result::unwrap).collect();
        let sizes = sizes(&blocks);
        assert_eq!((sizes[0], sizes.iter().sum::<usize>()), (1, items));
        let mut largest = 1;
        for size in &sizes {
            assert!(*size <= 8 * largest && *size <= 4096, "{sizes:?}");
            largest = largest.max(*size);
        }
        // As many as may be ahead are submitted before the first result is there.
        assert!(
            sizes[..4 * workers].iter().all(|size| *size == 1),
            "{sizes:?}"
        );
    }
}

#[test]
fn before_the_first_result_only_one_item_is_taken_for_each_block_that_may_be_ahead() {
    let watchdog = Watchdog::start();
    for window in [None, Some(1000), Some(5), Some(1)] {
        let pool = watchdog.watch(Pool::new(3, 100).unwrap());
        let gates = [(); 3].map(|()| block(&pool));
        let taken = AtomicUsize::new(0);
        thread::scope(|scope| {
            let items = (0..100).inspect(|_| _ = taken.fetch_add(1, SeqCst));
            let mut numbers = pool.map(items, |n| n);
            // Or no more items than the window is wide.
            let expected = window.map_or(12, |window| 12.min(window));
            if let Some(window) = window {
                numbers = numbers.window(window);
            }
            let next = scope.spawn(move || numbers.next().unwrap().unwrap());
            until(|| pool.queue_len() == expected);
            thread::yield_now();
            assert_eq!((taken.load(SeqCst), pool.queue_len()), (expected, expected));
            gates.iter().for_each(Gate::open);
            assert_eq!(next.join().unwrap(), 0);
        });
    }
}

/// The blocks are as large as a share of the window, and all items of theirs count.
#[test]
fn with_a_window_no_more_items_are_ahead_than_it_is_wide() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 100).unwrap());
    for window in [1, 7, 8, 64, 1000] {
        let (taken, returned) = (Cell::new(0), Cell::new(0));
        let items = (0..5000).inspect(|_| {
            taken.set(taken.get() + 1);
            assert!(taken.get() <= returned.get() + window);
        });
        for (n, result) in pool.map(items, |n| n).window(window).enumerate() {
            assert_eq!(result.unwrap(), n);
            returned.set(n + 1);
        }
        assert_eq!(taken.get(), 5000);
    }
}

/// The other worker has nothing to do, and cannot do it.
#[test]
fn an_item_behind_another_one_in_its_block_waits_for_it() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 100).unwrap());
    let seen = |(_, block)| (block, thread::current().id());
    let done = pool.map(numbered(&pool, 20_000), seen);
    let done: Vec<_> = done.map(Result::unwrap).collect();
    for pair in done.windows(2) {
        let [(block, one), (next, other)] = pair else {
            unreachable!()
        };
        assert!(
            block != next || one == other,
            "one block is done by one worker"
        );
    }
}

/// A worker may do an item while the caller waits for the one before it.
#[test]
fn with_a_small_window_each_item_has_a_block_of_its_own() {
    let watchdog = Watchdog::start();
    for workers in [1, 2, 4] {
        let pool = watchdog.watch(Pool::new(workers, 100).unwrap());
        let window = 8 * workers - 1;
        let blocks = pool.map(numbered(&pool, 500), |(_, block)| block);
        let blocks: Vec<_> = blocks.window(window).map(Result::unwrap).collect();
        assert_eq!(sizes(&blocks), [1; 500]);
        let tried = pool.try_map(numbered(&pool, 500), |(_, block)| Ok::<_, ()>(block));
        let blocks: Vec<_> = tried.window(window).map(Result::unwrap).collect();
        assert_eq!(sizes(&blocks), [1; 500]);
    }
}

/// Whether it comes in the middle of a block or at its beginning.
#[test]
fn no_item_is_lost_when_the_iterator_panics() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 100).unwrap());
    for window in [1, 100, 100_000] {
        let items = (0..3000).inspect(|n| assert!(n % 1000 != 500, "{n}"));
        let mut numbers = pool.map(items, |n| n).window(window);
        let (mut results, mut panics) = (Vec::new(), 0);
        loop {
            match catch_unwind(AssertUnwindSafe(|| numbers.next())) {
                Ok(Some(result)) => results.push(result.unwrap()),
                Ok(None) => break,
                Err(_) => panics += 1,
            }
        }
        assert_eq!(panics, 3);
        let expected: Vec<_> = (0..3000).filter(|n| n % 1000 != 500).collect();
        assert_eq!(results, expected);
    }
}

#[test]
fn a_map_ends_when_its_iterator_does_and_does_not_ask_again() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 100).unwrap());
    let calls = Cell::new(0);
    // It would go on after its end.
    let items = std::iter::from_fn(|| {
        calls.set(calls.get() + 1);
        (calls.get() != 100).then_some(calls.get())
    });
    let mut numbers = pool.map(items, |n| n);
    assert_eq!(numbers.by_ref().map(Result::unwrap).sum::<usize>(), 4950);
    assert!(numbers.next().is_none() && numbers.next().is_none());
    assert_eq!(calls.get(), 100);
}

/// One worker does the items of a block one after another.
#[test]
fn try_map_stops_inside_a_block() {
    let watchdog = Watchdog::start();
    for panics in [false, true] {
        let pool = watchdog.watch(Pool::new(1, 100).unwrap());
        let alive = Arc::new(());
        let items = numbered(&pool, 20_000).map(|item| (item, Arc::clone(&alive)));
        let called = Arc::new(Mutex::new(Vec::new()));
        let calls = Arc::clone(&called);
        // The second item of a block, in the first block with a second one after a while.
        let picky = move |((n, block), _alive)| {
            let second = {
                let mut calls = calls.lock().unwrap();
                let second = calls.last() == Some(&block);
                calls.push(block);
                second
            };
            if second && block >= 12 {
                assert!(!panics, "{n}");
                return Err(n);
            }
            Ok(n)
        };
        let mut numbers = pool.try_map(items, picky);
        let (mut before, mut error) = (0, None);
        for result in numbers.by_ref() {
            match result {
                Ok(n) => {
                    assert_eq!((n, error.is_none()), (before, true));
                    before += 1;
                }
                Err(other) => error = Some(other),
            }
        }
        drop(numbers);
        pool.wait_idle();
        assert_eq!(Arc::strong_count(&alive), 1, "an item is left somewhere");
        // On a machine that is so slow that each block has one item, there is no second one.
        let Some(error) = error else { continue };
        match error {
            TryMapError::Failed(n) => assert_eq!((n, panics), (before, false)),
            error => assert!(panics, "{error}"),
        }
        // Wherever it happened, it was called for no item behind the second one.
        let called = called.lock().unwrap();
        let sizes = sizes(&called);
        let failed = sizes.iter().rposition(|size| *size > 1).unwrap();
        let late = sizes.iter().enumerate().skip(12);
        let larger: Vec<_> = late.filter(|(_, size)| **size > 2).collect();
        assert!(larger.is_empty() && failed >= 12, "{sizes:?}");
    }
}

#[test]
fn the_last_result_of_try_map_is_the_first_error_wherever_it_is_in_its_block() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 100).unwrap());
    for bad in [0, 1, 2, 3, 10, 100, 999, 4321] {
        for panics in [false, true] {
            let picky = move |n| {
                assert!(n < bad || !panics, "bad");
                if n < bad { Ok(n) } else { Err(n) }
            };
            let results: Vec<_> = pool.try_map(0..5000, picky).collect();
            assert_eq!(results.len(), bad + 1);
            for (n, result) in results.into_iter().enumerate() {
                match result {
                    Ok(number) => assert_eq!((n < bad, number), (true, n)),
                    Err(TryMapError::Failed(number)) => assert_eq!((number, panics), (n, false)),
                    Err(error) => assert!(panics && n == bad, "{error}"),
                }
            }
        }
    }
}

/// Of a block that was cancelled there is an error for each item.
#[test]
fn a_pool_that_is_cancelled_gives_an_error_for_each_item_that_was_taken() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 100).unwrap());
    let gate = Gate::new();
    let _open = OpenOnDrop(&gate);
    let taken = RefCell::new(Vec::new());
    let items = numbered(&pool, 1_000_000).inspect(|(_, block)| taken.borrow_mut().push(*block));
    let at = gate.clone();
    let mut results = pool.map(items, move |(n, block)| {
        if block > 9 {
            at.pass();
        }
        (n, block)
    });
    // Four blocks may be ahead. When the first of them is here, the next one is at the gate.
    let mut came = 1;
    while results.next().unwrap().unwrap().1 < 9 {
        came += 1;
    }
    until(|| pool.queue_len() == 2);
    pool.cancel();
    gate.open();
    let mut errors = 0;
    for result in results.by_ref() {
        match result {
            Ok((n, _)) => assert_eq!((n, errors), (came, 0)),
            Err(error) => {
                assert!(error.is_cancelled(), "{error}");
                errors += 1;
            }
        }
        came += 1;
    }
    assert!(results.next().is_none());
    let taken = taken.borrow();
    let of = |block| taken.iter().filter(|of| **of == block).count();
    assert!(of(11) > 1 && of(12) > 1, "several items in each");
    // One error more is for a block that was refused, whose items are dropped. The others stay in
    // the iterator.
    assert_eq!(errors, of(11) + of(12) + 1);
    assert_eq!(came + of(13), taken.len() + 1);
    assert!(taken.len() < 1_000_000);
}

/// Values and panics that were there, and nobody asked for.
#[test]
fn the_handler_hears_of_panics_in_a_map_that_nobody_asks_for() {
    let watchdog = Watchdog::start();
    let (told, handler) = scenes::counting_handler();
    let pool = Pool::builder().threads(1).panic_handler(handler);
    let pool = watchdog.watch(pool.build().unwrap());
    let called = Arc::new(AtomicUsize::new(0));
    let calls = Arc::clone(&called);
    let mut numbers = pool.map(0..1_000_000_u32, move |n| {
        calls.fetch_add(1, SeqCst);
        assert!(n < 100, "from the hundredth on");
    });
    for n in 0..200 {
        assert_eq!(numbers.next().unwrap().is_err(), n >= 100);
    }
    drop(numbers);
    pool.wait_idle();
    // Each panic was returned or told.
    assert_eq!(told.load(SeqCst), called.load(SeqCst) - 200);
}

#[test]
fn a_map_that_is_dropped_cancels_whole_blocks_and_drops_their_items() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 100).unwrap());
    let gate = Gate::new();
    let _open = OpenOnDrop(&gate);
    let alive = Arc::new(());
    let items = numbered(&pool, 1_000_000).map(|item| (item, Arc::clone(&alive)));
    let at = gate.clone();
    let mut blocks = pool.map(items, move |((_, block), _alive)| {
        if block > 9 {
            at.pass();
        }
        block
    });
    // Four blocks may be ahead. When the first of them is here, the next one is at the gate.
    while blocks.next().unwrap().unwrap() < 9 {}
    until(|| pool.queue_len() == 2);
    let two = Arc::strong_count(&alive);
    drop(blocks);
    assert_eq!((pool.queue_len(), pool.stats().cancelled), (0, 2));
    assert!(Arc::strong_count(&alive) < two - 2, "several items in each");
    gate.open();
    pool.wait_idle();
    assert_eq!(Arc::strong_count(&alive), 1);
    assert_eq!(pool.stats().accepted, 13);
}

#[test]
fn a_map_in_a_scope_borrows_its_items_its_function_and_what_it_returns() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(3, 100).unwrap());
    let words: Vec<String> = (0..2000).map(|n| format!("word {n}")).collect();
    let prefix = "word ".to_owned();
    let strip = |word| str::strip_prefix(word, prefix.as_str());
    let numbers: Vec<&str> = pool.scope(|scope| {
        let numbers = scope.map(&words, |word| strip(word).unwrap());
        numbers.map(Result::unwrap).collect()
    });
    assert!(
        numbers
            .iter()
            .enumerate()
            .all(|(n, text)| *text == n.to_string())
    );
    // Items may be exclusive, and come from an iterator that borrows as well.
    let mut rows = vec![vec![1_u32; 10]; 500];
    let sums: Vec<u32> = pool.scope(|scope| {
        let rows = rows.iter_mut().filter(|row| row.len() == 10);
        let sums = scope.map(rows, |row| {
            row[0] = 7;
            row.iter().sum()
        });
        sums.window(50).map(Result::unwrap).collect()
    });
    assert_eq!(sums, [16; 500]);
    assert!(rows.iter().all(|row| row[0] == 7));
}

#[test]
fn a_map_in_a_scope_on_the_only_worker_computes_in_place() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 1).unwrap());
    let sum = on_worker(&pool, |pool| {
        let numbers: Vec<usize> = (0..1000).collect();
        pool.scope(|scope| {
            let doubled = scope.map(&numbers, |n| 2 * n);
            doubled.map(Result::unwrap).sum::<usize>()
        })
    });
    assert_eq!(sum, 999_000);
}

/// The scope waits for what runs, and misses nothing of what was cancelled because of the drop.
#[test]
fn a_map_in_a_scope_that_is_dropped_early_leaves_nothing_behind() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 100).unwrap());
    for asked in [0, 1, 10, 500] {
        let alive = AtomicUsize::new(0);
        let items = (0..10_000).map(|n| {
            alive.fetch_add(1, SeqCst);
            (n, OnDrop::new(|| _ = alive.fetch_sub(1, SeqCst)))
        });
        let returned = pool.scope(|scope| {
            let mut numbers = scope.map(items, |(n, counted)| {
                drop(counted);
                n
            });
            let returned: Vec<_> = numbers.by_ref().take(asked).map(Result::unwrap).collect();
            if asked == 10 {
                // Nor if it is leaked, although its blocks are not cancelled then.
                std::mem::forget(numbers);
                return returned;
            }
            drop(numbers);
            returned
        });
        assert_eq!(returned, (0..asked).collect::<Vec<_>>());
        // What was leaked is not in a task any more.
        assert!(asked == 10 || alive.load(SeqCst) == 0);
    }
}

#[test]
fn a_panic_of_an_item_in_a_scope_is_a_result_or_is_told_to_the_handler() {
    let watchdog = Watchdog::start();
    let (told, handler) = scenes::counting_handler();
    let pool = Pool::builder().threads(1).panic_handler(handler);
    let pool = watchdog.watch(pool.build().unwrap());
    let numbers: Vec<usize> = (0..300).collect();
    let called = AtomicUsize::new(0);
    let picky = |n: &usize| {
        called.fetch_add(1, SeqCst);
        assert!(n.is_multiple_of(2), "{n} is odd");
    };
    let errors = pool.scope(|scope| scope.map(&numbers, picky).filter(Result::is_err).count());
    assert_eq!((errors, told.load(SeqCst)), (150, 0));
    let (asked, before) = (21, called.load(SeqCst));
    pool.scope(|scope| {
        let asked = scope.map(&numbers, picky).take(asked);
        assert_eq!(asked.filter(Result::is_err).count(), 10);
    });
    let odd = (called.load(SeqCst) - before) / 2;
    assert_eq!(told.load(SeqCst), odd - 10);
}

/// They were accepted, and then the pool was cancelled: whoever asks is told, once for each item.
#[test]
fn a_map_in_a_scope_of_a_pool_that_is_cancelled_gives_errors() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 100);
    let _open = OpenOnDrop(&gate);
    let numbers: Vec<usize> = (0..10).collect();
    let taken = AtomicUsize::new(0);
    let errors = pool.scope(|scope| {
        let items = numbers.iter().inspect(|_| {
            if taken.fetch_add(1, SeqCst) == 1 {
                pool.cancel();
                gate.open();
            }
        });
        let errors = RefCell::new(Vec::new());
        for result in scope.map(items, |n| *n) {
            errors.borrow_mut().push(result.unwrap_err().is_cancelled());
        }
        errors.into_inner()
    });
    // The first one was accepted and the second one refused, and then it ends.
    assert_eq!((errors, taken.into_inner()), (vec![true; 2], 2));
}
