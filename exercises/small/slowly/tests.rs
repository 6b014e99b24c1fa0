//! A policy that adds one worker at a time.

use std::sync::{Arc, Barrier};
use std::time::Duration;

use harness::{doing, laws};
use pool::{Load, Moment, OnDemand, Pool, Scaling, Slowly};

const SECOND: Duration = Duration::from_secs(1);

/// A load at an age, in milliseconds.
fn load(live: usize, unfinished: usize, age: u64) -> Load {
    let mut load = Load::default();
    load.max = 100;
    load.live = live;
    load.running = unfinished.min(live);
    load.queued = unfinished - load.running;
    load.age = Duration::from_millis(age);
    load
}

/// Asks what a task asks that was submitted, and compares.
fn ask(policy: &impl Scaling, load: &Load, right: usize) {
    let wanted = policy.wanted(Moment::Submitted, load);
    assert!(
        wanted == right,
        "at {:?}, with {} workers for {} tasks, the answer is {wanted} and not {right}",
        load.age,
        load.live,
        load.unfinished()
    );
}

/// Three tasks that wait for each other have three workers, sooner or later, although nobody
/// submits anything after them.
fn tasks_may_wait_for_each_other() {
    let policy = Slowly::new(OnDemand, Duration::from_millis(5));
    let pool = Pool::builder().threads(0..=4).scaling(policy);
    let pool = pool.build().unwrap();
    let meeting = Arc::new(Barrier::new(3));
    for _ in 0..3 {
        let meeting = Arc::clone(&meeting);
        let task = move || {
            doing("runs a task that waits for two others", || meeting.wait());
        };
        pool.execute(task).unwrap();
    }
    doing("waits for three tasks that meet", || pool.wait_idle());
}

/// The first is added at once, and then one in each period.
fn one_more_in_a_period() {
    let policy = Slowly::new(OnDemand, SECOND);
    ask(&policy, &load(0, 5, 10), 1);
    ask(&policy, &load(1, 5, 20), 1);
    ask(&policy, &load(1, 5, 1009), 1);
    ask(&policy, &load(1, 5, 1010), 2);
    ask(&policy, &load(2, 9, 1500), 2);
    ask(&policy, &load(2, 9, 2010), 3);
}

/// If the policy inside wants no more than there are, that is the answer.
fn it_wants_no_more_than_its_policy() {
    let policy = Slowly::new(OnDemand, SECOND);
    ask(&policy, &load(5, 2, 10), 2);
    ask(&policy, &load(5, 5, 2000), 5);
    ask(&policy, &load(5, 0, 4000), 0);
}

/// The period counts from the last worker that was added, and not from the last question.
fn an_answer_that_starts_nobody_costs_nothing() {
    let policy = Slowly::new(OnDemand, SECOND);
    ask(&policy, &load(2, 1, 10), 1);
    ask(&policy, &load(2, 4, 20), 3);
    ask(&policy, &load(3, 3, 1015), 3);
    ask(&policy, &load(3, 4, 1020), 4);
}

#[derive(Debug)]
struct Wishes;

impl Scaling for Wishes {
    fn wanted(&self, _moment: Moment, _load: &Load) -> usize {
        0
    }

    fn excess(&self, _load: &Load) -> usize {
        3
    }

    fn period(&self) -> Option<Duration> {
        Some(SECOND / 2)
    }

    fn idle_timeout(&self) -> Option<Duration> {
        Some(7 * SECOND)
    }
}

/// Idle times, excess and ticks are those of the policy inside, as far as it has a wish.
fn the_rest_is_passed_on() {
    let policy = Slowly::new(Wishes, SECOND);
    let excess = policy.excess(&Load::default());
    assert!(excess == 3, "the excess is {excess}, and 3 by its policy");
    let time = policy.idle_timeout();
    assert!(
        time == Some(7 * SECOND),
        "the idle timeout is {time:?}, and 7s by its policy"
    );
    let period = policy.period();
    assert!(
        period == Some(SECOND / 2),
        "there is a tick every {period:?}, and its policy wants one every 500ms"
    );
}

laws! {
    tasks_may_wait_for_each_other,
    one_more_in_a_period,
    it_wants_no_more_than_its_policy,
    an_answer_that_starts_nobody_costs_nothing,
    the_rest_is_passed_on,
}
