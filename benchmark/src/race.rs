//! One contender on one workload, timed.

use std::fmt::{self, Debug};
use std::hint::black_box;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::contender::{Contender, Forking, Mapping, Resulting};
use crate::crew;
use crate::spinners::Spinners;
use crate::statistics::quantile;
use crate::workload::{self, Arrival, Task, Workload};

/// A contender whose type is forgotten, so that it can stand in a list. The race itself is compiled
/// for each type: nothing between a task and its pool is boxed or called through a pointer.
#[derive(Clone, Copy)]
pub struct Racer {
    /// The contender's name.
    pub name: &'static str,
    /// What it is: one of ours, a baseline, a peer.
    pub family: &'static str,
    /// Starts it, lets it do the work and stops it.
    pub run: fn(&Workload, Gauge) -> Measurement,
}

impl Racer {
    /// A line in [`OURS`](crate::contenders::OURS) or one of the lists beside it.
    #[must_use]
    pub const fn of<C: Contender>(family: &'static str) -> Racer {
        Racer {
            name: C::NAME,
            family,
            run: race::<Executing<C>>,
        }
    }

    /// A line in [`JOINERS`](crate::contenders::JOINERS).
    #[must_use]
    pub const fn joining<C: Resulting>(family: &'static str) -> Racer {
        Racer {
            name: C::NAME,
            family,
            run: race::<Spawning<C>>,
        }
    }

    /// A line in [`FORKERS`](crate::contenders::FORKERS).
    #[must_use]
    pub const fn forking<C: Forking>(family: &'static str) -> Racer {
        Racer {
            name: C::NAME,
            family,
            run: fork::<C>,
        }
    }

    /// A line in [`MAPPERS`](crate::contenders::MAPPERS).
    #[must_use]
    pub const fn mapping<C: Mapping>(family: &'static str) -> Racer {
        Racer {
            name: C::NAME,
            family,
            run: map::<C>,
        }
    }
}

impl Debug for Racer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Racer")
            .field("name", &self.name)
            .field("family", &self.family)
            .finish_non_exhaustive()
    }
}

/// What the program's allocator has done so far, if it counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reading {
    /// Allocations.
    pub allocations: u64,
    /// Bytes that are allocated now. Only differences mean something.
    pub bytes: i64,
}

/// What is read when the clock starts and when it stops.
pub type Gauge = fn() -> Reading;

/// Reads nothing.
#[must_use]
pub fn no_gauge() -> Reading {
    Reading::default()
}

/// What one run took.
#[derive(Clone, Debug, Default)]
pub struct Measurement {
    /// From the first submission until all was done.
    pub elapsed: Duration,
    /// The tasks that were run in it.
    pub tasks: usize,
    /// The allocations in it, if the gauge counts them.
    pub allocations: u64,
    /// What the pool has taken from the allocator since before it was built, at the moment when
    /// most tasks waited in its queue: in bytes, where tasks [gather](Arrival::Queued), and if the
    /// gauge counts them.
    pub held: i64,
    /// How long each ping, burst or trip took, in nanoseconds, where these are timed one by one.
    times: Vec<f64>,
}

/// What most pings or bursts did not exceed, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "records", derive(serde::Deserialize, serde::Serialize))]
pub struct Latency {
    /// Half of them.
    pub p50: f64,
    /// 99 of a hundred. Of fewer than a hundred it is nearly the slowest.
    pub p99: f64,
}

impl Latency {
    /// Of times in any order; nothing without times.
    #[must_use]
    pub fn of(times: &[f64]) -> Option<Latency> {
        let mut sorted = times.to_vec();
        sorted.sort_by(f64::total_cmp);
        (!sorted.is_empty()).then(|| Latency {
            p50: quantile(&sorted, 0.5),
            p99: quantile(&sorted, 0.99),
        })
    }
}

impl Measurement {
    /// Nanoseconds for each task.
    #[must_use]
    pub fn per_task(&self) -> f64 {
        self.elapsed.as_nanos() as f64 / self.tasks as f64
    }

