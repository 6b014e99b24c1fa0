//! Tasks of a scope that do all they can to outlive what they borrow. To be run under Miri as well.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::thread;

use crate::common::Watchdog;
use v5_futures::{Pool, ScopedJoinHandle, Stealing};

/// Touches what it borrows when it is dropped.
struct Touch<'a>(&'a Vec<AtomicUsize>, usize);
impl Drop for Touch<'_> {
    fn drop(&mut self) {
        self.0[self.1 % self.0.len()].fetch_add(1, SeqCst);
    }
}

fn data() -> Vec<AtomicUsize> {
    (0..4).map(|_| AtomicUsize::new(0)).collect()
}

fn on_worker<R: Send + 'static>(
    pool: &Arc<Pool>,
    f: impl FnOnce(&Pool) -> R + Send + 'static,
) -> R {
    let p = pool.clone();
    pool.spawn(move || f(&p)).unwrap().join().unwrap()
}

fn attack(pool: &Pool) {
    for round in 0..3 {
        let d = data();
        let text = String::from("borrowed");
        let (d, text) = (&d, &text);
        pool.scope(|s| {
            // Leaked, with a result that touches.
            mem::forget(s.spawn(move || Touch(d, 0)).unwrap());
            // Leaked before it runs, and cancelled.
            let h = s.spawn(move || (Touch(d, 1), text.as_str())).unwrap();
            h.cancel();
            mem::forget(h);
            // Dropped before or after.
            drop(s.spawn(move || Touch(d, 2)).unwrap());
            // From the middle of a queue.
            let hs: Vec<ScopedJoinHandle<'_, (Touch<'_>, &str)>> = (0..4)
                .map(|n| s.spawn(move || (Touch(d, n), &text[n..])).unwrap())
                .collect();
            for (n, h) in hs.into_iter().enumerate() {
                match n {
                    1 => {
                        assert_eq!(h.join().unwrap().1, "orrowed");
                    }
                    2 => {
                        h.cancel();
                    }
                    _ => drop(h),
                }
            }
            // Another task asks, and gives it on.
            let a = s.spawn(move || (Touch(d, 3), text.as_str())).unwrap();
            let b = s.spawn(move || a.join().unwrap()).unwrap();
            let c = s.spawn(move || b).unwrap();
            if round == 0 {
                mem::forget(c);
            } else {
                assert_eq!(c.join().unwrap().join().unwrap().1, "borrowed");
            }
            // By a channel.
            let (tx, rx) = mpsc::channel();
            for n in 0..3 {
                let tx = tx.clone();
                s.execute(move || {
                    let _ = tx.send(s.spawn(move || Touch(d, n)).unwrap());
                })
                .unwrap();
            }
            drop(tx);
            if round == 1 {
                s.execute(move || {
                    for h in rx.try_iter() {
                        drop(h.join());
                    }
                })
                .unwrap();
            } else {
                drop(rx);
            }
            // Large ones.
            let big = [7u8; 2000];
            let h = s
                .spawn(move || {
                    let _t = Touch(d, 1);
                    big.len() + text.len()
                })
                .unwrap();
            assert_eq!(h.join().unwrap(), 2008);
            // Maps.
            let items: Vec<Touch<'_>> = (0..6).map(|n| Touch(d, n)).collect();
            let mut m = s.map(items, move |t| (t, text.as_str()));
            assert_eq!(m.next().unwrap().unwrap().1, "borrowed");
            if round == 2 {
                mem::forget(m);
            } else {
                drop(m);
            }
            for r in s.map(d, |a| a.load(SeqCst)) {
                r.unwrap();
            }
        });
        let e = data();
        let e = &e;
        let r = catch_unwind(AssertUnwindSafe(|| {
            pool.scope(|s| {
                let t = Touch(e, 0);
                s.execute(move || {
                    let _t = t;
                    std::panic::resume_unwind(Box::new(1))
                })
                .unwrap();
                s.spawn(move || Touch(e, 1)).map(mem::forget).unwrap();
                let h = s.spawn(move || Touch(e, 1)).unwrap();
                if round == 1 {
                    std::panic::resume_unwind(Box::new(h.is_finished()));
                }
                pool.scope(|inner| {
                    inner
                        .spawn(move || h.join().map(mem::forget))
                        .unwrap()
                        .join()
                        .unwrap()
                        .unwrap();
                });
            });
        }));
        assert!(r.is_err());
    }
}

#[test]
fn nothing_outlives_a_scope_outside_of_the_pool() {
    let _watchdog = Watchdog::start();
    let pool = Pool::new(2, 4).unwrap();
    attack(&pool);
    drop(pool);
}

#[test]
fn nothing_outlives_a_scope_on_a_worker() {
    let _watchdog = Watchdog::start();
    for (n, stealing) in [(1, Stealing::Off), (2, Stealing::Half)] {
        let pool = Arc::new(
            Pool::builder()
                .threads(n)
                .queue_capacity(2)
                .stealing(stealing)
                .build()
                .unwrap(),
        );
        on_worker(&pool, attack);
    }
}

#[test]
fn nothing_outlives_a_scope_in_a_pool_that_grows() {
    let _watchdog = Watchdog::start();
    let pool = Arc::new(
        Pool::builder()
            .threads(0..=2)
            .queue_capacity(1)
            .build()
            .unwrap(),
    );
    on_worker(&pool, attack);
}

#[test]
fn what_is_refused_or_would_be_handed_back_stays_in_its_scope() {
    let _watchdog = Watchdog::start();
    let pool = Pool::new(1, 1).unwrap();
    let d = data();
    let d = &d;
    let _ = catch_unwind(AssertUnwindSafe(|| {
        pool.scope(|s| {
            for n in 0..6 {
                let t = Touch(d, n);
                match s.try_spawn(move || t) {
                    Ok(h) => mem::forget(h),
                    Err(refused) => drop(refused.into_closure()()),
                }
            }
            thread::scope(|threads| {
                threads.spawn(|| drop(pool.shutdown_now()));
                for n in 0..4 {
                    let t = Touch(d, n);
                    if let Ok(h) = s.spawn(move || t) {
                        if n % 2 == 0 {
                            let _ = h.join().map(drop);
                        } else {
                            mem::forget(h);
                        }
                    }
                }
            });
        });
    }));
    for a in d {
        a.load(SeqCst);
    }
}

#[test]
fn what_many_threads_cancel_stays_in_its_scope() {
    let _watchdog = Watchdog::start();
    let pool = Pool::new(2, 8).unwrap();
    for _ in 0..3 {
        let d = data();
        let d = &d;
        pool.scope(|s| {
            let hs: Vec<_> = (0..6)
                .map(|n| {
                    let t = Touch(d, n);
                    s.spawn(move || {
                        let _u = Touch(d, 0);
                        t
                    })
                    .unwrap()
                })
                .collect();
            thread::scope(|threads| {
                for h in &hs {
                    threads.spawn(move || h.cancel());
                }
            });
            for h in hs {
                let _ = h.join().map(drop);
            }
        });
    }
}
