//! What the contenders are given to do, by names that stay.
//!
//! `U1_T1M`, `U100_T10K` and `U1K_T1K`, with what their tasks do, are those of the Go project
//! `toy-workerpool`: so many submitters ("users") times so many tasks. The streams of empty tasks,
//! of hashes and of 40 us of computing are those of `wpool`. `burst_idle_burst` and `flapping` are for
//! pools that let idle threads go: their pauses are measured in [`IDLE_TIMEOUT`]s. `round_trip`,
//! `spawn_1000_then_join` and `fork_join_fib_18` are for pools that give results back. A name that
//! states how many tasks there are also says when these are scaled down: `U1_T1M_Fibonacci_15/250` has
//! one in 250 of the million.

use std::fmt;
use std::hint::black_box;
use std::sync::OnceLock;
use std::sync::atomic::AtomicUsize;
use std::thread;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

/// Some work for a pool of some size.
#[derive(Clone, Debug)]
pub struct Workload {
    /// What it is called, the scale included.
    pub name: String,
    /// Worker threads.
    pub workers: usize,
    /// Places in the queue, for who has a bound.
    pub capacity: usize,
    /// How the tasks arrive.
    pub arrival: Arrival,
    /// What each of them does.
    pub task: Task,
}

/// How tasks arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// As fast as they are accepted, from all submitters side by side.
    Stream {
        /// Threads that submit.
        submitters: usize,
        /// Tasks of each of them.
        each: usize,
    },
    /// Together, to idle workers; the next ones when these are done and a pause has passed. Only the
    /// time from the first submission of a burst to its last ending counts. A burst of one is a ping.
    Bursts {
        /// How often.
        bursts: usize,
        /// Tasks in each.
        of: usize,
        /// What passes before each burst, over and over. A time of at least [`PAUSE`] lets all
        /// workers fall asleep.
        pauses: &'static [Duration],
    },
    /// From a submitter who wants the results. So many tasks are spawned, and then they are joined in the same
    /// order. One at a time is a round trip.
    Joined {
        /// How often.
        times: usize,
        /// Tasks at a time.
        of: usize,
    },
    /// From within: tasks that spawn and join others, which do the same, down to the first two Fibonacci
    /// numbers. Each step of that counts as a task. There is nothing else for them to do, so these are
    /// [`Task::Empty`].
    Forked {
        /// How often.
        times: usize,
        /// Which Fibonacci number.
        n: u32,
    },
}

/// What a task does.
#[derive(Clone, Copy, Debug)]
pub enum Task {
    /// Nothing. It captures a number, so that boxing it allocates, as it does for any real task.
    Empty,
    /// Hashes for about 4 us.
    Sha256,
    /// Computes for about 40 us.
    Cpu,
    /// Computes for about 1 us, but for about 100 us in one of 64 tasks.
    Skewed,
    /// Tests the numbers from 2 to 100 for being prime.
    IsPrime2To100,
    /// The 15th Fibonacci number by its definition.
    Fibonacci15,
    /// Sleeps for 10 ms.
    Sleep10Ms,
    /// Adds one to the mark with the task's number: for tests.
    Mark(&'static [AtomicUsize]),
}

/// How much of the work to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// As the names say; the thread-bound contenders take minutes for a round.
    Full,
    /// Enough for ratios that can be believed.
    Default,
    /// Enough to see the order.
    Quick,
    /// Enough to see that it works.
    Smoke,
}

impl Scale {
    const fn divisor(self) -> usize {
        match self {
            Scale::Full => 1,
            Scale::Default => 20,
            Scale::Quick => 100,
            Scale::Smoke => 1000,
        }
    }

    /// For a million tasks: there are twelve such workloads, and with a thousand submitters that wait
    /// for places each task takes its time. Divides a thousand, so that each submitter has its share.
    const fn divisor_of_a_million(self) -> usize {
        match self {
            Scale::Default => 250,
            Scale::Quick => 500,
            other => other.divisor(),
        }
    }

