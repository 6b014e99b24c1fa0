//! Code of the user that acts on its own pool from odd places: a name, a policy, the end of a thread.

mod common;

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, OnceLock, Weak, mpsc};
use std::thread;
use std::time::Duration;

use common::{Gate, OpenOnDrop, Watchdog, until};
use v3_dynamic::{Eager, Lazy, Load, Moment, Pool, Scaling};

/// Where the pool will be, for code that is given to its builder.
#[derive(Clone, Default)]
struct Place(Arc<OnceLock<Weak<Pool>>>);

impl Place {
    fn set(&self, pool: &Arc<Pool>) {
        self.0.set(Arc::downgrade(pool)).unwrap();
    }

    fn get(&self) -> Option<Arc<Pool>> {
        self.0.get()?.upgrade()
    }
}

/// Does something at each tick.
struct AtTick<F>(F);

impl<F: Fn() + Send + Sync + 'static> Scaling for AtTick<F> {
    fn wanted(&self, moment: Moment, load: &Load) -> usize {
        if moment == Moment::Tick {
            (self.0)();
        }
        load.unfinished()
    }

    fn period(&self) -> Option<Duration> {
        Some(Duration::from_millis(1))
    }
}

impl<F> std::fmt::Debug for AtTick<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AtTick")
    }
}

/// Does something when its thread ends.
struct AtExit(Option<Box<dyn FnOnce()>>);

impl Drop for AtExit {
    fn drop(&mut self) {
        if let Some(last) = self.0.take() {
            last();
        }
    }
}

fn at_exit(last: impl FnOnce() + 'static) {
    std::thread_local! {
        static LAST: RefCell<AtExit> = const { RefCell::new(AtExit(None)) };
    }
    LAST.with(|at| at.borrow_mut().0 = Some(Box::new(last)));
}

#[test]
fn a_name_may_shut_the_pool_down() {
    let watchdog = Watchdog::start();
    let place = Place::default();
    let inside = place.clone();
    let pool = Pool::builder().threads(1).thread_name(move |number| {
        // The second worker has just been started.
        if number == 3 {
            inside.get().unwrap().shutdown();
        }
        format!("worker-{number}")
    });
    let pool = watchdog.watch(pool.build().unwrap());
    place.set(&pool);
    pool.resize(3).unwrap();
    assert_eq!(pool.threads(), 0);
}

#[test]
fn a_policy_may_let_go_of_the_pool_on_its_clock() {
    let _watchdog = Watchdog::start();
    let place = Place::default();
    let inside = place.clone();
    let (tell, told) = mpsc::channel();
    let (gate, gone) = (Gate::new(), Gate::new());
    let (at, opens) = (gate.clone(), gone.clone());
    let told_of_panics = Arc::new(AtomicUsize::new(0));
    let panics = Arc::clone(&told_of_panics);
    let policy = AtTick(move || {
        if let Some(pool) = inside.get() {
            let _ = tell.send(());
            at.pass();
            drop(pool);
            opens.open();
        }
    });
    let pool = Pool::builder()
        .threads(1..=2)
        .scaling(policy)
        .panic_handler(move |_| {
            panics.fetch_add(1, SeqCst);
        });
    let pool = Arc::new(pool.build().unwrap());
    place.set(&pool);
    told.recv().unwrap();
    drop(pool);
    gate.open();
    gone.pass();
    assert_eq!(told_of_panics.load(SeqCst), 0);
}

#[test]
fn a_policy_may_shut_the_pool_down_on_its_clock() {
    let watchdog = Watchdog::start();
    let place = Place::default();
    let inside = place.clone();
    let policy = AtTick(move || {
        if let Some(pool) = inside.get() {
            pool.shutdown();
        }
    });
    let pool = Pool::builder().threads(1..=2).scaling(policy);
    let pool = watchdog.watch(pool.build().unwrap());
    place.set(&pool);
    until(|| pool.threads() == 0);
    pool.shutdown();
}

#[test]
fn a_shutdown_with_a_deadline_does_not_wait_for_a_policy_that_thinks() {
    let watchdog = Watchdog::start();
    let gate = Gate::new();
    let (tell, told) = mpsc::channel();
    let at = gate.clone();
    let policy = AtTick(move || {
        let _ = tell.send(());
        at.pass();
    });
    let pool = Pool::builder().threads(1..=2).scaling(policy);
    let pool = watchdog.watch(pool.build().unwrap());
    let _open = OpenOnDrop(&gate);
    told.recv().unwrap();
    let unfinished = pool.shutdown_timeout(Duration::from_millis(10));
    assert_eq!(unfinished.unwrap_err().running, 0);
    gate.open();
    pool.shutdown_timeout(Duration::MAX).unwrap();
}

