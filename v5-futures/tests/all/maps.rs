//! `map` and `try_map`: in order, lazily, a window at a time, and up to the first error.
//!
//! Most of it with blocks of one item, in which one can see what happens when: `blocks.rs` is about
//! larger ones.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::time::Duration;

use crate::common::{Gate, OpenOnDrop, Watchdog, until};
use crate::scenes::{self, OnDrop, on_worker};
use v5_futures::{Load, Moment, Pool, Scaling, TryMapError};

/// A pool of one worker that might have sixteen. So with a window of up to a hundred items each
/// block has one.
fn one_by_one(watchdog: &Watchdog) -> Arc<Pool> {
    #[derive(Debug)]
    struct Nobody;
    impl Scaling for Nobody {
        fn wanted(&self, _: Moment, _: &Load) -> usize {
            0
        }
    }
    let pool = Pool::builder().threads(1..=16).queue_capacity(100);
    watchdog.watch(pool.scaling(Nobody).build().unwrap())
}

/// A function that counts its calls and doubles.
fn doubles(calls: &Arc<AtomicUsize>) -> impl Fn(usize) -> usize + Send + Sync + 'static {
    let calls = Arc::clone(calls);
    move |n| {
        calls.fetch_add(1, SeqCst);
        2 * n
    }
}

#[test]
fn results_come_in_the_order_of_the_items() {
    let watchdog = Watchdog::start();
    for threads in [1, 4] {
        let pool = watchdog.watch(Pool::new(threads, 3).unwrap());
        for window in [1, 2, 7, 1000] {
            let calls = Arc::new(AtomicUsize::new(0));
            let doubled = pool.map(0..200, doubles(&calls)).window(window);
            let doubled: Vec<_> = doubled.map(Result::unwrap).collect();
            assert_eq!(doubled, (0..400).step_by(2).collect::<Vec<_>>());
            let tried = pool.try_map(0..200, |n| Ok::<_, ()>(2 * n)).window(window);
            assert_eq!(tried.map(Result::unwrap).collect::<Vec<_>>(), doubled);
            assert_eq!((calls.load(SeqCst), Arc::strong_count(&calls)), (200, 1));
        }
        assert_eq!(pool.map(Vec::<u8>::new(), |n| n).count(), 0);
        assert_eq!(pool.try_map([] as [u8; 0], Ok::<_, ()>).count(), 0);
    }
}

/// The last item is the first to be done.
#[test]
fn a_slow_item_holds_up_those_behind_it_and_loses_none() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(4, 16).unwrap());
    let gate = Gate::new();
    let _open = OpenOnDrop(&gate);
    let (at, done) = (gate.clone(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&done);
    let mut numbers = pool.map(0..10, move |n| {
        if n == 0 {
            at.pass();
        }
        count.fetch_add(1, SeqCst);
        n
    });
    numbers = numbers.window(10);
    std::thread::scope(|scope| {
        let collect = scope.spawn(|| numbers.map(Result::unwrap).collect::<Vec<_>>());
        until(|| done.load(SeqCst) == 9);
        assert!(!collect.is_finished());
        gate.open();
        assert_eq!(collect.join().unwrap(), (0..10).collect::<Vec<_>>());
    });
}

#[test]
fn nothing_is_done_before_it_is_asked_for() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    let (taken, calls) = (Cell::new(0), Arc::new(AtomicUsize::new(0)));
    let items = (0..).inspect(|_| taken.set(taken.get() + 1));
    let mut numbers = pool.map(items, doubles(&calls)).window(3);
    pool.wait_idle();
    assert_eq!((taken.get(), calls.load(SeqCst)), (0, 0));
    for n in 0..10 {
        assert_eq!(numbers.next().unwrap().unwrap(), 2 * n);
        // What was returned makes room for one that is taken when the next is asked for.
        assert_eq!(taken.get(), n + 3);
    }
    pool.wait_idle();
    assert_eq!(calls.load(SeqCst), 12);
    let text = format!("{numbers:?}");
    assert!(text.starts_with("Map(Blocks { window: Some(3), "), "{text}");
}

#[test]
fn no_more_items_are_alive_than_the_window_is_wide() {
    struct Item(Arc<AtomicUsize>);
    impl Drop for Item {
        fn drop(&mut self) {
            self.0.fetch_sub(1, SeqCst);
        }
    }
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 100).unwrap());
    for (window, bound) in [(1, 1), (5, 5), (0, 1), (40, 40), (1000, 1000)] {
        let alive = Arc::new(AtomicUsize::new(0));
        let items = std::iter::repeat_with(|| {
            assert!(alive.fetch_add(1, SeqCst) < bound, "one more than {bound}");
            Item(Arc::clone(&alive))
        });
        // The results are the items: they live until they are asked for.
        let mut map = pool.map(items, |item| item).window(window);
        for item in map.by_ref().take(10 * bound) {
            drop(item.unwrap());
        }
        drop(map);
        pool.wait_idle();
        assert_eq!(alive.load(SeqCst), 0);
    }
}

