//! Which task is next.

mod common;
mod levels;

use std::cmp::Reverse;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};

use common::{Gate, Watchdog};
use levels::{LEVELS, Notes, busy, occupied};
use priority::{Pool, Priority, Task};

#[test]
fn a_task_that_names_no_level_is_normal_and_one_that_names_several_has_the_last() {
    assert_eq!(Task::from(|| ()).priority(), Priority::Normal);
    let task = Task::from(|| ()).at(Priority::High).at(Priority::Low);
    assert_eq!(task.priority(), Priority::Low);
}

#[test]
fn ten_thousand_equal_tasks_start_in_the_order_accepted() {
    let watchdog = Watchdog::start();
    for level in LEVELS {
        let (pool, gate) = busy(&watchdog, 10_000, 1);
        let notes = Notes::new();
        for n in 0..10_000 {
            pool.execute(notes.task(n, level)).unwrap();
        }
        gate.open();
        pool.wait_idle();
        assert!(notes.take().into_iter().eq(0..10_000), "{level:?}");
    }
}

#[test]
fn with_endless_ageing_the_most_urgent_is_next_and_equals_start_in_the_order_accepted() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 2000, u64::MAX);
    let notes = Notes::new();
    let mut expected = Vec::new();
    for n in 0..2000 {
        let level = LEVELS[n * n % 7 % 3];
        pool.execute(notes.task((level, n), level)).unwrap();
        expected.push((level, n));
    }
    gate.open();
    pool.wait_idle();
    expected.sort_by_key(|&(level, n)| (Reverse(level), n));
    assert_eq!(notes.take(), expected);
}

#[test]
fn with_no_ageing_tasks_of_all_levels_start_in_the_order_accepted() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 2000, 0);
    let notes = Notes::new();
    for n in 0..2000 {
        pool.execute(notes.task(n, LEVELS[n * n % 7 % 3])).unwrap();
    }
    gate.open();
    pool.wait_idle();
    assert!(notes.take().into_iter().eq(0..2000));
}

/// The bound is used to the last, and for each level that is between the two.
#[test]
fn a_task_is_overtaken_by_exactly_as_many_as_its_level_allows() {
    use Priority::{High, Low, Normal};
    let watchdog = Watchdog::start();
    let cases = [
        (5, Low, High, 10),
        (5, Low, Normal, 5),
        (5, Normal, High, 5),
        (1, Low, High, 2),
        (0, Low, High, 0),
        (5, Normal, Normal, 0),
        (5, High, Low, 0),
        (u64::MAX, Low, Normal, 200),
        (u64::MAX / 2, Low, High, 200),
    ];
    for case @ (ageing, level, later, bound) in cases {
        let (pool, gate) = busy(&watchdog, 201, ageing);
        let notes = Notes::new();
        pool.execute(notes.task(0, level)).unwrap();
        for n in 1..=200 {
            pool.execute(notes.task(n, later)).unwrap();
        }
        gate.open();
        pool.wait_idle();
        let overtaken = notes.take().iter().position(|&n| n == 0);
        assert_eq!(overtaken, Some(bound), "{case:?}");
    }
}

/// Levels and takes in an order that looks random: the earliest deadline is always next.
#[test]
fn the_earliest_deadline_is_next_whatever_has_come_and_gone() {
    let watchdog = Watchdog::start();
    for seed in 1..=20 {
        let ageing = seed % 6;
        let (pool, mut gate) = busy(&watchdog, 1000, ageing);
        let notes = Notes::new();
        let mut queued = Vec::new();
        let mut random = seed;
        // The task that keeps the worker busy was the first to be accepted.
        let mut number = 1;
        for _ in 0..300 {
            random = (random * 1_103_515_245 + 12_345) % (1 << 31);
            let level = LEVELS[(random >> 16) as usize % 3];
            if (random >> 20) % 4 != 0 {
                pool.execute(notes.task(number, level)).unwrap();
                let below = Priority::High as u64 - level as u64;
                queued.push((number + ageing * below, Reverse(level), number));
                number += 1;
                continue;
            }
            // All that are queued run, and then the worker is busy again.
            gate.open();
            pool.wait_idle();
            queued.sort_unstable();
            let expected: Vec<_> = queued.drain(..).map(|(_, _, number)| number).collect();
            assert_eq!(notes.take(), expected, "seed {seed}");
            gate = occupied(&pool);
            number += 1;
        }
        gate.open();
    }
}

/// Submits urgent tasks without an end: each submits the next one while it runs. Returns how many
/// have started before the task of this level, or before the flow ends after all.
fn overtaken_by_a_flow(watchdog: &Watchdog, ageing: u64, level: Priority, end: usize) -> usize {
    fn flow(pool: &Arc<Pool>, started: &Arc<AtomicUsize>, end: usize) {
        let (inside, count) = (Arc::clone(pool), Arc::clone(started));
        let urgent = Task::from(move || {
            if count.fetch_add(1, SeqCst) + 1 < end {
                flow(&inside, &count, end);
            }
        });
        pool.execute(urgent.at(Priority::High)).unwrap();
    }
    let (pool, gate) = busy(watchdog, 2, ageing);
    let started = Arc::new(AtomicUsize::new(0));
    let (tell, told) = mpsc::channel();
    let seen = Arc::clone(&started);
    let task = Task::from(move || tell.send(seen.load(SeqCst)).unwrap());
    pool.execute(task.at(level)).unwrap();
    // At any time another urgent task is queued already.
    flow(&pool, &started, end);
    flow(&pool, &started, end);
    gate.open();
    pool.wait_idle();
    told.recv().unwrap()
}

