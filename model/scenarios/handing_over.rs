//! Law 11, where the joiner runs the task: the result goes to it directly, and whoever has left a
//! waker before is woken all the same. A topic of v5.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use model_schedule::models;
use pool::{JoinSet, Pool};

use crate::common::panics;

models![
    a_joiner_on_a_worker_wakes_whoever_has_polled_before,
    a_panic_goes_to_the_joiner_and_not_to_the_handler,
    a_set_on_a_worker_hears_of_what_others_run,
];

/// Counts how often it is called.
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Wakes>) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// The other worker, if there is one, may run the task at the same time.
fn a_joiner_on_a_worker_wakes_whoever_has_polled_before() {
    for workers in [1, 2] {
        let pool = Arc::new(Pool::new(workers, 1).unwrap());
        let wakes = Arc::new(Wakes(AtomicUsize::new(0)));
        let (own, waker) = (Arc::clone(&pool), Waker::from(Arc::clone(&wakes)));
        let task = move || {
            let mut child = own.spawn(|| 42).unwrap();
            let state = Pin::new(&mut child).poll(&mut Context::from_waker(&waker));
            if state.is_pending() {
                assert_eq!(child.join().unwrap(), 42);
            }
            usize::from(state.is_pending())
        };
        let left = pool.spawn(task).unwrap().join().unwrap();
        pool.wait_idle();
        assert_eq!((wakes.0.load(SeqCst), Arc::strong_count(&wakes)), (left, 1));
    }
}

fn a_panic_goes_to_the_joiner_and_not_to_the_handler() {
    let told = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&told);
    let pool = Pool::builder().threads(2).panic_handler(move |_| {
        count.fetch_add(1, SeqCst);
    });
    let pool = Arc::new(pool.build().unwrap());
    let own = Arc::clone(&pool);
    let task = move || own.spawn(panics).unwrap().join().unwrap_err().is_panic();
    assert!(pool.spawn(task).unwrap().join().unwrap());
    pool.wait_idle();
    assert_eq!((told.load(SeqCst), pool.stats().panicked), (0, 1));
}

/// It leaves a waker with each task, runs one itself, and gets the other one from a worker.
fn a_set_on_a_worker_hears_of_what_others_run() {
    let pool = Arc::new(Pool::new(2, 2).unwrap());
    let own = Arc::clone(&pool);
    let task = move || {
        let mut set = JoinSet::new();
        set.insert(own.spawn(|| 1).unwrap());
        let joined = own.spawn(|| 2).unwrap();
        set.spawn(&own, || 4).unwrap();
        let first = set.join_next().unwrap().unwrap();
        first + joined.join().unwrap() + set.join_next().unwrap().unwrap()
    };
    assert_eq!(pool.spawn(task).unwrap().join().unwrap(), 7);
    pool.wait_idle();
    assert_eq!(pool.stats().completed, 4);
}
