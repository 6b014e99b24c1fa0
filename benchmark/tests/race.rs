//! Every contender does the work it is given, all of it and once, whatever the shape.

#[path = "../../v1-fixed/tests/common/mod.rs"]
mod common;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use benchmark::contenders::RACERS;
use benchmark::race::{Racer, no_gauge};
use benchmark::workload::{Arrival, PAUSE, Scale, Task, Workload, all};
use common::Watchdog;

fn marked_once(racer: &Racer, workers: usize, capacity: usize, arrival: Arrival) {
    let workload = Workload {
        name: "marks".to_owned(),
        workers,
        capacity,
        arrival,
        task: Task::Empty,
    };
    let marks: Vec<AtomicUsize> = (0..workload.tasks()).map(|_| AtomicUsize::new(0)).collect();
    let marks: &'static [AtomicUsize] = marks.leak();
    let task = Task::Mark(marks);
    let measured = (racer.run)(&Workload { task, ..workload }, no_gauge);
    assert_eq!(measured.tasks, marks.len(), "{}", racer.name);
    for (number, mark) in marks.iter().enumerate() {
        assert_eq!(mark.load(SeqCst), 1, "{}: task {number}", racer.name);
    }
}

#[test]
fn one_submitter_has_each_task_run_once() {
    let _watchdog = Watchdog::start();
    for racer in RACERS {
        for workers in [1, 4] {
            let arrival = Arrival::Stream {
                submitters: 1,
                each: 200,
            };
            marked_once(racer, workers, 8, arrival);
        }
    }
}

#[test]
fn many_submitters_have_each_task_run_once() {
    let _watchdog = Watchdog::start();
    for racer in RACERS {
        let arrival = Arrival::Stream {
            submitters: 20,
            each: 10,
        };
        marked_once(racer, 2, 4, arrival);
    }
}

#[test]
fn bursts_and_pings_have_each_task_run_once() {
    let _watchdog = Watchdog::start();
    for racer in RACERS {
        for of in [1, 16] {
            let arrival = Arrival::Bursts {
                bursts: 5,
                of,
                pauses: &[PAUSE],
            };
            marked_once(racer, 2, 4, arrival);
        }
    }
}

#[test]
fn pauses_repeat_and_do_not_count() {
    let _watchdog = Watchdog::start();
    const PAUSE_THAT_SHOWS: Duration = Duration::from_millis(100);
    for racer in RACERS {
        let workload = Workload {
            name: "three pings".to_owned(),
            workers: 2,
            capacity: 4,
            arrival: Arrival::Bursts {
                bursts: 3,
                of: 1,
                pauses: &[PAUSE, PAUSE_THAT_SHOWS],
            },
            task: Task::Empty,
        };
        let start = Instant::now();
        let measured = (racer.run)(&workload, no_gauge);
        let not_counted = start.elapsed() - measured.elapsed;
        assert!(not_counted >= PAUSE_THAT_SHOWS, "{}", racer.name);
        assert_eq!(measured.tasks, 3, "{}", racer.name);
    }
}

#[test]
fn every_workload_can_be_run_by_every_contender() {
    let _watchdog = Watchdog::start();
    for workload in all(Scale::Smoke) {
        for racer in RACERS {
            let measured = (racer.run)(&workload, no_gauge);
            assert!(measured.tasks > 0, "{}: {workload}", racer.name);
            assert!(!measured.elapsed.is_zero(), "{}: {workload}", racer.name);
        }
    }
}

#[test]
fn a_contender_takes_its_threads_with_it() {
    let _watchdog = Watchdog::start();
    for racer in RACERS {
        let before = threads();
        let arrival = Arrival::Stream {
            submitters: 1,
            each: 10,
        };
        marked_once(racer, 64, 4, arrival);
        // Other tests run beside this one and have threads too, though never so many for long; and
        // some contenders cannot join theirs.
        common::until(|| threads() < before + 32);
    }
}

/// The threads of this process; none where the system does not tell.
fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}
