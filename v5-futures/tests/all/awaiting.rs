//! Handles are futures: under any executor, and each waker is called once or not at all.

use std::future::{Future, poll_fn};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use crate::common::{Gate, LONG, OpenOnDrop, Watchdog, until};
use crate::scenes::{self, Calls, How, OnDrop, busy, how, on_worker};
use v5_futures::{JoinHandle, JoinSet, Pool, Task};

/// The smallest executor that there is.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

fn poll<F: Future + Unpin>(future: &mut F, waker: &Waker) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(waker))
}

#[test]
fn a_handle_can_be_awaited_under_a_minimal_executor() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 4).unwrap());
    for n in 0..300 {
        assert_eq!(block_on(pool.spawn(move || n).unwrap()).unwrap(), n);
    }
    let (a, b) = (pool.spawn(|| 20).unwrap(), pool.spawn(|| 22).unwrap());
    let sum = block_on(async { a.await.unwrap() + b.await.unwrap() });
    assert_eq!(sum, 42);
}

#[test]
fn handles_can_be_awaited_under_tokio() {
    let _watchdog = Watchdog::start();
    let pool = Arc::new(Pool::new(2, 100).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let sum: u32 = runtime.block_on(async {
        let gate = scenes::block(&pool);
        let handles: Vec<_> = (0..50)
            .map(|n| {
                let handle = pool.spawn(move || n).unwrap();
                tokio::spawn(async move { handle.await.unwrap() })
            })
            .collect();
        // They all wait, and none of them blocks the one thread.
        tokio::task::yield_now().await;
        gate.open();
        let mut sum = 0;
        for handle in handles {
            sum += handle.await.unwrap();
        }
        let fails = pool.spawn(|| panic!("in the pool")).unwrap();
        assert_eq!(
            fails.await.unwrap_err().to_string(),
            "the task panicked: in the pool"
        );
        sum
    });
    assert_eq!(sum, 1225);
    let mut set = JoinSet::new();
    (0..50).for_each(|n| set.spawn(&pool, move || n).unwrap());
    let sum: u32 = runtime.block_on(async {
        let mut sum = 0;
        while let Some(number) = poll_fn(|context| set.poll_join_next(context)).await {
            sum += number.unwrap();
        }
        sum
    });
    assert_eq!(sum, 1225);
}

/// A task of tokio's that is aborted drops the handle; with `cancel_on_drop` that reaches the pool.
#[test]
fn a_future_that_is_dropped_cancels_its_task_if_it_was_told_to() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 4);
    let _open = OpenOnDrop(&gate);
    let (calls, waker) = Calls::new();
    let mut lets_run = pool.spawn(|| ()).unwrap();
    let mut cancels = pool.spawn(|| ()).unwrap().cancel_on_drop();
    assert!(poll(&mut lets_run, &waker).is_pending());
    assert!(poll(&mut cancels, &Calls::new().1).is_pending());
    drop((lets_run, cancels));
    assert_eq!((pool.queue_len(), pool.stats().cancelled), (1, 1));
    assert_eq!(
        Arc::strong_count(&calls),
        2,
        "the waker went with the handle"
    );
    gate.open();
    pool.wait_idle();
    assert_eq!((pool.stats().completed, calls.number()), (2, 0));
}

#[test]
fn a_waker_is_called_once_when_the_result_is_there() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 8);
    let _open = OpenOnDrop(&gate);
    let (calls, waker) = Calls::new();
    let mut handle = pool.spawn(|| 42).unwrap();
    for _ in 0..3 {
        assert!(poll(&mut handle, &waker).is_pending());
    }
    assert_eq!(
        Arc::strong_count(&calls),
        3,
        "one waker is kept, and not three"
    );
    gate.open();
    pool.wait_idle();
    assert_eq!((calls.number(), Arc::strong_count(&calls)), (1, 2));
    let Poll::Ready(Ok(result)) = poll(&mut handle, &waker) else {
        panic!("the waker was called");
    };
    assert_eq!((result, calls.number()), (42, 1));
}

#[test]
fn a_waker_is_called_however_the_task_ends() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 8);
    let _open = OpenOnDrop(&gate);
    type End = fn(Task, &mut JoinHandle<()>, &Pool);
    let ends: [(&str, How, End); 4] = [
        ("run by its owner", How::Done, |task, _, _| task.run()),
        ("dropped by its owner", How::Abandoned, |task, _, _| {
            drop(task);
        }),
        ("cancelled", How::Cancelled, |task, handle, pool| {
            pool.execute(task).unwrap();
            assert!(handle.cancel());
        }),
        ("handed back", How::Abandoned, |task, _, pool| {
            pool.execute(task).unwrap();
            assert_eq!(pool.shutdown_now().len(), 1);
        }),
    ];
    for (name, expected, end) in ends {
        let (calls, waker) = Calls::new();
        let (task, mut handle) = Task::with_handle(|| ());
        assert!(poll(&mut handle, &waker).is_pending());
        end(task, &mut handle, &pool);
        assert_eq!(calls.number(), 1, "{name}");
        assert_eq!(how(handle), expected, "{name}");
    }
}

