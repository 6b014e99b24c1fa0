//! Submitting on a worker: its code is more than its tasks.
//!
//! As in v1, a full queue refuses what a worker submits, and so it does in v3. From v4 on there is
//! always a place: this test stays behind.

mod common;

use std::sync::{Arc, Mutex, mpsc};

use common::Watchdog;
use v2_cancel_panic::{Pool, Reason};

#[test]
fn a_handler_counts_as_being_on_the_worker() {
    let watchdog = Watchdog::start();
    let place = Arc::new(std::sync::OnceLock::<Arc<Pool>>::new());
    let (tell, told) = mpsc::channel();
    let (tell, inside) = (Mutex::new(tell), Arc::clone(&place));
    let pool = Pool::builder()
        .threads(1)
        .queue_capacity(1)
        .panic_handler(move |_| {
            let pool = inside.get().unwrap();
            pool.execute(|| ()).unwrap();
            let full = pool.execute(|| ()).unwrap_err().reason();
            tell.lock().unwrap().send(full).unwrap();
            pool.wait_idle(); // a panic of its own, which is caught like any other
        })
        .build()
        .unwrap();
    let pool = watchdog.watch(pool);
    assert!(place.set(Arc::clone(&pool)).is_ok());
    pool.execute(|| panic!("told to the handler")).unwrap();
    assert_eq!(told.recv().unwrap(), Reason::Full);
    pool.wait_idle();
    assert_eq!((pool.threads(), pool.stats().completed), (1, 1));
    pool.shutdown();
}
