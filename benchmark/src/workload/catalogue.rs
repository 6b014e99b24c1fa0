//! Which workloads there are.

use std::thread;
use std::time::Duration;

use super::{Arrival, CAPTURES, CROWD, Scale, Task, Workload};

/// The numbers of workers for the streams of `wpool`.
pub const WORKERS: [usize; 5] = [1, 2, 4, 8, 16];

/// The numbers of workers where results come back.
const FEW_WORKERS: [usize; 3] = [1, 2, 4];

/// The numbers of workers on a busy machine.
const ON_A_BUSY_MACHINE: [usize; 2] = [1, 2];

/// All workloads. Those of `toy-workerpool` that compute have a worker for each core, then two;
/// where a thousand submitters wait for places, four workers as well.
#[must_use]
pub fn all(scale: Scale) -> Vec<Workload> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut all = streams(scale, cores);
    all.extend(users(scale, cores));
    all.extend(busy(scale, cores));
    all.extend(from_rest(scale, cores));
    all.extend(captured_and_queued(scale, cores));
    all.extend(with_results(scale));
    all
}

/// What can be run in a minute: one number of workers for each name, that of the cores if it is
/// there, and all of them for empty tasks.
#[must_use]
pub fn of_a_minute() -> Vec<Workload> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let all = all(Scale::Quick);
    let is_chosen = |workload: &Workload| {
        let same = all.iter().filter(|other| other.name == workload.name);
        let workers = same.map(|same| same.workers);
        let closest = workers.min_by_key(|workers| workers.abs_diff(cores));
        workload.name == "empty" || closest == Some(workload.workers)
    };
    all.iter()
        .filter(|workload| is_chosen(workload))
        .cloned()
        .collect()
}

/// One submitter, tasks of all lengths.
fn streams(scale: Scale, cores: usize) -> Vec<Workload> {
    let scaled = |size: usize| (size / scale.divisor()).max(1);
    let mut all = Vec::new();
    for (name, tasks, task, capacity) in [
        ("empty", 1_000_000, Task::Empty, 1024),
        ("sha256_4us", 50_000, Task::Sha256, 1024),
        ("sha256_4us_capacity_64", 50_000, Task::Sha256, 64),
        ("cpu_40us", 5_000, Task::Cpu(40), 1024),
        ("cpu_60us_capacity_64", 5_000, Task::Cpu(60), 64),
        ("cpu_100us_capacity_64", 5_000, Task::Cpu(100), 64),
    ] {
        all.extend(WORKERS.map(|workers| Workload {
            capacity,
            ..Workload::stream(name, workers, scaled(tasks), task)
        }));
    }
    let more_than_cores = [4, 8].into_iter().filter(|workers| *workers > cores);
    let workers = std::iter::once(cores).chain(more_than_cores);
    all.extend(workers.map(|w| Workload::stream("skewed", w, scaled(100_000), Task::Skewed)));
    all
}

/// Those of `toy-workerpool`, and more submitters of empty tasks.
fn users(scale: Scale, cores: usize) -> Vec<Workload> {
    let one_or_two_for_each_core = [cores, cores * 2];
    let mut all = Vec::new();
    let sizes = [
        ("U1_T1M", (1, 1_000_000)),
        ("U100_T10K", (100, 10_000)),
        ("U1K_T1K", (1_000, 1_000)),
    ];
    for (users, size) in sizes {
        for (name, task) in [
            ("IsPrime_2to100", Task::IsPrime2To100),
            ("Fibonacci_15", Task::Fibonacci15),
        ] {
            let name = format!("{users}_{name}");
            if name == CROWD {
                continue;
            }
            let divisor = scale.divisor_of_a_million();
            all.extend(
                one_or_two_for_each_core
                    .map(|workers| Workload::users(&name, size, workers, task, divisor)),
            );
        }
    }
    let crowd = |workers| {
        let (task, divisor) = (Task::IsPrime2To100, scale.divisor_of_a_crowd());
        Workload::users(CROWD, (1_000, 1_000), workers, task, divisor)
    };
    let mut workers = vec![cores, 4, cores * 2];
    workers.sort_unstable();
    workers.dedup();
    all.extend(workers.iter().map(|workers| crowd(*workers)));
    all.extend(
        workers
            .iter()
            .map(|workers| crowd(*workers).with_capacity(1024)),
    );
    let divisor = scale.divisor();
    for (name, size) in [
        ("U16_T10K_empty", (16, 10_000)),
        ("U100_T1K_empty", (100, 1_000)),
    ] {
        all.extend(
            one_or_two_for_each_core
                .map(|workers| Workload::users(name, size, workers, Task::Empty, divisor)),
        );
    }
    all.push(Workload::users(
        "U1_T10K_Sleep_10ms",
        (1, 10_000),
        100,
        Task::Sleep10Ms,
        divisor,
    ));
    all
}