#[test]
fn only_the_waker_of_the_last_poll_is_called() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 8);
    let _open = OpenOnDrop(&gate);
    let wakers: [_; 3] = std::array::from_fn(|_| Calls::new());
    let mut handle = pool.spawn(|| 42).unwrap();
    for (_, waker) in &wakers {
        assert!(poll(&mut handle, waker).is_pending());
    }
    gate.open();
    pool.wait_idle();
    let numbers = wakers.each_ref().map(|(calls, _)| calls.number());
    assert_eq!(numbers, [0, 0, 1]);
}

/// While the task ends, wakers come and go: the last one is called, or the poll returned the
/// result.
#[test]
fn a_waker_that_comes_while_the_task_ends_is_not_forgotten() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    let mut both = [0, 0];
    for round in 0..20_000_u32 {
        let mut handle = pool.spawn(move || round).unwrap();
        let mut wakers = Vec::new();
        let result = loop {
            let (calls, waker) = Calls::new();
            match poll(&mut handle, &waker) {
                Poll::Ready(result) => break result,
                Poll::Pending => wakers.push(calls),
            }
            if wakers.len() > 2 {
                // Now it is up to the waker.
                let last = wakers.last().unwrap();
                until(|| last.number() == 1);
            }
        };
        assert_eq!(result.unwrap(), round);
        assert!(wakers.iter().map(|calls| calls.number()).sum::<usize>() <= 1);
        both[usize::from(wakers.is_empty())] += 1;
    }
    assert_eq!(both.iter().sum::<u32>(), 20_000);
}

#[test]
fn a_waker_that_panics_costs_no_worker_and_is_told_to_the_handler() {
    struct Fails;
    impl Wake for Fails {
        fn wake(self: Arc<Self>) {
            panic!("a waker");
        }
    }
    let watchdog = Watchdog::start();
    let told = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&told);
    let pool = Pool::builder().threads(1).panic_handler(move |payload| {
        assert_eq!(*payload.downcast_ref::<&str>().unwrap(), "a waker");
        count.fetch_add(1, SeqCst);
    });
    let pool = watchdog.watch(pool.build().unwrap());
    let gate = scenes::block(&pool);
    let waker = Waker::from(Arc::new(Fails));
    let mut runs = pool.spawn(|| 42).unwrap();
    let mut cancelled = pool.spawn(|| 42).unwrap();
    assert!(poll(&mut runs, &waker).is_pending() && poll(&mut cancelled, &waker).is_pending());
    assert!(cancelled.cancel());
    gate.open();
    pool.wait_idle();
    assert_eq!((runs.join().unwrap(), how(cancelled)), (42, How::Cancelled));
    let stats = pool.stats();
    assert_eq!(
        (told.load(SeqCst), stats.completed, stats.panicked),
        (2, 2, 0)
    );
    assert_eq!((stats.cancelled, stats.spawned), (1, 1));
    // Who is no pool has nobody to tell.
    let (task, mut handle) = Task::with_handle(|| 42);
    assert!(poll(&mut handle, &waker).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| task.run())).is_err());
    assert_eq!(handle.join().unwrap(), 42);
}

/// It is called while nothing is locked.
#[test]
fn a_waker_may_use_the_pool_and_the_handle() {
    struct Submits(Arc<Pool>, mpsc::Sender<usize>);
    impl Wake for Submits {
        fn wake(self: Arc<Self>) {
            let child = self.0.spawn(|| 42).unwrap();
            let stats = self.0.stats();
            assert_eq!(stats.live, stats.idle + stats.running);
            self.1.send(child.join().unwrap()).unwrap();
        }
    }
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 1);
    let (tell, told) = mpsc::channel();
    let waker = Waker::from(Arc::new(Submits(Arc::clone(&pool), tell)));
    let mut handle = pool.spawn(|| ()).unwrap();
    assert!(poll(&mut handle, &waker).is_pending());
    gate.open();
    assert_eq!(told.recv().unwrap(), 42);
    handle.join().unwrap();
    drop(waker);
    pool.wait_idle();
}

