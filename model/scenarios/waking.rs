//! Law 10: no task waits behind a busy worker while another is idle. Who sleeps is called, one at a
//! time, and looks a last time before it falls asleep.
//!
//! A task here waits for another one, so a worker that is not called, or falls asleep too early, is
//! a deadlock.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::bounded;
use model_schedule::{models, until_asleep};
use pool::{Builder, Eager, Lazy, Load, Moment, Pool, Reaper, Scaling, Stealing, Task, Threshold};

use crate::common::{Gate, SOME_TIME, adds_one, chain};

models![
    a_task_waits_for_a_later_one,
    a_task_waits_for_a_later_one_that_a_worker_has_submitted,
    a_task_waits_for_one_that_it_has_submitted,
    a_task_waits_for_one_that_another_thread_submits,
    each_of_three_tasks_waits_for_the_next,
    each_of_three_tasks_of_a_batch_waits_for_the_next,
    a_batch_finds_one_worker_awake,
    those_who_sleep_are_called_again_and_again,
    who_was_called_may_find_its_task_gone,
    who_was_called_may_have_to_leave,
    who_was_called_may_have_slept_enough,
    a_task_does_not_wait_for_a_worker_that_is_in_a_hook,
    a_worker_does_not_fall_asleep_while_a_thief_carries_tasks,
    without_stealing_whoever_is_to_run_a_task_is_called_for_it,
    without_stealing_those_who_have_nothing_to_do_sleep,
    those_who_have_nothing_to_do_sleep_although_others_share_their_queues,
    those_who_have_nothing_to_do_sleep_although_others_are_in_a_hook,
    a_worker_that_a_task_needs_is_not_sent_away,
    without_stealing_whoever_is_started_for_a_task_gets_one,
    without_stealing_each_new_worker_takes_a_task_of_a_batch,
    without_stealing_a_worker_of_a_larger_pool_takes_a_task,
    without_stealing_a_worker_that_the_clock_has_started_takes_a_task,
];

fn build(builder: Builder) -> Arc<Pool> {
    Arc::new(builder.queue_capacity(4).build().unwrap())
}

fn submit(pool: &Pool, tasks: usize) {
    for task in chain(tasks) {
        pool.execute(task).unwrap();
    }
}

/// They find who looks for a task, who falls asleep, and who sleeps.
fn a_task_waits_for_a_later_one() {
    for (workers, stealing) in [(2, Stealing::Half), (3, Stealing::One)] {
        let pool = build(Pool::builder().threads(workers).stealing(stealing));
        submit(&pool, 2);
        pool.wait_idle();
    }
}

fn a_task_waits_for_a_later_one_that_a_worker_has_submitted() {
    for stealing in [Stealing::Half, Stealing::One] {
        let pool = build(Pool::builder().threads(2).stealing(stealing));
        let own = Arc::clone(&pool);
        pool.execute(move || submit(&own, 2)).unwrap();
        pool.wait_idle();
    }
}

/// What a task submits is in the queue of its own worker, which is busy until the other one takes
/// it.
fn a_task_waits_for_one_that_it_has_submitted() {
    for batch in [false, true] {
        let pool = build(Pool::builder().threads(2));
        let own = Arc::clone(&pool);
        let task = move || {
            let (done, is_done) = Gate::new();
            let next = move || drop(done);
            if batch {
                own.execute_batch([next]).unwrap();
            } else {
                own.execute(next).unwrap();
            }
            is_done.pass();
        };
        pool.execute(task).unwrap();
        pool.wait_idle();
    }
}

fn a_task_waits_for_one_that_another_thread_submits() {
    let pool = build(Pool::builder().threads(2));
    let (tell, told) = bounded(1);
    let submitter = thread::spawn({
        let pool = Arc::clone(&pool);
        move || pool.execute(move || tell.send(()).unwrap()).unwrap()
    });
    pool.execute(move || told.recv().unwrap()).unwrap();
    submitter.join().unwrap();
    pool.wait_idle();
}

/// One is called by a submitter, and the next by those who arrive.
fn each_of_three_tasks_waits_for_the_next() {
    let pool = build(Pool::builder().threads(3).stealing(Stealing::One));
    until_asleep(3);
    submit(&pool, 3);
    pool.wait_idle();
}

fn each_of_three_tasks_of_a_batch_waits_for_the_next() {
    let pool = build(Pool::builder().threads(3));
    until_asleep(3);
    pool.execute_batch(chain(3)).unwrap();
    pool.wait_idle();
}

