//! A panic costs one task: the worker stays, on the same thread.

mod common;

use std::collections::HashSet;
use std::panic::{panic_any, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread::{self, ThreadId};
use std::time::Duration;

use common::{Gate, Watchdog, adds_one};
use v2_cancel_panic::{CancelToken, Pool, Reason};

struct PanicOnDrop(Arc<AtomicUsize>);

impl Drop for PanicOnDrop {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
        // A payload that brings a payload of its own: whoever drops it is panicked at again.
        panic_any(PanicOnDrop(Arc::clone(&self.0)));
    }
}

/// The threads of a pool of `threads`, all of them.
fn crew(pool: &Pool, threads: usize) -> HashSet<ThreadId> {
    let meeting = Arc::new(Barrier::new(threads));
    let (tell, told) = mpsc::channel();
    for _ in 0..threads {
        let (tell, meeting) = (tell.clone(), Arc::clone(&meeting));
        pool.execute(move || {
            meeting.wait();
            tell.send(thread::current().id()).unwrap();
        })
        .unwrap();
    }
    (0..threads).map(|_| told.recv().unwrap()).collect()
}

#[test]
fn a_panicking_task_leaves_its_worker_alive_on_the_same_thread() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(4, 8).unwrap());
    let before = crew(&pool, 4);
    for _ in 0..100 {
        pool.execute(|| panic!("a task panics")).unwrap();
    }
    pool.wait_idle();
    assert_eq!((pool.threads(), pool.stats().panicked), (4, 100));
    assert_eq!(crew(&pool, 4), before);
}

#[test]
fn every_worker_may_panic_at_once_with_submitters_waiting() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(4, 1).unwrap());
    let before = crew(&pool, 4);
    let gate = Gate::new();
    for _ in 0..4 {
        gate.occupy(|wait| {
            let task = move || {
                wait();
                panic!("all at once");
            };
            pool.execute(task).unwrap();
        });
    }
    let ran = Arc::new(AtomicUsize::new(0));
    pool.execute(adds_one(&ran)).unwrap();
    thread::scope(|scope| {
        let submitters: Vec<_> = (0..16)
            .map(|_| scope.spawn(|| pool.execute(adds_one(&ran)).unwrap()))
            .collect();
        // Time for one that does not wait for a place to show itself.
        thread::sleep(Duration::from_millis(20));
        let waiting = submitters.iter().all(|submitter| !submitter.is_finished());
        gate.open();
        assert!(waiting);
    });
    pool.wait_idle();
    assert_eq!((ran.load(SeqCst), pool.stats().panicked), (17, 4));
    assert_eq!(crew(&pool, 4), before);
}

#[test]
fn the_handler_gets_the_payload() {
    let watchdog = Watchdog::start();
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    let pool = Pool::builder()
        .threads(1)
        .panic_handler(move |payload| {
            let text = payload.downcast_ref::<&str>().copied().map(String::from);
            let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
            let number = payload.downcast_ref::<u32>().map(u32::to_string);
            tell.lock().unwrap().send(text.or(number)).unwrap();
        })
        .build()
        .unwrap();
    let pool = watchdog.watch(pool);
    pool.execute(|| panic!("words")).unwrap();
    pool.execute(|| panic!("{} words", 2)).unwrap();
    pool.execute(|| panic_any(3_u32)).unwrap();
    let heard: Vec<_> = (0..3).map(|_| told.recv().unwrap().unwrap()).collect();
    assert_eq!(heard, ["words", "2 words", "3"]);
}

#[test]
fn what_a_handler_panics_with_is_dropped() {
    let watchdog = Watchdog::start();
    let payload = Arc::new(());
    let thrown = Arc::clone(&payload);
    let handler = move |_: &(dyn std::any::Any + Send)| panic_any(Arc::clone(&thrown));
    let pool = Pool::builder().threads(1).panic_handler(handler).build();
    let pool = watchdog.watch(pool.unwrap());
    for _ in 0..3 {
        pool.execute(|| panic!("a task panics")).unwrap();
    }
    pool.wait_idle();
    assert_eq!(
        Arc::strong_count(&payload),
        2,
        "the handler's own, and this one"
    );
}