#[test]
fn the_end_of_a_thread_may_wait_for_a_task() {
    let watchdog = Watchdog::start();
    let pool = Pool::builder().threads(0..=4).idle_timeout(Duration::ZERO);
    let pool = watchdog.watch(pool.build().unwrap());
    let inside = Arc::downgrade(&pool);
    let (tell, told) = mpsc::channel();
    let (done, finished) = mpsc::channel();
    pool.execute(move || {
        at_exit(move || {
            let pool = inside.upgrade().unwrap();
            pool.execute(move || tell.send(()).unwrap()).unwrap();
            told.recv().unwrap();
            done.send(()).unwrap();
        });
    })
    .unwrap();
    finished.recv().unwrap();
}

/// Each name takes so long that the worker before it has left when it is made.
#[test]
fn no_more_workers_are_started_than_were_missing() {
    let watchdog = Watchdog::start();
    let (place, named) = (Place::default(), Arc::new(AtomicUsize::new(0)));
    let (gate, names) = (Gate::new(), Arc::clone(&named));
    let (inside, opens) = (place.clone(), gate.clone());
    let pool = Pool::builder()
        .threads(1)
        .idle_timeout(Duration::ZERO)
        .thread_name(move |number| {
            names.store(number, SeqCst);
            if number >= 3 {
                opens.open();
                let pool = inside.get().unwrap();
                until(|| pool.threads() == 1);
            }
            format!("worker-{number}")
        });
    let pool = watchdog.watch(pool.build().unwrap());
    place.set(&pool);
    let _open = OpenOnDrop(&gate);
    let at = gate.clone();
    pool.execute(move || at.pass()).unwrap();
    pool.execute(|| ()).unwrap();
    pool.execute(|| ()).unwrap();
    // Three tasks: two more workers are wanted.
    pool.resize(1..=3).unwrap();
    assert!(named.load(SeqCst) <= 3);
}

/// Both want one worker more than there are, and make names at the same time.
#[test]
fn two_who_find_the_queue_full_get_a_worker_each() {
    let watchdog = Watchdog::start();
    let together = Arc::new(Barrier::new(2));
    let pool = Pool::builder()
        .threads(1..=3)
        .queue_capacity(1)
        .scaling(Lazy)
        .thread_name(move |number| {
            if number == 2 || number == 3 {
                together.wait();
            }
            format!("worker-{number}")
        });
    let pool = watchdog.watch(pool.build().unwrap());
    let gate = Gate::new();
    let _open = OpenOnDrop(&gate);
    let blocks = || {
        let at = gate.clone();
        move || at.pass()
    };
    pool.execute(blocks()).unwrap();
    until(|| pool.queue_len() == 0);
    pool.execute(blocks()).unwrap();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| pool.try_execute(blocks()).unwrap());
        }
    });
    assert_eq!(pool.threads(), 3);
}

#[test]
fn two_eager_submissions_start_a_worker_each() {
    let watchdog = Watchdog::start();
    let together = Arc::new(Barrier::new(2));
    let pool = Pool::builder()
        .threads(1..=3)
        .scaling(Eager)
        .thread_name(move |number| {
            if number == 2 || number == 3 {
                together.wait();
            }
            format!("worker-{number}")
        });
    let pool = watchdog.watch(pool.build().unwrap());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| pool.execute(|| ()).unwrap());
        }
    });
    assert_eq!(pool.threads(), 3);
}

#[test]
fn a_submitter_that_waits_gets_a_worker_when_there_may_be_more() {
    let watchdog = Watchdog::start();
    let pool = Pool::builder().threads(1).queue_capacity(1).scaling(Lazy);
    let pool = watchdog.watch(pool.build().unwrap());
    let both = Arc::new(Barrier::new(2));
    let meets = || {
        let both = Arc::clone(&both);
        move || {
            both.wait();
        }
    };
    pool.execute(meets()).unwrap();
    until(|| pool.queue_len() == 0);
    pool.execute(meets()).unwrap();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| pool.execute(|| ()).unwrap());
        // Whether it sleeps by then or not: nobody else will let it in.
        thread::sleep(Duration::from_millis(20));
        pool.resize(1..=2).unwrap();
        waiting.join().unwrap();
    });
    pool.wait_idle();
}
