//! What the rate-limit branch adds: whoever sleeps until it is time is woken when it is, and a
//! start that is charged is one that happens.
//!
//! The clock stands still until it is moved, and tells only those whose instant has come. So a
//! worker that sleeps past an instant sleeps for ever, and the model sees it.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use model_schedule::{models, until_asleep};
use pool::{CancelToken, Limit, ManualClock, Pool, Task};

use crate::common::{Closed, Gate, SOME_TIME, adds_one, submitter};

models![
    after_a_late_signal_each_task_still_wakes_a_worker,
    after_a_late_signal_a_rate_that_changes_still_wakes_a_worker,
    a_task_starts_when_the_clock_gets_there,
    a_clock_that_two_move_loses_no_step,
    a_task_that_may_start_sooner_is_not_slept_past,
    tasks_of_two_limits_that_come_at_once_both_start,
    a_rate_that_changes_while_a_task_waits_starts_it,
    after_a_start_somebody_keeps_the_time_for_the_next,
    a_timekeeper_that_is_needed_comes,
    each_of_two_tasks_wakes_a_worker_whichever_has_a_limit,
    one_start_is_for_one_task_whoever_shares_the_limit,
    the_last_task_after_the_close_wakes_those_asleep_behind_its_limit,
    a_task_handed_back_after_the_close_wakes_those_asleep_behind_its_limit,
    a_task_cancelled_after_the_close_wakes_those_asleep_behind_its_limit,
    a_cancel_finds_its_task_behind_a_limit_also_while_it_is_submitted,
    a_pool_that_is_cancelled_lets_go_of_what_waits,
    a_task_that_is_cancelled_takes_no_start,
    a_task_that_is_handed_back_takes_no_start,
    submitters_that_wait_for_a_place_of_a_limit_get_it,
    a_place_of_a_limit_is_not_lost_with_a_submitter_that_gives_up,
    tasks_of_one_limit_start_in_the_order_of_their_submission,
    tasks_behind_a_limit_and_without_run_or_are_refused_by_a_shutdown,
];

const TICK: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

fn clock() -> ManualClock {
    ManualClock::at(Instant::now())
}

fn limit(clock: &ManualClock, period: Duration) -> Limit {
    Limit::builder(1, period).clock(clock).build().unwrap()
}

/// A limit whose next start is a period away.
fn spent(clock: &ManualClock, period: Duration) -> Limit {
    let limit = limit(clock, period);
    assert!(limit.try_start());
    limit
}

fn counts(ran: &Arc<AtomicUsize>, limit: &Limit) -> Task {
    Task::from(adds_one(ran)).limited(limit)
}

/// A task that ends a wait at the gate, and the gate.
fn tells(limit: &Limit) -> (Task, Gate) {
    let (closed, gate) = Gate::new();
    (Task::from(move || drop(closed)).limited(limit), gate)
}

/// The clock may be moved while a worker looks at it, or before the worker has gone to sleep.
fn a_task_starts_when_the_clock_gets_there() {
    let (pool, clock) = (Pool::new(2, 1).unwrap(), clock());
    let limit = spent(&clock, TICK);
    pool.execute(Task::from(|| ()).limited(&limit)).unwrap();
    clock.advance(TICK);
    pool.wait_idle();
    assert_eq!(pool.stats().completed, 1);
}

fn a_clock_that_two_move_loses_no_step() {
    let (pool, clock) = (Pool::new(1, 1).unwrap(), clock());
    let limit = spent(&clock, TICK);
    let other = clock.clone();
    let moves = thread::spawn(move || other.advance(TICK / 2));
    pool.execute(Task::from(|| ()).limited(&limit)).unwrap();
    clock.advance(TICK / 2);
    moves.join().unwrap();
    pool.wait_idle();
}

/// The timekeeper sleeps for an hour, and the other worker finds something sooner.
fn a_task_that_may_start_sooner_is_not_slept_past() {
    let (pool, clock) = (Pool::new(2, 1).unwrap(), clock());
    let (hourly, soon) = (spent(&clock, HOUR), spent(&clock, TICK));
    pool.execute(Task::from(|| ()).limited(&hourly)).unwrap();
    until_asleep(2);
    let (task, told) = tells(&soon);
    pool.execute(task).unwrap();
    clock.advance(TICK);
    told.pass();
    clock.advance(HOUR);
    pool.wait_idle();
}