#[test]
fn in_an_endless_flow_of_urgent_tasks_a_low_one_starts_after_exactly_the_bound() {
    let watchdog = Watchdog::start();
    for ageing in [0, 1, 7, 100] {
        let low = overtaken_by_a_flow(&watchdog, ageing, Priority::Low, 10_000);
        assert_eq!(low as u64, 2 * ageing);
        let normal = overtaken_by_a_flow(&watchdog, ageing, Priority::Normal, 10_000);
        assert_eq!(normal as u64, ageing);
    }
}

#[test]
fn without_ageing_a_low_task_waits_as_long_as_urgent_ones_come() {
    let watchdog = Watchdog::start();
    let overtaken = overtaken_by_a_flow(&watchdog, u64::MAX, Priority::Low, 10_000);
    assert!(overtaken >= 10_000, "{overtaken}");
}

/// With what is set if nothing is said.
#[test]
fn an_urgent_task_that_comes_alone_is_next_although_both_other_queues_are_full() {
    let watchdog = Watchdog::start();
    for first in [Priority::Low, Priority::Normal] {
        let pool = watchdog.watch(Pool::new(1, 100).unwrap());
        let gate = occupied(&pool);
        let notes = Notes::new();
        let other = if first == Priority::Low {
            Priority::Normal
        } else {
            Priority::Low
        };
        for level in [first, other] {
            for _ in 0..100 {
                pool.try_execute(notes.task(level, level)).unwrap();
            }
        }
        pool.try_execute(notes.task(Priority::High, Priority::High))
            .unwrap();
        gate.open();
        pool.wait_idle();
        assert_eq!(notes.take()[0], Priority::High);
    }
}

/// A task that has been overtaken as often as it may be is no longer overtaken.
#[test]
fn an_urgent_task_overtakes_no_task_that_has_waited_long_enough() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 100, 10);
    let notes = Notes::new();
    for n in 0..50 {
        pool.execute(notes.task(n, Priority::Normal)).unwrap();
    }
    pool.execute(notes.task(50, Priority::High)).unwrap();
    gate.open();
    pool.wait_idle();
    // It overtakes the last ten.
    assert_eq!(notes.take().iter().position(|&n| n == 50), Some(40));
}

/// Only tasks that are accepted count.
#[test]
fn refused_tasks_make_none_older() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 1, 1);
    let notes = Notes::new();
    pool.execute(notes.task("the first", Priority::Normal))
        .unwrap();
    for _ in 0..10 {
        pool.try_execute(notes.task("refused", Priority::Normal))
            .unwrap_err();
    }
    pool.execute(notes.task("urgent", Priority::High)).unwrap();
    gate.open();
    pool.wait_idle();
    assert_eq!(notes.take(), ["urgent", "the first"]);
}

#[test]
fn an_urgent_task_does_not_interrupt_one_that_runs() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 4, 1);
    let urgent = Gate::new();
    let started = urgent.clone();
    pool.execute(Task::from(move || started.open()).at(Priority::High))
        .unwrap();
    assert_eq!((pool.stats().running, pool.queue_len()), (1, 1));
    gate.open();
    urgent.pass();
}

/// Priority inversion: the urgent task waits for the low one, which waits for all between them.
#[test]
fn an_urgent_task_that_waits_for_a_low_one_waits_for_those_between_them_as_well() {
    let watchdog = Watchdog::start();
    let builder = Pool::builder().threads(2).queue_capacity(100).ageing(1000);
    let pool = watchdog.watch(builder.build().unwrap());
    let gate = occupied(&pool);
    let (low_ran, between, seen) = (Gate::new(), Arc::default(), Arc::default());
    let (wanted, count, saw): (_, Arc<AtomicUsize>, Arc<AtomicUsize>) =
        (low_ran.clone(), Arc::clone(&between), Arc::clone(&seen));
    // It runs on the other worker, and waits.
    let begun = Gate::new();
    let begin = begun.clone();
    let urgent = Task::from(move || {
        begin.open();
        wanted.pass();
        saw.store(count.load(SeqCst), SeqCst);
    });
    pool.execute(urgent.at(Priority::High)).unwrap();
    begun.pass();
    pool.execute(Task::from(move || low_ran.open()).at(Priority::Low))
        .unwrap();
    for _ in 0..50 {
        pool.execute(common::adds_one(&between)).unwrap();
    }
    gate.open();
    pool.wait_idle();
    assert_eq!(seen.load(SeqCst), 50);
}
