//! Join sets: results as they come, from one pool or several, waited for or polled.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::{Gate, LONG, OpenOnDrop, Watchdog, until};
use crate::scenes::{self, Calls, block, busy, counts, on_worker};
use v5_futures::{JoinError, JoinSet, Pool, Task};

fn values<T>(results: Vec<Result<T, JoinError>>) -> Vec<T> {
    results.into_iter().map(Result::unwrap).collect()
}

/// A task that waits for its gate.
fn gated<T: Send + 'static>(n: T) -> (impl FnOnce() -> T + Send + 'static, Gate) {
    let gate = Gate::new();
    let at = gate.clone();
    let task = move || {
        at.pass();
        n
    };
    (task, gate)
}

#[test]
fn results_come_in_the_order_in_which_the_tasks_end() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(4, 8).unwrap());
    let mut set = JoinSet::new();
    let gates: Vec<_> = (0..4)
        .map(|n| {
            let (task, gate) = gated(n);
            set.spawn(&pool, task).unwrap();
            gate
        })
        .collect();
    assert_eq!((set.len(), set.is_empty()), (4, false));
    assert_eq!(format!("{set:?}"), "JoinSet { len: 4, .. }");
    for n in [2, 0, 3, 1] {
        gates[n].open();
        assert_eq!(set.join_next().unwrap().unwrap(), n);
    }
    assert!(set.is_empty() && set.join_next().is_none());
    assert!(JoinSet::<u8>::default().join_all().is_empty());
}

/// What has ended before anybody asks keeps its order too.
#[test]
fn results_that_nobody_has_asked_for_keep_their_order() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 100).unwrap());
    let mut set = JoinSet::new();
    (0..50).for_each(|n| set.spawn(&pool, move || n).unwrap());
    pool.wait_idle();
    assert_eq!(values(set.join_all()), (0..50).collect::<Vec<_>>());
}

#[test]
fn a_set_takes_handles_of_all_kinds_and_of_several_pools() {
    let watchdog = Watchdog::start();
    let pools = [1, 2].map(|threads| watchdog.watch(Pool::new(threads, 8).unwrap()));
    let mut set = JoinSet::new();
    for (n, pool) in pools.iter().cycle().take(100).enumerate() {
        set.insert(pool.spawn(move || n).unwrap());
    }
    let (task, handle) = Task::with_handle(|| 100);
    task.run();
    set.insert(handle);
    let (task, handle) = Task::with_handle(|| 101);
    set.insert(handle);
    task.run();
    let over = pools[0].spawn(|| 102).unwrap();
    until(|| over.is_finished());
    set.insert(over);
    let mut numbers = values(set.join_all());
    numbers.sort_unstable();
    assert_eq!(numbers, (0..103).collect::<Vec<_>>());
}

#[test]
fn errors_are_results() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 8);
    let mut set = JoinSet::new();
    set.spawn(&pool, || panic!("a member")).unwrap();
    let cancelled = pool.spawn(|| ()).unwrap();
    assert!(cancelled.cancel());
    set.insert(cancelled);
    let (task, abandoned) = Task::with_handle(|| ());
    set.insert(abandoned);
    drop(task);
    assert!(set.join_next().unwrap().unwrap_err().is_cancelled());
    assert!(set.join_next().unwrap().unwrap_err().is_abandoned());
    gate.open();
    let error = set.join_next().unwrap().unwrap_err();
    assert_eq!(error.to_string(), "the task panicked: a member");
}

#[test]
fn cancel_all_reaches_those_that_have_not_started() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 8).unwrap());
    let mut set = JoinSet::new();
    let (task, gate) = gated(42);
    set.spawn(&pool, task).unwrap();
    until(|| pool.stats().running == 1);
    (0..5).for_each(|n| set.spawn(&pool, move || n).unwrap());
    set.cancel_all();
    assert_eq!((set.len(), pool.queue_len()), (6, 0));
    gate.open();
    let (done, cancelled): (Vec<_>, Vec<_>) = set.join_all().into_iter().partition(Result::is_ok);
    assert_eq!(values(done), [42]);
    assert_eq!(cancelled.len(), 5);
    assert!(
        cancelled
            .into_iter()
            .all(|result| result.unwrap_err().is_cancelled())
    );
}

