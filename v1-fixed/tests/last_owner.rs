//! Who lets go of a pool last: a value, the end of a thread, or nobody.

mod common;

use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::thread;

use common::{Gate, Watchdog, adds_one, at_exit};
use v1_fixed::{Pool, Reason};

#[test]
fn a_captured_value_may_own_the_pool_alone() {
    struct Owner(Option<Arc<Pool>>, mpsc::Sender<()>);
    impl Drop for Owner {
        fn drop(&mut self) {
            let pool = self.0.take();
            assert_eq!(pool.as_ref().map(Arc::strong_count), Some(1));
            drop(pool);
            self.1.send(()).unwrap();
        }
    }
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 8).unwrap());
    let (ran, gate, group) = (Arc::new(AtomicUsize::new(0)), Gate::new(), pool.group());
    let (tell, told) = mpsc::channel();
    let (owner, at) = (Owner(Some(Arc::clone(&pool)), tell), gate.clone());
    let task = move || {
        at.pass();
        let _owner = &owner; // dropped with the closure, after the task has returned
    };
    group.execute(task).unwrap();
    for _ in 0..8 {
        group.execute(adds_one(&ran)).unwrap();
    }
    drop(pool);
    gate.open();
    told.recv().unwrap();
    group.wait();
    assert_eq!(ran.load(SeqCst), 8);
    assert_eq!(group.execute(|| ()).unwrap_err().reason(), Reason::ShutDown);
}

/// The destructor of a thread-local value is still on the worker, and joins nobody.
#[test]
fn the_end_of_a_worker_may_be_the_end_of_its_pool() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 8).unwrap());
    let (ran, gate) = (Arc::new(AtomicUsize::new(0)), Gate::new());
    let (tell, told) = mpsc::channel();
    let (own, at) = (Arc::clone(&pool), gate.clone());
    let task = move || {
        at.pass();
        own.shutdown(); // only closes the queue: the worker leaves when the queue is empty
        at_exit(move || {
            let owners = Arc::strong_count(&own);
            drop(own);
            tell.send(owners).unwrap();
        });
    };
    pool.execute(task).unwrap();
    for _ in 0..8 {
        pool.execute(adds_one(&ran)).unwrap();
    }
    let group = pool.group();
    drop(pool);
    gate.open();
    assert_eq!(told.recv().unwrap(), 1);
    group.wait();
    common::until(|| ran.load(SeqCst) == 8 && Arc::strong_count(&ran) == 1);
}

#[test]
fn the_end_of_a_thread_outside_may_submit_wait_and_drop_the_pool() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 1).unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&ran);
    let outside = thread::spawn(move || {
        at_exit(move || {
            let group = pool.group();
            for _ in 0..20 {
                pool.execute(adds_one(&count)).unwrap(); // waits for a place, like anybody
                group.execute(adds_one(&count)).unwrap();
            }
            group.wait();
            pool.wait_idle();
            assert_eq!(count.load(SeqCst), 40);
            pool.execute(adds_one(&count)).unwrap();
            drop(pool);
            assert_eq!(count.load(SeqCst), 41);
        });
    });
    outside.join().unwrap();
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (41, 1));
}

/// Its threads wait for ever, and the process can end all the same: this one does.
#[test]
fn a_leaked_pool_runs_what_it_has_accepted_and_is_in_nobodys_way() {
    let watchdog = Watchdog::start();
    let leaked = Pool::new(2, 8).unwrap();
    let (ran, gate, group) = (Arc::new(AtomicUsize::new(0)), Gate::new(), leaked.group());
    gate.occupy(|wait| leaked.execute(wait).unwrap());
    gate.occupy(|wait| leaked.execute(wait).unwrap());
    for _ in 0..4 {
        leaked.execute(adds_one(&ran)).unwrap();
        group.execute(adds_one(&ran)).unwrap();
    }
    mem::forget(leaked);
    // Another one works and stops, whatever the first one does.
    let other = watchdog.watch(Pool::new(1, 1).unwrap());
    other.execute(adds_one(&ran)).unwrap();
    other.shutdown();
    assert_eq!(ran.load(SeqCst), 1);
    gate.open();
    group.wait();
    common::until(|| ran.load(SeqCst) == 9);
    // Time for its workers to leave, if they would. Its queue is open, and a group holds what they
    // share.
    thread::sleep(std::time::Duration::from_millis(10));
    group.execute(adds_one(&ran)).unwrap();
    group.wait();
    assert_eq!(ran.load(SeqCst), 10);
}