/// Beside threads that keep all cores busy.
fn busy(scale: Scale, cores: usize) -> Vec<Workload> {
    let mut all = Vec::new();
    for (times, suffix) in [(1, "x1"), (2, "x2")] {
        let spinning = |name: &str, capacity, one_at_a_time| {
            let arrival = Arrival::Busy {
                spinners: cores * times,
                time: scale.time(),
                one_at_a_time,
            };
            ON_A_BUSY_MACHINE.map(|workers| Workload {
                capacity,
                arrival,
                ..Workload::stream(name, workers, 0, Task::Empty)
            })
        };
        for capacity in [1, 64] {
            let name = format!("busy_machine_{suffix}_capacity_{capacity}");
            all.extend(spinning(&name, capacity, false));
        }
        all.extend(spinning(&format!("busy_round_trip_{suffix}"), 64, true));
    }
    all
}

/// When nobody is at work.
fn from_rest(scale: Scale, cores: usize) -> Vec<Workload> {
    let scaled = |size: usize| (size / scale.divisor()).max(1);
    let one_or_two_for_each_core = [cores, cores * 2];
    let mut all = Vec::new();
    for (name, task, of, bursts, pauses) in [
        ("burst_from_rest", Task::Sha256, 64, scaled(600), AT_REST),
        ("idle_ping_pong", Task::Empty, 1, scaled(4000), AT_REST),
        (
            "one_task_after_10ms",
            Task::Empty,
            1,
            scaled(200),
            LONG_AT_REST,
        ),
    ] {
        all.push(Workload::bursts(name, cores, task, (bursts, of, pauses)));
    }
    for (name, of, times, pauses) in [
        ("burst_idle_burst", 64, scaled(40), BURST_IDLE_BURST),
        ("flapping", 16, scaled(20), FLAPPING),
    ] {
        let bursts = (times * pauses.len(), of, pauses);
        all.extend(
            one_or_two_for_each_core
                .map(|workers| Workload::bursts(name, workers, Task::Sha256, bursts)),
        );
    }
    all
}

/// What a task carries, and what it takes to wait.
fn captured_and_queued(scale: Scale, cores: usize) -> Vec<Workload> {
    let tasks = (200_000 / scale.divisor()).max(1);
    let mut all = Vec::from(CAPTURES.map(|bytes| {
        let name = format!("captures_{bytes}_bytes");
        Workload::stream(&name, cores, tasks, Task::Capturing(bytes))
    }));
    let most = match scale {
        Scale::Full | Scale::Default => 1_000_000,
        Scale::Quick => 10_000,
        Scale::Smoke => 1_000,
    };
    let queued = [1_000, 10_000, 100_000, 1_000_000].into_iter();
    all.extend(
        queued
            .take_while(|tasks| *tasks <= most)
            .map(|tasks| Workload {
                capacity: tasks,
                arrival: Arrival::Queued { tasks },
                ..Workload::stream(&format!("queued_{tasks}"), 1, 0, Task::Empty)
            }),
    );
    all
}

/// Where what a task returns is wanted.
fn with_results(scale: Scale) -> Vec<Workload> {
    let scaled = |size: usize| (size / scale.divisor()).max(1);
    let joined = |times, of| Arrival::Joined {
        times: scaled(times),
        of,
    };
    let mapped = |of| Arrival::Mapped {
        times: 1,
        of: scaled(of),
    };
    let forked = |times, n| Arrival::Forked {
        times: scaled(times),
        n,
    };
    let sorted = Arrival::Sorted {
        times: 1,
        of: scaled(1_000_000),
    };
    let mut all = Vec::new();
    for (name, task, arrival) in [
        ("round_trip", Task::Empty, joined(40_000, 1)),
        ("spawn_1000_then_join", Task::Empty, joined(400, 1000)),
        ("map_cheap", Task::Empty, mapped(20_000_000)),
        ("map_4us", Task::Sha256, mapped(50_000)),
        ("fork_join_fib_18", Task::Empty, forked(200, 18)),
        (
            "fork_join_fib_12_leaves_of_4us",
            Task::Sha256,
            forked(200, 12),
        ),
        ("quicksort", Task::Empty, sorted),
    ] {
        all.extend(FEW_WORKERS.map(|workers| Workload {
            arrival,
            ..Workload::stream(name, workers, 0, task)
        }));
    }
    all
}

