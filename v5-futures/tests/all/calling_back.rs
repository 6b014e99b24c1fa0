//! Code of users in all places in which a pool runs it, and each calls back into the pool.
//!
//! `MS=20000 cargo test -p v5-futures --test all calling_back` does so for longer.

use std::cell::Cell;
use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::task::{Context, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::{Watchdog, at_exit};
use v5_futures::{CancelToken, JoinHandle, JoinSet, Load, Moment, Pool, Scaling, Stats, Stealing};

/// Where code of a pool finds the pool, once it is there.
type Slot = Arc<OnceLock<Weak<Pool>>>;

fn pool_in(slot: &Slot) -> Option<Arc<Pool>> {
    slot.get().and_then(Weak::upgrade)
}

/// The numbers of the rounds, for as long as there is time.
fn rounds() -> impl Iterator<Item = usize> {
    let begun = Instant::now();
    let time = Duration::from_millis(env::var("MS").map_or(200, |s| s.parse().unwrap()));
    (1..).take_while(move |_| begun.elapsed() < time)
}

fn check(stats: &Stats) {
    let ended = stats.completed + stats.panicked + stats.cancelled + stats.returned;
    assert_eq!(stats.accepted, ended, "{stats:?}");
    assert_eq!((stats.queued, stats.running), (0, 0));
}

/// All that one can do with a pool.
fn everything(pool: &Pool) {
    if let Ok(h) = pool.spawn(|| 1) {
        let _ = h.join();
    }
    let _ = catch_unwind(AssertUnwindSafe(|| {
        pool.scope(|s| {
            let a = s.spawn(|| 1);
            let _ = s.execute(|| ());
            if let Ok(a) = a {
                let _ = a.join();
            }
        });
    }));
    for r in pool.map(0..5, |n: i32| n) {
        let _ = r;
    }
    let mut m = pool.map(0..50, |n: i32| n);
    let _ = m.next();
    drop(m);
    let mut set = JoinSet::new();
    for _ in 0..3 {
        let _ = set.spawn(pool, || 1);
    }
    while set.join_next().is_some() {}
    let mut set = JoinSet::new();
    for _ in 0..3 {
        let _ = set.spawn(pool, || 1);
    }
    drop(set);
    if let Ok(h) = pool.spawn(|| 1) {
        h.cancel();
    }
    if let Ok(h) = pool.spawn(|| 1) {
        drop(h.cancel_on_drop());
    }
    if let Ok(h) = pool.spawn(|| 1) {
        drop(h);
    }
    let _ = pool.execute(|| ());
    let g = pool.group();
    if let Ok(h) = g.spawn(|| 2) {
        let _ = h.join();
    }
    drop(format!("{pool:?}"));
}

#[test]
fn hooks_and_destructors_do_everything() {
    let watchdog = Watchdog::start();
    for turn in rounds() {
        let slot: Slot = Arc::default();
        let (a, b, c) = (slot.clone(), slot.clone(), slot.clone());
        let pool = Pool::builder()
            .threads(0..=3)
            .queue_capacity(2)
            .idle_timeout(Duration::from_micros([0, 30, 60, 90][turn % 4]))
            .stealing([Stealing::Off, Stealing::One, Stealing::Half][turn % 3])
            .on_thread_start(move || {
                let c = c.clone();
                at_exit(move || {
                    if let Some(p) = pool_in(&c) {
                        everything(&p);
                    }
                });
                if let Some(p) = pool_in(&a) {
                    everything(&p);
                }
            })
            .on_thread_stop(move || {
                if let Some(p) = pool_in(&b) {
                    everything(&p);
                }
            })
            .panic_handler(|_| ());
        let pool = watchdog.watch(pool.build().unwrap());
        slot.set(Arc::downgrade(&pool)).unwrap();
        for _ in 0..4 {
            let inside = Arc::clone(&pool);
            let _ = pool.execute(move || everything(&inside));
            everything(&pool);
        }
        // The hooks of retiring threads start new ones, and so on.
        pool.shutdown();
        let s = pool.stats();
        check(&s);
    }
}

std::thread_local! {
    static IN: Cell<bool> = const { Cell::new(false) };
}

/// Asks its own pool for things whenever it is asked, but not from within.
#[derive(Debug)]
struct Busy(Slot, AtomicUsize);

impl Scaling for Busy {
    fn wanted(&self, m: Moment, load: &Load) -> usize {
        if !IN.get() {
            IN.set(true);
            if let Some(p) = pool_in(&self.0) {
                // Outside the pool it must not wait for a worker that is not there yet.
                if self.1.fetch_add(1, SeqCst).is_multiple_of(3)
                    && load.live > 0
                    && m == Moment::Idle
                {
                    everything(&p);
                }
                if let Ok(h) = p.try_spawn(|| 1) {
                    h.cancel();
                }
                drop(format!("{p:?}"));
            }
            IN.set(false);
        }
        load.unfinished()
    }
    fn excess(&self, load: &Load) -> usize {
        if let Some(p) = pool_in(&self.0)
            && let Ok(h) = p.try_spawn(|| 1)
        {
            drop(h.cancel_on_drop());
        }
        load.unused
    }
    fn period(&self) -> Option<Duration> {
        Some(Duration::from_millis(1))
    }
}

#[test]
fn policies_do_everything() {
    let watchdog = Watchdog::start();
    for turn in rounds() {
        let slot: Slot = Arc::default();
        let pool = Pool::builder()
            .threads(0..=3)
            .queue_capacity(2)
            .idle_timeout(Duration::from_micros([0, 50, 100][turn % 3]))
            .scaling(Busy(slot.clone(), AtomicUsize::new(0)));
        let pool = watchdog.watch(pool.build().unwrap());
        slot.set(Arc::downgrade(&pool)).unwrap();
        for _ in 0..6 {
            let inside = Arc::clone(&pool);
            let _ = pool.execute(move || everything(&inside));
            everything(&pool);
        }
        assert!(pool.wait_idle_timeout(Duration::from_secs(20)));
        pool.shutdown();
        check(&pool.stats());
    }
}

fn fork(pool: &Arc<Pool>, depth: u32, runs: &Arc<AtomicUsize>) -> u64 {
    runs.fetch_add(1, SeqCst);
    if depth == 0 {
        return 1;
    }
    let (a, b, r, s) = (
        Arc::clone(pool),
        Arc::clone(pool),
        runs.clone(),
        runs.clone(),
    );
    let x = pool.spawn(move || fork(&a, depth - 1, &r)).unwrap();
    let y = pool.spawn(move || fork(&b, depth - 1, &s)).unwrap();
    let (first, second) = if depth.is_multiple_of(2) {
        (x, y)
    } else {
        (y, x)
    };
    first.join().unwrap() + second.join().unwrap()
}

#[test]
fn a_storm_of_forks_survives_resizes() {
    let watchdog = Watchdog::start();
    for turn in rounds() {
        let pool = Pool::builder()
            .threads(0..=4)
            .queue_capacity(1)
            .idle_timeout(Duration::ZERO)
            .stealing([Stealing::Off, Stealing::One, Stealing::Half][turn % 3]);
        let pool = watchdog.watch(pool.build().unwrap());
        let runs = Arc::new(AtomicUsize::new(0));
        let done = AtomicBool::new(false);
        thread::scope(|s| {
            s.spawn(|| {
                let mut n = 0;
                while !done.load(SeqCst) {
                    n += 1;
                    pool.resize(n % 3..=1 + n % 4).ok();
                    let st = pool.stats();
                    assert!(st.idle <= st.live);
                    drop(format!("{pool:?}"));
                    let _ = pool.queue_len();
                }
            });
            let hs: Vec<_> = (0..3)
                .map(|_| {
                    let (p, r) = (pool.clone(), runs.clone());
                    let pool = &pool;
                    s.spawn(move || {
                        let q = p.clone();
                        pool.spawn(move || fork(&q, 7, &r)).unwrap().join().unwrap()
                    })
                })
                .collect();
            for h in hs {
                assert_eq!(h.join().unwrap(), 128);
            }
            done.store(true, SeqCst);
        });
        assert_eq!(runs.load(SeqCst), 3 * 255);
        pool.wait_idle();
        check(&pool.stats());
    }
}

struct Calls(Weak<Pool>, Mutex<Option<JoinHandle<u8>>>, usize);
impl Wake for Calls {
    fn wake(self: Arc<Self>) {
        if let Some(p) = self.0.upgrade() {
            let h = self.1.lock().unwrap().take();
            match self.2 % 5 {
                0 => drop(h),
                1 => {
                    if let Some(h) = h {
                        h.cancel();
                    }
                }
                2 => {
                    let _ = p.execute(|| ());
                    if let Some(h) = h {
                        let _ = h.join_timeout(Duration::ZERO);
                    }
                }
                3 => {
                    let _ = p.stats();
                    resume_unwind(Box::new(3))
                }
                _ => {
                    if let Some(h) = h {
                        drop(h.cancel_on_drop());
                    }
                }
            }
        }
    }
}

#[test]
fn cancels_come_from_everywhere_at_once() {
    let watchdog = Watchdog::start();
    for turn in rounds() {
        let pool = Pool::builder().threads(1..=1 + turn % 3).queue_capacity(64);
        let pool = watchdog.watch(pool.build().unwrap());
        let group = pool.group();
        let token = CancelToken::new();
        let ran = Arc::new(AtomicUsize::new(0));
        let mut handles: Vec<JoinHandle<u8>> = Vec::new();
        for n in 0..60 {
            let ran = ran.clone();
            let f = move || {
                ran.fetch_add(1, SeqCst);
                if n % 9 == 0 {
                    resume_unwind(Box::new(1));
                }
                7
            };
            let mut h = match n % 3 {
                0 => group.spawn(f),
                1 => pool.spawn_with(&token, f),
                _ => pool.spawn(f),
            }
            .unwrap();
            if n % 4 == 0 {
                let other = handles.pop();
                let w = Waker::from(Arc::new(Calls(
                    Arc::downgrade(&pool),
                    Mutex::new(other),
                    n / 4,
                )));
                let _ = Pin::new(&mut h).poll(&mut Context::from_waker(&w));
            }
            handles.push(h);
        }
        let handles = Arc::new(handles);
        let cancelled = Arc::new(AtomicUsize::new(0));
        thread::scope(|s| {
            for t in 0..3 {
                let (h, c, pool, token, group) =
                    (handles.clone(), cancelled.clone(), &pool, &token, &group);
                s.spawn(move || {
                    let it: Box<dyn Iterator<Item = &JoinHandle<u8>>> = if t % 2 == 0 {
                        Box::new(h.iter())
                    } else {
                        Box::new(h.iter().rev())
                    };
                    for (i, h) in it.enumerate() {
                        if h.cancel() {
                            c.fetch_add(1, SeqCst);
                        }
                        if i == 20 && t == 0 {
                            token.cancel();
                        }
                        if i == 30 && t == 1 {
                            match turn % 5 {
                                0 => pool.cancel(),
                                1 => drop(pool.shutdown_now()),
                                2 => pool.shutdown(),
                                _ => (),
                            }
                        }
                        if i == 30 && t == 2 {
                            group.wait();
                        }
                        if i == 10 && t == 2 && turn.is_multiple_of(2) {
                            pool.wait_idle();
                        }
                    }
                });
            }
        });
        let mut set = JoinSet::new();
        for h in Arc::into_inner(handles).unwrap() {
            set.insert(h);
        }
        while !set.is_empty() {
            // A handle that was polled to its end panics.
            let _ = catch_unwind(AssertUnwindSafe(|| set.join_next()));
        }
        assert!(pool.wait_idle_timeout(Duration::from_secs(20)), "{pool:?}");
        pool.shutdown();
        let st = pool.stats();
        check(&st);
        // Wakers have submitted some more.
        assert!(ran.load(SeqCst) <= st.completed + st.panicked, "{st:?}");
        assert!(cancelled.load(SeqCst) <= st.cancelled, "{st:?}");
    }
}

struct Calling(Weak<Pool>, u32);
impl Drop for Calling {
    fn drop(&mut self) {
        if let Some(p) = self.0.upgrade() {
            if self.1 == 0 {
                everything(&p);
            } else if let Ok(h) = {
                let c = Calling(self.0.clone(), self.1 - 1);
                p.try_spawn(move || c)
            } && self.1.is_multiple_of(2)
            {
                h.cancel();
            }
        }
        if self.1 % 3 == 1 && !thread::panicking() {
            resume_unwind(Box::new(9));
        }
    }
}

#[test]
fn drops_handlers_and_iterators_call_back() {
    let watchdog = Watchdog::start();
    for turn in rounds() {
        let slot: Slot = Arc::default();
        let inside = slot.clone();
        let pool = Pool::builder()
            .threads(turn % 2..=1 + turn % 3)
            .queue_capacity(1 + turn % 4)
            .panic_handler(move |_| {
                if let Some(p) = pool_in(&inside) {
                    everything(&p);
                }
            });
        let pool = watchdog.watch(pool.build().unwrap());
        slot.set(Arc::downgrade(&pool)).unwrap();
        let weak = Arc::downgrade(&pool);
        for n in 0..6u32 {
            let c = Calling(weak.clone(), n % 4);
            let h = pool.spawn(move || c).unwrap();
            match n {
                0 => drop(h),
                1 => {
                    h.cancel();
                }
                2 => {
                    let _ = catch_unwind(AssertUnwindSafe(|| drop(h.join())));
                }
                3 => drop(h.cancel_on_drop()),
                _ => drop(h),
            }
        }
        let p = Arc::clone(&pool);
        let w2 = weak.clone();
        let items = (0..30u32).inspect(move |_| {
            let _ = p.spawn(|| 1).map(JoinHandle::join);
        });
        for r in pool.map(items, move |n| Calling(w2.clone(), n % 3)) {
            let _ = catch_unwind(AssertUnwindSafe(|| drop(r)));
        }
        let q = Arc::clone(&pool);
        let on = pool
            .spawn(move || {
                let p = q.clone();
                let items = (0..30u32).inspect(move |_| {
                    let _ = p.spawn(|| 1).map(JoinHandle::join);
                });
                let w = Arc::downgrade(&q);
                let w2 = w.clone();
                let mut m = q.map(items, move |n| Calling(w.clone(), n % 3));
                let _ = catch_unwind(AssertUnwindSafe(|| drop(m.next())));
                drop(m);
                let t = q.try_map(0..100u32, move |n| {
                    if n == 50 {
                        Err(Calling(w2.clone(), 2))
                    } else {
                        Ok(n)
                    }
                });
                for r in t {
                    let _ = catch_unwind(AssertUnwindSafe(|| drop(r)));
                }
            })
            .unwrap();
        on.join().unwrap();
        assert!(pool.wait_idle_timeout(Duration::from_secs(20)), "{pool:?}");
        pool.shutdown();
        check(&pool.stats());
    }
}
