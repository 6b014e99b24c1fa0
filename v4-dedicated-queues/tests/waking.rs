//! Waking: one worker searches and wakes the next one, and no task waits for that in vain.

mod common;
mod sleepers;

use std::hint;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier};

use common::{Watchdog, adds_one, meets};
use sleepers::Sleepers;
use v4_dedicated_queues::{Placement, Pool, Stealing};

const ALL: [Stealing; 3] = [Stealing::Off, Stealing::One, Stealing::Half];
const THIEVES: [Stealing; 2] = [Stealing::One, Stealing::Half];
const PLACEMENTS: [Placement; 2] = [Placement::RoundRobin, Placement::LeastLoaded];

/// Only the first one is woken by the submitter, most often. It has to wake the second one before
/// it runs its task, which waits for the other one.
#[test]
fn two_workers_that_sleep_come_to_two_tasks_that_wait_for_each_other() {
    let watchdog = Watchdog::start();
    for stealing in ALL {
        for placement in PLACEMENTS {
            let settings = Pool::builder().stealing(stealing).placement(placement);
            let sleepers = Sleepers::new(&watchdog, 2, settings);
            for _ in 0..50 {
                sleepers.fall_asleep();
                let meeting = Arc::new(Barrier::new(2));
                (0..2).for_each(|_| sleepers.pool.execute(meets(&meeting)).unwrap());
            }
            sleepers.pool.wait_idle();
        }
    }
}

/// The workers are anywhere between a task and sleep when the pairs come.
#[test]
fn pairs_of_tasks_that_wait_for_each_other_meet_whatever_the_workers_do() {
    let watchdog = Watchdog::start();
    for stealing in THIEVES {
        for threads in [2, 3, 4] {
            let pool = Pool::builder().threads(threads).stealing(stealing);
            let pool = watchdog.watch(pool.build().unwrap());
            for round in 0..600 {
                let meeting = Arc::new(Barrier::new(2));
                pool.execute(meets(&meeting)).unwrap();
                (0..round % 50 * 10).for_each(|_| hint::spin_loop());
                pool.execute(meets(&meeting)).unwrap();
                // More pairs at a time could keep all workers waiting, each for a task behind it.
                if round % (threads - 1) == 0 {
                    pool.wait_idle();
                }
                (0..round % 70 * 10).for_each(|_| hint::spin_loop());
            }
            pool.wait_idle();
            assert_eq!(pool.stats().completed, 1200);
        }
    }
}

/// The others come to what a worker has submitted, although it does not come back to its queue.
#[test]
fn all_workers_come_to_what_one_of_them_submits() {
    let watchdog = Watchdog::start();
    for stealing in THIEVES {
        for batch in [false, true] {
            let settings = Pool::builder().stealing(stealing);
            let sleepers = Sleepers::new(&watchdog, 4, settings);
            for round in 0..200 {
                if round % 4 == 0 {
                    sleepers.fall_asleep();
                }
                let meeting = Arc::new(Barrier::new(4));
                let inside = Arc::clone(&sleepers.pool);
                let parent = move || {
                    let mut children = (0..3).map(|_| meets(&meeting));
                    if batch {
                        assert_eq!(inside.execute_batch(children).unwrap(), 3);
                    } else {
                        children
                            .try_for_each(|child| inside.execute(child))
                            .unwrap();
                    }
                    meeting.wait();
                };
                sleepers.pool.execute(parent).unwrap();
                sleepers.pool.wait_idle();
            }
            assert_eq!(sleepers.pool.stats().completed, 800);
        }
    }
}

/// Tasks of a tree are queued on all workers, and one of these is in a task that waits for the
/// leaves.
#[test]
fn what_workers_submit_is_run_although_one_of_them_waits_for_all_of_it() {
    let watchdog = Watchdog::start();
    for stealing in THIEVES {
        let pool = Pool::builder().threads(4).stealing(stealing);
        let pool = watchdog.watch(pool.build().unwrap());
        for _ in 0..100 {
            let leaves = Arc::new(AtomicUsize::new(0));
            let (inside, done) = (Arc::clone(&pool), Arc::clone(&leaves));
            let waits = move || {
                for _ in 0..8 {
                    let (pool, leaves) = (Arc::clone(&inside), Arc::clone(&done));
                    let branch = move || {
                        (0..8).for_each(|_| pool.execute(adds_one(&leaves)).unwrap());
                    };
                    inside.execute(branch).unwrap();
                }
                common::until(|| done.load(SeqCst) == 64);
            };
            pool.execute(waits).unwrap();
            pool.wait_idle();
        }
    }
}