fn tasks_of_two_limits_that_come_at_once_both_start() {
    let (pool, clock) = (Arc::new(Pool::new(2, 1).unwrap()), clock());
    let (hourly, soon) = (spent(&clock, HOUR), spent(&clock, TICK));
    let submits = thread::spawn({
        let pool = Arc::clone(&pool);
        move || pool.execute(Task::from(|| ()).limited(&hourly)).unwrap()
    });
    let (task, told) = tells(&soon);
    pool.execute(task).unwrap();
    clock.advance(TICK);
    told.pass();
    submits.join().unwrap();
    clock.advance(HOUR);
    pool.wait_idle();
}

/// The rate is told to whoever sleeps for the slow one. Then it is a nanosecond, and the clock
/// tells.
fn a_rate_that_changes_while_a_task_waits_starts_it() {
    let (pool, clock) = (Pool::new(2, 1).unwrap(), clock());
    let limit = spent(&clock, HOUR);
    let changes = thread::spawn({
        let limit = limit.clone();
        move || limit.set_rate(1, Duration::from_nanos(1)).unwrap()
    });
    pool.execute(Task::from(|| ()).limited(&limit)).unwrap();
    clock.advance(Duration::from_nanos(1));
    changes.join().unwrap();
    // What was missing when the rate changed may have been a nanosecond less than an hour: of a
    // token, so it is rounded up to one.
    clock.advance(Duration::from_nanos(1));
    pool.wait_idle();
}

/// Whoever takes a start leaves, and was the one that kept the time.
fn after_a_start_somebody_keeps_the_time_for_the_next() {
    let (pool, clock) = (Pool::new(2, 1).unwrap(), clock());
    let limit = spent(&clock, TICK);
    let (first, told) = tells(&limit);
    let (closed, gate) = Gate::new();
    let holds = Task::from(move || {
        first.run();
        gate.pass();
    });
    pool.execute(holds.limited(&limit)).unwrap();
    let (second, told_again) = tells(&limit);
    pool.execute(second).unwrap();
    clock.advance(TICK);
    told.pass();
    // The worker that has the first one stays there.
    clock.advance(TICK);
    told_again.pass();
    drop(closed);
    pool.wait_idle();
}

/// The only worker keeps the time, and there is something else to do.
fn a_timekeeper_that_is_needed_comes() {
    let (pool, clock) = (Pool::new(1, 1).unwrap(), clock());
    let limit = spent(&clock, TICK);
    pool.execute(Task::from(|| ()).limited(&limit)).unwrap();
    let (closed, gate) = Gate::new();
    pool.execute(move || drop(closed)).unwrap();
    gate.pass();
    clock.advance(TICK);
    pool.wait_idle();
    assert_eq!(pool.stats().completed, 2);
}

/// The first waits for the second, so one worker is not enough for both.
fn each_of_two_tasks_wakes_a_worker_whichever_has_a_limit() {
    for first_is_limited in [true, false] {
        let (pool, clock) = (Pool::new(2, 2).unwrap(), clock());
        let limit = limit(&clock, TICK);
        until_asleep(2);
        let (closed, gate) = Gate::new();
        let waits = Task::from(move || gate.pass());
        let ends = Task::from(move || drop::<Closed>(closed));
        let (waits, ends) = if first_is_limited {
            (waits.limited(&limit), ends)
        } else {
            (waits, ends.limited(&limit))
        };
        pool.execute(waits).unwrap();
        pool.execute(ends).unwrap();
        pool.wait_idle();
        pool.shutdown();
    }
}

/// Two pools see that one task may start, and each has one.
fn one_start_is_for_one_task_whoever_shares_the_limit() {
    let clock = clock();
    let limit = limit(&clock, TICK);
    let ran = Arc::new(AtomicUsize::new(0));
    let pools = [(); 2].map(|()| Pool::new(1, 1).unwrap());
    for pool in &pools {
        pool.execute(counts(&ran, &limit)).unwrap();
    }
    // One of them has started, or will, and the other one waits.
    let left = pools.iter().map(|pool| pool.shutdown_now().len());
    let left = left.sum::<usize>();
    pools.iter().for_each(Pool::shutdown);
    assert!(ran.load(SeqCst) <= 1, "{} started", ran.load(SeqCst));
    assert_eq!(ran.load(SeqCst) + left, 2);
}

/// A pool that is shut down while its workers sleep behind a limit, with one task there.
fn closing(token: &CancelToken) -> (Arc<Pool>, ManualClock, thread::JoinHandle<()>) {
    let (pool, clock) = (Arc::new(Pool::new(2, 1).unwrap()), clock());
    let limit = spent(&clock, TICK);
    let task = Task::from(|| ()).limited(&limit);
    pool.execute_with(token, task).unwrap();
    let closing = thread::spawn({
        let pool = Arc::clone(&pool);
        move || pool.shutdown()
    });
    (pool, clock, closing)
}

