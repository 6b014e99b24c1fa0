//! What the contenders are given to do, by names that stay.
//!
//! - `U1_T1M`, `U100_T10K` and `U1K_T1K`, with what their tasks do, are those of the Go project
//!   `toy-workerpool`: so many submitters ("users") times so many tasks. A name that states how
//!   many tasks there are also says when these are scaled down: `U1_T1M_Fibonacci_15/250` has one
//!   in 250 of the million.
//! - The streams of empty tasks, of hashes and of 40 us of computing are those of `wpool`: one
//!   submitter, 1024 places unless the name says `capacity_64`, and up to 16 workers.
//! - `busy_machine` and `busy_round_trip` run beside threads that keep all cores busy: as many of
//!   them as there are cores (`x1`), or twice as many (`x2`). The first is a stream, in the second
//!   one task at a time goes there and back. They last for a set time.
//! - `idle_ping_pong`, `one_task_after_10ms` and `burst_from_rest` find all workers asleep. They
//!   tell the median and the 99th percentile of what one ping or one burst takes.
//! - `burst_idle_burst` and `flapping` are for pools that let idle threads go: their pauses are
//!   measured in [`IDLE_TIMEOUT`]s.
//! - `captures_16_bytes` and the others move so much with each task.
//! - `queued_1000` and the others let tasks gather before the first one runs. They tell what memory
//!   a waiting task takes, where allocations are counted.
//! - `round_trip`, `spawn_1000_then_join`, `map`, `fork_join` and `quicksort` are for pools that
//!   give results back.

mod catalogue;
mod work;

use std::fmt;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

pub use catalogue::{IDLE_TIMEOUT, PAUSE, WORKERS, all, of_a_minute};
pub(crate) use work::*;

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
    /// Together, to idle workers; the next ones when these are done and a pause has passed. Only
    /// the time from the first submission of a burst to its last ending counts. A burst of one is a
    /// ping.
    Bursts {
        /// How often.
        bursts: usize,
        /// Tasks in each.
        of: usize,
        /// What passes before each burst, over and over. A time of at least [`PAUSE`] lets all
        /// workers fall asleep.
        pauses: &'static [Duration],
    },
    /// From one submitter and for a set time, beside other threads that keep cores busy. What is
    /// done when the time is over counts.
    Busy {
        /// Threads that spin.
        spinners: usize,
        /// How long.
        time: Duration,
        /// Each task is submitted when the one before it is done. Else they come as fast as they
        /// are accepted.
        one_at_a_time: bool,
    },
    /// From one submitter, while every worker is held by a task. Then they are let go.
    Queued {
        /// Tasks that wait in the queue at that moment.
        tasks: usize,
    },
    /// From a submitter who wants the results. So many tasks are spawned, and then they are joined
    /// in the same order. One at a time is a round trip.
    Joined {
        /// How often.
        times: usize,
        /// Tasks at a time.
        of: usize,
    },
    /// As a list of items, to each of which the task is applied. The results are wanted in the same
    /// order.
    Mapped {
        /// How often.
        times: usize,
        /// Items in the list.
        of: usize,
    },
    /// From within: tasks that spawn and join others, which do the same, down to the first two
    /// Fibonacci numbers. Each step of that counts as a task, and the workload's task is done at
    /// its end: for each of those first numbers.
    Forked {
        /// How often.
        times: usize,
        /// Which Fibonacci number.
        n: u32,
    },
    /// As a slice of numbers, to be sorted: tasks part it in two and fork, down to slices of some
    /// thousand. Each number counts as a task. What the workload's task is does not matter.
    Sorted {
        /// How often.
        times: usize,
        /// Numbers.
        of: usize,
    },
}

/// What a task does.
#[derive(Clone, Copy, Debug)]
pub enum Task {
    /// Nothing. It captures a number, so that boxing it allocates, as it does for any real task.
    Empty,
    /// Nothing, and it captures so many bytes: one of [`CAPTURES`].
    Capturing(usize),
    /// Hashes for about 4 us.
    Sha256,
    /// Computes for about so many microseconds.
    Cpu(u64),
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

/// How much a [`Task::Capturing`] can capture.
pub const CAPTURES: [usize; 5] = [16, 64, 256, 1024, 4096];

/// How much of the work to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// As the names say; the thread-bound contenders take minutes for a round.
    Full,
    /// Enough for ratios that can be believed.
    Default,
    /// Enough to see the order. Only one number of workers for each workload, except for empty
    /// tasks.
    Quick,
    /// Enough to see that it works.
    Smoke,
}

impl Scale {
    const fn divisor(self) -> usize {
        match self {
            Scale::Full => 1,
            Scale::Default => 20,
            Scale::Quick => 200,
            Scale::Smoke => 1000,
        }
    }

    /// For a million tasks: there are twelve such workloads, and with a thousand submitters that
    /// wait for places each task takes its time. Divides a thousand, so that each submitter has its
    /// share.
    const fn divisor_of_a_million(self) -> usize {
        match self {
            Scale::Default => 250,
            Scale::Quick => 1000,
            other => other.divisor(),
        }
    }

    /// For a thousand submitters that are to wait for places: each has a hundred tasks by default,
    /// so that most of the time is spent after the queue has filled up.
    const fn divisor_of_a_crowd(self) -> usize {
        match self {
            Scale::Default => 10,
            Scale::Quick => 200,
            other => other.divisor(),
        }
    }

    /// How long a workload lasts whose time is set.
    const fn time(self) -> Duration {
        Duration::from_millis(match self {
            Scale::Full => 500,
            Scale::Default => 100,
            Scale::Quick => 15,
            Scale::Smoke => 1,
        })
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} w={}", self.name, self.workers)
    }
}

/// The workload whose submitters wait for places most of the time.
const CROWD: &str = "U1K_T1K_IsPrime_2to100";

/// From so many on, tasks that gather take a second.
const MANY_QUEUED: usize = 1_000_000;

impl Workload {
    /// How many tasks that are; `None` if it is a time that is set.
    #[must_use]
    pub fn tasks(&self) -> Option<usize> {
        Some(match self.arrival {
            Arrival::Stream { submitters, each } => submitters * each,
            Arrival::Bursts { bursts, of, .. } => bursts * of,
            Arrival::Busy { .. } => return None,
            Arrival::Queued { tasks } => tasks,
            Arrival::Joined { times, of }
            | Arrival::Mapped { times, of }
            | Arrival::Sorted { times, of } => times * of,
            Arrival::Forked { times, n } => times * forks(n),
        })
    }

    /// The name without the scale.
    #[must_use]
    pub fn base(&self) -> &str {
        self.name.split('/').next().unwrap_or(&self.name)
    }

    /// It is run in one of so many rounds, unless it is what is asked for: a crowd takes as long as
    /// twenty other workloads together.
    #[must_use]
    pub fn one_round_in(&self) -> usize {
        match self.arrival {
            Arrival::Queued { tasks } if tasks >= MANY_QUEUED => 10,
            _ if self.name.starts_with(CROWD) => 10,
            _ => 1,
        }
    }

    /// How long the work would take for each task, in nanoseconds, if nothing but sleeping took
    /// time; nothing if its tasks do not sleep.
    #[must_use]
    pub fn ideal_per_task(&self) -> Option<f64> {
        match self.task {
            Task::Sleep10Ms => {
                let tasks = self.tasks()?;
                let waves = tasks.div_ceil(self.workers);
                Some(waves as f64 * 10e6 / tasks as f64)
            }
            _ => None,
        }
    }
}
