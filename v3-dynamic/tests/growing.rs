//! When workers are started, and what happens if one cannot be.

mod common;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, OnceLock, Weak, mpsc};
use std::time::Duration;

use common::{Gate, OpenOnDrop, Watchdog, adds_one, meets, until};
use v3_dynamic::{
    Balanced, BuildError, Eager, Lazy, Load, Moment, Pool, Reaper, Reason, Scaling, WarmUp,
};

#[test]
fn a_pool_starts_with_its_least_number_of_workers() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::builder().threads(2..=5).build().unwrap());
    assert_eq!((pool.threads(), pool.limits()), (2, 2..=5));
}

#[test]
fn bad_limits_are_refused_by_the_builder() {
    let build = |threads: std::ops::RangeInclusive<usize>| {
        let pool = Pool::builder().threads(threads).scaling(Eager);
        pool.build().unwrap_err()
    };
    assert!(matches!(build(0..=0), BuildError::NoThreads));
    for max in [Pool::MAX_THREADS + 1, usize::MAX] {
        assert!(matches!(build(0..=max), BuildError::TooManyThreads(n) if n == max));
        assert!(matches!(build(max..=max), BuildError::TooManyThreads(n) if n == max));
    }
    let error = build(std::ops::RangeInclusive::new(3, 2));
    assert!(matches!(error, BuildError::MinAboveMax { min: 3, max: 2 }));
    // What may be is not what is: no thread is started for the largest limit.
    let pool = Pool::builder().threads(0..=Pool::MAX_THREADS);
    assert_eq!(pool.build().unwrap().threads(), 0);
}

#[test]
fn the_first_task_starts_the_first_worker() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::builder().threads(0..=4).build().unwrap());
    assert_eq!(pool.threads(), 0);
    pool.wait_idle();
    let ran = Arc::new(AtomicUsize::new(0));
    pool.execute(adds_one(&ran)).unwrap();
    pool.wait_idle();
    assert_eq!((ran.load(SeqCst), pool.threads()), (1, 1));
}

#[test]
fn a_pool_without_workers_stops() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::builder().threads(0..=4).build().unwrap());
    pool.shutdown();
    assert_eq!(pool.execute(|| ()).unwrap_err().reason(), Reason::ShutDown);
    assert_eq!(pool.stats().spawned, 0);
}

#[test]
fn tasks_that_wait_for_each_other_run_side_by_side_up_to_the_largest_number() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::builder().threads(0..=4).build().unwrap());
    let together = Arc::new(Barrier::new(4));
    for _ in 0..4 {
        pool.execute(meets(&together)).unwrap();
    }
    pool.wait_idle();
    assert_eq!(pool.stats().peak, 4);
}

#[test]
fn no_more_workers_are_started_than_there_may_be() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::builder().threads(1..=3).build().unwrap());
    let gate = Gate::new();
    let _open = OpenOnDrop(&gate);
    for _ in 0..50 {
        let at = gate.clone();
        pool.execute(move || at.pass()).unwrap();
    }
    assert_eq!(pool.threads(), 3);
    gate.open();
    pool.wait_idle();
    assert_eq!((pool.stats().peak, pool.stats().spawned), (3, 3));
}

#[test]
fn what_a_task_submits_starts_workers_too() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::builder().threads(1..=2).build().unwrap());
    let (inner, (tell, told)) = (Arc::clone(&pool), mpsc::channel());
    // The task waits for the one that it submits: it takes a second worker.
    pool.execute(move || {
        inner.execute(move || tell.send(()).unwrap()).unwrap();
        told.recv().unwrap();
    })
    .unwrap();
    pool.wait_idle();
    assert_eq!(pool.threads(), 2);
}

/// The first of two tasks waits for the second. There is one idle worker, or one that leaves just
/// then, and there may be two.
#[test]
fn of_two_quick_tasks_the_first_may_wait_for_the_second() {
    let watchdog = Watchdog::start();
    for (min, idle) in [(0, 0), (0, 20), (1, 0), (1, 1_000_000)] {
        let pool = Pool::builder()
            .threads(min..=2)
            .idle_timeout(Duration::from_micros(idle));
        let pool = watchdog.watch(pool.build().unwrap());
        for _ in 0..2_500 {
            let (tell, told) = mpsc::channel();
            pool.execute(move || told.recv().unwrap()).unwrap();
            pool.execute(move || tell.send(()).unwrap()).unwrap();
            pool.wait_idle();
        }
        let stats = pool.stats();
        assert_eq!(stats.completed, 5_000);
        assert!(stats.peak <= 2);
    }
}

