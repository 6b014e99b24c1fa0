//! The policies: what each wants, alone and in a pool.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use common::{Gate, OpenOnDrop, Watchdog, adds_one, meets, until};
use v3_dynamic::{
    Balanced, Eager, IdleTimeout, Lazy, Load, Moment, OnDemand, Pool, Proactive, Reaper, Reason,
    Scaling, Threshold, WarmUp,
};

fn load(live: usize, running: usize, queued: usize) -> Load {
    let mut load = Load::default();
    (load.live, load.running, load.queued) = (live, running, queued);
    (load.max, load.capacity) = (16, 8);
    load
}

const MOMENTS: [Moment; 5] = [
    Moment::Resized,
    Moment::Submitted,
    Moment::Full,
    Moment::Idle,
    Moment::Tick,
];

#[test]
fn on_demand_wants_a_worker_for_each_unfinished_task() {
    for moment in MOMENTS {
        assert_eq!(OnDemand.wanted(moment, &load(4, 2, 1)), 3);
        assert_eq!(WarmUp::new(2).wanted(moment, &load(4, 2, 1)), 5);
    }
    assert_eq!(
        WarmUp::new(usize::MAX).wanted(Moment::Tick, &load(1, 1, 1)),
        usize::MAX
    );
}

#[test]
fn the_threshold_is_not_rounded_and_needs_a_queue() {
    let wanted = |live, running, queued| {
        Threshold::default().wanted(Moment::Submitted, &load(live, running, queued))
    };
    assert_eq!(
        wanted(1, 0, 1),
        0,
        "one idle worker: 80 % of one is not nothing"
    );
    assert_eq!(wanted(1, 1, 1), 2);
    assert_eq!(wanted(5, 4, 3), 8);
    assert_eq!(wanted(5, 3, 3), 0);
    assert_eq!(wanted(5, 5, 0), 0);
    let never = Threshold::new(101, Duration::from_secs(1));
    assert_eq!(never.wanted(Moment::Tick, &load(4, 4, 4)), 0);
}

#[test]
fn eager_and_lazy_want_one_more_at_different_moments() {
    for moment in MOMENTS {
        let grows = [Moment::Submitted, Moment::Full].contains(&moment);
        assert_eq!(
            Eager.wanted(moment, &load(3, 0, 0)),
            if grows { 4 } else { 0 }
        );
        let grows = moment == Moment::Full;
        assert_eq!(
            Lazy.wanted(moment, &load(3, 3, 8)),
            if grows { 4 } else { 0 }
        );
    }
}

#[test]
fn a_pair_wants_the_larger_number_and_the_shorter_time() {
    let seconds = Duration::from_secs;
    let pair = (
        WarmUp::new(1),
        (IdleTimeout::after(seconds(3)), Reaper::every(seconds(2))),
    );
    assert_eq!(pair.wanted(Moment::Idle, &load(9, 4, 0)), 5);
    assert_eq!(pair.idle_timeout(), Some(seconds(3)));
    assert_eq!(pair.period(), Some(seconds(2)));
    assert_eq!((OnDemand, Lazy).period(), None);
    let pair = (Threshold::default(), Reaper::every(seconds(2)));
    assert_eq!(pair.period(), Some(Duration::from_millis(100)));
}

#[test]
fn the_reaper_counts_those_unused_for_its_whole_period() {
    let reaper = Reaper::every(Duration::from_secs(1)).keep(1);
    let excess = |millis, unused| {
        let mut load = load(10, 0, 0);
        (load.age, load.unused) = (Duration::from_millis(millis), unused);
        reaper.excess(&load)
    };
    // A partner's ticks are shorter.
    assert_eq!(excess(500, 8), 0);
    assert_eq!(excess(1000, 6), 5);
    assert_eq!(excess(1500, 3), 0);
    assert_eq!(
        excess(2000, 9),
        2,
        "three, except for the one that it keeps"
    );
    assert_eq!(excess(3000, 0), 0);
}