#[test]
fn a_set_that_is_dropped_cancels_what_has_not_started() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 8).unwrap());
    let runs = Arc::new(AtomicUsize::new(0));
    let mut set = JoinSet::new();
    let (count, (task, gate)) = (Arc::clone(&runs), gated(()));
    let begun = move || {
        task();
        count.fetch_add(1, SeqCst);
    };
    set.spawn(&pool, begun).unwrap();
    until(|| pool.stats().running == 1);
    (0..3).for_each(|_| set.spawn(&pool, counts(&runs, ())).unwrap());
    set.insert(pool.spawn(counts(&runs, ())).unwrap().cancel_on_drop());
    let (task, unsubmitted) = Task::with_handle(counts(&runs, ()));
    set.insert(unsubmitted);
    drop(set);
    assert_eq!((pool.queue_len(), pool.stats().cancelled), (0, 4));
    task.run(); // which does nothing
    gate.open();
    pool.wait_idle();
    assert_eq!((runs.load(SeqCst), pool.stats().completed), (1, 1));
}

/// Also if that happens because its owner panics.
#[test]
fn a_set_whose_owner_panics_cancels_what_has_not_started() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 8);
    let _open = OpenOnDrop(&gate);
    let owner = catch_unwind(AssertUnwindSafe(|| {
        let mut set = JoinSet::new();
        (0..3).for_each(|n| set.spawn(&pool, move || n).unwrap());
        panic!("the owner of {set:?}");
    }));
    assert!(owner.is_err());
    assert_eq!((pool.queue_len(), pool.stats().cancelled), (0, 3));
}

#[test]
fn a_set_that_lets_its_tasks_go_cancels_none_of_them() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 8);
    let _open = OpenOnDrop(&gate);
    let runs = Arc::new(AtomicUsize::new(0));
    let mut set = JoinSet::new();
    (0..3).for_each(|_| set.spawn(&pool, counts(&runs, 1)).unwrap());
    // What its own handle would cancel is another matter.
    set.insert(pool.spawn(counts(&runs, 1)).unwrap().cancel_on_drop());
    set.detach_all();
    assert_eq!((set.len(), pool.queue_len()), (0, 3));
    assert!(set.join_next().is_none());
    // The set can be used again, and does not hear of those that are gone.
    set.spawn(&pool, || 42).unwrap();
    assert_eq!((set.len(), pool.stats().cancelled), (1, 1));
    gate.open();
    pool.wait_idle();
    assert_eq!(runs.load(SeqCst), 3);
    assert_eq!(set.join_next().unwrap().unwrap(), 42);
    assert!(set.join_next().is_none());
}

/// On a worker it looks for the oldest that has not begun, and those that are gone are none.
#[test]
fn a_set_that_has_let_its_tasks_go_is_as_new_on_a_worker() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 1).unwrap());
    let runs = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&runs);
    let order = on_worker(&pool, move |pool| {
        let mut set = JoinSet::new();
        (0..10).for_each(|_| set.spawn(pool, counts(&count, 0)).unwrap());
        assert_eq!(set.join_next().unwrap().unwrap(), 0);
        set.detach_all();
        (0..10).for_each(|n| set.spawn(pool, move || n).unwrap());
        let order = values(set.join_all());
        assert_eq!(count.load(SeqCst), 1, "nobody has waited for the others");
        order
    });
    assert_eq!(order, (0..10).collect::<Vec<_>>());
    pool.wait_idle();
    assert_eq!(runs.load(SeqCst), 10);
}