/// It is enough for the first task, and not for both.
fn a_batch_finds_one_worker_awake() {
    let pool = build(Pool::builder().threads(2));
    let ran = Arc::new(AtomicUsize::new(0));
    pool.execute(adds_one(&ran)).unwrap();
    pool.execute_batch(chain(2)).unwrap();
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 1);
}

fn those_who_sleep_are_called_again_and_again() {
    let pool = build(Pool::builder().threads(2));
    for _ in 0..3 {
        submit(&pool, 2);
        pool.wait_idle();
    }
}

/// Another worker has been faster. The next one is called all the same.
fn who_was_called_may_find_its_task_gone() {
    let pool = build(Pool::builder().threads(2));
    let ran = Arc::new(AtomicUsize::new(0));
    // One worker is awake and takes what the other one is called for.
    for _ in 0..4 {
        pool.execute(adds_one(&ran)).unwrap();
    }
    submit(&pool, 2);
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 4);
}

/// Nobody waits for it to arrive after that.
fn who_was_called_may_have_to_leave() {
    let (pool, ran) = (
        build(Pool::builder().threads(2)),
        Arc::new(AtomicUsize::new(0)),
    );
    let (closed, gate) = Gate::new();
    pool.execute(move || gate.pass()).unwrap();
    until_asleep(2); // one of them in its task
    pool.execute(adds_one(&ran)).unwrap();
    // The other one is on its way, and is one too many when it comes.
    pool.resize(1).unwrap();
    drop(closed);
    pool.resize(2).unwrap();
    submit(&pool, 2);
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 1);
}

fn who_was_called_may_have_slept_enough() {
    for least in [0, 2] {
        let pool = Pool::builder().threads(least..=2).idle_timeout(SOME_TIME);
        let pool = build(pool);
        for _ in 0..2 {
            submit(&pool, 2);
            pool.wait_idle();
        }
    }
}

/// It is neither awake nor asleep, and may be away for a long time.
fn a_task_does_not_wait_for_a_worker_that_is_in_a_hook() {
    let (begun, begins) = Gate::new();
    let (closed, gate) = Gate::new();
    let begun = parking_lot::Mutex::new(Some(begun));
    let hook = move || {
        // The first worker does not wait.
        if begun.lock().take().is_none() {
            gate.pass();
        }
    };
    let pool = build(Pool::builder().threads(1).on_thread_start(hook));
    begins.pass();
    until_asleep(1);
    pool.resize(2).unwrap();
    // Who is in the hook does not count as awake, so who sleeps is called.
    pool.execute(move || drop(closed)).unwrap();
    pool.wait_idle();
}

/// A thief takes the first two of three tasks, and the first waits for the second. The owner finds
/// only the third.
fn a_worker_does_not_fall_asleep_while_a_thief_carries_tasks() {
    let pool = build(Pool::builder().threads(2));
    let own = Arc::clone(&pool);
    let task = move || {
        let mut tasks = chain(2);
        tasks.push(Task::from(|| ()));
        own.execute_batch(tasks).unwrap();
    };
    pool.execute(task).unwrap();
    pool.wait_idle();
}

fn without_stealing_whoever_is_to_run_a_task_is_called_for_it() {
    let pool = Pool::builder().threads(2).stealing(Stealing::Off);
    // Nobody asks whether to leave: a task that comes meanwhile is for somebody who is there.
    let pool = build(pool.idle_timeout(Duration::MAX));
    until_asleep(2);
    submit(&pool, 2);
    pool.wait_idle();
    until_asleep(2);
    pool.execute_batch(chain(2)).unwrap();
    pool.wait_idle();
}

/// One of three is busy, and all that is queued is behind its task. The others must not wake each
/// other for ever.
fn without_stealing_those_who_have_nothing_to_do_sleep() {
    let pool = build(Pool::builder().threads(3).stealing(Stealing::Off));
    let ran = Arc::new(AtomicUsize::new(0));
    until_asleep(3);
    let (closed, gate) = Gate::new();
    let (own, count) = (Arc::clone(&pool), Arc::clone(&ran));
    let task = move || {
        for _ in 0..3 {
            own.execute(adds_one(&count)).unwrap();
        }
        drop(own);
        gate.pass();
    };
    pool.execute(task).unwrap();
    until_asleep(3); // one of them in its task
    drop(closed);
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 3);
}