#[test]
fn a_handler_a_payload_and_a_captured_value_may_panic_as_well() {
    let watchdog = Watchdog::start();
    let drops = Arc::new(AtomicUsize::new(0));
    for with_handler in [false, true] {
        let mut builder = Pool::builder().threads(1).queue_capacity(16);
        if with_handler {
            builder = builder.panic_handler(|_payload| panic!("the handler panics"));
        }
        let pool = watchdog.watch(builder.build().unwrap());
        let before = crew(&pool, 1);
        // A payload that panics when it is dropped.
        let payload = PanicOnDrop(Arc::clone(&drops));
        pool.execute(move || panic_any(payload)).unwrap();
        // A captured value that panics when it is dropped, after the task has returned.
        let value = PanicOnDrop(Arc::clone(&drops));
        pool.execute(move || {
            let _value = &value;
        })
        .unwrap();
        pool.wait_idle();
        assert_eq!((pool.stats().panicked, pool.stats().completed), (2, 1));
        assert_eq!(crew(&pool, 1), before);
    }
    assert!(drops.load(SeqCst) >= 4);
}

/// Panics when it is dropped, without the report that a panic makes, and with another of its kind.
struct Nasty;

impl Drop for Nasty {
    fn drop(&mut self) {
        resume_unwind(Box::new(Nasty));
    }
}

#[test]
fn in_a_storm_of_panics_every_task_is_counted_and_nobody_is_lost() {
    let watchdog = Watchdog::start();
    let pool = Pool::builder().threads(4).queue_capacity(8);
    let pool = pool.panic_handler(|_| resume_unwind(Box::new(Nasty)));
    let pool = watchdog.watch(pool.build().unwrap());
    let (before, kept) = (crew(&pool, 4), Arc::new(()));
    let group = pool.group();
    thread::scope(|scope| {
        for submitter in 0..4 {
            let (pool, group, kept) = (&pool, &group, &kept);
            scope.spawn(move || {
                for n in submitter..submitter + 300 {
                    let (value, kept, token) = (Nasty, Arc::clone(kept), CancelToken::new());
                    match n % 6 {
                        0 => group.execute(move || resume_unwind(Box::new((value, kept)))),
                        1 => group.execute(move || drop((kept, value))),
                        2 => pool.execute(move || {
                            let _after_the_task = (&kept, &value);
                        }),
                        3 => pool.execute_with(&token, move || drop((value, kept))),
                        4 => pool.execute(move || {
                            let _kept = kept;
                            std::mem::forget(value);
                            resume_unwind(Box::new("plain"));
                        }),
                        _ => {
                            group.execute(move || std::mem::forget((value, Arc::downgrade(&kept))))
                        }
                    }
                    .unwrap();
                    token.cancel();
                }
            });
        }
    });
    let report = group.wait();
    assert_eq!((report.panicked, report.completed), (400, 200));
    pool.wait_idle();
    let stats = pool.stats();
    assert_eq!(stats.accepted, 4 + 4 * 300);
    assert_eq!(
        (stats.completed, stats.panicked + stats.cancelled),
        (4 + 200, 1000)
    );
    assert!(stats.cancelled <= 200, "{stats:?}");
    assert_eq!((Arc::strong_count(&kept), crew(&pool, 4)), (1, before));
}