    /// For a thousand submitters that are to wait for places: each has a hundred tasks by default, so that
    /// most of the time is spent after the queue has filled up.
    const fn divisor_of_a_crowd(self) -> usize {
        match self {
            Scale::Default => 10,
            Scale::Quick => 50,
            other => other.divisor(),
        }
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} w={}", self.name, self.workers)
    }
}

impl Workload {
    /// How many tasks that are.
    #[must_use]
    pub fn tasks(&self) -> usize {
        match self.arrival {
            Arrival::Stream { submitters, each } => submitters * each,
            Arrival::Bursts { bursts, of, .. } => bursts * of,
            Arrival::Joined { times, of } => times * of,
            Arrival::Forked { times, n } => times * forks(n),
        }
    }

    /// The name without the scale.
    #[must_use]
    pub fn base(&self) -> &str {
        self.name.split('/').next().unwrap_or(&self.name)
    }

    /// It is run in one of so many rounds, unless it is what is asked for: a crowd takes as long as twenty
    /// other workloads together.
    #[must_use]
    pub fn one_round_in(&self) -> usize {
        if self.name.starts_with(CROWD) { 10 } else { 1 }
    }

    /// How long the work would take for each task, in nanoseconds, if nothing but sleeping took time; nothing if
    /// its tasks do not sleep.
    #[must_use]
    pub fn ideal_per_task(&self) -> Option<f64> {
        match self.task {
            Task::Sleep10Ms => {
                let waves = self.tasks().div_ceil(self.workers);
                Some(waves as f64 * 10e6 / self.tasks() as f64)
            }
            _ => None,
        }
    }

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