#[test]
fn as_many_run_at_a_time_as_there_are_workers_and_the_window_allows() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(3, 100).unwrap());
    let meeting = Arc::new(Barrier::new(3));
    let meet = move |_| {
        meeting.wait();
    };
    // The items wait for each other, so each needs a block of its own.
    let met = pool.map(0..30, meet).window(11);
    assert_eq!(met.filter(Result::is_ok).count(), 30);
}

#[test]
fn a_map_that_is_dropped_early_cancels_what_has_not_started() {
    let watchdog = Watchdog::start();
    let pool = one_by_one(&watchdog);
    let gate = Gate::new();
    let _open = OpenOnDrop(&gate);
    let (at, calls, (tell, told)) = (gate.clone(), Arc::new(AtomicUsize::new(0)), mpsc::channel());
    let count = Arc::clone(&calls);
    let mut numbers = pool
        .map(0..100, move |n| {
            count.fetch_add(1, SeqCst);
            if n == 1 {
                tell.send(()).unwrap();
                at.pass();
            }
            n
        })
        .window(50);
    assert_eq!(numbers.next().unwrap().unwrap(), 0);
    told.recv().unwrap();
    assert_eq!(pool.queue_len(), 48);
    drop(numbers);
    assert_eq!((pool.queue_len(), pool.stats().cancelled), (0, 48));
    gate.open();
    pool.wait_idle();
    assert_eq!((calls.load(SeqCst), Arc::strong_count(&calls)), (2, 1));
}

#[test]
fn a_function_that_panics_costs_its_item_alone() {
    let watchdog = Watchdog::start();
    let (told, handler) = scenes::counting_handler();
    let pool = Pool::builder().threads(2).panic_handler(handler);
    let pool = watchdog.watch(pool.build().unwrap());
    let picky = |n| {
        assert!(n % 3 > 0, "{n} is three times something");
        n
    };
    for window in [1, 100, 10_000] {
        let mut results = pool.map(0..1000, picky).window(window);
        for n in 0..1000 {
            match results.next().unwrap() {
                Ok(number) => assert_eq!(number, n),
                Err(error) => {
                    assert!(error.is_panic() && n % 3 == 0);
                    let text = format!("the task panicked: {n} is three times something");
                    assert_eq!(error.to_string(), text);
                }
            }
        }
        assert!(results.next().is_none());
    }
    pool.wait_idle();
    assert_eq!(told.load(SeqCst), 0, "the caller was told");
}

/// Items come from the caller's own iterator: if that panics, so does `next`.
#[test]
fn an_iterator_that_panics_does_so_where_it_is_asked() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    let items = (0..10).inspect(|n| assert!(*n < 5, "the fifth"));
    let calls = Arc::new(AtomicUsize::new(0));
    let mut numbers = pool.map(items, doubles(&calls)).window(2);
    let mut next = || std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| numbers.next()));
    for n in 0..4 {
        assert_eq!(next().unwrap().unwrap().unwrap(), 2 * n);
    }
    assert!(next().is_err());
    drop(numbers);
    pool.wait_idle();
    let stats = pool.stats();
    assert_eq!(
        (stats.completed + stats.cancelled, Arc::strong_count(&calls)),
        (5, 1)
    );
}

#[test]
fn a_refused_item_is_an_error_and_the_end() {
    let watchdog = Watchdog::start();
    for cancel in [false, true] {
        let pool = one_by_one(&watchdog);
        let calls = Arc::new(AtomicUsize::new(0));
        let taken = Cell::new(0);
        let items = (0..100).inspect(|_| taken.set(taken.get() + 1));
        let mut numbers = pool.map(items, doubles(&calls)).window(4);
        assert_eq!(numbers.next().unwrap().unwrap(), 0);
        pool.wait_idle();
        if cancel {
            pool.cancel();
        } else {
            pool.shutdown();
        }
        // Those ahead are there, and then comes the one that was refused.
        for n in 1..4 {
            assert_eq!(numbers.next().unwrap().unwrap(), 2 * n);
        }
        let error = numbers.next().unwrap().unwrap_err();
        assert_eq!(
            (error.is_cancelled(), error.is_abandoned()),
            (cancel, !cancel)
        );
        assert!(numbers.next().is_none() && numbers.next().is_none());
        drop(numbers);
        assert_eq!((taken.get(), calls.load(SeqCst)), (5, 4));
        // And if nothing was accepted at all.
        let mut numbers = pool.try_map(0..100, Ok::<_, ()>);
        let error = numbers.next().unwrap().unwrap_err();
        assert!(matches!(error, TryMapError::Join(error) if error.is_cancelled() == cancel));
        assert!(numbers.next().is_none());
    }
}

#[test]
fn a_map_on_the_only_worker_computes_in_place() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 1).unwrap());
    for window in [1, 1000] {
        let numbers = on_worker(&pool, move |pool| {
            let inside = Arc::clone(pool);
            let sum = move |n| {
                let numbers = inside.map(0..n, |n| n).window(window);
                numbers.map(Result::unwrap).sum::<usize>()
            };
            let sums = pool.map(0..20, sum).window(window).map(Result::unwrap);
            sums.collect::<Vec<usize>>()
        });
        assert_eq!(numbers[19], 171);
        pool.wait_idle();
        let stats = pool.stats();
        assert_eq!((stats.completed, stats.spawned), (stats.accepted, 1));
    }
}