#[test]
fn a_value_that_panics_while_a_cancelled_task_is_dropped_costs_nothing_more() {
    let watchdog = Watchdog::start();
    let heard = Arc::new(AtomicUsize::new(0));
    let inside = Arc::clone(&heard);
    let pool = Pool::builder()
        .threads(1)
        .panic_handler(move |_| {
            inside.fetch_add(1, SeqCst);
        })
        .build()
        .unwrap();
    let pool = watchdog.watch(pool);
    let gate = Gate::new();
    gate.occupy(|task| pool.execute(task).unwrap());
    for _ in 0..3 {
        let value = PanicOnDrop(Arc::default());
        pool.execute(move || drop(value)).unwrap();
    }
    pool.cancel();
    gate.open();
    pool.wait_idle();
    let stats = pool.stats();
    assert_eq!(
        (stats.completed, stats.cancelled, stats.panicked),
        (1, 3, 0)
    );
    assert_eq!((heard.load(SeqCst), pool.threads()), (3, 1));
}

#[test]
fn hooks_run_on_every_worker_and_a_hook_that_panics_costs_nothing() {
    let watchdog = Watchdog::start();
    let (starts, stops, heard) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicUsize::new(0)),
    );
    let (started, stopped, told) = (Arc::clone(&starts), Arc::clone(&stops), Arc::clone(&heard));
    let pool = Pool::builder()
        .threads(3)
        .on_thread_start(move || {
            started.fetch_add(1, SeqCst);
            panic!("the start hook panics");
        })
        .on_thread_stop(move || {
            stopped.fetch_add(1, SeqCst);
            panic!("the stop hook panics");
        })
        .panic_handler(move |_| {
            told.fetch_add(1, SeqCst);
        })
        .build()
        .unwrap();
    let pool = watchdog.watch(pool);
    assert_eq!(crew(&pool, 3).len(), 3);
    pool.shutdown();
    let counts = [&starts, &stops, &heard].map(|count| count.load(SeqCst));
    assert_eq!(counts, [3, 3, 6]);
}

struct CountAndPanic(Arc<AtomicUsize>);

impl Drop for CountAndPanic {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
        panic!("dropping panics");
    }
}

#[test]
fn what_hooks_have_captured_may_panic_when_a_worker_is_the_last_to_drop_it() {
    let watchdog = Watchdog::start();
    let drops = Arc::new(AtomicUsize::new(0));
    let [start, stop, name, handler] = [0; 4].map(|_| CountAndPanic(Arc::clone(&drops)));
    let pool = Pool::builder()
        .threads(1)
        .on_thread_start(move || {
            let _captured = &start;
        })
        .on_thread_stop(move || {
            let _captured = &stop;
        })
        .thread_name(move |number| {
            let _captured = &name;
            number.to_string()
        })
        .panic_handler(move |_| {
            let _captured = &handler;
        })
        .build()
        .unwrap();
    let pool = watchdog.watch(pool);
    let gate = Gate::new();
    let (last, at) = (Arc::clone(&pool), gate.clone());
    // The task is the last to own the pool, and its worker the last to own what the pool shares.
    pool.execute(move || {
        at.pass();
        drop(last);
    })
    .unwrap();
    drop(pool);
    gate.open();
    common::until(|| drops.load(SeqCst) == 4);
}

#[test]
fn a_payload_may_own_the_pool_alone() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(2, 4).unwrap());
    let (there, group, gate) = (Arc::downgrade(&pool), pool.group(), Gate::new());
    let (last, at) = (Arc::clone(&pool), gate.clone());
    group
        .execute(move || {
            at.pass();
            panic_any(last);
        })
        .unwrap();
    drop(pool);
    gate.open();
    assert_eq!(group.wait().panicked, 1);
    // Dropped before the task counts as ended.
    assert!(there.upgrade().is_none());
    assert_eq!(group.execute(|| ()).unwrap_err().reason(), Reason::ShutDown);
}

/// Where a hook or a handler finds the pool, to let go of it.
#[derive(Clone, Default)]
struct Place(Arc<Mutex<Option<Arc<Pool>>>>);

impl Place {
    /// Drops the pool, and says how many owned it.
    fn clear(&self) -> usize {
        let pool = self.0.lock().unwrap().take();
        pool.as_ref().map_or(0, Arc::strong_count)
    }

