//! Every contender does the work it is given, all of it and once, whatever the shape.

#[path = "../../v1-fixed/tests/common/mod.rs"]
mod common;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use benchmark::contenders::{FORKERS, JOINERS, RACERS, racers};
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

/// The race itself checks that each handle gives the result of its own task.
#[test]
fn spawned_tasks_run_once_and_each_is_joined() {
    let _watchdog = Watchdog::start();
    for racer in JOINERS {
        for (workers, of) in [(1, 1), (4, 1), (1, 40), (4, 40)] {
            // A pool with a bound has places for fewer than are spawned.
            marked_once(racer, workers, 8, Arrival::Joined { times: 5, of });
        }
    }
}

/// The race itself checks what comes out.
#[test]
fn tasks_that_wait_for_their_own_tasks_come_to_an_end_on_few_workers() {
    let _watchdog = Watchdog::start();
    for racer in FORKERS {
        for workers in [1, 2, 4] {
            let workload = Workload {
                name: "forks".to_owned(),
                workers,
                capacity: 2,
                arrival: Arrival::Forked { times: 3, n: 10 },
                task: Task::Empty,
            };
            let measured = (racer.run)(&workload, no_gauge);
            assert_eq!(measured.tasks, 3 * 88, "{}: {workload}", racer.name);
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
#[ignore = "takes ten seconds: run by `cargo deep`"]
fn every_workload_can_be_run_by_every_contender() {
    let _watchdog = Watchdog::start();
    for workload in all(Scale::Smoke) {
        for racer in racers(workload.arrival) {
            let measured = (racer.run)(&workload, no_gauge);
            assert!(measured.tasks > 0, "{}: {workload}", racer.name);
            assert!(!measured.elapsed.is_zero(), "{}: {workload}", racer.name);
        }
    }
}

#[test]
fn a_contender_takes_its_threads_with_it() {
    let _watchdog = Watchdog::start();
    let executed = Arrival::Stream {
        submitters: 1,
        each: 10,
    };
    let joined = Arrival::Joined { times: 10, of: 1 };
    let all = RACERS.iter().map(|racer| (racer, executed));
    let all = all.chain(JOINERS.iter().map(|racer| (racer, joined)));
    for (racer, arrival) in all {
        let before = threads();
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