/// A second of a steady load, tick by tick: so many tasks arrive in a tick, and so many workers
/// are busy.
fn forecast(policy: &Proactive, arrivals: usize, busy: usize, ticks: u64) -> usize {
    let mut wanted = 0;
    for tick in 1..=ticks {
        let mut load = load(busy, busy, 0);
        load.age = Duration::from_millis(100 * tick);
        load.accepted = arrivals * tick as usize + busy;
        wanted = policy.wanted(Moment::Tick, &load);
        assert_eq!(policy.wanted(Moment::Submitted, &load), wanted);
    }
    wanted
}

#[test]
fn the_forecast_is_the_rate_times_the_service_time() {
    let policy = || Proactive::every(Duration::from_millis(100));
    // 20 tasks in 100 ms that keep 6 workers busy.
    assert_eq!(forecast(&policy().spare(0), 20, 6, 20), 6);
    assert_eq!(forecast(&policy(), 20, 6, 20), 7);
    assert_eq!(
        forecast(&policy(), 0, 0, 20),
        0,
        "nothing to do, nobody wanted"
    );
    // One task in 100 ms, which takes a second: ten of them run at any time.
    let wanted = forecast(&policy().spare(0), 1, 10, 40);
    assert!((10..=11).contains(&wanted), "rounded up: {wanted}");
    // A partner's ticks are ten times as short.
    let slow = Proactive::every(Duration::from_secs(1)).spare(0);
    assert_eq!(forecast(&slow, 20, 6, 9), 0, "its first period is not over");
    assert_eq!(forecast(&slow, 20, 6, 60), 6);
    assert_eq!(forecast(&policy().spare(usize::MAX), 20, 6, 20), usize::MAX);
    // The queue grows, since the one worker does 10 of the 30 tasks that arrive.
    let policy = policy().spare(0);
    let mut wanted = 0;
    for tick in 1..=20 {
        let mut load = load(1, 1, 20 * tick);
        (load.age, load.accepted) = (Duration::from_millis(100 * tick as u64), 30 * tick);
        wanted = policy.wanted(Moment::Tick, &load);
    }
    assert_eq!(wanted, 3);
}

/// After so many ticks without anything: what is wanted at the tick after a burst of 60 tasks, when
/// the only worker has finished so many of them.
fn after_a_burst(ticks: u64, finished: usize) -> usize {
    let policy = Proactive::every(Duration::from_millis(100));
    for tick in 1..=ticks {
        let mut idle = load(1, 0, 0);
        idle.age = Duration::from_millis(100 * tick);
        assert_eq!(policy.wanted(Moment::Tick, &idle), 0);
    }
    let mut load = load(1, 1, 59 - finished);
    load.age = Duration::from_millis(100 * (ticks + 1));
    load.accepted = 60;
    policy.wanted(Moment::Tick, &load)
}

/// What has arrived before the first tick is news, and nothing older counts as much.
#[test]
fn a_burst_before_the_first_tick_is_forecast_at_the_first_tick() {
    // 60 tasks in a tick, and half of a tick for each of them, since the worker was not busy at the
    // one end of it. And the spare one.
    assert_eq!(after_a_burst(0, 0), 30 + 1);
    // A worker that has finished four of them needs less time for each.
    assert_eq!(after_a_burst(0, 4), 8 + 1);
    for ticks in [1, 3, 10] {
        // It was idle before: that counts as much as the burst.
        assert_eq!(after_a_burst(ticks, 0), 15 + 1);
        assert_eq!(after_a_burst(ticks, 4), 4 + 1);
    }
}

/// A forecast that counts how often it was asked at a tick.
#[derive(Debug)]
struct CountsTicks(Proactive, Arc<AtomicUsize>);

impl Scaling for CountsTicks {
    fn wanted(&self, moment: Moment, load: &Load) -> usize {
        if moment == Moment::Tick {
            self.1.fetch_add(1, SeqCst);
        }
        self.0.wanted(moment, load)
    }