    fn put(&self, pool: Pool) {
        *self.0.lock().unwrap() = Some(Arc::new(pool));
    }
}

#[test]
fn a_handler_may_own_the_pool_alone() {
    let _watchdog = Watchdog::start();
    let (place, (tell, told)) = (Place::default(), mpsc::channel());
    let (inside, tell) = (place.clone(), Mutex::new(tell));
    let pool = Pool::builder()
        .threads(2)
        .panic_handler(move |_| tell.lock().unwrap().send(inside.clear()).unwrap())
        .build()
        .unwrap();
    let (group, gate, ran) = (pool.group(), Gate::new(), Arc::new(AtomicUsize::new(0)));
    let at = gate.clone();
    group
        .execute(move || {
            at.pass();
            panic!("told to the handler");
        })
        .unwrap();
    for _ in 0..4 {
        group.execute(adds_one(&ran)).unwrap();
    }
    place.put(pool);
    gate.open();
    assert_eq!(told.recv().unwrap(), 1);
    assert_eq!((group.wait().completed, ran.load(SeqCst)), (4, 4));
    assert_eq!(group.execute(|| ()).unwrap_err().reason(), Reason::ShutDown);
}

#[test]
fn a_thread_hook_may_own_the_pool_alone() {
    let _watchdog = Watchdog::start();
    for at_start in [true, false] {
        let (place, gate, (tell, told)) = (Place::default(), Gate::new(), mpsc::channel());
        let (inside, at, tell) = (place.clone(), gate.clone(), Mutex::new(tell));
        let hook = move || {
            at.pass();
            tell.lock().unwrap().send(inside.clear()).unwrap();
        };
        let builder = Pool::builder().threads(1);
        let pool = match at_start {
            true => builder.on_thread_start(hook),
            false => builder.on_thread_stop(hook),
        };
        let pool = pool.build().unwrap();
        let (group, ran) = (pool.group(), Arc::new(AtomicUsize::new(0)));
        group.execute(adds_one(&ran)).unwrap();
        if !at_start {
            // The queue is closed, the worker on its way out, and the pool not dropped.
            let _ = pool.shutdown_timeout(Duration::ZERO);
        }
        place.put(pool);
        gate.open();
        assert_eq!((told.recv().unwrap(), group.wait().completed), (1, 1));
        assert_eq!(group.execute(|| ()).unwrap_err().reason(), Reason::ShutDown);
        assert_eq!(ran.load(SeqCst), 1);
    }
}

#[test]
fn the_start_hook_comes_first_and_the_stop_hook_last() {
    let watchdog = Watchdog::start();
    let order = Arc::new(Mutex::new(Vec::new()));
    let note = |what: &'static str| {
        let order = Arc::clone(&order);
        move || order.lock().unwrap().push(what)
    };
    let pool = Pool::builder()
        .threads(1)
        .on_thread_start(note("start"))
        .on_thread_stop(note("stop"))
        .build()
        .unwrap();
    let pool = watchdog.watch(pool);
    pool.execute(note("task")).unwrap();
    pool.shutdown();
    assert_eq!(*order.lock().unwrap(), ["start", "task", "stop"]);
}

#[cfg(unix)]
#[test]
fn a_second_panic_while_the_first_unwinds_aborts_the_process() {
    struct Plain;
    impl Drop for Plain {
        fn drop(&mut self) {
            panic!("the second panic");
        }
    }
    if common::is_child() {
        let pool = Pool::new(1, 4).unwrap();
        pool.execute(move || {
            let _value = Plain;
            panic!("the first panic");
        })
        .unwrap();
        pool.shutdown();
        return;
    }
    let test = "a_second_panic_while_the_first_unwinds_aborts_the_process";
    let child = common::in_child(test, "ulimit -c 0");
    assert_eq!(child.status.code(), None, "ended by a signal: {child:?}");
}
