//! `std::sync::atomic`, and parking.

use super::standard::sync::Arc;
use super::standard::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::SeqCst};
use super::standard::thread;
use super::standard::time::Duration;

promises![
    each_change_says_what_was_there_before,
    an_exchange_fails_if_something_else_is_there,
    no_change_is_lost,
    a_token_is_kept_for_a_thread_that_parks_later,
    a_thread_that_parks_is_woken,
    a_parked_thread_wakes_when_its_time_is_over,
];

fn each_change_says_what_was_there_before() {
    let number = AtomicU32::from(5);
    assert_eq!(number.fetch_add(2, SeqCst), 5);
    assert_eq!(number.fetch_sub(1, SeqCst), 7);
    assert_eq!(number.fetch_max(9, SeqCst), 6);
    assert_eq!(number.fetch_min(3, SeqCst), 9);
    assert_eq!(number.swap(6, SeqCst), 3);
    assert_eq!(number.fetch_and(3, SeqCst), 6);
    assert_eq!(number.fetch_or(5, SeqCst), 2);
    assert_eq!(number.fetch_xor(1, SeqCst), 7);
    assert_eq!(number.into_inner(), 6);
    let mut flag = AtomicBool::default();
    assert!(!flag.fetch_or(true, SeqCst));
    *flag.get_mut() = false;
    flag.store(true, SeqCst);
    assert_eq!(format!("{flag:?}"), "true");
}

fn an_exchange_fails_if_something_else_is_there() {
    let number = AtomicU64::new(1);
    assert_eq!(number.compare_exchange(1, 2, SeqCst, SeqCst), Ok(1));
    assert_eq!(number.compare_exchange(1, 3, SeqCst, SeqCst), Err(2));
    assert_eq!(
        number.fetch_update(SeqCst, SeqCst, |n| n.checked_sub(2)),
        Ok(2)
    );
    assert_eq!(
        number.fetch_update(SeqCst, SeqCst, |n| n.checked_sub(2)),
        Err(0)
    );
    while number.compare_exchange_weak(0, 1, SeqCst, SeqCst).is_err() {}
    assert_eq!(number.load(SeqCst), 1);
}

fn no_change_is_lost() {
    let number = Arc::new(AtomicU64::new(0));
    let adders = [(); 3].map(|()| {
        let number = Arc::clone(&number);
        thread::spawn(move || {
            number.fetch_add(1, SeqCst);
            number
                .fetch_update(SeqCst, SeqCst, |n| Some(n + 1))
                .unwrap();
        })
    });
    for adder in adders {
        adder.join().unwrap();
    }
    assert_eq!(number.load(SeqCst), 6);
}

fn a_token_is_kept_for_a_thread_that_parks_later() {
    thread::current().unpark();
    thread::park();
}

fn a_thread_that_parks_is_woken() {
    let open = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&open);
    let parks = thread::spawn(move || {
        while !theirs.load(SeqCst) {
            thread::park();
        }
        thread::current().id()
    });
    let id = parks.thread().id();
    open.store(true, SeqCst);
    parks.thread().unpark();
    assert_eq!(parks.join().unwrap(), id);
}

fn a_parked_thread_wakes_when_its_time_is_over() {
    thread::park_timeout(Duration::from_micros(10));
}