/// Tasks that are waited for one by one.
fn peak_of_tiny_tasks(policy: impl Scaling) -> usize {
    let watchdog = Watchdog::start();
    let pool = Pool::builder().threads(0..=16).scaling(policy);
    let pool = watchdog.watch(pool.build().unwrap());
    for _ in 0..1000 {
        pool.execute(|| ()).unwrap();
        pool.wait_idle();
    }
    pool.stats().peak
}

#[test]
fn tiny_tasks_one_at_a_time_never_have_more_than_two_threads() {
    assert!(peak_of_tiny_tasks(Balanced) <= 2);
    assert!(peak_of_tiny_tasks(Lazy) <= 2);
}

/// Names the thread with this number, and all after it, so that they cannot be started.
fn no_more_than(number: usize) -> impl Fn(usize) -> String {
    move |asked| {
        if asked < number {
            format!("worker-{asked}")
        } else {
            "no\0name".into()
        }
    }
}

#[test]
fn a_thread_that_cannot_be_started_while_growing_costs_nothing() {
    let watchdog = Watchdog::start();
    let pool = Pool::builder().threads(1..=4).thread_name(no_more_than(2));
    let pool = watchdog.watch(pool.build().unwrap());
    let gate = Gate::new();
    let _open = OpenOnDrop(&gate);
    let ran = Arc::new(AtomicUsize::new(0));
    let at = gate.clone();
    pool.execute(move || at.pass()).unwrap();
    for _ in 0..3 {
        pool.execute(adds_one(&ran)).unwrap();
    }
    gate.open();
    pool.wait_idle();
    let stats = pool.stats();
    assert_eq!((ran.load(SeqCst), stats.live, stats.spawned), (3, 1, 1));
    assert!(stats.spawn_failures >= 1);
}

#[test]
fn without_any_worker_the_task_comes_back_and_the_pool_tries_again() {
    let watchdog = Watchdog::start();
    let (good, named) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let (is_good, names) = (Arc::clone(&good), Arc::clone(&named));
    let pool = Pool::builder().threads(0..=4).thread_name(move |_| {
        names.fetch_add(1, SeqCst);
        if is_good.load(SeqCst) { "good" } else { "b\0d" }.into()
    });
    let pool = watchdog.watch(pool.build().unwrap());
    let ran = Arc::new(AtomicUsize::new(0));
    let group = pool.group();
    for _ in 0..3 {
        let rejected = group.execute(adds_one(&ran)).unwrap_err();
        assert_eq!(rejected.reason(), Reason::NoWorker);
        assert_eq!(
            rejected.to_string(),
            "the task was refused: no worker could be started"
        );
        drop(rejected.into_task());
    }
    let rejected = pool.try_execute(adds_one(&ran)).unwrap_err();
    assert_eq!((rejected.reason(), ran.load(SeqCst)), (Reason::NoWorker, 0));
    group.wait();
    pool.wait_idle();
    assert_eq!(
        (pool.queue_len(), pool.stats().accepted, named.load(SeqCst)),
        (0, 0, 4)
    );
    good.store(true, SeqCst);
    pool.execute(rejected.into_task()).unwrap();
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 1);
}