/// A panic that nobody asks for goes to the handler of the pool.
#[test]
fn the_panics_in_a_set_that_is_dropped_are_told_to_the_handler() {
    let watchdog = Watchdog::start();
    let (told, handler) = scenes::counting_handler();
    let pool = Pool::builder().threads(1).panic_handler(handler);
    let pool = watchdog.watch(pool.build().unwrap());
    for detach in [false, true] {
        let mut set = JoinSet::new();
        let before = told.load(SeqCst);
        (0..3).for_each(|n| set.spawn(&pool, move || panic!("number {n}")).unwrap());
        pool.wait_idle();
        assert!(set.join_next().unwrap().is_err());
        if detach {
            set.detach_all();
        }
        let _: JoinSet<()> = set;
        assert_eq!(told.load(SeqCst) - before, if detach { 2 } else { 0 });
    }
    assert_eq!(told.load(SeqCst), 4);
}

#[test]
fn a_wait_for_the_next_may_time_out() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 8);
    let _open = OpenOnDrop(&gate);
    let mut set = JoinSet::new();
    assert!(
        set.join_next_timeout(LONG).is_none(),
        "there is nothing to wait for"
    );
    set.spawn(&pool, || 42).unwrap();
    for patience in [Duration::ZERO, Duration::from_millis(5)] {
        let begin = Instant::now();
        assert!(set.join_next_timeout(patience).is_none());
        assert!(begin.elapsed() >= patience && set.len() == 1);
    }
    gate.open();
    assert_eq!(set.join_next_timeout(LONG).unwrap().unwrap(), 42);
    set.spawn(&pool, || 43).unwrap();
    assert_eq!(set.join_next_timeout(Duration::MAX).unwrap().unwrap(), 43);
    // What is over is there without a wait.
    set.spawn(&pool, || 44).unwrap();
    pool.wait_idle();
    assert_eq!(set.join_next_timeout(Duration::ZERO).unwrap().unwrap(), 44);
}

#[test]
fn a_wait_for_the_next_runs_the_oldest_in_place() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 1).unwrap());
    let order = on_worker(&pool, |pool| {
        let stranger = Arc::new(AtomicUsize::new(0));
        let handle = pool.spawn(counts(&stranger, ())).unwrap();
        let mut set = JoinSet::new();
        (0..20).for_each(|n| set.spawn(pool, move || n).unwrap());
        assert!(
            set.join_next_timeout(Duration::from_millis(2)).is_none(),
            "nothing in place"
        );
        assert_eq!(set.join_next_timeout(Duration::MAX).unwrap().unwrap(), 0);
        assert_eq!(pool.queue_len(), 20, "one has left, and none but this one");
        let mut order = values(set.join_all());
        assert_eq!(stranger.load(SeqCst), 0);
        handle.join().unwrap();
        order.insert(0, 0);
        order
    });
    assert_eq!(order, (0..20).collect::<Vec<_>>());
}

/// Whichever of them are still there when their turn comes.
#[test]
fn a_set_on_a_worker_waits_for_what_others_run_and_for_other_pools() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 8).unwrap());
    let (other, gate) = busy(&watchdog, 8);
    let abroad = other.spawn(|| 1000).unwrap();
    let never = other.spawn(|| 1).unwrap();
    assert!(never.cancel());
    let (tell, told) = mpsc::channel();
    let inside = Arc::clone(&pool);
    let parent = pool
        .spawn(move || {
            let mut set = JoinSet::new();
            set.insert(abroad);
            set.insert(never);
            assert!(set.join_next().unwrap().is_err());
            (0..20).for_each(|n| set.spawn(&inside, move || n).unwrap());
            let mut numbers: Vec<_> = (0..20).map(|_| set.join_next().unwrap().unwrap()).collect();
            tell.send(()).unwrap();
            numbers.extend(values(set.join_all()));
            numbers.sort_unstable();
            numbers
        })
        .unwrap();
    // All of its own are done, although the oldest waits elsewhere.
    told.recv().unwrap();
    gate.open();
    let mut expected: Vec<_> = (0..20).collect();
    expected.push(1000);
    assert_eq!(parent.join().unwrap(), expected);
}

