//! Law 9, of the workers that stay: one that sleeps is woken or retired once, enough of them stay,
//! and no task is accepted that none can run.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::fmt;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::bounded;
use model_schedule::{models, until_asleep};
use pool::{Load, Moment, Pool, Reason, Scaling};

use crate::common::{Gate, SOME_TIME, adds_one};

models![
    of_two_who_sleep_each_gets_a_task,
    who_is_called_when_its_time_is_up_takes_the_task,
    who_sleeps_above_a_new_limit_is_sent_away,
    of_two_whose_time_is_up_one_stays,
    a_tick_keeps_to_limits_that_change_while_it_makes_a_name,
    without_a_worker_to_come_a_task_comes_back,
];

/// The first task waits for the second.
fn submit_two_that_meet(pool: &Pool) {
    let (tell, told) = bounded(1);
    pool.execute(move || told.recv().unwrap()).unwrap();
    pool.execute(move || tell.send(()).unwrap()).unwrap();
}

fn of_two_who_sleep_each_gets_a_task() {
    let pool = Pool::new(2, 2).unwrap();
    until_asleep(2);
    submit_two_that_meet(&pool);
    pool.wait_idle();
}

/// Thinks about the second idle worker until the gate is open.
struct ThinksOnce(AtomicUsize, Gate);

impl fmt::Debug for ThinksOnce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ThinksOnce")
    }
}

impl Scaling for ThinksOnce {
    fn wanted(&self, moment: Moment, _load: &Load) -> usize {
        if moment == Moment::Idle && self.0.fetch_add(1, SeqCst) == 1 {
            self.1.pass();
        }
        0
    }
}

/// It has been counted on, so it must not ask the policy first: the other one, which has asked and
/// has to stay, would not wake up.
fn who_is_called_when_its_time_is_up_takes_the_task() {
    let (closed, gate) = Gate::new();
    let policy = ThinksOnce(AtomicUsize::new(0), gate);
    let pool = Pool::builder().threads(2).idle_timeout(SOME_TIME);
    let pool = pool.scaling(policy).build().unwrap();
    pool.execute(move || drop(closed)).unwrap();
    pool.wait_idle();
}

fn who_sleeps_above_a_new_limit_is_sent_away() {
    let pool = Pool::builder().threads(1..=2);
    let pool = pool.idle_timeout(Duration::MAX).build().unwrap();
    submit_two_that_meet(&pool);
    pool.wait_idle();
    pool.resize(1).unwrap();
    let ran = Arc::new(AtomicUsize::new(0));
    pool.execute(adds_one(&ran)).unwrap();
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 1);
    while pool.threads() > 1 {
        thread::yield_now();
    }
}

fn of_two_whose_time_is_up_one_stays() {
    let pool = Pool::builder().threads(1..=2).idle_timeout(SOME_TIME);
    let pool = pool.build().unwrap();
    submit_two_that_meet(&pool);
    pool.wait_idle();
    while pool.threads() > 1 {
        thread::yield_now();
    }
    // If this one is about to leave as well, nobody will ever be asleep.
    until_asleep(1);
    assert_eq!(pool.threads(), 1);
}

/// Wants one worker at each tick, and would retire all that sleep.
#[derive(Debug)]
struct OneAtMost;

impl Scaling for OneAtMost {
    fn wanted(&self, moment: Moment, _load: &Load) -> usize {
        usize::from(moment == Moment::Tick)
    }

    fn excess(&self, _load: &Load) -> usize {
        usize::MAX
    }

    fn period(&self) -> Option<Duration> {
        Some(SOME_TIME)
    }

    fn idle_timeout(&self) -> Option<Duration> {
        Some(Duration::MAX)
    }
}

fn a_tick_keeps_to_limits_that_change_while_it_makes_a_name() {
    let (closed, gate) = Gate::new();
    let name = move |number| {
        if thread::current().name() == Some("pool-tick") {
            gate.pass();
        }
        format!("worker-{number}")
    };
    let pool = Pool::builder().threads(0..=2).thread_name(name);
    let pool = pool.scaling(OneAtMost).build().unwrap();
    thread::yield_now();
    pool.resize(2).unwrap();
    until_asleep(3); // the clock, too: it waits for its time, or at the gate
    drop(closed);
    for _ in 0..8 {
        thread::yield_now();
        assert_eq!(pool.threads(), 2);
    }
}

/// The only thread that can be started may leave before the second task comes.
fn without_a_worker_to_come_a_task_comes_back() {
    let name = |number| if number == 1 { "good" } else { "b\0d" }.to_owned();
    let pool = Pool::builder().threads(0..=1).idle_timeout(SOME_TIME);
    let pool = pool.thread_name(name).build().unwrap();
    let ran = Arc::new(AtomicUsize::new(0));
    pool.execute(adds_one(&ran)).unwrap();
    let second = pool.execute(adds_one(&ran));
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 1 + usize::from(second.is_ok()));
    if let Err(rejected) = second {
        assert_eq!(rejected.reason(), Reason::NoWorker);
    }
}