/// In a process that may not have more than a few threads.
#[cfg(target_os = "linux")]
#[test]
fn where_the_machine_has_no_more_threads_tasks_wait_or_come_back() {
    let watchdog = Watchdog::start();
    if !common::is_child() {
        let test = "where_the_machine_has_no_more_threads_tasks_wait_or_come_back";
        let child = common::in_child(test, common::FEW_THREADS);
        assert!(child.status.success(), "{child:?}");
        assert!(String::from_utf8_lossy(&child.stdout).contains("1 passed"));
        return;
    }
    let (gate, ran) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
    let small = watchdog.watch(Pool::builder().threads(0..=1).build().unwrap());
    let group = small.group();
    let large = Pool::builder()
        .threads(0..=Pool::MAX_THREADS)
        .idle_timeout(Duration::ZERO);
    let large = watchdog.watch(large.build().unwrap());
    let _open = OpenOnDrop(&gate);
    // Each of them wants a worker of its own. Where none can be started, it waits in the queue.
    let mut tasks = 0;
    while large.stats().spawn_failures < 3 {
        let (at, counts) = (gate.clone(), adds_one(&ran));
        let task = move || {
            at.pass();
            counts();
        };
        large.execute(task).unwrap();
        tasks += 1;
    }
    let stats = large.stats();
    assert!(stats.live >= 1 && stats.live <= tasks - 3, "{stats:?}");

    // A pool without a worker has its task back, a wait is no wait, and limits do not change that.
    let rejected = group.execute(adds_one(&ran)).unwrap_err();
    assert_eq!(rejected.reason(), Reason::NoWorker);
    group.wait();
    small.wait_idle();
    assert!(matches!(small.resize(1), Err(BuildError::Spawn(_))));
    assert_eq!((small.limits(), small.threads()), (1..=1, 0));
    assert_eq!(small.stats().spawn_failures, 2);

    // Neither a worker nor the thread that ticks can be started for a new one.
    let with_ticks = Pool::builder().scaling(Reaper::every(Duration::from_secs(1)));
    for builder in [
        Pool::builder().threads(1),
        Pool::builder().threads(0..=1).scaling(WarmUp::new(1)),
        with_ticks.threads(0..=1),
    ] {
        assert!(matches!(builder.build(), Err(BuildError::Spawn(_))));
    }

    gate.open();
    large.wait_idle();
    assert_eq!((ran.load(SeqCst), large.stats().completed), (tasks, tasks));
    large.shutdown();
    small.execute(rejected.into_task()).unwrap();
    small.wait_idle();
    assert_eq!((ran.load(SeqCst), small.threads()), (tasks + 1, 1));
}

#[test]
fn a_name_function_that_panics_while_growing_is_told_to_the_handler() {
    let watchdog = Watchdog::start();
    let told = Arc::new(AtomicUsize::new(0));
    let tell = Arc::clone(&told);
    let pool = Pool::builder()
        .threads(0..=4)
        .thread_name(|number| {
            assert_ne!(number, 1, "there is no number one");
            format!("worker-{number}")
        })
        .panic_handler(move |_| {
            tell.fetch_add(1, SeqCst);
        });
    let pool = watchdog.watch(pool.build().unwrap());
    let rejected = pool.execute(|| ()).unwrap_err();
    assert_eq!(
        (rejected.reason(), told.load(SeqCst)),
        (Reason::NoWorker, 1)
    );
    pool.execute(rejected.into_task()).unwrap();
    pool.wait_idle();
    assert_eq!(pool.stats().completed, 1);
}

/// Many submitters find a pool without workers at once, and no thread can be started for most of
/// them: each task has run or has come back.
#[test]
fn a_race_for_the_first_worker_strands_nothing() {
    let watchdog = Watchdog::start();
    for round in 0..200 {
        let pool = Pool::builder()
            .threads(0..=3)
            .idle_timeout(Duration::ZERO)
            .thread_name(move |number| {
                if (number + round) % 3 == 0 {
                    "fine"
                } else {
                    "b\0d"
                }
                .into()
            });
        let pool = watchdog.watch(pool.build().unwrap());
        let ran = Arc::new(AtomicUsize::new(0));
        let back = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..10 {
                        if pool.execute(adds_one(&ran)).is_err() {
                            back.fetch_add(1, SeqCst);
                        }
                    }
                });
            }
        });
        pool.wait_idle();
        assert_eq!(ran.load(SeqCst) + back.load(SeqCst), 40);
    }
}

#[test]
fn a_name_may_ask_the_pool_for_its_state() {
    let watchdog = Watchdog::start();
    let place = Arc::new(OnceLock::<Weak<Pool>>::new());
    let inside = Arc::clone(&place);
    let pool = Pool::builder().threads(0..=1).thread_name(move |number| {
        let pool = inside.get().unwrap().upgrade().unwrap();
        format!("worker-{number}-after-{}", pool.stats().live)
    });
    let pool = watchdog.watch(pool.build().unwrap());
    place.set(Arc::downgrade(&pool)).unwrap();
    let (tell, told) = mpsc::channel();
    pool.execute(move || {
        let name = std::thread::current().name().map(String::from);
        tell.send(name).unwrap();
    })
    .unwrap();
    assert_eq!(told.recv().unwrap().as_deref(), Some("worker-1-after-0"));
    until(|| pool.stats().completed == 1);
}

/// Asks its first question about an idle worker for as long as the gate is shut.
#[derive(Debug)]
struct ThinksOnce(
    Arc<AtomicUsize>,
    mpsc::Sender<()>,
    std::sync::Mutex<mpsc::Receiver<()>>,
);

impl Scaling for ThinksOnce {
    fn wanted(&self, moment: Moment, _load: &Load) -> usize {
        if moment == Moment::Idle && self.0.fetch_add(1, SeqCst) == 0 {
            self.1.send(()).unwrap();
            let _ = self.2.lock().unwrap().recv();
        }
        0
    }
}