/// It is cloned, replaced and dropped while nothing is locked: each of these is code of whoever
/// polls.
#[test]
fn a_waker_may_do_anything_when_it_is_dropped() {
    struct Drops(OnDrop<Box<dyn FnOnce() + Send + Sync>>);
    impl Wake for Drops {
        fn wake(self: Arc<Self>) {
            let _ = &self.0;
        }
    }
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 16);
    let _open = OpenOnDrop(&gate);
    let drops = Arc::new(AtomicUsize::new(0));
    let new_waker = || {
        let (inside, count) = (Arc::clone(&pool), Arc::clone(&drops));
        let last = move || {
            count.fetch_add(1, SeqCst);
            assert!(inside.spawn(|| ()).unwrap().cancel());
        };
        Waker::from(Arc::new(Drops(OnDrop::new(Box::new(last)))))
    };
    let mut handle = pool.spawn(|| ()).unwrap();
    // One after another takes the place of the one before.
    for _ in 0..3 {
        assert!(poll(&mut handle, &new_waker()).is_pending());
    }
    assert_eq!(drops.load(SeqCst), 2);
    drop(handle);
    assert_eq!(drops.load(SeqCst), 3);
    // The worker drops this one, when it has called it.
    let mut handle = pool.spawn(|| ()).unwrap();
    assert!(poll(&mut handle, &new_waker()).is_pending());
    gate.open();
    pool.wait_idle();
    assert_eq!(drops.load(SeqCst), 4);
    assert!(poll(&mut handle, &new_waker()).is_ready());
    assert_eq!(drops.load(SeqCst), 5);
    let mut set = JoinSet::new();
    let gate = scenes::block(&pool);
    set.spawn(&pool, || ()).unwrap();
    for _ in 0..3 {
        assert!(
            set.poll_join_next(&mut Context::from_waker(&new_waker()))
                .is_pending()
        );
    }
    assert_eq!(drops.load(SeqCst), 7);
    drop(set);
    assert!(drops.load(SeqCst) >= 7);
    gate.open();
    pool.wait_idle();
    assert_eq!(drops.load(SeqCst), 8);
}

#[test]
fn whoever_polls_after_the_end_panics() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    let (_, waker) = Calls::new();
    let over = || {
        let mut handle = pool.spawn(|| 42).unwrap();
        pool.wait_idle();
        assert!(poll(&mut handle, &waker).is_ready());
        handle
    };
    let again: [fn(JoinHandle<i32>, &Waker); 3] = [
        |mut handle, waker| _ = poll(&mut handle, waker),
        |handle, _| _ = handle.join(),
        |handle, _| _ = handle.join_timeout(Duration::ZERO),
    ];
    for again in again {
        let handle = over();
        assert!(handle.is_finished() && !handle.cancel());
        let panic = catch_unwind(AssertUnwindSafe(|| again(handle, &waker))).unwrap_err();
        let text = panic.downcast_ref::<&str>().unwrap();
        assert!(text.contains("the result has been taken"), "{text}");
    }
    // And nothing is left locked.
    drop(over());
    assert_eq!(pool.spawn(|| 42).unwrap().join().unwrap(), 42);
}

/// Who polls on a worker gets an answer at once: a poll that ran the task would not be one.
#[test]
fn a_poll_on_a_worker_runs_nothing() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    let (calls, waker) = Calls::new();
    let result = on_worker(&pool, move |pool| {
        let mut handle = pool.spawn(|| 42).unwrap();
        assert!(poll(&mut handle, &waker).is_pending());
        assert_eq!(pool.queue_len(), 1);
        // The same handle can be joined, and then it is run in place.
        let result = handle.join().unwrap();
        drop(waker);
        result
    });
    assert_eq!((result, calls.number()), (42, 1));
}

#[test]
fn a_handle_that_was_polled_can_be_joined_elsewhere() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 4);
    let _open = OpenOnDrop(&gate);
    let (calls, waker) = Calls::new();
    let mut handle = pool.spawn(|| 42).unwrap();
    assert!(poll(&mut handle, &waker).is_pending());
    let handle = handle.join_timeout(Duration::from_millis(1)).unwrap_err();
    let joiner = thread::spawn(move || handle.join().unwrap());
    gate.open();
    assert_eq!(joiner.join().unwrap(), 42);
    pool.wait_idle();
    assert_eq!((calls.number(), Arc::strong_count(&calls)), (1, 2));
}

/// The last owner of the waker may be the worker: the executor is gone.
#[test]
fn an_executor_may_go_while_its_future_waits() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 4);
    let _open = OpenOnDrop(&gate);
    let (calls, waker) = Calls::new();
    let mut handle = pool.spawn(|| 42).unwrap();
    assert!(poll(&mut handle, &waker).is_pending());
    drop(waker);
    mem::forget(handle);
    gate.open();
    pool.wait_idle();
    assert_eq!((calls.number(), Arc::strong_count(&calls)), (1, 1));
}

#[test]
fn a_handle_sent_from_thread_to_thread_is_awaited_where_it_is() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 100);
    let handles: Vec<_> = (0..100).map(|n| pool.spawn(move || n).unwrap()).collect();
    let waits = Gate::new();
    let sum: u32 = thread::scope(|scope| {
        let threads: Vec<_> = handles
            .into_iter()
            .map(|mut handle| {
                let (calls, waker) = Calls::new();
                assert!(poll(&mut handle, &waker).is_pending());
                let waits = &waits;
                scope.spawn(move || {
                    waits.pass();
                    let result = block_on(handle).unwrap();
                    assert!(calls.number() <= 1);
                    result
                })
            })
            .collect();
        waits.open();
        gate.open();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert_eq!(sum, 4950);
    assert!(pool.shutdown_timeout(LONG).is_ok());
}