    /// How long each ping, burst or trip took, in nanoseconds and in their order, where these are
    /// timed one by one.
    #[must_use]
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// Times the work, which is so many tasks.
    fn add(&mut self, gauge: Gauge, tasks: usize, work: impl FnOnce()) -> Duration {
        let before = gauge();
        let start = Instant::now();
        work();
        let took = start.elapsed();
        self.allocations += gauge().allocations - before.allocations;
        self.elapsed += took;
        self.tasks += tasks;
        took
    }

    /// Times it as one of many.
    fn add_one(&mut self, gauge: Gauge, tasks: usize, work: impl FnOnce()) {
        let took = self.add(gauge, tasks, work);
        self.times.push(took.as_nanos() as f64);
    }
}

/// How tasks are given to a pool.
trait Drive {
    /// Lets a new pool do the work. Starting and stopping it does not count. `make` turns the
    /// number of a task into the task.
    fn drive<F: FnOnce() + Send + 'static>(
        workload: &Workload,
        gauge: Gauge,
        make: impl Fn(usize) -> F + Send + Sync + 'static,
    ) -> Measurement;
}

fn race<D: Drive>(workload: &Workload, gauge: Gauge) -> Measurement {
    // Each arm makes closures of a type of its own, as the users of a pool do. Whatever is measured
    // once for the machine is measured before the clock starts.
    match workload.task {
        Task::Empty => D::drive(workload, gauge, move |number| {
            move || {
                black_box(number);
            }
        }),
        Task::Capturing(bytes) => match bytes {
            16 => D::drive(workload, gauge, capturing::<16>),
            64 => D::drive(workload, gauge, capturing::<64>),
            256 => D::drive(workload, gauge, capturing::<256>),
            1024 => D::drive(workload, gauge, capturing::<1024>),
            4096 => D::drive(workload, gauge, capturing::<4096>),
            _ => panic!("{workload}: no task captures {bytes} bytes"),
        },
        Task::Sha256 => {
            let bytes = workload::bytes_to_hash();
            D::drive(workload, gauge, move |_| move || workload::hash(bytes))
        }
        Task::Cpu(microseconds) => {
            let steps = workload::steps_per_microsecond() * microseconds;
            D::drive(workload, gauge, move |_| move || workload::compute(steps))
        }
        Task::Skewed => {
            let steps = workload::steps_per_microsecond();
            D::drive(workload, gauge, move |number| {
                let steps = if number % 64 == 0 { steps * 100 } else { steps };
                move || workload::compute(steps)
            })
        }
        Task::IsPrime2To100 => D::drive(workload, gauge, move |number| {
            move || {
                black_box(number);
                workload::primes_2_to_100();
            }
        }),
        Task::Fibonacci15 => D::drive(workload, gauge, move |number| {
            move || {
                black_box(number);
                black_box(workload::fibonacci(15));
            }
        }),
        Task::Sleep10Ms => D::drive(workload, gauge, move |number| {
            move || {
                black_box(number);
                thread::sleep(Duration::from_millis(10));
            }
        }),
        Task::Mark(marks) => D::drive(workload, gauge, move |number| {
            move || {
                marks[number].fetch_add(1, Relaxed);
            }
        }),
    }
}

/// A task that carries so many bytes.
fn capturing<const BYTES: usize>(number: usize) -> impl FnOnce() + Send + 'static {
    let bytes = [number as u8; BYTES];
    move || {
        black_box(&bytes);
    }
}

/// Tasks that return nothing. The pool is waited for.
struct Executing<C>(PhantomData<C>);