    fn period(&self) -> Option<Duration> {
        self.0.period()
    }
}

#[test]
fn a_forecast_alone_grows_a_pool_for_a_burst_however_soon_it_comes() {
    for ticks in [0, 3] {
        let watchdog = Watchdog::start();
        let ticked = Arc::new(AtomicUsize::new(0));
        let forecast = Proactive::every(Duration::from_millis(100));
        let pool = Pool::builder()
            .threads(1..=15)
            .scaling(CountsTicks(forecast, Arc::clone(&ticked)));
        let pool = watchdog.watch(pool.build().unwrap());
        until(|| ticked.load(SeqCst) >= ticks);
        let gate = Gate::new();
        let _open = OpenOnDrop(&gate);
        gate.occupy(|task| pool.execute(task).unwrap());
        for _ in 0..59 {
            let at = gate.clone();
            pool.execute(move || at.pass()).unwrap();
        }
        // All 15, unless a tick falls into the burst and divides it in two.
        until(|| pool.threads() >= 9);
    }
}

#[test]
fn who_was_kept_for_the_forecast_leaves_when_it_falls() {
    let watchdog = Watchdog::start();
    let policy = (OnDemand, Proactive::every(Duration::from_millis(10)));
    let pool = Pool::builder()
        .threads(1..=16)
        .idle_timeout(Duration::from_millis(5))
        .scaling(policy);
    let pool = watchdog.watch(pool.build().unwrap());
    for _ in 0..100 {
        pool.execute(|| thread::sleep(Duration::from_millis(8)))
            .unwrap();
        thread::sleep(Duration::from_millis(2));
    }
    pool.wait_idle();
    until(|| pool.threads() == 1);
}

/// A pool with little room, whose workers are one at first.
fn small(watchdog: &Watchdog, most: usize, policy: impl Scaling) -> Arc<Pool> {
    let pool = Pool::builder().threads(1..=most).queue_capacity(2);
    watchdog.watch(pool.scaling(policy).build().unwrap())
}

/// Fills the pool until a task is refused. Returns how many workers there were after each task.
fn filled(policy: impl Scaling) -> Vec<usize> {
    let watchdog = Watchdog::start();
    let pool = small(&watchdog, 3, policy);
    let gate = Gate::new();
    let _open = OpenOnDrop(&gate);
    let mut threads = Vec::new();
    loop {
        let at = gate.clone();
        match pool.try_execute(move || at.pass()) {
            Ok(()) => threads.push(pool.threads()),
            Err(rejected) => {
                assert_eq!(rejected.reason(), Reason::Full);
                break;
            }
        }
        // The next one comes when each worker has got what it can get.
        until(|| pool.stats().running == pool.threads().min(threads.len()));
    }
    gate.open();
    pool.wait_idle();
    assert_eq!(pool.stats().completed, threads.len());
    threads
}

#[test]
fn each_resize_policy_spawns_queues_and_refuses_in_its_own_order() {
    assert_eq!(filled(Eager), [2, 3, 3, 3, 3]);
    assert_eq!(filled(Balanced), [1, 2, 3, 3, 3]);
    assert_eq!(filled(Lazy), [1, 1, 1, 2, 3]);
}

/// A lazy pool that grows gives its new worker the oldest task.
#[test]
fn a_worker_started_for_a_full_queue_begins_with_the_oldest_task() {
    let watchdog = Watchdog::start();
    let pool = small(&watchdog, 2, Lazy);
    let gate = Gate::new();
    let _open = OpenOnDrop(&gate);
    let at = gate.clone();
    pool.execute(move || at.pass()).unwrap();
    until(|| pool.queue_len() == 0);
    let order = Arc::new(Mutex::new(Vec::new()));
    for n in 0..3 {
        let order = Arc::clone(&order);
        pool.try_execute(move || order.lock().unwrap().push(n))
            .unwrap();
    }
    until(|| order.lock().unwrap().len() == 3);
    assert_eq!(*order.lock().unwrap(), [0, 1, 2]);
    gate.open();
    pool.wait_idle();
}