fn the_last_task_after_the_close_wakes_those_asleep_behind_its_limit() {
    let (pool, clock, closing) = closing(&CancelToken::new());
    clock.advance(TICK);
    closing.join().unwrap();
    assert_eq!((pool.stats().completed, pool.threads()), (1, 0));
}

fn a_task_handed_back_after_the_close_wakes_those_asleep_behind_its_limit() {
    let (pool, _, closing) = closing(&CancelToken::new());
    assert_eq!(pool.shutdown_now().len(), 1);
    closing.join().unwrap();
    assert_eq!((pool.stats().returned, pool.threads()), (1, 0));
}

fn a_task_cancelled_after_the_close_wakes_those_asleep_behind_its_limit() {
    let token = CancelToken::new();
    let (pool, _, closing) = closing(&token);
    token.cancel();
    closing.join().unwrap();
    assert_eq!((pool.stats().cancelled, pool.threads()), (1, 0));
}

/// It is in the middle of those that wait, or on its way there.
fn a_cancel_finds_its_task_behind_a_limit_also_while_it_is_submitted() {
    let (pool, clock) = (Pool::new(2, 1).unwrap(), clock());
    let (limit, token) = (spent(&clock, TICK), CancelToken::new());
    let ran = Arc::new(AtomicUsize::new(0));
    pool.execute(counts(&ran, &limit)).unwrap();
    let group = pool.group();
    let cancels = thread::spawn({
        let token = group.cancel_token();
        move || token.cancel()
    });
    let accepted = group.execute(counts(&ran, &limit)).is_ok();
    // The clock does not move.
    assert_eq!(group.wait().cancelled, usize::from(accepted));
    cancels.join().unwrap();
    drop(token);
    clock.advance(TICK);
    pool.wait_idle();
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (1, 1));
}

fn a_pool_that_is_cancelled_lets_go_of_what_waits() {
    let (pool, clock) = (Arc::new(Pool::new(2, 1).unwrap()), clock());
    let limit = spent(&clock, TICK);
    let ran = Arc::new(AtomicUsize::new(0));
    let cancels = thread::spawn({
        let pool = Arc::clone(&pool);
        move || pool.cancel()
    });
    let submitted = [
        pool.execute(counts(&ran, &limit)),
        pool.execute(counts(&ran, &limit)),
    ];
    let accepted = submitted
        .iter()
        .filter(|submitted| submitted.is_ok())
        .count();
    drop(submitted);
    pool.wait_idle();
    assert_eq!(pool.stats().cancelled, accepted);
    cancels.join().unwrap();
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (0, 1));
}

/// Cancelled or charged, and never both.
fn a_task_that_is_cancelled_takes_no_start() {
    let (pool, clock) = (Pool::new(1, 1).unwrap(), clock());
    let (limit, token) = (limit(&clock, TICK), CancelToken::new());
    let cancels = thread::spawn({
        let token = token.clone();
        move || token.cancel()
    });
    let ran = Arc::new(AtomicUsize::new(0));
    let _ = pool.execute_with(&token, counts(&ran, &limit));
    pool.wait_idle();
    cancels.join().unwrap();
    assert_eq!(limit.try_start(), ran.load(SeqCst) == 0);
}

fn a_task_that_is_handed_back_takes_no_start() {
    let (pool, clock) = (Pool::new(1, 2).unwrap(), clock());
    let limit = limit(&clock, TICK);
    let ran = Arc::new(AtomicUsize::new(0));
    pool.execute(counts(&ran, &limit)).unwrap();
    let returned = pool.shutdown_now().len();
    pool.shutdown();
    assert_eq!(ran.load(SeqCst) + returned, 1);
    assert_eq!(limit.try_start(), ran.load(SeqCst) == 0);
}

/// A limit with one place, under which tasks start as they come.
fn narrow(clock: &ManualClock) -> Limit {
    let limit = Limit::builder(1, TICK).burst(10).places(1);
    limit.clock(clock).build().unwrap()
}

type Submitter = thread::JoinHandle<bool>;

fn submits(pool: &Arc<Pool>, task: Task, patience: Option<Duration>) -> Submitter {
    let pool = Arc::clone(pool);
    thread::spawn(move || match patience {
        Some(patience) => pool.execute_timeout(task, patience).is_ok(),
        None => pool.execute(task).is_ok(),
    })
}

/// Its queue comes and goes with the tasks, and stays while a submitter waits there.
fn submitters_that_wait_for_a_place_of_a_limit_get_it() {
    let (pool, clock) = (Arc::new(Pool::new(1, 1).unwrap()), clock());
    let limit = narrow(&clock);
    let ran = Arc::new(AtomicUsize::new(0));
    let others = [(); 2].map(|()| submits(&pool, counts(&ran, &limit), None));
    pool.execute(counts(&ran, &limit)).unwrap();
    pool.execute(adds_one(&ran)).unwrap();
    for other in others {
        assert!(other.join().unwrap());
    }
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 4);
}