    /// Tasks that do nothing but give a result back.
    fn with_results(name: &str, workers: usize, arrival: Arrival) -> Workload {
        Workload {
            arrival,
            ..Workload::stream(name, workers, 0, Task::Empty)
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

/// The numbers of workers for the streams of `wpool`.
pub const WORKERS: [usize; 5] = [1, 2, 4, 8, 16];

/// The numbers of workers where results come back.
const FEW_WORKERS: [usize; 3] = [1, 2, 4];

/// The workload whose submitters wait for places most of the time.
const CROWD: &str = "U1K_T1K_IsPrime_2to100";

/// All workloads. Those of `toy-workerpool` that compute have a worker for each core, then two; where
/// a thousand submitters wait for places, four workers as well.
#[must_use]
pub fn all(scale: Scale) -> Vec<Workload> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let one_or_two_for_each_core = [cores, cores * 2];
    let divisor = scale.divisor();
    let scaled = |size: usize| (size / divisor).max(1);
    let mut all = Vec::new();
    let streams = [
        ("empty", scaled(1_000_000), Task::Empty),
        ("sha256_4us", scaled(50_000), Task::Sha256),
        ("cpu_40us", scaled(5_000), Task::Cpu),
    ];
    for (name, tasks, task) in streams {
        all.extend(WORKERS.map(|workers| Workload::stream(name, workers, tasks, task)));
    }
    let more_than_cores = [4, 8].into_iter().filter(|workers| *workers > cores);
    all.extend(
        std::iter::once(cores)
            .chain(more_than_cores)
            .map(|workers| Workload::stream("skewed", workers, scaled(100_000), Task::Skewed)),
    );
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
    for (name, size) in [
        ("U16_T10K_empty", (16, 10_000)),
        ("U100_T1K_empty", (100, 1_000)),
    ] {
        all.extend(
            one_or_two_for_each_core
                .map(|workers| Workload::users(name, size, workers, Task::Empty, divisor)),
        );
    }
    let size = (1, 10_000);
    all.push(Workload::users(
        "U1_T10K_Sleep_10ms",
        size,
        100,
        Task::Sleep10Ms,
        divisor,
    ));
    for (name, task, of, bursts) in [
        ("burst_of_64", Task::Sha256, 64, scaled(600)),
        ("idle_ping_pong", Task::Empty, 1, scaled(4000)),
    ] {
        let pauses: &[_] = &[PAUSE];
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
    for (name, arrival) in [
        (
            "round_trip",
            Arrival::Joined {
                times: scaled(40_000),
                of: 1,
            },
        ),
        (
            "spawn_1000_then_join",
            Arrival::Joined {
                times: scaled(400),
                of: 1000,
            },
        ),
        (
            "fork_join_fib_18",
            Arrival::Forked {
                times: scaled(200),
                n: 18,
            },
        ),
    ] {
        all.extend(FEW_WORKERS.map(|workers| Workload::with_results(name, workers, arrival)));
    }
    all
}

/// Idle workers sleep after so long: those that spin for new tasks give up well before.
pub const PAUSE: Duration = Duration::from_micros(300);

/// After so long, an idle thread leaves a contender that lets threads go. Much shorter than anybody
/// would choose, so that the races need not pause for seconds.
pub const IDLE_TIMEOUT: Duration = Duration::from_millis(2);

/// Before the one burst, all threads are there; before the other, all have had time to leave.
const BURST_IDLE_BURST: &[Duration] = &[PAUSE, quarters_of_idle_timeout(12)];

/// The pauses get shorter and longer, from twice the idle timeout to half of it and back: in the long
/// ones, threads leave that the next burst needs.
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

/// What takes about 4 us to hash on this machine.
pub(crate) fn bytes_to_hash() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| {
        let kibibyte = vec![0x5a; 1024];
        let time = shortest(|| hash(&kibibyte));
        vec![0x5a; (1024.0 * 4000.0 / time) as usize]
    })
}

pub(crate) fn hash(bytes: &[u8]) {
    black_box(Sha256::digest(black_box(bytes)));
}

/// How many steps of [`compute`] take about a microsecond on this machine.
pub(crate) fn steps_per_microsecond() -> u64 {
    static STEPS: OnceLock<u64> = OnceLock::new();
    *STEPS.get_or_init(|| {
        let time = shortest(|| compute(1000));
        (1000.0 * 1000.0 / time).max(1.0) as u64
    })
}

/// Steps that need each other's result, and no memory.
pub(crate) fn compute(steps: u64) {
    let mut state = black_box(0x9e37_79b9_7f4a_7c15_u64);
    for _ in 0..steps {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    black_box(state);
}

pub(crate) fn primes_2_to_100() {
    let is_prime = |number: u32| (2..number).all(|divisor| !number.is_multiple_of(divisor));
    black_box((2..=black_box(100)).filter(|&n| is_prime(n)).count());
}

pub(crate) fn fibonacci(n: u32) -> u32 {
    if n < 2 {
        return n;
    }
    fibonacci(black_box(n) - 1) + fibonacci(n - 2)
}

/// In how many steps of [`fibonacci`] there are two numbers to add.
pub(crate) fn forks(n: u32) -> usize {
    fibonacci(n + 1) as usize - 1
}

/// Nanoseconds of a call, as it takes when nothing comes between.
fn shortest(work: impl Fn()) -> f64 {
    const CALLS: u32 = 20;
    let time = || {
        let start = Instant::now();
        (0..CALLS).for_each(|_| work());
        start.elapsed()
    };
    let shortest = (0..200).map(|_| time()).min().unwrap_or_default();
    (shortest / CALLS).as_nanos().max(1) as f64
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::{Arrival, CROWD, Scale, all, fibonacci, forks};

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
                assert_eq!(workload.tasks(), 1_000_000, "{workload}");
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
            assert!(workload.tasks() >= 10 * workload.capacity, "{workload}");
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
    fn the_fifteenth_fibonacci_number_is_610() {
        assert_eq!(fibonacci(15), 610);
    }

    #[test]
    fn a_fork_is_a_step_with_two_numbers_to_add() {
        fn counted(n: u32) -> usize {
            if n < 2 {
                return 0;
            }
            1 + counted(n - 1) + counted(n - 2)
        }
        for n in [1, 2, 3, 10] {
            assert_eq!(forks(n), counted(n), "{n}");
        }
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
}