/// Six workers on two queues, two are busy, and two that sleep are sent away: those who are busy
/// still count as awake.
fn those_who_have_nothing_to_do_sleep_although_others_share_their_queues() {
    let pool = build(Pool::builder().threads(1));
    let ran = Arc::new(AtomicUsize::new(0));
    pool.resize(6).unwrap();
    until_asleep(6);
    let (closed, gate) = Gate::new();
    for _ in 0..2 {
        let gate = gate.clone();
        pool.execute(move || gate.pass()).unwrap();
    }
    until_asleep(6);
    pool.resize(4).unwrap();
    pool.execute(adds_one(&ran)).unwrap();
    while ran.load(SeqCst) < 1 {
        thread::yield_now();
    }
    until_asleep(4); // two of them in their tasks
    drop(closed);
    pool.wait_idle();
}

/// The lock is open while a policy thinks, and this one thinks for a while when the clock asks it.
#[derive(Debug)]
struct Thinks;

impl Scaling for Thinks {
    fn wanted(&self, moment: Moment, load: &Load) -> usize {
        if moment == Moment::Tick {
            (0..4).for_each(|_| thread::yield_now());
        }
        Eager.wanted(moment, load)
    }
}

/// Two tasks come while the clock asks. One worker is on its way, which would call the other one.
fn a_worker_that_a_task_needs_is_not_sent_away() {
    let policy = (Thinks, Reaper::every(Duration::ZERO));
    let pool = build(Pool::builder().threads(0..=2).scaling(policy));
    for _ in 0..3 {
        submit(&pool, 2);
        pool.wait_idle();
    }
}

/// Two new workers have been given a task each, and are in their start hooks. They are not awake,
/// and their tasks are not queued: the other two can do nothing about it.
fn those_who_have_nothing_to_do_sleep_although_others_are_in_a_hook() {
    let ((hooks_end, in_hook), (closed, gate)) = (Gate::new(), Gate::new());
    let started = AtomicUsize::new(0);
    let hook = move || {
        if started.fetch_add(1, SeqCst) >= 2 {
            in_hook.pass();
        }
    };
    let pool = Pool::builder().threads(2..=4).scaling(Lazy);
    let pool = pool.queue_capacity(1).idle_timeout(Duration::MAX);
    let pool = pool.on_thread_start(hook).build().unwrap();
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..2 {
        let gate = gate.clone();
        pool.execute(move || gate.pass()).unwrap();
        while pool.queue_len() > 0 {
            thread::yield_now();
        }
    }
    // The queue is full for the second one and for the third one.
    for _ in 0..3 {
        pool.execute(adds_one(&ran)).unwrap();
    }
    drop(closed);
    until_asleep(4);
    pool.execute(adds_one(&ran)).unwrap();
    while ran.load(SeqCst) < 2 {
        thread::yield_now();
    }
    until_asleep(4);
    drop(hooks_end);
    pool.wait_idle();
    assert_eq!(ran.load(SeqCst), 4);
}

/// Or it would find none: the task may be in the queue of a worker that is busy.
fn without_stealing_whoever_is_started_for_a_task_gets_one() {
    for batch in [false, true] {
        let pool = Pool::builder().threads(0..=2).stealing(Stealing::Off);
        let pool = build(pool.idle_timeout(Duration::MAX));
        if batch {
            pool.execute_batch(chain(2)).unwrap();
        } else {
            submit(&pool, 2);
        }
        pool.wait_idle();
    }
}

/// As many workers are started as there are tasks, and each task waits for the next.
fn without_stealing_each_new_worker_takes_a_task_of_a_batch() {
    let pool = Pool::builder().threads(0..=3).stealing(Stealing::Off);
    let pool = build(pool.idle_timeout(Duration::MAX));
    pool.execute_batch(chain(3)).unwrap();
    pool.wait_idle();
}

fn without_stealing_a_worker_of_a_larger_pool_takes_a_task() {
    let pool = build(Pool::builder().threads(1).stealing(Stealing::Off));
    submit(&pool, 2);
    pool.resize(2).unwrap();
    pool.wait_idle();
}

fn without_stealing_a_worker_that_the_clock_has_started_takes_a_task() {
    let pool = Pool::builder().threads(1..=2).stealing(Stealing::Off);
    let pool = pool.idle_timeout(Duration::MAX);
    let pool = build(pool.scaling(Threshold::new(80, SOME_TIME)));
    submit(&pool, 2);
    pool.wait_idle();
}