fn a_place_of_a_limit_is_not_lost_with_a_submitter_that_gives_up() {
    let (pool, closed) = crate::common::busy_pool(1);
    let clock = clock();
    let limit = narrow(&clock);
    let ran = Arc::new(AtomicUsize::new(0));
    pool.execute(counts(&ran, &limit)).unwrap();
    let hasty = submits(&pool, counts(&ran, &limit), Some(SOME_TIME));
    let patient = submits(&pool, counts(&ran, &limit), None);
    drop(closed);
    assert!(patient.join().unwrap());
    let in_time = usize::from(hasty.join().unwrap());
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 2 + in_time);
}

/// Whatever else is there, and whenever the clock is moved.
fn tasks_of_one_limit_start_in_the_order_of_their_submission() {
    let (pool, clock) = (Arc::new(Pool::new(1, 2).unwrap()), clock());
    let [one, other] = [(); 2].map(|()| {
        let limit = Limit::builder(1, TICK).burst(3).clock(&clock).build();
        let limit = limit.unwrap();
        assert!((0..3).all(|_| limit.try_start()));
        limit
    });
    let moves = thread::spawn(move || (0..3).for_each(|_| clock.advance(TICK)));
    let next = Arc::new(AtomicUsize::new(0));
    for number in 0..3 {
        let next = Arc::clone(&next);
        let task = move || assert_eq!(next.fetch_add(1, SeqCst), number);
        pool.execute(Task::from(task).limited(&one)).unwrap();
        pool.execute(Task::from(|| ()).limited(&other)).unwrap();
    }
    moves.join().unwrap();
    pool.wait_idle();
    assert_eq!(pool.stats().completed, 6);
}

fn tasks_behind_a_limit_and_without_run_or_are_refused_by_a_shutdown() {
    let (pool, clock) = (Arc::new(Pool::new(2, 1).unwrap()), clock());
    let limit = spent(&clock, TICK);
    let ran = Arc::new(AtomicUsize::new(0));
    let free = submitter(&pool, &ran, 2);
    let limited = submits(&pool, counts(&ran, &limit), None);
    let moves = thread::spawn(move || clock.advance(TICK));
    pool.shutdown();
    moves.join().unwrap();
    let accepted = free.join().unwrap() + usize::from(limited.join().unwrap());
    assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (accepted, 1));
}

/// A submitter has counted a worker as woken, and has not signalled it yet, when the pool is
/// closed. The worker is woken by that, looks, and sleeps again. The second task is what the first
/// waits for.
fn after_a_late_signal_each_task_still_wakes_a_worker() {
    let (pool, clock) = (Arc::new(Pool::new(2, 1).unwrap()), clock());
    let limit = Limit::builder(1, TICK).burst(2).clock(&clock);
    let limit = limit.build().unwrap();
    assert!(limit.try_start() && limit.try_start());
    let (closed, gate) = Gate::new();
    let waits = Task::from(move || gate.pass()).limited(&limit);
    pool.execute(waits).unwrap();
    let opens = Task::from(move || drop::<Closed>(closed)).limited(&limit);
    pool.execute(opens).unwrap();
    until_asleep(2);
    let [submits, closes] = submit_and_close(&pool);
    submits.join().unwrap();
    clock.advance(TICK * 2);
    closes.join().unwrap();
    assert_eq!(pool.threads(), 0);
}

/// The same signal, and then a rate changes for a task that waits.
fn after_a_late_signal_a_rate_that_changes_still_wakes_a_worker() {
    let (pool, clock) = (Arc::new(Pool::new(2, 1).unwrap()), clock());
    let limit = spent(&clock, HOUR);
    pool.execute(Task::from(|| ()).limited(&limit)).unwrap();
    until_asleep(2);
    let [submits, closes] = submit_and_close(&pool);
    submits.join().unwrap();
    limit.set_rate(1, Duration::from_nanos(1)).unwrap();
    clock.advance(Duration::from_nanos(1));
    closes.join().unwrap();
    assert_eq!(pool.threads(), 0);
}

fn submit_and_close(pool: &Arc<Pool>) -> [thread::JoinHandle<()>; 2] {
    let (one, other) = (Arc::clone(pool), Arc::clone(pool));
    let submits = thread::spawn(move || _ = one.execute(|| ()));
    let closes = thread::spawn(move || other.shutdown());
    [submits, closes]
}
