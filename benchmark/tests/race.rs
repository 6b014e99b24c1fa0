//! Every contender does the work it is given, all of it and once, whatever the shape.

#[path = "../../v1-fixed/tests/common/mod.rs"]
mod common;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use benchmark::contenders::{JOINERS, racers};
use benchmark::race::{Racer, no_gauge};
use benchmark::workload::{Arrival, PAUSE, Scale, Task, Workload, all};
use common::Watchdog;

fn workload(workers: usize, capacity: usize, arrival: Arrival) -> Workload {
    Workload {
        name: "marks".to_owned(),
        workers,
        capacity,
        arrival,
        task: Task::Empty,
    }
}

/// As many marks as there are tasks, and who sets them.
fn marking(tasks: usize) -> (&'static [AtomicUsize], Task) {
    let marks: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
    let marks: &'static [AtomicUsize] = marks.leak();
    (marks, Task::Mark(marks))
}

fn marked_once(racer: &Racer, workers: usize, capacity: usize, arrival: Arrival) {
    let workload = workload(workers, capacity, arrival);
    let (marks, task) = marking(workload.tasks().expect("no time is set"));
    let measured = (racer.run)(&Workload { task, ..workload }, no_gauge);
    assert_eq!(measured.tasks, marks.len(), "{}", racer.name);
    for (number, mark) in marks.iter().enumerate() {
        assert_eq!(mark.load(SeqCst), 1, "{}: task {number}", racer.name);
    }
}

#[test]
fn one_submitter_has_each_task_run_once() {
    let _watchdog = Watchdog::start();
    let arrival = Arrival::Stream {
        submitters: 1,
        each: 200,
    };
    for racer in racers(arrival) {
        for workers in [1, 4] {
            marked_once(&racer, workers, 8, arrival);
        }
    }
}

#[test]
fn many_submitters_have_each_task_run_once() {
    let _watchdog = Watchdog::start();
    let arrival = Arrival::Stream {
        submitters: 20,
        each: 10,
    };
    for racer in racers(arrival) {
        marked_once(&racer, 2, 4, arrival);
    }
}

#[test]
fn bursts_and_pings_have_each_task_run_once_and_are_timed_one_by_one() {
    let _watchdog = Watchdog::start();
    for of in [1, 16] {
        let arrival = Arrival::Bursts {
            bursts: 5,
            of,
            pauses: &[PAUSE],
        };
        for racer in racers(arrival) {
            marked_once(&racer, 2, 4, arrival);
            let measured = (racer.run)(&workload(2, 4, arrival), no_gauge);
            assert_eq!(measured.times().len(), 5, "{}", racer.name);
            let sum: f64 = measured.times().iter().sum();
            assert_eq!(sum, measured.elapsed.as_nanos() as f64, "{}", racer.name);
        }
    }
}

#[test]
fn tasks_that_gather_run_once_when_their_worker_is_let_go() {
    let _watchdog = Watchdog::start();
    let arrival = Arrival::Queued { tasks: 100 };
    for racer in racers(arrival) {
        for workers in [1, 3] {
            marked_once(&racer, workers, 100, arrival);
        }
    }
}

/// A task may be under way when the time is over.
#[test]
fn on_a_busy_machine_what_is_done_in_time_counts_and_all_of_it_is_done_once() {
    let _watchdog = Watchdog::start();
    const MOST: usize = 1_000_000;
    for one_at_a_time in [false, true] {
        let arrival = Arrival::Busy {
            spinners: 2,
            time: Duration::from_millis(2),
            one_at_a_time,
        };
        for racer in racers(arrival) {
            let (marks, task) = marking(MOST);
            let workload = workload(2, 4, arrival);
            let measured = (racer.run)(&Workload { task, ..workload }, no_gauge);
            let run: usize = marks.iter().map(|mark| mark.load(SeqCst)).sum();
            assert!(run >= measured.tasks, "{}", racer.name);
            assert!(
                marks.iter().all(|mark| mark.load(SeqCst) < 2),
                "{}",
                racer.name
            );
            let timed = if one_at_a_time { measured.tasks } else { 0 };
            assert_eq!(measured.times().len(), timed, "{}", racer.name);
            assert!(measured.tasks > 0, "{}", racer.name);
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
    for (arrival, tasks) in [
        (Arrival::Forked { times: 3, n: 10 }, 3 * 88),
        (Arrival::Sorted { times: 2, of: 9000 }, 2 * 9000),
    ] {
        for racer in racers(arrival) {
            for workers in [1, 2, 4] {
                let workload = workload(workers, 2, arrival);
                let measured = (racer.run)(&workload, no_gauge);
                assert_eq!(measured.tasks, tasks, "{}: {workload}", racer.name);
            }
        }
    }
}

/// So does this one, the order included.
#[test]
fn a_list_comes_back_in_its_order() {
    let _watchdog = Watchdog::start();
    let arrival = Arrival::Mapped { times: 3, of: 500 };
    for racer in racers(arrival) {
        for workers in [1, 4] {
            let measured = (racer.run)(&workload(workers, 2, arrival), no_gauge);
            assert_eq!(measured.tasks, 1500, "{}", racer.name);
        }
    }
}

#[test]
fn pauses_repeat_and_do_not_count() {
    let _watchdog = Watchdog::start();
    const PAUSE_THAT_SHOWS: Duration = Duration::from_millis(100);
    let arrival = Arrival::Bursts {
        bursts: 3,
        of: 1,
        pauses: &[PAUSE, PAUSE_THAT_SHOWS],
    };
    for racer in racers(arrival) {
        let start = Instant::now();
        let measured = (racer.run)(&workload(2, 4, arrival), no_gauge);
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
    let of = |arrival| {
        racers(arrival)
            .into_iter()
            .map(move |racer| (racer, arrival))
    };
    let all = of(executed).chain(of(joined));
    for (racer, arrival) in all {
        let before = threads();
        marked_once(&racer, 64, 4, arrival);
        // Other tests run beside this one and have threads too, though never so many for long; and
        // some contenders cannot join theirs.
        common::until(|| threads() < before + 32);
    }
}

/// The threads of this process; none where the system does not tell.
fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}
