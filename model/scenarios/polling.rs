//! A handle that is awaited: whoever has polled it is woken once, and then finds the result.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};
use model_schedule::models;
use pool::{JoinError, JoinHandle, Pool};

use crate::common::{Gate, adds_one};

models![
    whoever_has_polled_is_woken_once_and_finds_the_result,
    of_two_wakers_the_later_one_is_called,
    a_handle_that_is_dropped_while_its_task_ends_keeps_no_waker,
    a_handle_that_has_been_polled_can_be_joined,
    a_handle_that_says_that_it_is_finished_is_ready,
    a_handle_that_is_cancelled_wakes_who_has_polled_it,
];

/// Counts how often it is called.
struct Wakes {
    calls: AtomicUsize,
    tell: Sender<()>,
}

impl Wake for Wakes {
    fn wake(self: Arc<Wakes>) {
        self.calls.fetch_add(1, SeqCst);
        self.tell.send(()).unwrap();
    }
}

impl Wakes {
    fn new() -> (Arc<Wakes>, Receiver<()>) {
        let (tell, told) = bounded(2);
        let calls = AtomicUsize::new(0);
        (Arc::new(Wakes { calls, tell }), told)
    }

    fn calls(&self) -> usize {
        self.calls.load(SeqCst)
    }
}

fn poll<T>(handle: &mut JoinHandle<T>, wakes: &Arc<Wakes>) -> Poll<Result<T, JoinError>> {
    let waker = Waker::from(Arc::clone(wakes));
    Pin::new(handle).poll(&mut Context::from_waker(&waker))
}

fn whoever_has_polled_is_woken_once_and_finds_the_result() {
    let (pool, ran) = (Pool::new(1, 1).unwrap(), Arc::new(AtomicUsize::new(0)));
    let mut handle = pool.spawn(adds_one(&ran)).unwrap();
    let (wakes, woken) = Wakes::new();
    let mut polls = 1;
    let mut state = poll(&mut handle, &wakes);
    if state.is_pending() {
        woken.recv().unwrap();
        assert_eq!(Arc::strong_count(&ran), 1, "the closure is not dropped yet");
        state = poll(&mut handle, &wakes);
        polls += 1;
    }
    assert!(matches!(state, Poll::Ready(Ok(()))));
    pool.wait_idle();
    assert_eq!((ran.load(SeqCst), wakes.calls()), (1, polls - 1));
}

fn of_two_wakers_the_later_one_is_called() {
    let pool = Pool::new(1, 1).unwrap();
    let mut handle = pool.spawn(|| 42).unwrap();
    let ((first, _told), (second, woken)) = (Wakes::new(), Wakes::new());
    let asked = poll(&mut handle, &first);
    if asked.is_pending() {
        if poll(&mut handle, &second).is_pending() {
            woken.recv().unwrap();
            assert_eq!(handle.join().unwrap(), 42);
            pool.wait_idle();
            assert_eq!((first.calls(), second.calls()), (0, 1));
        } else {
            pool.wait_idle();
            assert_eq!((first.calls(), second.calls()), (1, 0));
        }
    }
    assert_eq!(
        (Arc::strong_count(&first), Arc::strong_count(&second)),
        (1, 1)
    );
}

fn a_handle_that_is_dropped_while_its_task_ends_keeps_no_waker() {
    let pool = Pool::new(1, 1).unwrap();
    let result = Arc::new(());
    let mut handle = pool.spawn({
        let result = Arc::clone(&result);
        move || result
    });
    let handle = handle.as_mut().unwrap();
    let (wakes, _told) = Wakes::new();
    let _ = poll(handle, &wakes);
    drop(std::mem::replace(
        handle,
        pool.spawn(|| Arc::new(())).unwrap(),
    ));
    pool.wait_idle();
    assert!(wakes.calls() <= 1);
    assert_eq!(
        (Arc::strong_count(&wakes), Arc::strong_count(&result)),
        (1, 1)
    );
}

fn a_handle_that_has_been_polled_can_be_joined() {
    let pool = Pool::new(1, 1).unwrap();
    let mut handle = pool.spawn(|| 42).unwrap();
    let (wakes, _told) = Wakes::new();
    let state = poll(&mut handle, &wakes);
    if state.is_pending() {
        let joiner = thread::spawn(move || handle.join().unwrap());
        assert_eq!(joiner.join().unwrap(), 42);
        pool.wait_idle();
        assert_eq!(wakes.calls(), 1);
    }
}

fn a_handle_that_says_that_it_is_finished_is_ready() {
    let pool = Pool::new(1, 1).unwrap();
    let mut handle = pool.spawn(|| 42).unwrap();
    while !handle.is_finished() {
        thread::yield_now();
    }
    let (wakes, _told) = Wakes::new();
    let state = poll(&mut handle, &wakes);
    assert!(matches!(state, Poll::Ready(Ok(42))));
    assert_eq!(wakes.calls(), 0);
}

/// By another thread, or too late.
fn a_handle_that_is_cancelled_wakes_who_has_polled_it() {
    let (pool, ran) = (Pool::new(1, 1).unwrap(), Arc::new(AtomicUsize::new(0)));
    let (polled, may_cancel) = Gate::new();
    let handle = Arc::new(parking_lot::Mutex::new(pool.spawn(adds_one(&ran)).unwrap()));
    let canceller = thread::spawn({
        let handle = Arc::clone(&handle);
        move || {
            may_cancel.pass();
            handle.lock().cancel()
        }
    });
    let (wakes, woken) = Wakes::new();
    let mut state = poll(&mut handle.lock(), &wakes);
    drop(polled);
    if state.is_pending() {
        woken.recv().unwrap();
        assert_eq!(Arc::strong_count(&ran), 1, "the closure is not dropped yet");
        state = poll(&mut handle.lock(), &wakes);
    }
    let cancelled = canceller.join().unwrap();
    let Poll::Ready(result) = state else {
        panic!("it was woken for nothing");
    };
    assert_eq!(result.is_err_and(|error| error.is_cancelled()), cancelled);
    assert_eq!(ran.load(SeqCst), usize::from(!cancelled));
}
