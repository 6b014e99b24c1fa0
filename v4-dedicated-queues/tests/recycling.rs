//! Boxes that outlive their tasks: what a task has captured does not.

mod common;

use std::panic::panic_any;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;

use common::{Gate, OpenOnDrop, Watchdog, adds_one};
use v4_dedicated_queues::{CancelToken, Pool, Stealing, Task};

/// A captured value of that size, and a count of those that have not been dropped.
struct Load<const SIZE: usize> {
    bytes: [u8; SIZE],
    live: Arc<()>,
}

impl<const SIZE: usize> Load<SIZE> {
    fn new(live: &Arc<()>) -> Load<SIZE> {
        let live = Arc::clone(live);
        Load {
            bytes: [7; SIZE],
            live,
        }
    }

    /// Whether it has come as it was sent.
    fn check(&self) {
        assert!(self.bytes.iter().all(|byte| *byte == 7));
        assert!(Arc::strong_count(&self.live) > 1);
    }
}

/// Tasks with captures of that size run, panic, are cancelled, and are refused.
fn captures_are_dropped_in_time<const SIZE: usize>() {
    let watchdog = Watchdog::start();
    for stealing in [Stealing::Off, Stealing::One, Stealing::Half] {
        let pool = Pool::builder().threads(2).queue_capacity(4);
        let pool = watchdog.watch(pool.stealing(stealing).build().unwrap());
        let live = Arc::new(());
        let ran = Arc::new(AtomicUsize::new(0));
        for n in 0..100 {
            let (load, one) = (Load::<SIZE>::new(&live), adds_one(&ran));
            let task = move || {
                load.check();
                one();
                assert!(n % 5 > 0, "one of five panics");
                if n % 5 == 1 {
                    panic_any(load);
                }
            };
            let token = CancelToken::new();
            match n % 3 {
                0 => pool.execute(task).unwrap(),
                1 => assert_eq!(pool.execute_batch([task]).unwrap(), 1),
                _ => pool.execute_with(&token, task).unwrap(),
            }
            if n % 10 == 0 {
                pool.wait_idle();
                assert_eq!(Arc::strong_count(&live), 1);
            }
        }
        let group = pool.group();
        for _ in 0..10 {
            let load = Load::<SIZE>::new(&live);
            group.execute(move || load.check()).unwrap();
        }
        group.wait();
        pool.wait_idle();
        assert_eq!((ran.load(SeqCst), Arc::strong_count(&live)), (100, 1));
        pool.shutdown();
        let load = Load::<SIZE>::new(&live);
        let refused = pool.execute(move || load.check()).unwrap_err().into_task();
        assert_eq!(Arc::strong_count(&live), 2);
        Task::run(refused);
        assert_eq!(Arc::strong_count(&live), 1);
    }
}

/// A thread that makes large values needs room for some copies of them.
fn with_a_large_stack(work: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().stack_size(64 << 20);
    thread.spawn(work).unwrap().join().unwrap();
}

#[test]
fn small_captures_are_dropped_before_the_wait_ends() {
    captures_are_dropped_in_time::<0>();
    captures_are_dropped_in_time::<1>();
    captures_are_dropped_in_time::<64>();
}

/// A little less and a little more than the largest closure that lies in such a box.
#[test]
fn captures_about_as_large_as_a_box_that_is_recycled_are_dropped_before_the_wait_ends() {
    captures_are_dropped_in_time::<1000>();
    captures_are_dropped_in_time::<1024>();
    captures_are_dropped_in_time::<2000>();
}

#[test]
fn large_captures_are_dropped_before_the_wait_ends() {
    with_a_large_stack(captures_are_dropped_in_time::<65_536>);
}

/// A task that has captured nothing has a box as well.
#[test]
fn tasks_without_captures_run() {
    static RAN: AtomicUsize = AtomicUsize::new(0);
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 8).unwrap());
    for _ in 0..1000 {
        pool.execute(|| _ = RAN.fetch_add(1, SeqCst)).unwrap();
    }
    pool.wait_idle();
    assert_eq!(RAN.load(SeqCst), 1000);
}

/// To run a task takes no more of the stack than its own code does, however much it has captured.
#[test]
fn a_captured_megabyte_does_not_go_through_the_stack_of_a_worker() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 4).unwrap());
    let inside = Arc::clone(&pool);
    // The thread that makes the value has room for it.
    let submitter = thread::Builder::new().stack_size(64 << 20);
    let submitter = submitter.spawn(move || {
        let live = Arc::new(());
        let load = Load::<{ 1 << 20 }>::new(&live);
        inside.execute(move || load.check()).unwrap();
        inside.wait_idle();
        assert_eq!(Arc::strong_count(&live), 1);
    });
    submitter.unwrap().join().unwrap();
    assert_eq!(pool.stats().completed, 1);
}

/// What is captured is dropped when the task is over, not when the box is.
#[test]
fn a_captured_value_may_own_the_pool_whose_boxes_it_would_wait_for() {
    let watchdog = Watchdog::start();
    let (pool, gate) = (watchdog.watch(Pool::new(2, 8).unwrap()), Gate::new());
    let _open = OpenOnDrop(&gate);
    let (inside, at, group) = (Arc::clone(&pool), gate.clone(), pool.group());
    let owner = move || {
        at.pass();
        drop(inside);
    };
    group.execute(owner).unwrap();
    drop(pool);
    gate.open();
    group.wait();
    // The group is over, and the pool with it.
    assert!(group.execute(|| ()).is_err());
}