impl Workload {
    /// One submitter and as many tasks as it takes: the names of these state no size.
    fn stream(name: &str, workers: usize, tasks: usize, task: Task) -> Workload {
        let (name, capacity) = (name.to_owned(), 1024);
        let each = tasks;
        let arrival = Arrival::Stream {
            submitters: 1,
            each,
        };
        Workload {
            name,
            workers,
            capacity,
            arrival,
            task,
        }
    }

    /// So many bursts of so many tasks, with pauses before them.
    fn bursts(
        name: &str,
        workers: usize,
        task: Task,
        (bursts, of, pauses): (usize, usize, &'static [Duration]),
    ) -> Workload {
        let arrival = Arrival::Bursts { bursts, of, pauses };
        Workload {
            arrival,
            ..Workload::stream(name, workers, 0, task)
        }
    }

    /// The same with another number of places, which its name says.
    fn with_capacity(self, capacity: usize) -> Workload {
        let (base, scale) = self.name.split_at(self.base().len());
        Workload {
            name: format!("{base}_capacity_{capacity}{scale}"),
            capacity,
            ..self
        }
    }

    /// A workload of `toy-workerpool`, whose queue has room for a tenth of the tasks.
    fn users(
        name: &str,
        (submitters, each): (usize, usize),
        workers: usize,
        task: Task,
        divisor: usize,
    ) -> Workload {
        let scaled = (each / divisor).max(1);
        let name = match each / scaled {
            1 => name.to_owned(),
            less => format!("{name}/{less}"),
        };
        Workload {
            name,
            workers,
            capacity: (submitters * scaled).div_ceil(10),
            arrival: Arrival::Stream {
                submitters,
                each: scaled,
            },
            task,
        }
    }
}

/// Idle workers sleep after so long: those that spin for new tasks give up well before.
pub const PAUSE: Duration = Duration::from_micros(300);

/// After so long, an idle thread leaves a contender that lets threads go. Much shorter than anybody
/// would choose, so that the races need not pause for seconds.
pub const IDLE_TIMEOUT: Duration = Duration::from_millis(2);

const AT_REST: &[Duration] = &[PAUSE];

/// The cores have gone to sleep as well, as far as they do.
const LONG_AT_REST: &[Duration] = &[Duration::from_millis(10)];

/// Before the one burst, all threads are there; before the other, all have had time to leave.
const BURST_IDLE_BURST: &[Duration] = &[PAUSE, quarters_of_idle_timeout(12)];

/// The pauses get shorter and longer, from twice the idle timeout to half of it and back: in the
/// long ones, threads leave that the next burst needs.
const FLAPPING: &[Duration] = &[
    quarters_of_idle_timeout(8),
    quarters_of_idle_timeout(5),
    quarters_of_idle_timeout(4),
    quarters_of_idle_timeout(3),
    quarters_of_idle_timeout(2),
    quarters_of_idle_timeout(3),
    quarters_of_idle_timeout(4),
    quarters_of_idle_timeout(5),
];

const fn quarters_of_idle_timeout(quarters: u64) -> Duration {
    Duration::from_micros(IDLE_TIMEOUT.as_micros() as u64 * quarters / 4)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::super::{Arrival, CROWD, Scale, Workload};
    use super::{all, of_a_minute};

    #[test]
    fn names_say_the_scale() {
        let full: Vec<_> = all(Scale::Full).into_iter().map(|w| w.name).collect();
        assert!(full.contains(&"U1_T1M_IsPrime_2to100".to_owned()));
        assert!(full.contains(&"U1K_T1K_Fibonacci_15".to_owned()));
        let default: Vec<_> = all(Scale::Default).into_iter().map(|w| w.name).collect();
        assert!(default.contains(&"U1_T1M_IsPrime_2to100/250".to_owned()));
        assert!(default.contains(&"U1K_T1K_Fibonacci_15/250".to_owned()));
    }

    #[test]
    fn a_full_million_is_a_million() {
        for workload in all(Scale::Full) {
            let computes = ["IsPrime", "Fibonacci"].map(|task| workload.name.contains(task));
            if computes.contains(&true) {
                assert_eq!(workload.tasks(), Some(1_000_000), "{workload}");
                let few_places = workload.name.ends_with("_capacity_1024");
                let capacity = if few_places { 1024 } else { 100_000 };
                assert_eq!(workload.capacity, capacity, "{workload}");
            }
        }
    }

    #[test]
    fn computing_users_have_as_many_workers_as_cores_and_twice_as_many() {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        for name in ["U1_T1M_Fibonacci_15", "U1K_T1K_Fibonacci_15"] {
            let workloads = all(Scale::Full).into_iter().filter(|w| w.name == name);
            let workers: Vec<_> = workloads.map(|w| w.workers).collect();
            assert_eq!(workers, [cores, cores * 2], "{name}");
        }
    }

    #[test]
    fn a_crowd_has_many_more_tasks_than_places() {
        let default = all(Scale::Default).into_iter();
        let crowds: Vec<_> = default.filter(|w| w.name.starts_with(CROWD)).collect();
        assert!(
            crowds
                .iter()
                .any(|w| w.name == format!("{CROWD}_capacity_1024/10"))
        );
        assert!(crowds.iter().filter(|w| w.workers == 4).count() == 2);
        for workload in crowds {
            assert!(
                workload.tasks() >= Some(10 * workload.capacity),
                "{workload}"
            );
        }
    }

    #[test]
    fn an_ideal_pool_sleeps_in_full_waves() {
        let mut sleeping = all(Scale::Default).into_iter();
        let workload = sleeping.find(|w| w.name.contains("Sleep")).unwrap();
        assert_eq!(workload.workers, 100);
        assert_eq!(workload.ideal_per_task(), Some(100_000.0));
        assert_eq!(all(Scale::Default)[0].ideal_per_task(), None);
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = all(Scale::Quick).iter().map(ToString::to_string).collect();
        names.sort();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn results_come_back_to_one_two_and_four_workers_and_all_that_is_spawned_has_a_place() {
        for name in ["round_trip", "spawn_1000_then_join", "fork_join_fib_18"] {
            let workloads = all(Scale::Default).into_iter().filter(|w| w.name == name);
            let workloads: Vec<_> = workloads.collect();
            let workers: Vec<_> = workloads.iter().map(|w| w.workers).collect();
            assert_eq!(workers, [1, 2, 4], "{name}");
            for workload in workloads {
                if let Arrival::Joined { of, .. } = workload.arrival {
                    assert!(of <= workload.capacity, "{workload}");
                }
            }
        }
    }

    #[test]
    fn a_run_of_a_minute_has_every_name_once_and_empty_tasks_with_all_numbers_of_workers() {
        let names = |workloads: Vec<Workload>| {
            let mut names: Vec<_> = workloads.iter().map(|w| w.base().to_owned()).collect();
            names.dedup();
            names
        };
        let quick = names(of_a_minute());
        let missing: Vec<_> = names(all(Scale::Default))
            .into_iter()
            .filter(|name| !quick.contains(name))
            .collect();
        assert_eq!(missing, ["queued_100000", "queued_1000000"]);
        for name in &quick {
            let workloads = of_a_minute().into_iter().filter(|w| w.base() == name);
            let count = if name == "empty" { 5 } else { 1 };
            assert_eq!(workloads.count(), count, "{name}");
        }
    }

    #[test]
    fn on_a_busy_machine_all_cores_are_busy_once_and_twice() {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let spinners = |name: &str| {
            let mut workloads = all(Scale::Default).into_iter().filter(|w| w.name == name);
            match workloads.next().map(|workload| workload.arrival) {
                Some(Arrival::Busy { spinners, .. }) => spinners,
                other => panic!("{name}: {other:?}"),
            }
        };
        assert_eq!(spinners("busy_machine_x1_capacity_1"), cores);
        assert_eq!(spinners("busy_round_trip_x2"), cores * 2);
    }
}