#[test]
fn a_submitter_that_waits_lets_a_lazy_pool_grow_instead() {
    let watchdog = Watchdog::start();
    let pool = Pool::builder()
        .threads(0..=4)
        .queue_capacity(1)
        .scaling(Lazy);
    let pool = watchdog.watch(pool.build().unwrap());
    let together = Arc::new(std::sync::Barrier::new(4));
    // Needs four workers: the first runs, the second is queued, and so on.
    for _ in 0..4 {
        pool.execute(meets(&together)).unwrap();
    }
    pool.execute(|| ()).unwrap();
    pool.wait_idle();
    assert_eq!(pool.threads(), 4);
}

#[test]
fn a_warm_pool_keeps_its_reserve() {
    let watchdog = Watchdog::start();
    let pool = Pool::builder()
        .threads(0..=8)
        .idle_timeout(Duration::from_millis(10))
        .scaling(WarmUp::new(2));
    let pool = watchdog.watch(pool.build().unwrap());
    assert_eq!(pool.threads(), 2);
    let gate = Gate::new();
    let _open = OpenOnDrop(&gate);
    for busy in 1..=4 {
        let at = gate.clone();
        pool.execute(move || at.pass()).unwrap();
        assert_eq!(pool.threads(), busy + 2);
    }
    gate.open();
    pool.wait_idle();
    until(|| pool.threads() == 2);
    thread::sleep(Duration::from_millis(50));
    assert_eq!(pool.threads(), 2);
}

#[test]
fn the_tick_starts_workers_without_a_new_submission() {
    /// Wants four workers, but only at a tick.
    #[derive(Debug)]
    struct LooksNowAndThen;
    impl Scaling for LooksNowAndThen {
        fn wanted(&self, moment: Moment, _load: &Load) -> usize {
            if moment == Moment::Tick { 4 } else { 0 }
        }
        /// Costs this answer, and not the other.
        fn excess(&self, _load: &Load) -> usize {
            std::panic::resume_unwind(Box::new("no idea"))
        }
        fn period(&self) -> Option<Duration> {
            Some(Duration::ZERO)
        }
    }
    let watchdog = Watchdog::start();
    let pool = Pool::builder().threads(0..=3).scaling(LooksNowAndThen);
    let pool = watchdog.watch(pool.build().unwrap());
    until(|| pool.threads() == 3);
    pool.shutdown();
    assert_eq!(pool.threads(), 0);
}

#[test]
fn the_largest_number_of_all_is_a_number_like_any_other() {
    let most = usize::MAX;
    let (few, all) = (load(2, 1, 1), load(most, most, 0));
    assert_eq!(OnDemand.wanted(Moment::Submitted, &all), most);
    assert_eq!(WarmUp::new(most).wanted(Moment::Submitted, &few), most);
    let never = Threshold::new(most, Duration::MAX);
    assert_eq!(never.wanted(Moment::Tick, &few), 0);
    assert_eq!(
        forecast(
            &Proactive::every(Duration::from_millis(100)).spare(most),
            10,
            1,
            50
        ),
        most
    );
}