#[test]
fn the_first_error_is_the_last_result() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 8).unwrap());
    for window in [1, 4, 100] {
        let taken = Cell::new(0);
        let items = (0..100).inspect(|_| taken.set(taken.get() + 1));
        let picky = |n| {
            if n == 20 || n == 22 {
                Err(format!("{n} is not liked"))
            } else {
                Ok(n)
            }
        };
        let mut numbers = pool.try_map(items, picky).window(window);
        for n in 0..20 {
            assert_eq!(numbers.next().unwrap().unwrap(), n);
        }
        let error = numbers.next().unwrap().unwrap_err();
        assert_eq!(format!("{numbers:?}"), "TryMap { has_ended: true, .. }");
        assert!(numbers.next().is_none() && numbers.next().is_none());
        drop(numbers);
        // The words are the function's own.
        assert!(matches!(&error, TryMapError::Failed(text) if text == "20 is not liked"));
        assert!((21..=20 + window).contains(&taken.get()), "{}", taken.get());
        pool.wait_idle();
    }
    let stats = pool.stats();
    assert_eq!(stats.accepted, stats.completed + stats.cancelled);
}

#[test]
fn what_is_behind_an_error_is_cancelled_when_its_turn_comes() {
    let watchdog = Watchdog::start();
    let pool = one_by_one(&watchdog);
    let gate = Gate::new();
    let _open = OpenOnDrop(&gate);
    let (at, runs) = (gate.clone(), Arc::new(Mutex::new(Vec::new())));
    let seen = Arc::clone(&runs);
    let picky = move |n| {
        seen.lock().unwrap().push(n);
        if n == 1 {
            at.pass();
        }
        if n == 0 { Err(n) } else { Ok(n) }
    };
    let mut numbers = pool.try_map(0..50, picky).window(10);
    let error = numbers.next().unwrap().unwrap_err();
    assert!(matches!(error, TryMapError::Failed(0)));
    // The worker is at the gate or did not come to it; all others are gone.
    assert_eq!(pool.queue_len(), 0);
    assert!(numbers.next().is_none());
    drop(numbers);
    gate.open();
    pool.wait_idle();
    let runs = runs.lock().unwrap();
    assert!(runs.len() <= 2 && runs[0] == 0, "{runs:?}");
}

/// An item that has failed is not returned yet, but nothing more is begun for what comes after it.
#[test]
fn no_more_items_are_taken_when_one_has_failed() {
    let watchdog = Watchdog::start();
    for panics in [false, true] {
        let pool = one_by_one(&watchdog);
        let taken = Cell::new(0);
        let items = (0..100).inspect(|_| taken.set(taken.get() + 1));
        let picky = move |n| match n {
            3 if panics => panic!("the third"),
            3 => Err(n),
            _ => Ok(n),
        };
        let mut numbers = pool.try_map(items, picky).window(5);
        assert_eq!(numbers.next().unwrap().unwrap(), 0);
        pool.wait_idle();
        for n in 1..3 {
            assert_eq!(numbers.next().unwrap().unwrap(), n);
        }
        match numbers.next().unwrap().unwrap_err() {
            TryMapError::Failed(3) => assert!(!panics),
            TryMapError::Join(error) => assert!(panics && error.is_panic()),
            error => panic!("{error:?}"),
        }
        assert!(numbers.next().is_none());
        drop(numbers);
        assert_eq!(taken.get(), 5);
    }
}

#[test]
fn an_error_says_what_the_function_or_the_pool_says() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 8).unwrap());
    let error = |result: Result<u8, TryMapError<std::num::ParseIntError>>| {
        let error: Box<dyn std::error::Error> = Box::new(result.unwrap_err());
        error.to_string()
    };
    let parse = |text: &str| {
        assert!(text != "panic", "not this one");
        text.parse::<u8>()
    };
    let texts = ["seven", "panic"].map(|text| error(pool.try_map([text], parse).next().unwrap()));
    assert_eq!(
        texts,
        [
            "invalid digit found in string",
            "the task panicked: not this one"
        ]
    );
}

/// The closure that all tasks share goes with the last of them.
#[test]
fn what_the_function_captured_is_dropped_with_the_map() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 8).unwrap());
    let dropped = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&dropped);
    let captured = OnDrop::new(move || _ = count.fetch_add(1, SeqCst));
    let share = Mutex::new(captured);
    let numbers = pool.map(0..100, move |n| {
        let _held = share.lock().unwrap();
        n
    });
    assert_eq!(numbers.map(Result::unwrap).sum::<usize>(), 4950);
    pool.shutdown_timeout(Duration::MAX).unwrap();
    assert_eq!(dropped.load(SeqCst), 1);
}