#[test]
fn a_set_can_be_polled() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 8);
    let _open = OpenOnDrop(&gate);
    let mut set = JoinSet::new();
    let wakers: [_; 2] = std::array::from_fn(|_| Calls::new());
    let poll = |set: &mut JoinSet<u32>, waker: usize| {
        set.poll_join_next(&mut Context::from_waker(&wakers[waker].1))
    };
    assert!(matches!(poll(&mut set, 0), Poll::Ready(None)));
    (0..3).for_each(|n| set.spawn(&pool, move || n).unwrap());
    assert!(poll(&mut set, 0).is_pending() && poll(&mut set, 1).is_pending());
    gate.open();
    pool.wait_idle();
    // The last one was called, for the first result; the others came while nobody waited.
    assert_eq!(wakers.each_ref().map(|(calls, _)| calls.number()), [0, 1]);
    for n in 0..3 {
        assert!(matches!(poll(&mut set, 0), Poll::Ready(Some(Ok(m))) if m == n));
    }
    assert!(matches!(poll(&mut set, 0), Poll::Ready(None)));
    // Whoever polls again is called again.
    let gate = block(&pool);
    set.spawn(&pool, || 4).unwrap();
    assert!(poll(&mut set, 1).is_pending());
    set.cancel_all();
    assert_eq!(wakers[1].0.number(), 2);
    assert!(matches!(poll(&mut set, 1), Poll::Ready(Some(Err(_)))));
    gate.open();
}

#[test]
fn a_set_panics_when_a_handle_that_was_polled_to_its_end_has_its_turn() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 8).unwrap());
    let mut handle = pool.spawn(|| 1).unwrap();
    pool.wait_idle();
    let (_, waker) = Calls::new();
    let polled = Pin::new(&mut handle).poll(&mut Context::from_waker(&waker));
    assert!(polled.is_ready());
    let mut set = JoinSet::new();
    set.spawn(&pool, || 2).unwrap();
    set.insert(handle);
    let next = |set: &mut JoinSet<i32>| catch_unwind(AssertUnwindSafe(|| set.join_next()));
    let both = [next(&mut set), next(&mut set)];
    assert_eq!(both.iter().filter(|next| next.is_err()).count(), 1);
    // The others are not lost.
    assert!(
        both.into_iter()
            .flatten()
            .flatten()
            .all(|result| result.unwrap() == 2)
    );
    assert!(set.is_empty());
}

/// One thread waits in the set, and many tasks end at the same time.
#[test]
fn no_result_is_lost_when_many_tasks_end_at_once() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(4, 16).unwrap());
    for round in 0..100_u64 {
        let mut set = JoinSet::new();
        let mut sum = 0;
        for n in 0..40 {
            set.spawn(&pool, move || round + n).unwrap();
            if n % 3 == 0 {
                sum += set.join_next().unwrap().unwrap();
            }
        }
        sum += values(set.join_all()).into_iter().sum::<u64>();
        assert_eq!(sum, 40 * round + 780);
    }
}

#[test]
fn a_set_goes_from_thread_to_thread_and_outlives_its_pool() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 16).unwrap());
    let mut set = JoinSet::new();
    (0..16).for_each(|n| set.spawn(&pool, move || n).unwrap());
    pool.shutdown();
    drop(pool);
    let numbers = thread::spawn(move || {
        assert_eq!(set.len(), 16);
        values(set.join_all())
    });
    assert_eq!(numbers.join().unwrap().into_iter().sum::<i32>(), 120);
}

#[test]
fn what_a_closed_pool_refuses_does_not_come_into_the_set() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    let mut set = JoinSet::new();
    set.spawn(&pool, || 1).unwrap();
    pool.shutdown();
    assert!(set.spawn(&pool, || 2).is_err());
    assert_eq!(set.len(), 1);
    assert_eq!(values(set.join_all()), [1]);
}

/// They were cancelled by `shutdown_now`'s caller, or run by it.
#[test]
fn a_set_hears_of_tasks_that_were_handed_back() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 8);
    let _open = OpenOnDrop(&gate);
    let mut set = JoinSet::new();
    (0..6).for_each(|n| set.spawn(&pool, move || n).unwrap());
    for (n, task) in pool.shutdown_now().into_iter().enumerate() {
        if n % 2 == 0 {
            task.run();
        }
    }
    let results = set.join_all();
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 3);
    let errors = results.into_iter().filter_map(Result::err);
    assert!(errors.into_iter().all(|error| error.is_abandoned()));
}