/// A tick that never comes, or one that always does, keeps no pool from its work or its end.
#[test]
fn periods_without_measure_do_no_harm() {
    fn works_and_stops(policy: impl Scaling) {
        let watchdog = Watchdog::start();
        let (ran, told) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let tells = Arc::clone(&told);
        let pool = Pool::builder()
            .threads(0..=3)
            .scaling(policy)
            .panic_handler(move |_| _ = tells.fetch_add(1, SeqCst));
        let pool = watchdog.watch(pool.build().unwrap());
        for _ in 0..20 {
            pool.execute(adds_one(&ran)).unwrap();
        }
        pool.wait_idle();
        let stats = pool.stats();
        assert!((1..=3).contains(&stats.peak), "{stats:?}");
        pool.shutdown();
        assert_eq!((ran.load(SeqCst), pool.threads()), (20, 0));
        assert_eq!(told.load(SeqCst), 0, "a policy has panicked");
    }
    let years = Duration::from_secs(1 << 62);
    for period in [
        Duration::ZERO,
        Duration::from_nanos(1),
        years,
        Duration::MAX,
    ] {
        works_and_stops(Reaper::every(period).keep(1));
        works_and_stops((OnDemand, Reaper::every(period)));
        works_and_stops(Threshold::new(1, period));
        works_and_stops(Proactive::every(period));
        works_and_stops((WarmUp::new(1), IdleTimeout::after(period)));
    }
}

/// Workers that the policy kept leave when it does not want them any more.
#[test]
fn a_policy_may_change_its_mind() {
    #[derive(Debug)]
    struct Wants(Arc<AtomicUsize>);
    impl Scaling for Wants {
        fn wanted(&self, _moment: Moment, _load: &Load) -> usize {
            self.0.load(SeqCst)
        }
    }
    let watchdog = Watchdog::start();
    let wants = Arc::new(AtomicUsize::new(4));
    let pool = Pool::builder()
        .threads(1..=4)
        .idle_timeout(Duration::from_millis(1))
        .scaling(Wants(Arc::clone(&wants)));
    let pool = watchdog.watch(pool.build().unwrap());
    thread::sleep(Duration::from_millis(20));
    assert_eq!(pool.threads(), 4);
    wants.store(2, SeqCst);
    until(|| pool.threads() == 2);
    wants.store(0, SeqCst);
    until(|| pool.threads() == 1);
}

/// A policy that panics, and one that asks the pool: neither is asked under a lock.
#[test]
fn a_policy_that_panics_wants_nothing() {
    #[derive(Debug)]
    struct Panics;
    impl Scaling for Panics {
        fn wanted(&self, _moment: Moment, _load: &Load) -> usize {
            panic!("no idea")
        }
        fn excess(&self, _load: &Load) -> usize {
            panic!("no idea either")
        }
        fn period(&self) -> Option<Duration> {
            Some(Duration::from_millis(1))
        }
    }
    let watchdog = Watchdog::start();
    let (told, ran) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let tell = Arc::clone(&told);
    let pool = Pool::builder()
        .threads(0..=4)
        .idle_timeout(Duration::ZERO)
        .scaling(Panics)
        .panic_handler(move |_| {
            tell.fetch_add(1, SeqCst);
        });
    let pool = watchdog.watch(pool.build().unwrap());
    for _ in 0..100 {
        pool.execute(adds_one(&ran)).unwrap();
    }
    pool.wait_idle();
    assert_eq!((ran.load(SeqCst), pool.stats().peak), (100, 1));
    assert!(told.load(SeqCst) >= 100);
    pool.shutdown();
}

#[test]
fn a_policy_may_ask_the_pool() {
    #[derive(Debug)]
    struct Asks(Arc<std::sync::OnceLock<std::sync::Weak<Pool>>>);
    impl Scaling for Asks {
        fn wanted(&self, _moment: Moment, load: &Load) -> usize {
            if let Some(pool) = self.0.get().and_then(std::sync::Weak::upgrade) {
                assert!(pool.threads() <= 4 && pool.stats().peak <= 4);
            }
            load.unfinished()
        }
    }
    let watchdog = Watchdog::start();
    let place = Arc::new(std::sync::OnceLock::new());
    let panics = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&panics);
    let pool = Pool::builder()
        .threads(0..=4)
        .scaling(Asks(Arc::clone(&place)))
        .panic_handler(move |_| {
            count.fetch_add(1, SeqCst);
        });
    let pool = watchdog.watch(pool.build().unwrap());
    place.set(Arc::downgrade(&pool)).unwrap();
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..100 {
        pool.execute(adds_one(&ran)).unwrap();
    }
    pool.wait_idle();
    // The pool catches what the policy asserts.
    assert_eq!((ran.load(SeqCst), panics.load(SeqCst)), (100, 0));
}

