//! `std`: threads and what is local to them.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use super::channel::bounded;
use super::standard;
use super::standard::cell::{Cell, RefCell};
use super::standard::panic::resume_unwind;
use super::standard::sync::Arc;
use super::standard::thread;

promises![
    a_thread_returns_its_result,
    a_panic_ends_its_thread_and_is_for_whoever_joins_it,
    a_thread_is_finished_when_it_has_returned,
    a_thread_has_its_name,
    each_thread_has_its_own_values,
    the_values_of_a_thread_are_dropped_before_it_is_joined,
    a_thread_that_nobody_joins_ends_all_the_same,
    threads_may_borrow_what_outlives_them,
    what_a_thread_would_have_run_is_dropped_if_it_cannot_be_started,
];

fn a_thread_returns_its_result() {
    assert_eq!(thread::spawn(|| 1).join().unwrap(), 1);
    assert!(thread::available_parallelism().unwrap().get() >= 1);
}

fn a_panic_ends_its_thread_and_is_for_whoever_joins_it() {
    let kept = Arc::new(());
    let inside = Arc::clone(&kept);
    let panics = thread::spawn(move || {
        let _inside = inside;
        resume_unwind(Box::new("on purpose"));
    });
    let payload = panics.join().unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"on purpose"));
    assert_eq!(Arc::strong_count(&kept), 1);
}

fn a_thread_is_finished_when_it_has_returned() {
    let (open, gate) = bounded::<()>(1);
    let thread = thread::spawn(move || gate.recv());
    assert!(!thread.is_finished());
    drop(open);
    while !thread.is_finished() {
        thread::yield_now();
    }
    thread.join().unwrap().unwrap_err();
}

fn a_thread_has_its_name() {
    let named = thread::Builder::new().name("worker".to_owned());
    let thread = named.spawn(|| thread::current().name().map(str::to_owned));
    let thread = thread.unwrap();
    assert_eq!(thread.thread().name(), Some("worker"));
    assert_eq!(thread.join().unwrap().as_deref(), Some("worker"));
}

fn each_thread_has_its_own_values() {
    standard::thread_local! {
        static VALUE: Cell<usize> = const { Cell::new(1) };
    }
    let threads = [10, 20].map(|more| {
        thread::spawn(move || {
            VALUE.with(|value| value.set(value.get() + more));
            thread::yield_now();
            VALUE.with(Cell::get)
        })
    });
    assert_eq!(threads.map(|thread| thread.join().unwrap()), [11, 21]);
}

fn the_values_of_a_thread_are_dropped_before_it_is_joined() {
    standard::thread_local! {
        static VALUE: RefCell<Option<Arc<()>>> = const { RefCell::new(None) };
    }
    let kept = Arc::new(());
    let value = Arc::clone(&kept);
    let thread = thread::spawn(move || VALUE.with(|place| *place.borrow_mut() = Some(value)));
    thread.join().unwrap();
    assert_eq!(Arc::strong_count(&kept), 1);
}

fn a_thread_that_nobody_joins_ends_all_the_same() {
    let ran = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&ran);
    drop(thread::spawn(move || count.fetch_add(1, SeqCst)));
    while ran.load(SeqCst) == 0 {
        thread::yield_now();
    }
}

fn threads_may_borrow_what_outlives_them() {
    let ran = AtomicUsize::new(0);
    thread::scope(|scope| {
        let thread = scope.spawn(|| ran.fetch_add(1, SeqCst));
        scope.spawn(|| ran.fetch_add(1, SeqCst));
        thread.join().unwrap();
    });
    assert_eq!(ran.load(SeqCst), 2);
}

fn what_a_thread_would_have_run_is_dropped_if_it_cannot_be_started() {
    let (kept, ran) = (Arc::new(()), Arc::new(AtomicUsize::new(0)));
    let (inside, count) = (Arc::clone(&kept), Arc::clone(&ran));
    let work = move || {
        let _inside = inside;
        count.fetch_add(1, SeqCst);
    };
    let error = super::hopeless().spawn(work).unwrap_err();
    assert_eq!(error.kind(), standard::io::ErrorKind::WouldBlock);
    assert_eq!((Arc::strong_count(&kept), ran.load(SeqCst)), (1, 0));
}