/// While a worker waits for the policy's answer, the other one, which sleeps, does the work.
#[test]
fn nobody_waits_for_a_policy_that_thinks_about_an_idle_worker() {
    let watchdog = Watchdog::start();
    let asked = Arc::new(AtomicUsize::new(0));
    let ((tell, told), (open, gate)) = (mpsc::channel(), mpsc::channel());
    let policy = ThinksOnce(Arc::clone(&asked), tell, std::sync::Mutex::new(gate));
    let pool = Pool::builder()
        .threads(2)
        .idle_timeout(Duration::ZERO)
        .scaling(policy);
    let pool = watchdog.watch(pool.build().unwrap());
    // Dropped before the pool, which would wait for the policy.
    let open: mpsc::Sender<()> = open;
    told.recv().unwrap();
    until(|| asked.load(SeqCst) == 2);
    let ran = Arc::new(AtomicUsize::new(0));
    pool.execute(adds_one(&ran)).unwrap();
    until(|| ran.load(SeqCst) == 1);
    drop(open);
}

/// While a worker is still in its start hook, the idle ones do the work.
#[test]
fn nobody_waits_for_a_start_hook_if_there_is_an_idle_worker() {
    let watchdog = Watchdog::start();
    let (gate, started) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
    let (at, starts) = (gate.clone(), Arc::clone(&started));
    let pool = Pool::builder()
        .threads(1..=2)
        .idle_timeout(Duration::MAX)
        .on_thread_start(move || {
            if starts.fetch_add(1, SeqCst) == 1 {
                at.pass();
            }
        });
    let pool = watchdog.watch(pool.build().unwrap());
    let _open = OpenOnDrop(&gate);
    let first = Gate::new();
    let at = first.clone();
    pool.execute(move || at.pass()).unwrap();
    // A second worker is started for this task. It takes its time, and the first one does it.
    pool.execute(|| ()).unwrap();
    assert_eq!(pool.threads(), 2);
    until(|| started.load(SeqCst) == 2);
    first.open();
    pool.wait_idle();
    #[cfg(target_os = "linux")]
    {
        let (tell, told) = mpsc::channel();
        pool.execute(move || tell.send(common::this_thread()).unwrap())
            .unwrap();
        common::until_asleep(&told.recv().unwrap());
    }
    let ran = Arc::new(AtomicUsize::new(0));
    pool.execute(adds_one(&ran)).unwrap();
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 1);
    gate.open();
}

/// Wants no worker. Asked about a full queue, it waits until all workers have left.
#[derive(Debug)]
struct WaitsUntilAllHaveLeft {
    pool: Arc<OnceLock<Weak<Pool>>>,
    open: mpsc::Sender<()>,
}

impl Scaling for WaitsUntilAllHaveLeft {
    fn wanted(&self, moment: Moment, _load: &Load) -> usize {
        if moment == Moment::Full {
            self.open.send(()).unwrap();
            let pool = self.pool.get().and_then(Weak::upgrade).unwrap();
            until(|| pool.threads() == 0);
        }
        0
    }
}

/// The lock is open while the policy thinks. When it has answered, the queue has places and nobody
/// is there to empty it.
#[test]
fn a_task_finds_a_worker_although_all_leave_while_the_policy_thinks_about_a_full_queue() {
    let watchdog = Watchdog::start();
    for most in [2, 4] {
        let (place, (open, gate)) = (Arc::new(OnceLock::new()), mpsc::channel());
        let policy = WaitsUntilAllHaveLeft {
            pool: Arc::clone(&place),
            open,
        };
        let pool = Pool::builder()
            .threads(0..=most)
            .queue_capacity(1)
            .idle_timeout(Duration::ZERO)
            .scaling(policy);
        let pool = watchdog.watch(pool.build().unwrap());
        place.set(Arc::downgrade(&pool)).unwrap();
        let (begin, begun) = mpsc::channel();
        let first = move || {
            begin.send(()).unwrap();
            gate.recv().unwrap();
        };
        pool.execute(first).unwrap();
        begun.recv().unwrap();
        let ran = Arc::new(AtomicUsize::new(0));
        pool.execute(adds_one(&ran)).unwrap();
        pool.try_execute(adds_one(&ran)).unwrap(); // finds the queue full
        pool.wait_idle();
        assert_eq!((ran.load(SeqCst), pool.stats().spawned), (2, 2));
    }
}