impl<C: Contender> Drive for Executing<C> {
    fn drive<F: FnOnce() + Send + 'static>(
        workload: &Workload,
        gauge: Gauge,
        make: impl Fn(usize) -> F + Send + Sync + 'static,
    ) -> Measurement {
        let before = gauge();
        let pool = Arc::new(start::<C>(workload));
        let mut measured = Measurement::default();
        match workload.arrival {
            Arrival::Stream {
                submitters: 1,
                each,
            } => {
                let tasks = share::<C>(workload, each);
                measured.add(gauge, tasks, || {
                    (0..tasks).for_each(|number| pool.execute(make(number)));
                    pool.wait();
                });
            }
            Arrival::Stream { submitters, each } => {
                let each = share::<C>(workload, each);
                // The clock starts when all submitters are there, and before any of them submits.
                let (theirs, make) = (Arc::clone(&pool), Arc::new(make));
                let lined = crew::line_up(submitters, move |submitter| {
                    let numbers = submitter * each..(submitter + 1) * each;
                    numbers.for_each(|number| theirs.execute(make(number)));
                });
                measured.add(gauge, submitters * each, || {
                    lined.go();
                    pool.wait();
                });
            }
            Arrival::Bursts { bursts, of, pauses } => {
                for (burst, pause) in (0..bursts).zip(pauses.iter().cycle()) {
                    thread::sleep(*pause);
                    measured.add_one(gauge, of, || {
                        let numbers = burst * of..(burst + 1) * of;
                        numbers.for_each(|number| pool.execute(make(number)));
                        pool.wait();
                    });
                }
            }
            Arrival::Busy {
                spinners,
                time,
                one_at_a_time,
            } => {
                let busy = Spinners::start(spinners);
                let next = |number| pool.execute(make(number));
                if one_at_a_time {
                    trips(&mut measured, gauge, time, |number| {
                        next(number);
                        pool.wait();
                    });
                } else {
                    for_a_time(&mut measured, gauge, time, &*pool, make);
                }
                // They end before the pool does, which else takes as long again.
                drop(busy);
                pool.wait();
            }
            Arrival::Queued { tasks } => {
                let gate = Gate::default();
                let workers = C::workers(workload.workers);
                for _ in 0..workers {
                    let gate = gate.clone();
                    pool.execute(move || gate.pass());
                }
                gate.until_held(workers);
                let mut held = 0;
                measured.add(gauge, tasks, || {
                    (0..tasks).for_each(|number| pool.execute(make(number)));
                    held = gauge().bytes - before.bytes;
                    gate.open();
                    pool.wait();
                });
                measured.held = held;
            }
            Arrival::Joined { .. }
            | Arrival::Mapped { .. }
            | Arrival::Forked { .. }
            | Arrival::Sorted { .. } => not_for(C::NAME, workload),
        }
        measured
    }
}

/// One trip after another, until the time is over.
fn trips(measured: &mut Measurement, gauge: Gauge, time: Duration, mut trip: impl FnMut(usize)) {
    let start = Instant::now();
    let mut number = 0;
    while start.elapsed() < time {
        measured.add_one(gauge, 1, || trip(number));
        number += 1;
    }
}

/// As many tasks as are accepted in that time. Those that are done by then count; if there is none,
/// one.
fn for_a_time<F: FnOnce() + Send + 'static>(
    measured: &mut Measurement,
    gauge: Gauge,
    time: Duration,
    pool: &impl Contender,
    make: impl Fn(usize) -> F,
) {
    let done = Arc::new(AtomicUsize::new(0));
    measured.add(gauge, 0, || {
        let start = Instant::now();
        for number in 0.. {
            let (task, done) = (make(number), Arc::clone(&done));
            pool.execute(move || {
                task();
                done.fetch_add(1, Relaxed);
            });
            if start.elapsed() >= time {
                break;
            }
        }
    });
    measured.tasks = done.load(Relaxed).max(1);
}

/// Holds workers back until it is opened. Clones are the same gate.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<Held>, Condvar)>);

#[derive(Default)]
struct Held {
    workers: usize,
    open: bool,
}

impl Gate {
    fn pass(&self) {
        let mut held = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.workers += 1;
        self.0.1.notify_all();
        let closed = |held: &mut Held| !held.open;
        drop(self.0.1.wait_while(held, closed));
    }

    fn until_held(&self, workers: usize) {
        let held = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fewer = |held: &mut Held| held.workers < workers;
        drop(self.0.1.wait_while(held, fewer));
    }

    fn open(&self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).open = true;
        self.0.1.notify_all();
    }
}

/// Tasks that return their number. Each is joined.
struct Spawning<C>(PhantomData<C>);

