//! Code of the user that acts on its own pool from odd places: a name, a policy, the end of a
//! thread.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex, OnceLock, Weak, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use common::{Gate, OpenOnDrop, Watchdog, adds_one, at_exit, until};
use v3_dynamic::{Eager, Lazy, Load, Moment, Pool, Reason, Scaling};

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

/// Owns a pool until somebody takes it.
#[derive(Clone, Debug, Default)]
struct Owner(Arc<Mutex<Option<Pool>>>);

impl Owner {
    fn take(&self) -> Option<Pool> {
        self.0.lock().unwrap().take()
    }
}

/// The name is wanted by a submitter: outside, so the drop of the pool waits for its threads.
#[test]
fn a_name_may_let_go_of_the_pool() {
    let _watchdog = Watchdog::start();
    let owner = Owner::default();
    let inside = owner.clone();
    let pool = Pool::builder().threads(0..=1).thread_name(move |number| {
        drop(inside.take());
        format!("worker-{number}")
    });
    let pool = pool.build().unwrap();
    let (group, ran) = (pool.group(), Arc::new(AtomicUsize::new(0)));
    *owner.0.lock().unwrap() = Some(pool);
    let rejected = group.execute(adds_one(&ran)).unwrap_err();
    assert_eq!(rejected.reason(), Reason::ShutDown);
    group.wait();
    assert!(owner.take().is_none());
    rejected.into_task().run();
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (1, 1));
}

/// Asked about a submission: the task is accepted by then, and the drop of the pool waits for it.
#[test]
fn a_policy_may_let_go_of_the_pool_when_a_submitter_asks() {
    #[derive(Debug)]
    struct LetsGo(Owner);
    impl Scaling for LetsGo {
        fn wanted(&self, moment: Moment, load: &Load) -> usize {
            if moment == Moment::Submitted {
                drop(self.0.take());
            }
            load.unfinished()
        }
    }
    let _watchdog = Watchdog::start();
    let owner = Owner::default();
    let pool = Pool::builder()
        .threads(1..=2)
        .scaling(LetsGo(owner.clone()));
    let pool = pool.build().unwrap();
    let (group, ran) = (pool.group(), Arc::new(AtomicUsize::new(0)));
    *owner.0.lock().unwrap() = Some(pool);
    group.execute(adds_one(&ran)).unwrap();
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (1, 1));
    assert!(owner.take().is_none());
    let rejected = group.execute(|| ()).unwrap_err();
    assert_eq!(rejected.reason(), Reason::ShutDown);
}

/// A hook, on a thread that is started while the pool grows, or that leaves because it is idle.
#[test]
fn a_thread_that_comes_or_goes_may_let_go_of_the_pool() {
    let _watchdog = Watchdog::start();
    for at_start in [true, false] {
        let (owner, (tell, told)) = (Owner::default(), mpsc::channel());
        let (inside, tell) = (owner.clone(), Mutex::new(tell));
        let hook = move || {
            if let Some(pool) = inside.take() {
                drop(pool);
                tell.lock().unwrap().send(()).unwrap();
            }
        };
        let builder = Pool::builder().threads(0..=1).idle_timeout(Duration::ZERO);
        let pool = match at_start {
            true => builder.on_thread_start(hook),
            false => builder.on_thread_stop(hook),
        };
        let pool = pool.build().unwrap();
        let (group, ran) = (pool.group(), Arc::new(AtomicUsize::new(0)));
        *owner.0.lock().unwrap() = Some(pool);
        group.execute(adds_one(&ran)).unwrap();
        told.recv().unwrap();
        assert_eq!((group.wait().completed, ran.load(SeqCst)), (1, 1));
        let rejected = group.execute(|| ()).unwrap_err();
        assert_eq!(rejected.reason(), Reason::ShutDown);
    }
}

#[test]
fn a_thread_that_has_left_may_be_the_last_owner_at_its_end() {
    let _watchdog = Watchdog::start();
    let pool = Pool::builder().threads(0..=1).idle_timeout(Duration::ZERO);
    let pool = Arc::new(pool.build().unwrap());
    let (gate, (tell, told)) = (Gate::new(), mpsc::channel());
    let (last, at) = (Arc::clone(&pool), gate.clone());
    pool.execute(move || {
        at_exit(move || {
            at.pass();
            let owners = Arc::strong_count(&last);
            drop(last);
            tell.send(owners).unwrap();
        });
    })
    .unwrap();
    until(|| pool.threads() == 0);
    let group = pool.group();
    drop(pool);
    gate.open();
    assert_eq!(told.recv().unwrap(), 1);
    let rejected = group.execute(|| ()).unwrap_err();
    assert_eq!(rejected.reason(), Reason::ShutDown);
}

/// A worker is the last to own what the pool shares, the policy among it.
#[test]
fn a_policy_that_panics_when_it_is_dropped_costs_nothing() {
    #[derive(Debug)]
    struct TellsAndPanics(mpsc::Sender<()>);
    impl Drop for TellsAndPanics {
        fn drop(&mut self) {
            self.0.send(()).unwrap();
            panic!("dropping panics");
        }
    }
    impl Scaling for TellsAndPanics {
        fn wanted(&self, _moment: Moment, _load: &Load) -> usize {
            0
        }
    }
    let _watchdog = Watchdog::start();
    let ((tell, told), gate) = (mpsc::channel(), Gate::new());
    let (name, named) = mpsc::channel();
    // Dropped after the policy: were the first panic on its way still, the second would be one too
    // many.
    let name = TellsAndPanics(name);
    let pool = Pool::builder()
        .threads(1)
        .scaling(TellsAndPanics(tell))
        .thread_name(move |number| {
            let _captured = &name;
            number.to_string()
        });
    let pool = Arc::new(pool.build().unwrap());
    let (last, at) = (Arc::clone(&pool), gate.clone());
    pool.execute(move || {
        at.pass();
        drop(last);
    })
    .unwrap();
    drop(pool);
    gate.open();
    told.recv().unwrap();
    named.recv().unwrap();
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
        // Whether it sleeps by then or not: nothing else will make a place.
        thread::sleep(Duration::from_millis(20));
        pool.resize(1..=2).unwrap();
        waiting.join().unwrap();
    });
    pool.wait_idle();
}

/// A worker that leaves joins the one before it, and waits for the end of its thread. It holds
/// nobody up meanwhile.
#[test]
fn the_end_of_a_thread_that_is_joined_holds_nobody_up() {
    let watchdog = Watchdog::start();
    let pool = Pool::builder().threads(0..=1).idle_timeout(Duration::ZERO);
    let pool = watchdog.watch(pool.build().unwrap());
    let gate = Gate::new();
    let at = gate.clone();
    let (begin, begun) = mpsc::channel();
    pool.execute(move || {
        at_exit(move || {
            begin.send(()).unwrap();
            at.pass();
        });
    })
    .unwrap();
    begun.recv().unwrap();
    // The next worker leaves as well, and joins the first.
    pool.execute(|| ()).unwrap();
    until(|| pool.stats().retired == 2);
    // Time for wrong code to take the lock and keep it.
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(50) {
        assert_eq!(pool.threads(), 0);
        thread::sleep(Duration::from_millis(1));
    }
    gate.open();
}
