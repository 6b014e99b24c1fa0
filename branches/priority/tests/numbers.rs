//! When a task gets its number, and what many submitters see of the order.

mod common;
mod levels;

use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use common::{Gate, OpenOnDrop, Watchdog};
use levels::{LEVELS, Notes, busy};
use priority::{CancelToken, Pool, Priority, Reason, Task};

/// A task has its number from the moment at which it is accepted. Had it one from the moment at
/// which its submitter began to wait, it would overtake those that were accepted meanwhile.
#[cfg(target_os = "linux")]
#[test]
fn a_task_whose_submitter_has_waited_overtakes_none_that_was_accepted_meanwhile() {
    let watchdog = Watchdog::start();
    let (pool, first) = busy(&watchdog, 1, 0);
    let notes = Notes::new();
    let second = Gate::new();
    let (at, (begin, begun)) = (second.clone(), mpsc::channel());
    let low = move || {
        begin.send(()).unwrap();
        at.pass();
    };
    pool.execute(Task::from(low).at(Priority::Low)).unwrap();
    thread::scope(|scope| {
        let _open = (OpenOnDrop(&first), OpenOnDrop(&second));
        let task = notes.task("waited", Priority::Low);
        let (tell, told) = mpsc::channel();
        let submitter = scope.spawn({
            let pool = &pool;
            move || {
                tell.send(common::this_thread()).unwrap();
                pool.execute(task).unwrap();
            }
        });
        common::until_asleep(&told.recv().unwrap());
        pool.execute(notes.task("normal", Priority::Normal))
            .unwrap();
        pool.execute(notes.task("urgent", Priority::High)).unwrap();
        first.open();
        begun.recv().unwrap();
        submitter.join().unwrap();
        second.open();
    });
    pool.wait_idle();
    assert_eq!(notes.take(), ["normal", "urgent", "waited"]);
}

/// A cancelled task counts as one that has come later: it has been accepted, and it takes a turn.
#[test]
fn cancelled_tasks_overtake_no_more_than_the_bound() {
    let watchdog = Watchdog::start();
    for cancelled in [0, 3, 10] {
        let (pool, gate) = busy(&watchdog, 50, 5);
        let notes = Notes::new();
        let token = CancelToken::new();
        pool.execute(notes.task(0, Priority::Low)).unwrap();
        for n in 1..=30 {
            let task = notes.task(n, Priority::High);
            if n <= cancelled {
                pool.execute_with(&token, task).unwrap();
            } else {
                pool.execute(task).unwrap();
            }
        }
        token.cancel();
        gate.open();
        pool.wait_idle();
        let overtaken = notes.take().iter().position(|&n| n == 0).unwrap();
        assert_eq!(overtaken, 10 - cancelled);
    }
}

/// Submitters on several threads, a worker, and all levels: what each thread has submitted to a
/// level starts in that order, also if it had to wait for places.
#[test]
fn the_tasks_of_each_submitter_and_level_start_in_its_order_while_all_wait_for_places() {
    let watchdog = Watchdog::start();
    for (capacity, ageing) in [(1, 0), (1, 3), (2, 100), (7, u64::MAX), (3, 1)] {
        let builder = Pool::builder().threads(1).queue_capacity(capacity);
        let pool = watchdog.watch(builder.ageing(ageing).build().unwrap());
        let started = Arc::new(Mutex::new(Vec::new()));
        thread::scope(|scope| {
            for submitter in 0..6 {
                let (pool, started) = (&pool, &started);
                scope.spawn(move || {
                    for n in 0..150 {
                        let level = LEVELS[(n * n + submitter) % 7 % 3];
                        let started = Arc::clone(started);
                        let note = move || started.lock().unwrap().push((submitter, level, n));
                        let mut task = Task::from(note).at(level);
                        // Some wait for ever, some for a moment, some not at all.
                        loop {
                            let sent = match n % 3 {
                                0 => pool.execute(task),
                                1 => pool.execute_timeout(task, Duration::from_micros(20)),
                                _ => pool.try_execute(task),
                            };
                            let Err(rejected) = sent else { break };
                            let reason = rejected.reason();
                            assert!(matches!(reason, Reason::Full | Reason::Timeout));
                            task = rejected.into_task();
                            thread::yield_now();
                        }
                    }
                });
            }
        });
        pool.wait_idle();
        let started = started.lock().unwrap();
        assert_eq!(started.len(), 6 * 150);
        for submitter in 0..6 {
            for level in LEVELS {
                let of = |(by, at, _): &&(usize, Priority, usize)| (*by, *at) == (submitter, level);
                assert!(started.iter().filter(of).is_sorted_by_key(|(_, _, n)| n));
            }
        }
    }
}

/// Nothing but the number and the level says who is next, however near to the end of the numbers
/// the deadlines are.
#[test]
fn the_largest_ageing_puts_levels_in_order_and_the_largest_but_one_does_too() {
    let watchdog = Watchdog::start();
    for ageing in [u64::MAX, u64::MAX - 1, u64::MAX / 2 + 1, u64::MAX / 2] {
        let (pool, gate) = busy(&watchdog, 100, ageing);
        let notes = Notes::new();
        for n in 0..90 {
            let level = LEVELS[n % 3];
            pool.execute(notes.task((std::cmp::Reverse(level), n), level))
                .unwrap();
        }
        gate.open();
        pool.wait_idle();
        assert!(notes.take().is_sorted(), "{ageing}");
    }
}