/// What it submits is a submission like any other: without an end of its own it would overflow the
/// stack.
#[test]
fn a_policy_that_submits_is_asked_about_its_own_submission() {
    const ENOUGH: usize = 100;
    #[derive(Debug, Default)]
    struct Submits {
        pool: Arc<std::sync::OnceLock<std::sync::Weak<Pool>>>,
        depth: AtomicUsize,
        deepest: Arc<AtomicUsize>,
    }
    impl Scaling for Submits {
        fn wanted(&self, moment: Moment, _load: &Load) -> usize {
            let pool = self.pool.get().and_then(std::sync::Weak::upgrade);
            if let Some(pool) = pool.filter(|_| moment == Moment::Submitted) {
                let depth = 1 + self.depth.fetch_add(1, SeqCst);
                self.deepest.fetch_max(depth, SeqCst);
                if depth < ENOUGH {
                    pool.execute(|| ()).unwrap();
                }
                self.depth.fetch_sub(1, SeqCst);
            }
            0
        }
    }
    let watchdog = Watchdog::start();
    let policy = Submits::default();
    let (place, deepest) = (Arc::clone(&policy.pool), Arc::clone(&policy.deepest));
    let pool = Pool::builder().threads(1..=2).scaling(policy);
    let pool = watchdog.watch(pool.build().unwrap());
    place.set(Arc::downgrade(&pool)).unwrap();
    pool.execute(|| ()).unwrap();
    pool.wait_idle();
    assert_eq!(deepest.load(SeqCst), ENOUGH);
    assert_eq!(pool.stats().completed, ENOUGH);
}

/// The largest number that a policy can want is one that a pool may have.
#[test]
fn no_policy_leads_out_of_the_limits() {
    #[derive(Debug)]
    struct Wants(usize, usize);
    impl Scaling for Wants {
        fn wanted(&self, _moment: Moment, _load: &Load) -> usize {
            self.0
        }
        fn excess(&self, _load: &Load) -> usize {
            self.1
        }
        fn period(&self) -> Option<Duration> {
            Some(Duration::from_millis(1))
        }
    }
    let watchdog = Watchdog::start();
    for policy in [
        Wants(usize::MAX, 0),
        Wants(0, usize::MAX),
        Wants(usize::MAX, usize::MAX),
    ] {
        let most = policy.0 > 0;
        let pool = Pool::builder()
            .threads(2..=4)
            .idle_timeout(Duration::ZERO)
            .scaling(policy);
        let pool = watchdog.watch(pool.build().unwrap());
        for _ in 0..200 {
            pool.execute(|| ()).unwrap();
            assert!((2..=4).contains(&pool.threads()));
        }
        pool.wait_idle();
        until(|| pool.threads() == if most { 4 } else { 2 });
    }
}

/// What the documentation of `Lazy` warns of. On demand, the pool would start a second worker.
#[test]
fn under_lazy_a_task_that_waits_for_a_later_one_waits_until_the_queue_is_full() {
    let watchdog = Watchdog::start();
    let pool = small(&watchdog, 2, Lazy);
    let (first, second) = (Gate::new(), Gate::new());
    let (at, opens) = (second.clone(), first.clone());
    pool.execute(move || {
        opens.open();
        at.pass();
    })
    .unwrap();
    first.pass();
    let opens = second.clone();
    pool.execute(move || opens.open()).unwrap();
    assert_eq!((pool.threads(), pool.queue_len()), (1, 1), "nobody comes");
    pool.execute(|| ()).unwrap();
    pool.execute(|| ()).unwrap(); // finds the queue full
    pool.wait_idle();
    assert_eq!(pool.threads(), 2);
}