impl<C: Resulting> Drive for Spawning<C> {
    fn drive<F: FnOnce() + Send + 'static>(
        workload: &Workload,
        gauge: Gauge,
        make: impl Fn(usize) -> F + Send + Sync + 'static,
    ) -> Measurement {
        let Arrival::Joined { times, of } = workload.arrival else {
            not_for(C::NAME, workload)
        };
        let times = share::<C>(workload, times);
        let pool = start::<C>(workload);
        let spawn = |number| {
            let task = make(number);
            pool.spawn(move || {
                task();
                number
            })
        };
        let mut handles = Vec::with_capacity(of);
        let mut measured = Measurement::default();
        measured.add(gauge, times * of, || {
            for first in (0..times).map(|time| time * of) {
                handles.extend((first..first + of).map(spawn));
                for (number, handle) in (first..).zip(handles.drain(..)) {
                    assert_eq!(pool.join(handle), number, "{}: a wrong result", C::NAME);
                }
            }
        });
        measured
    }
}

/// The tasks spawn and join by themselves.
fn fork<C: Forking>(workload: &Workload, gauge: Gauge) -> Measurement {
    let (times, tasks) = match workload.arrival {
        Arrival::Forked { times, n } => (times, workload::forks(n)),
        Arrival::Sorted { times, of } => (times, of),
        _ => not_for(C::NAME, workload),
    };
    let times = share::<C>(workload, times);
    let work = workload::leaf(workload.task);
    let pool = Arc::new(start::<C>(workload));
    let mut measured = Measurement::default();
    match workload.arrival {
        Arrival::Forked { n, .. } => {
            let right = workload::fibonacci(n);
            measured.add(gauge, times * tasks, || {
                for _ in 0..times {
                    assert_eq!(pool.fork(n, work), right, "{}: a wrong result", C::NAME);
                }
            });
        }
        _ => {
            for _ in 0..times {
                let mut numbers = workload::shuffled(tasks);
                measured.add(gauge, tasks, || pool.sort(&mut numbers));
                assert!(numbers.is_sorted(), "{}: a wrong order", C::NAME);
            }
        }
    }
    measured
}

/// A list goes in, and comes out in its order.
fn map<C: Mapping>(workload: &Workload, gauge: Gauge) -> Measurement {
    let Arrival::Mapped { times, of } = workload.arrival else {
        not_for(C::NAME, workload)
    };
    let times = share::<C>(workload, times);
    let work = workload::leaf(workload.task);
    let pool = Arc::new(start::<C>(workload));
    let mut measured = Measurement::default();
    for _ in 0..times {
        let mut results = Vec::new();
        measured.add(gauge, of, || results = pool.map(of, work));
        assert!(
            results.into_iter().eq(0..of),
            "{}: wrong results, or in a wrong order",
            C::NAME
        );
    }
    measured
}

fn not_for(contender: &str, workload: &Workload) -> ! {
    panic!("{contender} stands in the wrong list: {workload} is not for this race")
}

/// A new pool, whose threads are there.
fn start<C: Contender>(workload: &Workload) -> C {
    let pool = C::start(workload.workers, workload.capacity);
    wake_all_workers(&pool, C::workers(workload.workers));
    pool
}

/// How many of the tasks this contender gets.
fn share<C: Contender>(workload: &Workload, tasks: usize) -> usize {
    match workload.task {
        // Sleeping tasks pass the time side by side: fewer of them would not take less time.
        // And a test wants to see all of its marks.
        Task::Sleep10Ms | Task::Mark(_) => tasks,
        _ => tasks.div_ceil(C::ONE_IN),
    }
}

/// Has every worker run something at the same time, so that all threads have started. A pool with
/// fewer threads than it was asked for is not waited for any longer than it takes to tell.
fn wake_all_workers(pool: &impl Contender, workers: usize) {
    const PATIENCE: Duration = Duration::from_millis(100);
    let here = Arc::new((Mutex::new(0), Condvar::new()));
    for _ in 0..workers {
        let here = Arc::clone(&here);
        pool.execute(move || {
            let mut arrived = here.0.lock().unwrap_or_else(PoisonError::into_inner);
            *arrived += 1;
            here.1.notify_all();
            let missing = |arrived: &mut usize| *arrived < workers;
            drop(here.1.wait_timeout_while(arrived, PATIENCE, missing));
        });
    }
    pool.wait();
}
