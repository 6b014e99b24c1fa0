//! Hooks and handlers know the pool, and must not keep it; what policies see of nested tasks.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use crate::common::Watchdog;
use crate::scenes;
use v5_futures::{JoinHandle, Load, Moment, Pool, Scaling};

fn until_over<T>(handle: &JoinHandle<T>) {
    while !handle.is_finished() {
        std::thread::yield_now();
    }
}

/// A policy that keeps what it is asked with.
#[derive(Debug, Default)]
struct Ask(Arc<Mutex<Vec<Load>>>);
impl Scaling for Ask {
    fn wanted(&self, moment: Moment, load: &Load) -> usize {
        if moment == Moment::Resized {
            self.0.lock().unwrap().push(*load);
        }
        0
    }
}

#[test]
fn a_nested_task_has_not_left_the_pool() {
    let _watchdog = Watchdog::start();
    let asked = Arc::default();
    let policy = Ask(Arc::clone(&asked));
    let pool = Pool::builder().threads(1).scaling(policy).build().unwrap();
    let pool = Arc::new(pool);
    let (inside, innermost) = (Arc::clone(&pool), Arc::clone(&pool));
    let outer = pool.spawn(move || {
        let inner = inside.spawn(move || innermost.resize(1).unwrap()).unwrap();
        inner.join().unwrap();
    });
    outer.unwrap().join().unwrap();
    let load = *asked.lock().unwrap().last().unwrap();
    assert_eq!((load.accepted, load.finished()), (2, 0), "{load:?}");
}

/// What the hooks have captured is dropped with the pool, whoever still has handles.
#[test]
fn a_handle_with_a_panic_does_not_keep_what_the_panic_handler_has_captured() {
    let _watchdog = Watchdog::start();
    let (tell, told) = mpsc::channel::<()>();
    let tell = Mutex::new(tell);
    let pool = Pool::builder()
        .threads(1)
        .panic_handler(move |_| tell.lock().unwrap().send(()).unwrap())
        .build()
        .unwrap();
    let handle = pool.spawn(|| panic!("for the handle")).unwrap();
    drop(pool);
    // `for message in told` would wait for ever.
    let end = told.recv_timeout(Duration::from_secs(1));
    assert_eq!(end, Err(mpsc::RecvTimeoutError::Disconnected));
    drop(handle);
}

struct Flag(Arc<AtomicBool>);
impl Drop for Flag {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

/// A hook can reach the handles, and one holds a panic. If that kept the pool, each would keep the
/// other.
#[test]
fn a_pool_whose_panic_handler_knows_its_handles_is_freed() {
    let _watchdog = Watchdog::start();
    let freed = Arc::new(AtomicBool::new(false));
    let flag = Flag(Arc::clone(&freed));
    let handles = Arc::new(Mutex::new(Vec::new()));
    let known = Arc::clone(&handles);
    let pool = Pool::builder()
        .threads(1)
        .panic_handler(move |_| {
            let _ = (&flag, known.lock().unwrap().len());
        })
        .build()
        .unwrap();
    handles
        .lock()
        .unwrap()
        .push(pool.spawn(|| panic!("nobody asks")).unwrap());
    drop((pool, handles));
    assert!(
        freed.load(SeqCst),
        "the pool, its handler and the handle keep each other"
    );
}

/// Two panics, the second of the handler, while a third unwinds: no abort.
#[test]
fn a_handle_may_be_dropped_while_another_panic_unwinds() {
    let _watchdog = Watchdog::start();
    let (told, count) = scenes::counting_handler();
    let pool = Pool::builder().threads(1).panic_handler(move |payload| {
        count(payload);
        panic!("the handler, too");
    });
    let pool = pool.build().unwrap();
    let handle = pool.spawn(|| panic!("nobody asks")).unwrap();
    until_over(&handle);
    let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        let _handle = handle;
        panic!("outside");
    }));
    assert!(unwound.is_err());
    assert_eq!(told.load(SeqCst), 1);
}

/// It goes to the queue of the hook's own worker. In that of somebody else, who may be busy for
/// ever, nobody would come for it.
#[test]
fn what_a_start_hook_submits_runs_on_its_worker_without_stealing() {
    use std::sync::Weak;
    let _watchdog = Watchdog::with_limit(Duration::from_secs(10));
    let slot: Arc<Mutex<Weak<Pool>>> = Arc::default();
    let (send, receive) = mpsc::channel();
    let (own, send) = (Arc::clone(&slot), Mutex::new(send));
    let pool = Pool::builder()
        .threads(0..=2)
        .stealing(v5_futures::Stealing::Off)
        .on_thread_start(move || {
            let pool = own.lock().unwrap().upgrade().unwrap();
            let send = send.lock().unwrap().clone();
            if pool.threads() == 2 {
                pool.execute(move || send.send(()).unwrap()).unwrap();
            }
        })
        .build()
        .unwrap();
    let pool = Arc::new(pool);
    *slot.lock().unwrap() = Arc::downgrade(&pool);
    let (begin, begun) = mpsc::channel();
    // The first worker waits for what the hook of the second one submits.
    let first = pool.spawn(move || {
        begin.send(()).unwrap();
        receive.recv().unwrap();
    });
    begun.recv().unwrap();
    let second = pool.spawn(|| ());
    second.unwrap().join().unwrap();
    first.unwrap().join().unwrap();
}
